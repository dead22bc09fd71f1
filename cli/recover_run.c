/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of a run whose command was killed: its rings go into the capture. */

#include "config.h"

#include "cli/recover.h"

#include "cli/filter.h"
#include "cli/folder.h"
#include "cli/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct recovery {
	struct nspy_folder folder;
	struct nspy_merge merge;
	struct nspy_options options;
	struct nspy_output output;
	char *command[2];
	uint32_t alive; /* the pid of one of its processes, or 0 */
	int error;
};

static int
complain(const char *path, const char *what)
{
	fprintf(stderr, "netspy: recover: %s: %s\n", path, what);
	return 1;
}

static int
open_run(struct recovery *r, const char *path)
{
	int err = nspy_folder_open(&r->folder, path);

	if (err == -EWOULDBLOCK)
		return complain(path, "its netspy is alive and still writes "
				      "the capture");
	if (!err)
		err = nspy_journal_open(&r->merge.journal, r->folder.path);
	if (err == -ENOENT || err == -EINVAL)
		return complain(path, "not the folder of a run of this "
				      "version of netspy");
	return err ? complain(path, strerror(-err)) : 0;
}

static void
add_feed(void *context, const char *path)
{
	struct recovery *r = context;
	const struct nspy_ring *ring = &r->merge.journal.file->ring;
	struct nspy_feed *feed = nspy_feed_open(path);

	if (!feed) {
		r->error = -EINVAL;
		return;
	}
	if (nspy_feed_is_alive(feed))
		r->alive = feed->process.pid;
	nspy_feed_restore(feed, atomic_load(&ring->generation));
	feed->dead = true;
	if (nspy_merge_add(&r->merge, feed) < 0)
		r->error = -ENOMEM;
}

/* As the command had it. */
static void
set_output(struct recovery *r)
{
	struct nspy_journal_file *file = r->merge.journal.file;

	r->options.snaplen = file->ring.snaplen;
	r->options.max_size = file->max_size;
	r->options.tls_keys = true; /* if there are any in the rings */
	r->options.output = file->output[0] ? file->output : NULL;
	r->options.command = r->command;
	r->command[0] = file->command;
	r->output.options = &r->options;
	r->output.format = file->ring.format;
	r->output.fd = r->output.stream = -1;
	r->output.pid = file->pid;
	memcpy(r->output.directory, file->directory,
	       sizeof(r->output.directory));
	r->merge.output = &r->output;
	r->merge.full = atomic_load(&file->over);
}

/* What a killed write left behind the valid part is written again. */
static int
open_capture(struct recovery *r)
{
	const char *capture = nspy_journal_capture(&r->merge.journal);
	uint64_t size =
		nspy_ring_progress(&r->merge.journal.file->ring)->file_size;

	/* The first event, or those that a stream had no time for. */
	if (!*capture)
		return 0;
	r->output.fd = open(capture, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (r->output.fd < 0)
		return complain(capture, strerror(errno));
	if (!nspy_is_capture(capture) ||
	    !nspy_capture_has_end(r->output.fd, size))
		return complain(capture, "not the capture of this run");
	if (ftruncate(r->output.fd, (off_t)size) < 0)
		return complain(capture, strerror(errno));
	snprintf(r->output.path, sizeof(r->output.path), "%s", capture);
	r->merge.open = true;
	return 0;
}

static int
prepare(struct recovery *r, const char *path)
{
	struct nspy_filter *filter = NULL;
	int status = open_run(r, path);

	if (status)
		return status;
	nspy_folder_list(&r->folder, add_feed, r);
	if (r->alive) {
		fprintf(stderr,
			"netspy: recover: %s: process %" PRIu32
			" is alive and records by itself\n",
			path, r->alive);
		return 1;
	}
	if (r->error)
		return complain(path, "it has rings of another version of "
				      "netspy");
	set_output(r);
	if (r->merge.journal.file->filter[0]) {
		filter = nspy_filter_compile(r->merge.journal.file->filter);
		if (!filter)
			return 1;
	}
	nspy_merge_begin(&r->merge, filter);
	return open_capture(r);
}

static int
finish(struct recovery *r)
{
	struct nspy_merge *merge = &r->merge;
	struct nspy_ring *ring = &merge->journal.file->ring;
	uint64_t before = nspy_ring_progress(ring)->packets;
	struct nspy_recovered done = {0};
	char loaded[1];

	while (nspy_merge_batch(merge, UINT64_MAX))
		;
	for (size_t i = 0; i < merge->feed_count; i++) {
		struct nspy_feed *feed = merge->feeds[i];

		done.missing.lost += feed->lost;
		nspy_missing_add(&done.missing, feed->ring, &feed->process);
		nspy_merge_end_feed(merge, feed);
	}
	if (merge->error)
		return 1; /* which has been said */
	if (r->output.fd >= 0 && fsync(r->output.fd) < 0)
		return complain(r->output.path, strerror(errno));
	done.packets = nspy_ring_progress(ring)->packets;
	done.recovered = done.packets - before;
	done.missing.lost += nspy_ring_progress(ring)->lost;
	nspy_recover_report(r->output.path[0] ? r->output.path : r->folder.path,
			    &done);
	nspy_journal_end(&merge->journal);
	nspy_folder_remove(&r->folder, loaded, sizeof(loaded));
	return 0;
}

int
nspy_recover_run(const char *path)
{
	struct recovery r = {.folder = {.lock = -1, .inotify = -1}};
	int status = prepare(&r, path);

	if (!status)
		status = finish(&r);
	if (status)
		nspy_folder_close(&r.folder);
	return status;
}
