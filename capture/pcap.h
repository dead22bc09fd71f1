/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The classic capture file (draft-ietf-opsawg-pcap): one file header, then
 * records of a 16 byte header and a packet. Nanoseconds, host byte order.
 */

#ifndef NETSPY_PCAP_H
#define NETSPY_PCAP_H

#include <stddef.h>
#include <stdint.h>

#define NSPY_PCAP_HEADER_LEN 24

/* The file header; snaplen in bytes. */
void nspy_pcap_header(uint8_t buffer[NSPY_PCAP_HEADER_LEN], uint32_t snaplen);

#endif
