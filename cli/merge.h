/* SPDX-License-Identifier: BSD-2-Clause */
/* The rings of all processes of a run, in the order of time, into one output. */

#ifndef NETSPY_MERGE_H
#define NETSPY_MERGE_H

#include "capture/drain.h"
#include "cli/feed.h"
#include "cli/journal.h"
#include "cli/keylog.h"

struct nspy_filter;

struct nspy_merge {
	struct nspy_output *output;
	struct nspy_journal journal; /* conversations and progress */
	struct nspy_feed **feeds;
	size_t feed_count;
	struct nspy_drain drain;
	struct nspy_spool *spool; /* gets all events, too, or NULL */
	/* What happened before is in no ring that is not among the feeds. */
	uint64_t known_ns;
	bool open;  /* the output is */
	bool fresh; /* it has none of the names yet */
	int error;  /* a negative errno: recording ended early */
	bool full;  /* --max-size, or the last file, was reached */
};

/* The journal and the output are there; packets have to pass the filter. */
void nspy_merge_begin(struct nspy_merge *merge, struct nspy_filter *filter);

/* Take the feed. Returns 0 or a negative errno. */
int nspy_merge_add(struct nspy_merge *merge, struct nspy_feed *feed);

/*
 * Write one batch of what was committed until then, or throw it away when
 * recording is over. True when there was something.
 */
bool nspy_merge_batch(struct nspy_merge *merge, uint64_t until_ns);

/* Secrets of TLS that the key log had at the last call. */
void nspy_merge_secrets(struct nspy_merge *merge, struct nspy_keylog *keylog);

/*
 * What readers of a stream have not had yet, as long as it is final. Returns 0
 * or a negative errno.
 */
int nspy_merge_pass_on(struct nspy_merge *merge);

/* The feed's last block: what was told, and what is missing. */
void nspy_merge_end_feed(struct nspy_merge *merge, struct nspy_feed *feed);

#endif
