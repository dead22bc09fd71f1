/* SPDX-License-Identifier: BSD-2-Clause */
/* The private folder of a run, in which processes put their rings. */

#ifndef NETSPY_FOLDER_H
#define NETSPY_FOLDER_H

#include <stddef.h>

/* Bytes of its path, with the NUL. */
#define NSPY_FOLDER_MAX 256

struct nspy_folder {
	char path[NSPY_FOLDER_MAX];
	int lock;    /* held for as long as this process lives */
	int inotify; /* readable when a ring has come */
};

/* Make it, with mode 0700. Returns 0, or a negative errno after one line. */
int nspy_folder_make(struct nspy_folder *folder);

/*
 * That of a run whose command is dead. Returns 0 or a negative errno:
 * -EWOULDBLOCK when the command lives.
 */
int nspy_folder_open(struct nspy_folder *folder, const char *path);

/* If a ring has come, call found for each one that is there. */
void nspy_folder_look(struct nspy_folder *folder,
		      void (*found)(void *context, const char *path),
		      void *context);

/* Call found for each ring that is there. */
void nspy_folder_list(const struct nspy_folder *folder,
		      void (*found)(void *context, const char *path),
		      void *context);

/*
 * Remove it with all that is in it, but for a link to the library as long as a
 * process of the run lives. loaded gets the names of the programs that
 * have loaded netspy, with ", " between them, cut to size bytes.
 */
void nspy_folder_remove(struct nspy_folder *folder, char *loaded, size_t size);

/* Leave it as it is. */
void nspy_folder_close(struct nspy_folder *folder);

#endif
