/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets behind FILE streams, whose bytes the C library moves by itself. */

#ifndef NETSPY_STDIO_H
#define NETSPY_STDIO_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Look how the reads, writes and closes inside the C library's stdio can reach
 * the hooks. Once, when recording starts; no failure stops it.
 */
void nspy_stdio_start(void);

/* The process has a socket: from now on they do. */
void nspy_stdio_use(void);

/* The same for a stream that fdopen or freopen has made. */
void nspy_stdio_adopt(FILE *stream, int fd);

/* Whether those of the stream do. */
bool nspy_stdio_seen(FILE *stream);

/* Whether those inside vdprintf do, which uses no stream in every libc. */
bool nspy_stdio_dprintf_seen(void);

/* A datagram of more bytes than this is several when vdprintf made it. */
extern const int nspy_stdio_dprintf_room;

/*
 * exit() writes what is left in the streams after all destructors: write it
 * now for those on sockets, while their ends are still to be told.
 */
void nspy_stdio_flush(void);

#endif
