/* SPDX-License-Identifier: BSD-2-Clause */
/* netspy --help. */

#ifndef NETSPY_HELP_H
#define NETSPY_HELP_H

/* Print it; returns the exit status. */
int nspy_help(void);

#endif
