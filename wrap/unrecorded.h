/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets that are not recorded, counted by what they are. */

#ifndef NETSPY_UNRECORDED_H
#define NETSPY_UNRECORDED_H

/* A socket of these arguments of socket() is left alone. */
void nspy_unrecorded_add(int domain, int protocol);

/*
 * The process or its program ends: say how many of each there were, if
 * NETSPY_DEBUG asks for it. They are counted anew afterwards.
 */
void nspy_unrecorded_report(void);

/* In a forked child: the parent tells of what was before. */
void nspy_unrecorded_forked(void);

#endif
