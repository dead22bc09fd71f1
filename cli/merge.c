/* SPDX-License-Identifier: BSD-2-Clause */
/* Batches of events from several rings, and what each of them commits. */

#include "config.h"

#include "cli/merge.h"

#include "capture/pcap.h"
#include "capture/pcapng.h"
#include "cli/clock.h"
#include "cli/filter.h"
#include "cli/live.h"
#include "cli/say.h"
#include "cli/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A batch ends after so many bytes of the capture: a process that waits for
 * room in its ring goes on while the next one is written.
 */
#define BATCH_MAX (NSPY_RING_DATA / 8)

static struct nspy_ring *
ring_of(const struct nspy_merge *m)
{
	return &m->journal.file->ring;
}

void
nspy_merge_begin(struct nspy_merge *m, struct nspy_filter *filter)
{
	m->drain.ring = ring_of(m);
	m->drain.grow = nspy_journal_grow;
	m->drain.grow_context = &m->journal;
	m->drain.size_limit = UINT64_MAX;
	m->known_ns = UINT64_MAX;
	m->drain.secrets.wanted = m->output->options->tls_keys;
	if (filter) {
		m->drain.wanted = nspy_filter_matches;
		m->drain.wanted_context = filter;
	}
}

int
nspy_merge_add(struct nspy_merge *m, struct nspy_feed *feed)
{
	struct nspy_feed **grown = reallocarray(m->feeds, m->feed_count + 1,
						sizeof(struct nspy_feed *));

	if (!grown)
		return -ENOMEM;
	m->feeds = grown;
	m->feeds[m->feed_count++] = feed;
	return 0;
}

static bool
is_over(const struct nspy_merge *m)
{
	return m->error || m->full;
}

static void
end_recording(struct nspy_merge *m)
{
	atomic_store(&m->journal.file->over, 1);
}

static void
fail(struct nspy_merge *m, int error)
{
	if (m->error)
		return;
	m->error = error;
	end_recording(m);
	nspy_say("%s: %s; recording ends here",
		 m->output->path[0] ? m->output->path : "output",
		 strerror(-error));
}

/* Where each feed stands belongs to what the next commit makes valid. */
static void
save_feeds(struct nspy_merge *m)
{
	uint64_t next = atomic_load(&ring_of(m)->generation) + 1;

	for (size_t i = 0; i < m->feed_count; i++)
		nspy_feed_save(m->feeds[i], next);
}

/* A file header; the progress of the drain begins behind it. */
static void
open_output(struct nspy_merge *m)
{
	uint8_t header[NSPY_FILE_HEADER_MAX];
	size_t len = nspy_drain_header(header, m->output->format,
				       m->output->options->snaplen, NULL);
	int err = nspy_output_open(m->output, header, len);

	if (err) {
		fail(m, err);
		return;
	}
	if (m->output->live)
		nspy_live_add_prelude(m->output->live, header, len);
	for (size_t i = 0; i < m->feed_count; i++)
		m->feeds[i]->described = false;
	save_feeds(m);
	nspy_journal_begin(&m->journal, m->output->path, len);
	nspy_secrets_forget(&m->drain);
	m->open = true;
	m->fresh = true;
}

/* The interface of the feed's process stands before its first packet. */
static void
describe(struct nspy_merge *m, struct nspy_feed *feed)
{
	size_t len;

	m->drain.process = &feed->process;
	if (!feed->described && m->output->format == NSPY_PCAPNG) {
		len = nspy_drain_interface(m->drain.block,
					   m->output->options->snaplen,
					   m->drain.process);
		nspy_batch_add_block(&m->drain.batch, m->drain.block, len);
		if (m->output->live)
			nspy_live_add_prelude(m->output->live, m->drain.block,
					      len);
		feed->interface = m->drain.progress->interfaces++;
	}
	feed->described = true;
	m->drain.interface = feed->interface;
}

/* The feed with the oldest event, or NULL: none is old enough. */
static struct nspy_feed *
oldest(struct nspy_merge *m, uint64_t until_ns)
{
	struct nspy_feed *found = NULL;
	bool pressed = false;

	for (size_t i = 0; i < m->feed_count; i++) {
		struct nspy_feed *feed = m->feeds[i];

		nspy_feed_peek(feed);
		if (feed->event &&
		    (!found || feed->event->end_ns < found->event->end_ns))
			found = feed;
		pressed |= nspy_ring_pending(feed->ring) > NSPY_RING_DATA / 4;
	}
	if (found && !pressed &&
	    found->event->end_ns > (m->feed_count > 1 ? until_ns : m->known_ns))
		return NULL;
	return found;
}

/* What has been written is no longer needed in the rings. */
static void
consume(struct nspy_merge *m)
{
	for (size_t i = 0; i < m->feed_count; i++)
		nspy_feed_consume(m->feeds[i]);
}

