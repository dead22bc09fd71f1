/* SPDX-License-Identifier: BSD-2-Clause */
/* `netspy stats FILE`: who talked to whom, how much and how fast. */

#ifndef NETSPY_STATS_H
#define NETSPY_STATS_H

/* argv[0] is the verb. Returns the exit status: 0, or 2 after one line. */
int nspy_stats(int argc, char **argv);

#endif
