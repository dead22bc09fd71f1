/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two kinds of capture file: classic pcap with nanoseconds
 * (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng). A record is
 * a head, the packet, and a tail.
 */

#ifndef NETSPY_FORMAT_H
#define NETSPY_FORMAT_H

#include "capture/event.h"

#include <stdbool.h>
#include <stddef.h>

#define NSPY_LINKTYPE_LINUX_SLL 113
/* The most bytes of a packet that one record may hold: libpcap's limit. */
#define NSPY_SNAPLEN_MAX 262144
/* Bytes of a comment. */
#define NSPY_COMMENT_MAX 640
/* Bytes of a file header: a classic one, or section and interface blocks. */
#define NSPY_FILE_HEADER_MAX 2048

enum nspy_format_number {
	NSPY_PCAP = 0,
	NSPY_PCAPNG = 1,
};

/* What a record says of its packet. */
struct nspy_record {
	uint64_t when_ns;
	uint32_t captured_len, original_len; /* bytes of the packet */
	uint32_t interface;		     /* pcapng: index, in file order */
	uint32_t pid, tid;
	bool outgoing;
	const char *comment; /* or NULL; at most NSPY_COMMENT_MAX bytes */
};

struct nspy_format {
	size_t head_len;
	/* Bytes behind the packet, its padding included; multiple of 4. */
	size_t (*tail_len)(const struct nspy_record *record);
	void (*head)(uint8_t *p, const struct nspy_record *record);
	void (*tail)(uint8_t *p, const struct nspy_record *record);
	/* The least bytes of a block that readers skip; 0: there is none. */
	size_t filler_min;
};

/* By enum nspy_format_number, which the ring file holds too. */
extern const struct nspy_format nspy_formats[2];

#endif
