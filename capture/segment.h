/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The segments of a TCP conversation (RFC 9293). Sequence and acknowledgement
 * numbers only ever refer to what was written before.
 */

#ifndef NETSPY_SEGMENT_H
#define NETSPY_SEGMENT_H

#include "capture/conversation.h"
#include "capture/drain.h"

/* One conversation, and the event that tells of it. */
struct nspy_teller {
	struct nspy_drain *drain;
	struct nspy_conversation *c;
	const struct nspy_event *event;
	int side; /* the end that made the call */
	uint64_t when_ns;
};

/* One segment of end[from]; wire_len bytes, of which data_len are at data. */
void nspy_segment_write(struct nspy_teller *t, int from, uint8_t flags,
			const void *data, size_t data_len, size_t wire_len);

/* end[from] acknowledges, unless it has done so already. */
void nspy_segment_acknowledge(struct nspy_teller *t, int from);

/* The event's bytes behind the first skip, in as many segments as it takes. */
void nspy_segment_data(struct nspy_teller *t, int from, size_t skip);

/* end[from] has no more to say, and its peer acknowledges that. */
void nspy_segment_fin(struct nspy_teller *t, int from);

/* end[from] breaks off; nothing, when both ends are done. */
void nspy_segment_reset(struct nspy_teller *t, int from);

/* The peer refused: its RST has sequence number 0 (RFC 9293, 3.5.2). */
void nspy_segment_refuse(struct nspy_teller *t);

#endif
