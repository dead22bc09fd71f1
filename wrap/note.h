/* SPDX-License-Identifier: BSD-2-Clause */
/* How several copies of netspy in one process find each other. */

#ifndef NETSPY_NOTE_H
#define NETSPY_NOTE_H

#include <stdbool.h>

/*
 * Whether the preload library is in this process too: then it sees every call
 * of the copy that is linked in, which therefore records nothing.
 */
bool nspy_note_preloaded(void);

#endif
