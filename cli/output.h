/* SPDX-License-Identifier: BSD-2-Clause */
/* The file, or the files one after another, or the stream of a run. */

#ifndef NETSPY_OUTPUT_H
#define NETSPY_OUTPUT_H

#include "cli/options.h"

#include <limits.h>
#include <sys/types.h>

struct nspy_output {
	const struct nspy_options *options;
	uint32_t format;	/* enum nspy_format_number */
	int fd;			/* what the capture is written to, or -1 */
	int stream;		/* where fd's bytes go on to, or -1 */
	struct nspy_live *live; /* and the clients of a service, or NULL */
	bool in_memory;		/* fd is no file */
	bool held;		/* a stream gets nothing yet */
	uint64_t streamed;	/* of them, so far */
	uint64_t forgotten;	/* of fd in memory: no longer there */
	pid_t pid;		/* of the command, for %p */
	unsigned int number;	/* of the files so far */
	uint64_t opened_s;	/* CLOCK_MONOTONIC, of the file that is open */
	char directory[PATH_MAX]; /* of the files; absolute */
	char path[PATH_MAX];	  /* of the file that is open, or "" */
	char first[PATH_MAX];	  /* of the first one */
};

/*
 * Look whether the output can be written, before anything starts. Returns -1,
 * or the exit status after one line.
 */
int nspy_output_prepare(struct nspy_output *output,
			const struct nspy_options *options);

/*
 * Make the first file, or the next one, which begins with the header. Returns 0
 * or a negative errno.
 */
int nspy_output_open(struct nspy_output *output, const void *header,
		     size_t len);

/*
 * size bytes of fd are valid: a stream gets those that it has not had yet.
 * Returns 0 or a negative errno.
 */
int nspy_output_written(struct nspy_output *output, uint64_t size);

/* These size bytes were the last ones. */
void nspy_output_end(struct nspy_output *output, uint64_t size);

/* Whether it is time for the next file. */
bool nspy_output_is_full(const struct nspy_output *output, uint64_t size);

#endif
