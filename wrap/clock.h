/* SPDX-License-Identifier: BSD-2-Clause */
/* The time, as the kernel has it. */

#ifndef NETSPY_CLOCK_H
#define NETSPY_CLOCK_H

#include <stdint.h>

/* At start: find libc's function behind what another library puts before it. */
void nspy_clock_start(void);

/* CLOCK_REALTIME in nanoseconds. */
uint64_t nspy_now(void);

/* For durations: CLOCK_REALTIME may be set while they pass. */
uint64_t nspy_monotonic(void);

/*
 * Let another thread do what it is at. It may have a lower priority, so that
 * sched_yield() would come back at once, for ever. Not in a sandbox: there the
 * wait takes the CPU.
 */
void nspy_wait_briefly(void);

#endif
