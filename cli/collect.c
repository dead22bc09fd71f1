/* SPDX-License-Identifier: BSD-2-Clause */
/* Merging the rings of a run by time, into one capture. */

#include "config.h"

#include "cli/collect.h"

#include "capture/drain.h"
#include "capture/pcap.h"
#include "capture/pcapng.h"
#include "cli/filter.h"
#include "cli/folder.h"
#include "cli/live.h"
#include "cli/say.h"
#include "cli/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/*
 * An event of one process may be committed this much after a later one of
 * another: so long it is waited for, while there is room.
 */
#define MERGE_NS 5000000u
/* How often the kernel is asked which processes are still there. */
#define ALIVE_NS 200000000u

struct nspy_collector {
	struct nspy_output *output;
	struct nspy_folder folder;
	struct nspy_feed **feeds;
	size_t feed_count;
	struct nspy_drain drain; /* its ring holds the conversations */
	uint32_t interfaces;	 /* in the file that is open */
	uint64_t alive_ns;	 /* when that was looked at last */
	bool open;		 /* a file is */
	struct nspy_totals totals;
};

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The table is in memory that is there already. */
static int
grow(void *context, struct nspy_ring *ring)
{
	(void)context;
	ring->allocated += NSPY_CONVERSATIONS_CHUNK;
	return 0;
}

struct nspy_collector *
nspy_collector_create(struct nspy_output *output, struct nspy_filter *filter)
{
	struct nspy_collector *c = calloc(1, sizeof(*c));
	struct nspy_ring *ring =
		mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (!c || ring == MAP_FAILED) {
		nspy_say("out of memory");
		return NULL;
	}
	c->output = output;
	c->drain.ring = ring;
	c->drain.grow = grow;
	c->drain.size_limit = UINT64_MAX;
	ring->format = output->format;
	nspy_ring_init(ring, output->options->snaplen, 0);
	if (filter) {
		c->drain.wanted = nspy_filter_matches;
		c->drain.wanted_context = filter;
	}
	return nspy_folder_make(&c->folder) < 0 ? NULL : c;
}

const char *
nspy_collector_folder(const struct nspy_collector *c)
{
	return c->folder.path;
}

int
nspy_collector_fd(const struct nspy_collector *c)
{
	return c->folder.inotify;
}

static bool
is_known(const struct nspy_collector *c, const char *path)
{
	for (size_t i = 0; i < c->feed_count; i++)
		if (strcmp(c->feeds[i]->path, path) == 0)
			return true;
	return false;
}

/* A ring is in the folder; it may be known already. */
static void
add_feed(void *context, const char *path)
{
	struct nspy_collector *c = context;
	struct nspy_feed *feed, **grown;

	if (is_known(c, path))
		return;
	feed = nspy_feed_open(path);
	if (!feed) {
		nspy_say("%s: not a ring of this version of netspy", path);
		unlink(path);
		return;
	}
	grown = reallocarray(c->feeds, c->feed_count + 1, sizeof(*grown));
	if (!grown) {
		atomic_store(&feed->ring->collector, NSPY_LEFT);
		nspy_feed_close(feed);
		return;
	}
	c->feeds = grown;
	c->feeds[c->feed_count++] = feed;
	c->totals.processes++;
	if (c->output->options->verbose)
		nspy_say("%s[%u] uses sockets: %s",
			 feed->ring->process.executable,
			 feed->ring->process.pid,
			 feed->ring->process.arguments);
}

static void
fail(struct nspy_collector *c, int error)
{
	if (c->totals.error)
		return;
	c->totals.error = error;
	nspy_say("%s: %s; recording ends here",
		 c->output->path[0] ? c->output->path : "output",
		 strerror(-error));
}

/* A file header; the progress of the drain begins behind it. */
static void
open_output(struct nspy_collector *c)
{
	uint8_t header[NSPY_FILE_HEADER_MAX];
	struct nspy_progress *progress = nspy_ring_progress(c->drain.ring);
	int err = nspy_output_open(c->output);
	size_t len;

	if (err) {
		fail(c, err);
		return;
	}
	len = nspy_drain_header(header, c->output->format,
				c->output->options->snaplen, NULL);
	if (c->output->in_memory && c->open)
		return;
	if (c->output->live)
		nspy_live_add_prelude(c->output->live, header, len);
	if (pwrite(c->output->fd, header, len, 0) != (ssize_t)len) {
		fail(c, errno ? -errno : -ENOSPC);
		return;
	}
	progress->file_size = len;
	c->open = true;
	c->interfaces = 0;
	for (size_t i = 0; i < c->feed_count; i++)
		c->feeds[i]->described = false;
}

/* The interface of the feed's process stands before its first packet. */
static void
describe(struct nspy_collector *c, struct nspy_feed *feed)
{
	uint8_t block[NSPY_BLOCK_MAX];
	size_t len;

	c->drain.process = &feed->ring->process;
	if (!feed->described && c->output->format == NSPY_PCAPNG) {
		len = nspy_drain_interface(block, c->output->options->snaplen,
					   c->drain.process);
		nspy_batch_add_block(&c->drain.batch, block, len);
		if (c->output->live)
			nspy_live_add_prelude(c->output->live, block, len);
		feed->interface = c->interfaces++;
	}
	feed->described = true;
	c->drain.interface = feed->interface;
}

