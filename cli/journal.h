/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What outlives a killed command, in the folder of its run: how far its capture
 * is, with the conversations in it. `netspy recover` goes on from there.
 */

#ifndef NETSPY_JOURNAL_H
#define NETSPY_JOURNAL_H

#include "capture/ring.h"
#include "cli/filter.h"
#include "cli/output.h"

struct nspy_journal_file {
	char magic[8];
	uint64_t max_size;	      /* --max-size */
	_Atomic uint32_t over;	      /* recording ended before the run */
	int32_t pid;		      /* of the command that is run */
	char command[PATH_MAX];	      /* its name */
	char output[PATH_MAX];	      /* -o, or "": the default, a stream */
	char directory[PATH_MAX];     /* of the captures */
	char filter[NSPY_FILTER_MAX]; /* -f, or "" */
	char captures[2][PATH_MAX];   /* by progress.file_number % 2 */
	struct nspy_ring ring;	      /* conversations and progress */
};

struct nspy_journal {
	int fd;
	char path[PATH_MAX];
	struct nspy_journal_file *file;
};

/*
 * Make that of a run in its folder. Returns 0, or a negative errno after one
 * line.
 */
int nspy_journal_create(struct nspy_journal *journal, const char *folder,
			const struct nspy_output *output);

/*
 * Open that of a run whose command is dead, and undo what this has left half
 * done. Returns 0 or a negative errno.
 */
int nspy_journal_open(struct nspy_journal *journal, const char *folder);

/* The capture that the valid progress is of, or "": a stream, or none yet. */
const char *nspy_journal_capture(const struct nspy_journal *journal);

/*
 * Begin with another capture, "" for a stream: a link beside it leads to the
 * folder, and the progress is that of its header, in one store.
 */
void nspy_journal_begin(struct nspy_journal *journal, const char *capture,
			uint64_t header_len);

/* The capture is complete: its link goes, and the journal with everything. */
void nspy_journal_end(struct nspy_journal *journal);

/* For struct nspy_drain; context is the journal. */
int nspy_journal_grow(void *context, struct nspy_ring *ring);

/* The same for the ring at base bytes of the file fd. */
int nspy_ring_file_grow(int fd, uint64_t base, struct nspy_ring *ring);

#endif
