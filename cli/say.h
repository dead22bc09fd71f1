/* SPDX-License-Identifier: BSD-2-Clause */
/* What the command says on stderr: one line, "netspy: " first. */

#ifndef NETSPY_SAY_H
#define NETSPY_SAY_H

#include <stdint.h>

/* A line. */
void nspy_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a wrong command line; returns the exit status for it, 2. */
int nspy_complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* What makes the plural of an English noun, or "" for one of them. */
const char *nspy_plural(uint64_t count);

/* Standard output is complete: 0, or 1 and a line when it could not be. */
int nspy_flush_output(void);

#endif
