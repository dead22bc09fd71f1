/* SPDX-License-Identifier: BSD-2-Clause */
/* Who this process is, as the ring file says it. */

#ifndef NETSPY_IDENTITY_H
#define NETSPY_IDENTITY_H

#include "capture/ring.h"

/* Fill it in; some system calls. One thread at a time, the one that drains. */
void nspy_identify(struct nspy_process *process);

#endif
