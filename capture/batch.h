/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets on their way into the capture file: headers are built here, payload
 * is written straight from the event ring, many records with one pwritev.
 *
 * A process can be killed inside a write, and the kernel then stops between
 * two pages. So that the file still ends with a whole record, no record
 * crosses a page of the file where that can be helped: a stream is cut into
 * segments that end with the page, and a short rest of a page is filled up:
 * in pcapng with a block that readers skip, in classic pcap behind the last
 * packet, as Ethernet fills short frames (the IP length tells where the packet
 * ends).
 */

#ifndef NETSPY_BATCH_H
#define NETSPY_BATCH_H

#include "capture/format.h"
#include "capture/packet.h"

#include <sys/uio.h>

/* Four iovecs each: one pwritev takes 1024. */
#define NSPY_BATCH_RECORDS 256
#define NSPY_BATCH_PAGE 4096u
/* Heads and tails of the records, and whole blocks that are no packets. */
#define NSPY_BATCH_ARENA (56u << 10)

struct nspy_batch {
	const struct nspy_format *format;
	int fd;
	int error;	  /* of the first write that failed: negative errno */
	uint32_t snaplen; /* of a whole packet, in bytes */
	uint64_t size_limit; /* of the file, in bytes */
	uint64_t offset;     /* in the file, behind the last record added */
	uint64_t written;    /* in the file, behind the last record written */
	uint64_t packets;    /* added since nspy_batch_begin */
	uint32_t records;    /* of these, not yet written */
	uint32_t iov_len;
	uint32_t arena_len;
	uint8_t *last; /* head of the last record, NULL: it is no packet */
	struct iovec iov[4 * NSPY_BATCH_RECORDS];
	uint8_t arena[NSPY_BATCH_ARENA];
};

/*
 * Append to fd at offset, which must be a record boundary. A write that would
 * make the file larger than size_limit bytes fails with EFBIG.
 */
void nspy_batch_begin(struct nspy_batch *batch, int fd, uint64_t offset,
		      uint64_t size_limit);

/*
 * How many of the data bytes of a TCP segment may go into one record now: 1 or
 * more. The rest goes into the next segment.
 */
size_t nspy_batch_segment_len(const struct nspy_batch *batch,
			      const struct nspy_packet *packet);

/*
 * Add one packet; its data must stay where it is until the flush. record says
 * what the packet does not: time, interface, comment.
 */
void nspy_batch_add(struct nspy_batch *batch, struct nspy_record *record,
		    const struct nspy_packet *packet);

/* Add a block of pcapng that is no packet: len bytes, copied; 4096 at most. */
void nspy_batch_add_block(struct nspy_batch *batch, const uint8_t *block,
			  size_t len);

/*
 * Put len bytes in the place of those at offset, which are of blocks added
 * before.
 */
void nspy_batch_rewrite(struct nspy_batch *batch, uint64_t offset,
			const uint8_t *data, size_t len);

/* Write what is there. Returns 0 or a negative errno, of any write so far. */
int nspy_batch_flush(struct nspy_batch *batch);

#endif