/* The feed with the oldest event, or NULL: none is old enough. */
static struct nspy_feed *
oldest(struct nspy_collector *c, uint64_t until_ns)
{
	struct nspy_feed *found = NULL;
	bool pressed = false;

	for (size_t i = 0; i < c->feed_count; i++) {
		struct nspy_feed *feed = c->feeds[i];

		nspy_feed_peek(feed);
		if (feed->event &&
		    (!found || feed->event->end_ns < found->event->end_ns))
			found = feed;
		pressed |= nspy_ring_pending(feed->ring) > NSPY_RING_DATA / 4;
	}
	if (found && !pressed && c->feed_count > 1 &&
	    found->event->end_ns > until_ns)
		return NULL;
	return found;
}

/* What has been written is no longer needed in the rings. */
static void
consume(struct nspy_collector *c)
{
	for (size_t i = 0; i < c->feed_count; i++)
		nspy_feed_consume(c->feeds[i]);
}

static bool
is_over(const struct nspy_collector *c)
{
	return c->totals.error || c->totals.full;
}

static void
end_batch(struct nspy_collector *c)
{
	struct nspy_progress *progress;
	uint64_t max_size = c->output->options->max_size;
	int err = nspy_drain_end(&c->drain);

	progress = nspy_ring_progress(c->drain.ring);
	if (!err)
		err = nspy_output_written(c->output, progress->file_size);
	if (err) {
		fail(c, err);
	} else if (max_size && progress->file_size >= max_size) {
		c->totals.full = true;
	} else if (nspy_output_is_full(c->output, progress->file_size)) {
		if (c->output->options->rotate_s &&
		    c->output->options->rotate_files == c->output->number)
			c->totals.full = true;
		else
			open_output(c);
	}
	consume(c);
}

static uint64_t
packets_so_far(const struct nspy_collector *c)
{
	return c->drain.progress->packets + c->drain.batch.packets;
}

/* One batch of events, or all of them thrown away when recording is over. */
static bool
drain(struct nspy_collector *c, uint64_t until_ns)
{
	struct nspy_feed *feed = oldest(c, until_ns);
	bool room = true;

	if (!feed)
		return false;
	if (!c->open && !is_over(c))
		open_output(c);
	if (is_over(c)) {
		for (; feed; feed = oldest(c, until_ns))
			nspy_feed_take(feed);
		consume(c);
		return true;
	}
	nspy_drain_begin(&c->drain, c->output->fd);
	for (; feed && room; feed = room ? oldest(c, until_ns) : NULL) {
		uint64_t before = packets_so_far(c);

		describe(c, feed);
		room = nspy_drain_add(&c->drain, feed->event);
		feed->packets += packets_so_far(c) - before;
		nspy_feed_take(feed);
	}
	end_batch(c);
	return true;
}

/* What is to be said of a process at its end. */
static void
end_feed(struct nspy_collector *c, struct nspy_feed *feed)
{
	uint64_t dropped = atomic_load(&feed->ring->dropped);
	uint8_t block[NSPY_BLOCK_MAX];
	size_t len;

	c->totals.lost += feed->lost;
	c->totals.dropped += dropped;
	if (feed->described && !is_over(c) &&
	    c->output->format == NSPY_PCAPNG) {
		len = nspy_pcapng_statistics(block, feed->interface,
					     now_ns(CLOCK_REALTIME),
					     feed->packets, dropped);
		nspy_drain_begin(&c->drain, c->output->fd);
		nspy_batch_add_block(&c->drain.batch, block, len);
		end_batch(c);
	}
	atomic_store(&feed->ring->collector, NSPY_LEFT);
	nspy_feed_close(feed);
}

/* A ring is done when its process has died. */
static void
look_after_feeds(struct nspy_collector *c)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	size_t i = 0;

	if (now - c->alive_ns < ALIVE_NS)
		return;
	c->alive_ns = now;
	while (i < c->feed_count) {
		struct nspy_feed *feed = c->feeds[i];

		nspy_feed_peek(feed);
		if (feed->dead && !feed->event) {
			c->feeds[i] = c->feeds[--c->feed_count];
			end_feed(c, feed);
			continue;
		}
		feed->dead = !nspy_feed_is_alive(feed);
		i++;
	}
}

bool
nspy_collector_step(struct nspy_collector *c)
{
	uint64_t now = now_ns(CLOCK_REALTIME);
	bool any = false;

	nspy_folder_look(&c->folder, add_feed, c);
	for (size_t i = 0; i < c->feed_count; i++)
		atomic_store(&c->feeds[i]->ring->collector_ns, now);
	while (drain(c, now - MERGE_NS))
		any = true;
	look_after_feeds(c);
	/* A client may have come, or have room again. */
	if (c->output->live && c->open)
		nspy_output_written(
			c->output,
			nspy_ring_progress(c->drain.ring)->file_size);
	return any;
}

void
nspy_collector_end(struct nspy_collector *c, struct nspy_totals *totals)
{
	const struct nspy_progress *progress;

	nspy_folder_look(&c->folder, add_feed, c);
	for (size_t i = 0; i < c->feed_count; i++)
		c->feeds[i]->dead = !nspy_feed_is_alive(c->feeds[i]);
	while (drain(c, UINT64_MAX))
		;
	while (c->feed_count) {
		struct nspy_feed *feed = c->feeds[--c->feed_count];

		c->totals.alive += !feed->dead;
		end_feed(c, feed);
	}
	free(c->feeds);
	nspy_folder_remove(&c->folder, c->totals.loaded,
			   sizeof(c->totals.loaded));
	progress = nspy_ring_progress(c->drain.ring);
	nspy_output_end(c->output, c->open ? progress->file_size : 0);
	c->totals.packets = progress->packets;
	c->totals.bytes = progress->bytes;
	c->totals.lost += progress->lost;
	c->totals.conversations = progress->serial;
	*totals = c->totals;
	munmap(c->drain.ring, sizeof(*c->drain.ring));
	free(c);
}
