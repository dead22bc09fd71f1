/* SPDX-License-Identifier: BSD-2-Clause */
/* A library with traffic of its own. */

#ifndef ASK_H
#define ASK_H

#include <stddef.h>

/*
 * Send a question of up to 31 bytes to the TCP port on 127.0.0.1 and wait for
 * the answer. Returns 0 or a negative errno.
 */
int ask(int port, const char *question, char *answer, size_t size);

#endif
