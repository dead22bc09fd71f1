/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop from the event ring to the capture file. */

#include "config.h"

#include "capture/drain.h"

#include "capture/note.h"
#include "capture/pcap.h"
#include "capture/pcapng.h"
#include "capture/sys_wide.h"
#include "capture/text.h"

#include <errno.h>
#include <string.h>

/* The most conversations and buckets that one event can change. */
#define UNDO_PER_EVENT 16

void
nspy_ring_init(struct nspy_ring *ring, uint32_t snaplen, size_t file_size)
{
	memcpy(ring->magic, NSPY_RING_MAGIC, sizeof(ring->magic));
	ring->size = sizeof(*ring);
	ring->snaplen = snaplen;
	ring->allocated = NSPY_CONVERSATIONS_CHUNK;
	ring->progress[0].file_size = file_size;
}

size_t
nspy_drain_interface(uint8_t *block, uint32_t snaplen,
		     const struct nspy_process *process)
{
	char name[NSPY_EXECUTABLE_MAX + NSPY_DECIMAL_MAX + 2];
	struct nspy_text text = {name, sizeof(name), 0};

	nspy_text_add(&text, process->executable);
	nspy_text_add(&text, "[");
	nspy_text_add_number(&text, process->pid);
	nspy_text_add(&text, "]");
	return nspy_pcapng_interface(block, snaplen, name, process->arguments);
}

size_t
nspy_drain_header(uint8_t *buffer, uint32_t format, uint32_t snaplen,
		  const struct nspy_process *process)
{
	static const char comment[] =
		"Recorded from the calls of the program. Payloads, their "
		"order, times and the addresses are what happened; headers, "
		"acknowledgements and handshakes are rebuilt from it.";
	size_t len;

	if (format == NSPY_PCAP) {
		nspy_pcap_header(buffer, snaplen);
		return NSPY_PCAP_HEADER_LEN;
	}
	len = nspy_pcapng_section(buffer, "netspy " PACKAGE_VERSION, comment);
	if (process)
		len += nspy_drain_interface(buffer + len, snaplen, process);
	return len;
}

static void
write_name(struct nspy_drain *drain, const struct nspy_endpoint *address,
	   const char *name, size_t len)
{
	nspy_batch_add_block(
		&drain->batch, drain->block,
		nspy_pcapng_name(drain->block, address, name, len));
}

/* Classic pcap has no place for names. */
static void
add_name(struct nspy_drain *drain, const struct nspy_event *event)
{
	if (drain->ring->format == NSPY_PCAPNG &&
	    nspy_host_add(&drain->hosts, event, drain->data))
		write_name(drain, &event->peer, drain->data, event->data_len);
}

void
nspy_drain_names(struct nspy_drain *drain)
{
	for (uint32_t i = 0; i < NSPY_HOSTS_MAX; i++) {
		const struct nspy_host *host = &drain->hosts.list[i];

		if (host->len)
			write_name(drain, &host->address, host->name,
				   host->len);
	}
}

void
nspy_drain_statistics(struct nspy_drain *drain, uint64_t when_ns,
		      uint64_t packets, uint64_t dropped)
{
	size_t len = nspy_pcapng_statistics(drain->block, drain->interface,
					    when_ns, packets, dropped);

	if (drain->ring->format == NSPY_PCAPNG)
		nspy_batch_add_block(&drain->batch, drain->block, len);
}

/* What only the program can know, at its place among the packets. */
static void
add_mark(struct nspy_drain *drain, const struct nspy_event *event)
{
	struct nspy_packet packet = {
		.from = &event->local,
		.to = &event->peer,
		.outgoing = true,
		.mark = true,
		.data = drain->data,
		.data_len = event->data_len,
		.wire_len = event->wire_len,
	};

	if (event->data_len >= sizeof(drain->comment))
		return;
	memcpy(drain->comment, drain->data, event->data_len);
	drain->comment[event->data_len] = '\0';
	packet.comment = drain->comment;
	nspy_drain_packet(drain, event, event->begin_ns, &packet);
}

static void
add_event(struct nspy_drain *drain, const struct nspy_event *event)
{
	bool told;

	if (event->kind == NSPY_NAME) {
		add_name(drain, event);
		nspy_note_failure(drain, event);
		return;
	}
	if (event->kind == NSPY_MARK) {
		add_mark(drain, event);
		return;
	}
	if (event->kind == NSPY_SECRET || event->kind == NSPY_TRAFFIC_SECRET) {
		nspy_secrets_take(drain, event);
		return;
	}
	if (event->flags & NSPY_RAW)
		told = nspy_raw_event(drain, event);
	else if (event->protocol == IPPROTO_TCP && event->family != AF_NETLINK)
		told = nspy_tcp_event(drain, event);
	else
		told = nspy_datagram_event(drain, event);
	if (!told)
		drain->progress->lost++;
	nspy_note_failure(drain, event);
}

/* In ptcpdump's spelling, so that its users' filters work. */
static const char *
comment_on(struct nspy_drain *drain, const struct nspy_endpoint *peer)
{
	struct nspy_text text = {drain->comment, sizeof(drain->comment), 0};
	const char *host = nspy_host_find(&drain->hosts, peer);

	nspy_text_add(&text, "PID: ");
	nspy_text_add_number(&text, drain->process->pid);
	nspy_text_add(&text, "\nCmd: ");
	nspy_text_add(&text, drain->process->executable);
	nspy_text_add(&text, "\nArgs: ");
	nspy_text_add(&text, drain->process->arguments);
	if (host) {
		nspy_text_add(&text, "\nHost: ");
		nspy_text_add(&text, host);
	}
	return drain->comment;
}

