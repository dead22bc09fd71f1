/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conversations of a capture that is read, as Zeek understands
 * "connection": two endpoints, from the packet that began it on. A stream's
 * bytes are counted once, whatever was sent again.
 */

#ifndef NETSPY_CONNECTION_H
#define NETSPY_CONNECTION_H

#include "cli/dissect.h"
#include "cli/ranges.h"

#define NSPY_HISTORY_MAX 64

/* What one process did at one end. Bytes of payload. */
struct nspy_user {
	uint32_t process; /* see nspy_reader_process */
	uint64_t packets, sent, received;
};

/* Bytes of a stream, and where they are in the content. */
struct nspy_piece {
	uint64_t place, len;
	size_t at;
};

/* One datagram of a side, in its content. */
struct nspy_datagram {
	size_t at;
	uint32_t captured_len, len;
};

/* One end, and what it sent. */
struct nspy_side {
	struct nspy_endpoint address;
	uint64_t packets, ip_bytes;
	uint64_t bytes; /* of payload */
	/* TCP: what was seen, and at which place of the stream. */
	bool based, syn, syn_ack, fin, reset;
	uint32_t base; /* the sequence number of its first byte */
	struct nspy_ranges seen;
	uint64_t reached; /* the place of its last packet's end */
	uint64_t again, gaps, closed_windows; /* packets, for the history */
	/* Its processes by their numbers, and bytes of which none was told. */
	struct nspy_user *users;
	size_t user_count, user_size;
	uint64_t sent, received;
	/* Content, if it is kept: as it came, every byte of a stream once. */
	uint8_t *content;
	size_t content_len, content_size;
	struct nspy_ranges known;  /* of a stream */
	struct nspy_piece *pieces; /* in the order of their places */
	size_t piece_count, piece_size;
	struct nspy_datagram *datagrams;
	size_t datagram_count, datagram_size;
};

struct nspy_connection {
	struct nspy_connection *next, *next_in_bucket;
	struct nspy_side side[2]; /* [0] began it */
	enum nspy_layer layer;
	uint8_t protocol;
	uint8_t icmp_type, icmp_code; /* of the first packet */
	uint64_t first_ns, last_ns;
	char history[NSPY_HISTORY_MAX]; /* in Zeek's letters */
};

struct nspy_connections {
	struct nspy_connection *first, *last; /* in the order of beginning */
	struct nspy_connection **buckets;
	size_t count;
	uint64_t packets, others; /* of these: in no connection */
	uint64_t first_ns, last_ns;
	bool keep_content;
};

/*
 * Read all packets. Returns 0; -1 after one line when the rest cannot be read,
 * or there is no memory.
 */
int nspy_connections_read(struct nspy_connections *connections,
			  struct nspy_reader *reader);

/*
 * What the process did at this end, or NULL: nothing. *place, unless it is
 * NULL, is where it is or would be among the users.
 */
struct nspy_user *nspy_side_user(const struct nspy_side *side, uint32_t process,
				 size_t *place);

/* Bytes of side's stream that nobody captured. */
uint64_t nspy_side_missing(const struct nspy_side *side);

/* What a side's processes are known to be; 0: none. The busiest one. */
uint32_t nspy_side_process(const struct nspy_side *side);

void nspy_connections_free(struct nspy_connections *connections);

#endif
