/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netspy as an external capture program of Wireshark (extcap(4)): in its list
 * of interfaces is one that runs a command.
 */

#ifndef NETSPY_EXTCAP_H
#define NETSPY_EXTCAP_H

#include <stdbool.h>

/* Whether it is Wireshark that calls. */
bool nspy_extcap_is_called(int argc, char **argv);

/* What it asks for. Returns the exit status. */
int nspy_extcap(int argc, char **argv);

#endif
