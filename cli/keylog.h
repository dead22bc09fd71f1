/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key log of a run: libraries and programs that honour SSLKEYLOGFILE write
 * the secrets of TLS there. It is memory of ours, or the file that the user
 * wants them in.
 */

#ifndef NETSPY_KEYLOG_H
#define NETSPY_KEYLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct nspy_keylog {
	const char *path; /* the user's file; NULL: it is ours */
	int fd;		  /* or -1: the user's is not there yet */
	off_t read;	  /* bytes of it that were given out, */
	off_t size;	  /* and those of an earlier look */
};

/*
 * Before the command is started: make it, and name it in the environment.
 * Returns 0 or a negative errno.
 */
int nspy_keylog_open(struct nspy_keylog *keylog);

/*
 * Give each line that was there at the last call, without its end: then what
 * was sent before it is in the capture. True if there was any.
 */
bool nspy_keylog_read(struct nspy_keylog *keylog,
		      void (*line)(void *context, const char *line, size_t len),
		      void *context);

void nspy_keylog_close(struct nspy_keylog *keylog);

#endif
