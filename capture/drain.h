/* SPDX-License-Identifier: BSD-2-Clause */
/* Committed events become packets in the capture file. */

#ifndef NETSPY_DRAIN_H
#define NETSPY_DRAIN_H

#include "capture/batch.h"
#include "capture/ring.h"

struct nspy_conversation;

struct nspy_drain {
	struct nspy_ring *ring;
	struct nspy_progress *progress; /* of the drain under way */
	/*
	 * Puts another NSPY_CONVERSATIONS_CHUNK of the table on the disk and
	 * raises ring->allocated. Returns 0 or a negative errno.
	 */
	int (*grow)(void *context, struct nspy_ring *ring);
	void *grow_context;
	uint64_t size_limit; /* of the capture, in bytes: RLIMIT_FSIZE */
	struct nspy_batch batch;
};

/*
 * A ring in memory of sizeof(struct nspy_ring) zero bytes becomes an empty one
 * for the capture of process pid, which holds a file header and no packet. snaplen in bytes of a whole packet.
 */
void nspy_ring_init(struct nspy_ring *ring, uint32_t pid, uint64_t pid_start,
		    uint32_t snaplen);

/*
 * Write every committed event to fd, behind what the ring says is valid
 * there; the file header is from nspy_pcap_header. One thread at a time. With dead, records that
 * never got committed are stepped over. On an error the file keeps what was
 * valid before. Returns 0 or a negative errno.
 */
int nspy_drain_run(struct nspy_drain *drain, int fd, bool dead);

/* What one event adds; returns false if there was no room for it. */
bool nspy_tcp_event(struct nspy_drain *drain, const struct nspy_event *event);
bool nspy_datagram_event(struct nspy_drain *drain,
			 const struct nspy_event *event);

#endif