void
nspy_drain_packet(struct nspy_drain *drain, const struct nspy_event *event,
		  uint64_t when_ns, struct nspy_packet *packet)
{
	struct nspy_record record = {
		.when_ns = when_ns,
		.interface = drain->interface,
		.pid = event->pid,
		.tid = event->tid,
		.outgoing = packet->outgoing,
	};

	packet->pid = event->pid;
	if (drain->wanted && !packet->mark &&
	    !drain->wanted(drain->wanted_context, packet))
		return;
	if (packet->serial > drain->progress->commented &&
	    drain->ring->format == NSPY_PCAPNG) {
		packet->comment = comment_on(drain, &event->peer);
		drain->progress->commented = packet->serial;
	}
	nspy_batch_add(&drain->batch, &record, packet);
	drain->progress->bytes += packet->wire_len;
}

void
nspy_drain_begin(struct nspy_drain *drain, int fd)
{
	drain->progress = nspy_ring_begin(drain->ring);
	drain->batch.format = &nspy_formats[drain->ring->format];
	drain->batch.snaplen = drain->ring->snaplen;
	drain->secrets.taken_count = 0;
	nspy_batch_begin(&drain->batch, fd, drain->progress->file_size,
			 drain->size_limit);
}

/* What no call does is from a damaged ring. */
static bool
is_plausible(const struct nspy_event *event)
{
	bool stream = event->protocol == IPPROTO_TCP &&
		      event->family != AF_NETLINK && !(event->flags & NSPY_RAW);

	return event->data_len <= NSPY_DATAGRAM_MAX &&
	       event->data_len <= event->wire_len &&
	       event->wire_len <= (stream ? UINT16_MAX : INT32_MAX);
}

bool
nspy_drain_add(struct nspy_drain *drain, const struct nspy_event *event)
{
	memcpy(&drain->event, event, sizeof(*event));
	/* From here on nobody, the compiler included, reads it in the ring. */
	atomic_signal_fence(memory_order_seq_cst);
	drain->data = nspy_event_data(event);
	if (is_plausible(&drain->event))
		add_event(drain, &drain->event);
	else
		drain->progress->lost++;
	return nspy_ring_has_undo(drain->ring, UNDO_PER_EVENT) &&
	       drain->secrets.taken_count < NSPY_SECRETS_BATCH;
}

int
nspy_drain_end(struct nspy_drain *drain)
{
	struct nspy_ring *ring = drain->ring;
	int err = nspy_batch_flush(&drain->batch);

	if (err) {
		uint64_t valid = nspy_ring_progress(ring)->file_size;

		nspy_ring_rollback(ring);
		nspy_sys_truncate(drain->batch.fd, valid);
		return err;
	}
	drain->progress->packets += drain->batch.packets;
	drain->progress->file_size = drain->batch.offset;
	/* Once it is committed, the room is not ours any more. */
	nspy_secrets_wipe(drain);
	nspy_ring_commit(ring);
	return 0;
}

/*
 * Events of the source, which may be the drain's own ring: then its position
 * is part of what a batch commits.
 */
static int
drain_source(struct nspy_drain *drain, int fd, struct nspy_ring *source,
	     bool dead)
{
	bool own = source == drain->ring;
	uint64_t position = atomic_load(&source->consumed);
	bool more;
	int err;

	drain->process = &source->process;
	do {
		const struct nspy_event *event;
		uint64_t *tail;

		nspy_drain_begin(drain, fd);
		tail = own ? &drain->progress->tail : &position;
		more = false;
		while (!more &&
		       (event = nspy_ring_next(source, tail, dead,
					       &drain->progress->lost)))
			more = !nspy_drain_add(drain, event);
		err = nspy_drain_end(drain);
		if (!err && !own)
			atomic_store(&source->consumed, position);
	} while (more && !err);
	return err;
}

int
nspy_drain_from(struct nspy_drain *drain, int fd, struct nspy_ring *source)
{
	return drain_source(drain, fd, source, false);
}

int
nspy_drain_run(struct nspy_drain *drain, int fd, bool dead)
{
	return drain_source(drain, fd, drain->ring, dead);
}

void
nspy_drain_forget(struct nspy_drain *drain)
{
	memset(&drain->hosts, 0, sizeof(drain->hosts));
	drain->stated = 0;
	drain->last = 0;
	nspy_secrets_forget(drain);
}

int
nspy_drain_state(struct nspy_drain *drain, int fd, uint64_t when_ns)
{
	struct nspy_ring *ring = drain->ring;
	uint64_t dropped = atomic_load(&ring->dropped);
	int err;

	if (fd < 0 || nspy_ring_progress(ring)->file_size == drain->stated)
		return fd < 0 ? fd : 0;
	nspy_drain_begin(drain, fd);
	nspy_drain_statistics(drain, when_ns, drain->progress->packets,
			      dropped + drain->progress->lost);
	err = nspy_drain_end(drain);
	drain->stated = nspy_ring_progress(ring)->file_size;
	return err;
}
