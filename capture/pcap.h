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
#define NSPY_PCAP_RECORD_LEN 16
#define NSPY_PCAP_SNAPLEN_MAX 262144 /* what readers accept, in bytes */
#define NSPY_LINKTYPE_LINUX_SLL 113

/* The file header; snaplen in bytes. */
void nspy_pcap_header(uint8_t buffer[NSPY_PCAP_HEADER_LEN], uint32_t snaplen);

/* A record header; when_ns since 1970, lengths in bytes. */
void nspy_pcap_record(uint8_t buffer[NSPY_PCAP_RECORD_LEN], uint64_t when_ns,
		      uint32_t captured_len, uint32_t original_len);

#endif
