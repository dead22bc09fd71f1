/* SPDX-License-Identifier: BSD-2-Clause */
/* All signals wait, by system calls that no library has wrapped. */

#ifndef NETSPY_SIGNALS_H
#define NETSPY_SIGNALS_H

#include "capture/sys.h"

#include <signal.h>
#include <stdint.h>

static inline void
nspy_block_signals(uint64_t *mask)
{
	uint64_t all = ~(uint64_t)0;

	NSPY_SYS4(SYS_rt_sigprocmask, SIG_SETMASK, &all, mask, 8);
}

static inline void
nspy_restore_signals(const uint64_t *mask)
{
	NSPY_SYS4(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, 8);
}

#endif
