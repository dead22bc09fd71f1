/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has no packet: failed calls. A pcapng capture has each as an entry of
 * the systemd journal, which Wireshark shows among the packets.
 */

#ifndef NETSPY_NOTE_H
#define NETSPY_NOTE_H

#include "capture/drain.h"

/* A connect, send or look-up that failed for a reason that no packet shows. */
void nspy_note_failure(struct nspy_drain *drain,
		       const struct nspy_event *event);

#endif
