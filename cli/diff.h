/* SPDX-License-Identifier: BSD-2-Clause */
/* `netspy diff A B`: what two captures do not have in common. */

#ifndef NETSPY_DIFF_H
#define NETSPY_DIFF_H

/*
 * argv[0] is the verb. Returns the exit status, as diff does: 0 for equal
 * captures, 1 for others, 2 after one line about trouble.
 */
int nspy_diff(int argc, char **argv);

#endif
