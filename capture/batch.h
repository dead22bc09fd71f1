/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets on their way into the capture file: headers are built here, payload
 * is written straight from the event ring, many records with one pwritev.
 *
 * A process can be killed inside a write, and the kernel then stops between
 * two pages. So that the file still ends with a whole record, no record
 * crosses a page of the file where that can be helped: a stream is cut into
 * segments that end with the page, and a short rest of a page is filled up
 * behind the last packet, as Ethernet fills short frames (the IP length tells
 * where the packet ends).
 */

#ifndef NETSPY_BATCH_H
#define NETSPY_BATCH_H

#include "capture/packet.h"

#include <sys/uio.h>

#define NSPY_BATCH_RECORDS 400
#define NSPY_BATCH_PAGE 4096u

struct nspy_batch {
	int fd;
	int error;	  /* of the first write that failed: negative errno */
	uint32_t snaplen; /* of a whole packet, in bytes */
	uint64_t size_limit; /* of the file, in bytes */
	uint64_t offset;     /* in the file, behind the last record added */
	uint64_t written;    /* in the file, behind the last record written */
	uint64_t packets;    /* added since nspy_batch_begin */
	uint32_t records;    /* of these, not yet written */
	uint32_t iov_len;
	struct iovec iov[2 * NSPY_BATCH_RECORDS + NSPY_BATCH_RECORDS];
	uint8_t headers[NSPY_BATCH_RECORDS][112];
};

/*
 * Append to fd at offset, which must be a record boundary. A write that would
 * make the file larger than size_limit bytes fails with EFBIG.
 */
void nspy_batch_begin(struct nspy_batch *batch, int fd, uint64_t offset,
		      uint32_t snaplen, uint64_t size_limit);

/*
 * How many of the data bytes of a TCP segment may go into one record now: 1 or
 * more. The rest goes into the next segment.
 */
size_t nspy_batch_segment_len(const struct nspy_batch *batch,
			      const struct nspy_packet *packet);

/* Add one packet; its data must stay where it is until the flush. */
void nspy_batch_add(struct nspy_batch *batch, uint64_t when_ns,
		    const struct nspy_packet *packet);

/* Write what is there. Returns 0 or a negative errno, of any write so far. */
int nspy_batch_flush(struct nspy_batch *batch);

#endif
