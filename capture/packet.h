/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One packet as a capture shows it: LINUX_SLL header (link type 113), then
 * IPv4 (RFC 791) or IPv6 (RFC 8200), then TCP (RFC 9293), UDP (RFC 768),
 * UDP-Lite (RFC 3828) or whatever a raw socket was given.
 */

#ifndef NETSPY_PACKET_H
#define NETSPY_PACKET_H

#include "capture/event.h"

#include <stdbool.h>
#include <stddef.h>

/* SLL 16, IPv6 40, ICMPv6 8 with the headers of another packet, 48. */
#define NSPY_PACKET_HEADER_MAX 112

enum nspy_tcp_flag {
	NSPY_TCP_FIN = 0x01,
	NSPY_TCP_SYN = 0x02,
	NSPY_TCP_RST = 0x04,
	NSPY_TCP_PSH = 0x08,
	NSPY_TCP_ACK = 0x10,
	NSPY_TCP_URG = 0x20,
};

struct nspy_packet {
	const struct nspy_endpoint *from, *to;
	bool outgoing;	 /* sent by the recorded process */
	uint32_t pid;	 /* these two go into SLL's address bytes, so that */
	uint32_t serial; /* sll.src.other filters by process and socket */
	uint8_t protocol;
	uint8_t tcp_flags;
	uint32_t sequence, acknowledgement;
	uint16_t coverage; /* of UDP-Lite's checksum, in bytes; 0: all */
	/*
	 * For what is none of the three: the beginning of what IP carries, in
	 * front of data, or of IP's own header; up to 60 bytes.
	 */
	const void *raw;
	size_t raw_len;
	bool raw_is_ip;
	bool netlink; /* no IP: data is in the messages of this protocol */
	bool mark;    /* no packet at all: data is a text */
	const void *data;
	size_t data_len; /* bytes at data */
	size_t wire_len; /* bytes that the packet carried: data_len or more */
	const char *comment; /* of its record, or NULL */
	uint16_t *checksum;  /* NULL, or where UDP's is copied to */
};

/* Bytes of headers in front of the payload. */
size_t nspy_packet_header_len(const struct nspy_packet *packet);

/*
 * Write the headers to buffer (NSPY_PACKET_HEADER_MAX bytes), with valid
 * checksums unless data was cut. Returns their length.
 */
size_t nspy_packet_header(const struct nspy_packet *packet, uint8_t *buffer);

/* The sum of raw and data, with the pseudo header of IPv6 (RFC 8200). */
uint16_t nspy_packet_raw_checksum(const struct nspy_packet *packet);

#endif
