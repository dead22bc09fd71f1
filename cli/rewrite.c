/* SPDX-License-Identifier: BSD-2-Clause */
/* Feeding events to a drain of its own; putting the bytes of a run together. */

#include "config.h"

#include "cli/rewrite.h"

#include "capture/drain.h"
#include "capture/pcap.h"
#include "capture/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STEP_NS 1000u
/* Events stay here until they are written. */
#define ARENA_LEN (4u << 20)
#define EVENT_MAX (sizeof(struct nspy_event) + NSPY_DATAGRAM_MAX + 8)

/* A process as the capture shows it; number 0: not yet. */
struct shown {
	struct nspy_process process;
	uint32_t number;
	uint64_t packets;
};

struct nspy_rewrite {
	const struct nspy_spool *spool;
	struct nspy_drain drain;
	int fd, error; /* a negative errno */
	uint64_t when_ns;
	struct shown *shown; /* by the number of the process less one */
	uint32_t shown_count;
	struct nspy_event *run; /* in the arena; not written yet, or NULL */
	uint32_t run_process;
	size_t used;
	_Alignas(8) uint8_t arena[ARENA_LEN];
};

static int
grow(void *context, struct nspy_ring *ring)
{
	(void)context;
	ring->allocated += NSPY_CONVERSATIONS_CHUNK;
	return 0;
}

static size_t
put_header(uint8_t *header, uint32_t format)
{
	static const char comment[] =
		"Recorded from the calls of the program, and written by "
		"--deterministic: times, addresses, ports and process IDs are "
		"numbers in the order of use, conversations stand one after "
		"another, payloads are what they were.";

	if (format == NSPY_PCAPNG)
		return nspy_pcapng_section(header, "netspy " PACKAGE_VERSION,
					   comment);
	nspy_pcap_header(header, NSPY_SNAPLEN_MAX);
	return NSPY_PCAP_HEADER_LEN;
}

int
nspy_rewrite_begin(struct nspy_rewrite **result, const struct nspy_spool *spool,
		   int fd, uint32_t format)
{
	struct nspy_rewrite *r = calloc(1, sizeof(*r));
	struct nspy_ring *ring =
		mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t header[NSPY_FILE_HEADER_MAX];
	size_t len = put_header(header, format);

	*result = r;
	if (r && ring != MAP_FAILED)
		r->drain.ring = ring;
	if (!r || ring == MAP_FAILED)
		return -ENOMEM;
	r->spool = spool;
	r->fd = fd;
	nspy_spool_processes(spool, &r->shown_count);
	r->shown = calloc(r->shown_count + 1, sizeof(*r->shown));
	if (!r->shown)
		return -ENOMEM;
	if (pwrite(fd, header, len, 0) != (ssize_t)len)
		return errno ? -errno : -ENOSPC;
	ring->format = format;
	nspy_ring_init(ring, NSPY_SNAPLEN_MAX, len);
	r->drain.grow = grow;
	r->drain.size_limit = UINT64_MAX;
	r->drain.from_zero = true;
	nspy_drain_begin(&r->drain, fd);
	return 0;
}

/* Write what is in the arena. */
static void
commit(struct nspy_rewrite *r)
{
	int err = nspy_drain_end(&r->drain);

	if (!r->error)
		r->error = err;
	r->used = 0;
	nspy_drain_begin(&r->drain, r->fd);
}

/* The process gets the next number with its first event. */
static struct shown *
show(struct nspy_rewrite *r, uint32_t process)
{
	struct shown *shown = &r->shown[process - 1];
	uint8_t block[NSPY_BLOCK_MAX];
	uint32_t count;

	if (!shown->number) {
		const struct nspy_process *all =
			nspy_spool_processes(r->spool, &count);

		shown->number = ++r->drain.progress->interfaces;
		shown->process.pid = shown->number;
		memcpy(shown->process.executable, all[process - 1].executable,
		       sizeof(shown->process.executable));
		if (r->drain.ring->format == NSPY_PCAPNG)
			nspy_batch_add_block(
				&r->drain.batch, block,
				nspy_drain_interface(block, NSPY_SNAPLEN_MAX,
						     &shown->process));
	}
	r->drain.process = &shown->process;
	r->drain.interface = shown->number - 1;
	return shown;
}

