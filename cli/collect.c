/* SPDX-License-Identifier: BSD-2-Clause */
/* Merging the rings of a run by time, into one capture. */

#include "config.h"

#include "cli/collect.h"

#include "cli/clock.h"
#include "cli/deterministic.h"
#include "cli/folder.h"
#include "cli/merge.h"
#include "cli/say.h"
#include "cli/spool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * An event of one process may be committed this much after a later one of
 * another: so long it is waited for, while there is room.
 */
#define MERGE_NS 5000000u
/*
 * How long the rings are let alone: at most while packets come, and when none
 * come twice as long each time.
 */
#define BUSY_NS 5000000u
#define IDLE_NS 20000000u
#define BRIEF_NS 50000u
/* How often the kernel is asked which processes are still there. */
#define ALIVE_NS 200000000u

struct nspy_collector {
	struct nspy_folder folder;
	struct nspy_merge merge;
	struct nspy_keylog keylog; /* --tls-keys */
	uint64_t alive_ns;	   /* when that was looked at last */
	uint64_t step_ns;	   /* when the last step ended */
	uint64_t pause_ns;	   /* until the next one */
	struct nspy_totals totals;
};

struct nspy_collector *
nspy_collector_create(struct nspy_output *output, struct nspy_filter *filter)
{
	struct nspy_collector *c = calloc(1, sizeof(*c));
	char loaded[1];

	if (!c) {
		nspy_say("out of memory");
		return NULL;
	}
	c->merge.output = output;
	if (nspy_folder_make(&c->folder) < 0)
		return NULL;
	if (nspy_journal_create(&c->merge.journal, c->folder.path, output) <
	    0) {
		nspy_folder_remove(&c->folder, loaded, sizeof(loaded));
		return NULL;
	}
	nspy_merge_begin(&c->merge, filter);
	if (output->options->deterministic) {
		c->merge.spool = nspy_spool_create(output->directory);
		if (!c->merge.spool)
			return NULL;
	}
	if (output->options->tls_keys && nspy_keylog_open(&c->keylog) < 0)
		nspy_say("SSLKEYLOGFILE: no memory for it");
	return c;
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

static const struct nspy_progress *
progress_of(const struct nspy_collector *c)
{
	return nspy_ring_progress(&c->merge.journal.file->ring);
}

static bool
is_known(const struct nspy_merge *merge, const char *path)
{
	for (size_t i = 0; i < merge->feed_count; i++)
		if (strcmp(merge->feeds[i]->path, path) == 0)
			return true;
	return false;
}

/* A ring is in the folder; it may be known already. */
static void
add_feed(void *context, const char *path)
{
	struct nspy_collector *c = context;
	struct nspy_feed *feed;

	if (is_known(&c->merge, path))
		return;
	feed = nspy_feed_open(path);
	if (!feed) {
		nspy_say("%s: not a ring of this version of netspy", path);
		unlink(path);
		return;
	}
	if (nspy_merge_add(&c->merge, feed) < 0) {
		atomic_store(&feed->ring->collector, NSPY_LEFT);
		nspy_feed_close(feed);
		return;
	}
	if (c->merge.output->options->verbose)
		nspy_say("%s[%u] is recorded: %s", feed->process.executable,
			 feed->process.pid, feed->process.arguments);
}

/* What is to be said of a process at its end. */
static void
end_feed(struct nspy_collector *c, struct nspy_feed *feed)
{
	/* A process that gave up rights may have made one in vain. */
	c->totals.processes += atomic_load(&feed->ring->head) > 0;
	c->totals.missing.lost += feed->lost;
	nspy_missing_add(&c->totals.missing, feed->ring, &feed->process);
	nspy_merge_end_feed(&c->merge, feed);
	atomic_store(&feed->ring->collector, NSPY_LEFT);
	nspy_feed_close(feed);
}

/* A ring is done when its process has died. */
static void
look_after_feeds(struct nspy_collector *c)
{
	uint64_t now = nspy_clock_ns(CLOCK_MONOTONIC);
	struct nspy_merge *merge = &c->merge;
	size_t i = 0;

	if (now - c->alive_ns < ALIVE_NS)
		return;
	c->alive_ns = now;
	while (i < merge->feed_count) {
		struct nspy_feed *feed = merge->feeds[i];

		nspy_feed_peek(feed);
		if (feed->dead && !feed->event) {
			merge->feeds[i] = merge->feeds[--merge->feed_count];
			end_feed(c, feed);
			continue;
		}
		feed->dead = !nspy_feed_is_alive(feed);
		i++;
	}
}

static void
take_secrets(struct nspy_collector *c)
{
	if (c->merge.output->options->tls_keys)
		nspy_merge_secrets(&c->merge, &c->keylog);
}

/* Before a ring is full, for then its process has to wait. */
static uint64_t
time_left(struct nspy_collector *c)
{
	uint64_t now = nspy_clock_ns(CLOCK_MONOTONIC);
	uint64_t elapsed = now - c->step_ns, least = BUSY_NS;

	c->step_ns = now;
	if (elapsed > IDLE_NS)
		elapsed = IDLE_NS;
	for (size_t i = 0; i < c->merge.feed_count; i++) {
		uint64_t left = nspy_feed_time_left(c->merge.feeds[i], elapsed);

		if (left < least)
			least = left;
	}
	return least;
}

/* What nobody commits does not become readable by looking at it. */
static uint64_t
back_off(uint64_t pause_ns)
{
	if (pause_ns < BRIEF_NS)
		return BRIEF_NS;
	return pause_ns < IDLE_NS / 2 ? 2 * pause_ns : IDLE_NS;
}

uint64_t
nspy_collector_step(struct nspy_collector *c)
{
	uint64_t now = nspy_clock_ns(CLOCK_REALTIME), least;
	struct nspy_merge *merge = &c->merge;
	bool any = false;

	merge->journal.file->pid = merge->output->pid;
	merge->known_ns = now;
	nspy_folder_look(&c->folder, add_feed, c);
	for (size_t i = 0; i < merge->feed_count; i++)
		atomic_store(&merge->feeds[i]->ring->collector_ns, now);
	while (nspy_merge_batch(merge, now - MERGE_NS))
		any = true;
	look_after_feeds(c);
	take_secrets(c);
	/* A client may have come, or have room again; a wait may be over. */
	if ((merge->output->live || merge->output->in_memory) && merge->open &&
	    !merge->error)
		nspy_merge_pass_on(merge);
	least = time_left(c);
	c->pause_ns = any ? least : back_off(c->pause_ns);
	return c->pause_ns;
}

/* What is in the capture may be less than what it was made of. */
static void
rewrite(struct nspy_collector *c)
{
	struct nspy_output *output = c->merge.output;
	struct nspy_written written = {0};
	int err;

	if (!c->merge.spool || !c->merge.open || c->merge.error)
		return;
	err = nspy_deterministic_write(
		c->merge.spool, output,
		c->totals.missing.dropped + c->totals.missing.lost, &written);
	if (err) {
		c->totals.error = err;
		nspy_say("%s: %s; the capture is not a deterministic one",
			 output->path[0] ? output->path : "output",
			 strerror(-err));
		return;
	}
	c->totals.packets = written.packets;
	c->totals.bytes = written.bytes;
	c->totals.conversations = written.conversations;
}

void
nspy_collector_look(const struct nspy_collector *c, struct nspy_totals *totals)
{
	const struct nspy_progress *progress = progress_of(c);

	*totals = c->totals;
	totals->packets = progress->packets;
	totals->bytes = progress->bytes;
	totals->conversations = progress->serial;
}

void
nspy_collector_end(struct nspy_collector *c, struct nspy_totals *totals)
{
	struct nspy_merge *merge = &c->merge;
	const struct nspy_progress *progress;

	nspy_folder_look(&c->folder, add_feed, c);
	merge->known_ns = UINT64_MAX;
	for (size_t i = 0; i < merge->feed_count; i++)
		merge->feeds[i]->dead = !nspy_feed_is_alive(merge->feeds[i]);
	while (nspy_merge_batch(merge, UINT64_MAX))
		;
	/* The second time, what the key log has now. */
	take_secrets(c);
	take_secrets(c);
	while (merge->feed_count) {
		struct nspy_feed *feed = merge->feeds[--merge->feed_count];

		c->totals.alive += !feed->dead;
		end_feed(c, feed);
	}
	free(merge->feeds);
	progress = progress_of(c);
	if (merge->open && !merge->error)
		nspy_output_written(merge->output, progress->file_size);
	nspy_collector_look(c, totals);
	c->totals = *totals;
	c->totals.missing.lost += progress->lost;
	c->totals.error = merge->error;
	c->totals.full = merge->full;
	rewrite(c);
	nspy_output_end(merge->output, merge->open ? progress->file_size : 0);
	nspy_spool_free(merge->spool);
	nspy_journal_end(&merge->journal);
	nspy_folder_remove(&c->folder, c->totals.loaded,
			   sizeof(c->totals.loaded));
	if (merge->output->options->tls_keys)
		nspy_keylog_close(&c->keylog);
	*totals = c->totals;
	free(c);
}
