/* SPDX-License-Identifier: BSD-2-Clause */
/* The private folder of a run, in which processes put their rings. */

#ifndef NETSPY_FOLDER_H
#define NETSPY_FOLDER_H

#include <stddef.h>

struct nspy_folder {
	char path[128];
	int lock;    /* held for as long as this process lives */
	int inotify; /* readable when a ring has come */
};

/* Make it, with mode 0700. Returns 0, or a negative errno after one line. */
int nspy_folder_make(struct nspy_folder *folder);

/* If a ring has come, call found for each one that is there. */
void nspy_folder_look(struct nspy_folder *folder,
		      void (*found)(void *context, const char *path),
		      void *context);

/*
 * Remove it; the rings have to be gone. loaded gets the names of the programs
 * that have loaded netspy, with ", " between them, cut to size bytes.
 */
void nspy_folder_remove(struct nspy_folder *folder, char *loaded, size_t size);

#endif