/* Nobody is to take the end of the capture for that of the traffic. */
static void
mark_end(struct nspy_merge *m, const char *limit)
{
	struct {
		struct nspy_event event;
		char text[64];
	} mark = {
		.event = {.kind = NSPY_MARK, .pid = (uint32_t)m->output->pid}};

	snprintf(mark.text, sizeof(mark.text),
		 "netspy: recording ends here, as %s says", limit);
	mark.event.begin_ns = mark.event.end_ns = nspy_clock_ns(CLOCK_REALTIME);
	mark.event.data_len = mark.event.wire_len =
		(uint32_t)strlen(mark.text) + 1;
	nspy_drain_begin(&m->drain, m->output->fd);
	nspy_drain_add(&m->drain, &mark.event);
	save_feeds(m);
	if (nspy_drain_end(&m->drain) == 0)
		nspy_merge_pass_on(m);
	m->full = true;
	end_recording(m);
}

/*
 * Something comes, and the file is as long as it may be: go on in another one,
 * or not at all.
 */
static void
look_at_size(struct nspy_merge *m, uint64_t size)
{
	const struct nspy_options *options = m->output->options;

	if (options->max_size && !options->ends && size >= options->max_size)
		mark_end(m, "--max-size");
	else if (!nspy_output_is_full(m->output, size))
		return;
	else if (options->rotate_s && !options->rotate_bytes &&
		 options->rotate_files == m->output->number)
		mark_end(m, "-W");
	else
		open_output(m);
}

int
nspy_merge_pass_on(struct nspy_merge *m)
{
	uint64_t size = nspy_ring_progress(ring_of(m))->file_size;

	if (m->output->in_memory || m->output->live)
		size = nspy_secrets_final(&m->drain, size,
					  nspy_clock_ns(CLOCK_REALTIME));
	return nspy_output_written(m->output, size);
}

static void
end_batch(struct nspy_merge *m)
{
	int err;

	save_feeds(m);
	err = nspy_drain_end(&m->drain);
	if (!err)
		err = nspy_merge_pass_on(m);
	if (err)
		fail(m, err);
	consume(m);
}

static void
spool(struct nspy_merge *m, struct nspy_feed *feed)
{
	if (!m->spool)
		return;
	if (!feed->spooled)
		feed->spooled = nspy_spool_process(m->spool, &feed->process);
	if (feed->spooled)
		nspy_spool_add(m->spool, feed->spooled, feed->event);
}

static uint64_t
packets_so_far(const struct nspy_merge *m)
{
	return m->drain.progress->packets + m->drain.batch.packets;
}

bool
nspy_merge_batch(struct nspy_merge *m, uint64_t until_ns)
{
	struct nspy_feed *feed = oldest(m, until_ns);
	uint64_t enough;
	bool room = true;

	if (!feed)
		return false;
	if (!m->open && !is_over(m))
		open_output(m);
	else if (!is_over(m))
		look_at_size(m, nspy_ring_progress(ring_of(m))->file_size);
	if (is_over(m)) {
		for (; feed; feed = oldest(m, until_ns))
			nspy_feed_take(feed);
		consume(m);
		return true;
	}
	nspy_drain_begin(&m->drain, m->output->fd);
	enough = m->drain.batch.offset + BATCH_MAX;
	if (m->fresh && m->output->format == NSPY_PCAPNG)
		nspy_drain_names(&m->drain);
	m->fresh = false;
	for (; feed && room; feed = room ? oldest(m, until_ns) : NULL) {
		uint64_t before = packets_so_far(m);

		describe(m, feed);
		spool(m, feed);
		room = nspy_drain_add(&m->drain, feed->event) &&
		       m->drain.batch.offset < enough &&
		       !nspy_output_is_full(m->output, m->drain.batch.offset);
		feed->packets += packets_so_far(m) - before;
		nspy_feed_take(feed);
	}
	end_batch(m);
	return true;
}

static void
add_secret(void *context, const char *line, size_t len)
{
	struct nspy_merge *m = context;

	nspy_secrets_add(&m->drain, line, len);
}

void
nspy_merge_secrets(struct nspy_merge *m, struct nspy_keylog *keylog)
{
	if (!m->open || is_over(m))
		return;
	nspy_drain_begin(&m->drain, m->output->fd);
	if (nspy_keylog_read(keylog, add_secret, m))
		end_batch(m);
}

void
nspy_merge_end_feed(struct nspy_merge *m, struct nspy_feed *feed)
{
	if (!feed->described || is_over(m))
		return;
	nspy_drain_begin(&m->drain, m->output->fd);
	m->drain.interface = feed->interface;
	nspy_drain_statistics(&m->drain, nspy_clock_ns(CLOCK_REALTIME),
			      feed->packets,
			      atomic_load(&feed->ring->dropped) + feed->lost);
	end_batch(m);
}
