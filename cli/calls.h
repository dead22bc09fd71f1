/* SPDX-License-Identifier: BSD-2-Clause */
/* Which calls of a program go through the kit that is linked in. */

#ifndef NETSPY_CALLS_H
#define NETSPY_CALLS_H

/*
 * Print one line with their names: those that ld --wrap has put in the place of
 * others, or that the program exports as the library does.
 */
void nspy_calls_print(const char *path, const char *library);

#endif