/* The event is in the arena, with its data. */
static void
add(struct nspy_rewrite *r, uint32_t process, struct nspy_event *event)
{
	struct shown *shown = show(r, process);
	uint64_t written = r->drain.progress->packets + r->drain.batch.packets;

	event->begin_ns = event->end_ns = r->when_ns + STEP_NS;
	event->pid = event->tid = shown->number;
	if (!nspy_drain_add(&r->drain, event) ||
	    r->used + EVENT_MAX > sizeof(r->arena))
		commit(r);
	written = r->drain.progress->packets + r->drain.batch.packets - written;
	shown->packets += written;
	/* How often a call was made in vain is no part of an equal run. */
	if (written)
		r->when_ns += STEP_NS;
}

static struct nspy_event *
take(struct nspy_rewrite *r, const struct nspy_event *event, size_t data_len)
{
	struct nspy_event *copy = (void *)(r->arena + r->used);

	*copy = *event;
	r->used += nspy_record_size((uint32_t)(sizeof(*copy) + data_len));
	return copy;
}

static void
end_run(struct nspy_rewrite *r, uint16_t flags)
{
	struct nspy_event *run = r->run;

	if (!run)
		return;
	r->run = NULL;
	run->flags = flags;
	add(r, r->run_process, run);
}

void
nspy_rewrite_end_run(struct nspy_rewrite *r)
{
	end_run(r, 0);
}

/* Bytes of a stream of which nothing but their place is to be told. */
static bool
is_run(const struct nspy_event *event)
{
	return event->protocol == IPPROTO_TCP && event->family != AF_NETLINK &&
	       (event->kind == NSPY_SEND || event->kind == NSPY_RECV) &&
	       !(event->flags & (NSPY_RAW | NSPY_URGENT)) && !event->error &&
	       event->wire_len && event->data_len == event->wire_len;
}

static void
add_to_run(struct nspy_rewrite *r, uint32_t process,
	   const struct nspy_event *event, const uint8_t *data)
{
	uint32_t done = 0;

	if (r->run &&
	    (r->run->kind != event->kind || r->run_process != process))
		end_run(r, 0);
	while (done < event->data_len) {
		uint32_t len = event->data_len - done, room;

		if (r->run && r->run->data_len == NSPY_STREAM_MAX)
			end_run(r, NSPY_MORE);
		if (!r->run) {
			r->run = take(r, event, NSPY_STREAM_MAX);
			r->run->data_len = 0;
			r->run_process = process;
		}
		room = NSPY_STREAM_MAX - r->run->data_len;
		if (len > room)
			len = room;
		memcpy((uint8_t *)(r->run + 1) + r->run->data_len, data + done,
		       len);
		r->run->data_len += len;
		r->run->wire_len = r->run->data_len;
		done += len;
	}
}

void
nspy_rewrite_event(struct nspy_rewrite *r, uint32_t process,
		   const struct nspy_event *event, const void *data)
{
	struct nspy_event *copy;

	if (is_run(event)) {
		add_to_run(r, process, event, data);
		return;
	}
	end_run(r, 0);
	copy = take(r, event, event->data_len);
	memcpy(copy + 1, data, event->data_len);
	add(r, process, copy);
}

int
nspy_rewrite_end(struct nspy_rewrite *r, uint64_t dropped,
		 struct nspy_written *written)
{
	struct nspy_ring *ring = r->drain.ring;
	const struct nspy_progress *progress;

	end_run(r, 0);
	for (uint32_t number = 1; number <= r->shown_count; number++) {
		struct shown *shown = r->shown;

		while (shown < r->shown + r->shown_count &&
		       shown->number != number)
			shown++;
		if (shown == r->shown + r->shown_count)
			break;
		r->drain.interface = number - 1;
		nspy_drain_statistics(&r->drain, r->when_ns, shown->packets,
				      number == 1 ? dropped : 0);
	}
	commit(r);
	progress = nspy_ring_progress(ring);
	written->packets = progress->packets;
	written->bytes = progress->bytes;
	written->conversations = progress->serial;
	written->size = progress->file_size;
	return r->error;
}

void
nspy_rewrite_free(struct nspy_rewrite *r)
{
	if (!r)
		return;
	if (r->drain.ring)
		munmap(r->drain.ring, sizeof(*r->drain.ring));
	free(r->shown);
	free(r);
}
