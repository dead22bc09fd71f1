/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop from the event ring to the capture file. */

#include "capture/drain.h"

#include "capture/pcap.h"
#include "capture/sys.h"

#include <errno.h>
#include <string.h>

/* The most conversations and buckets that one event can change. */
#define UNDO_PER_EVENT 16

void
nspy_ring_init(struct nspy_ring *ring, uint32_t pid, uint64_t pid_start,
	       uint32_t snaplen)
{
	memcpy(ring->magic, NSPY_RING_MAGIC, sizeof(ring->magic));
	ring->size = sizeof(*ring);
	ring->pid = pid;
	ring->pid_start = pid_start;
	ring->snaplen = snaplen;
	ring->allocated = NSPY_CONVERSATIONS_CHUNK;
	ring->progress[0].file_size = NSPY_PCAP_HEADER_LEN;
}

static void
add_event(struct nspy_drain *drain, const struct nspy_event *event)
{
	bool told = event->protocol == IPPROTO_TCP
			    ? nspy_tcp_event(drain, event)
			    : nspy_datagram_event(drain, event);

	if (!told)
		drain->progress->lost++;
}

/* Returns whether there may be more: the undo log was full. */
static bool
add_events(struct nspy_drain *drain, bool dead)
{
	struct nspy_progress *progress = drain->progress;
	const struct nspy_event *event;

	for (;;) {
		if (!nspy_ring_has_undo(drain->ring, UNDO_PER_EVENT))
			return true;
		event = nspy_ring_next(drain->ring, &progress->tail, dead,
				       &progress->lost);
		if (!event)
			return false;
		if (event->data_len > NSPY_DATAGRAM_MAX ||
		    event->data_len > event->wire_len) {
			progress->lost++;
			continue;
		}
		add_event(drain, event);
	}
}

int
nspy_drain_run(struct nspy_drain *drain, int fd, bool dead)
{
	struct nspy_ring *ring = drain->ring;
	bool more;

	do {
		struct nspy_progress *progress = nspy_ring_begin(ring);
		int err;

		drain->progress = progress;
		nspy_batch_begin(&drain->batch, fd, progress->file_size,
				 ring->snaplen, drain->size_limit);
		more = add_events(drain, dead);
		err = nspy_batch_flush(&drain->batch);
		if (err) {
			uint64_t valid = nspy_ring_progress(ring)->file_size;

			nspy_ring_rollback(ring);
			NSPY_SYS2(SYS_ftruncate, fd, valid);
			return err;
		}
		progress->packets += drain->batch.packets;
		progress->file_size = drain->batch.offset;
		nspy_ring_commit(ring);
	} while (more);
	return 0;
}
