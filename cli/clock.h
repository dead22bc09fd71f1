/* SPDX-License-Identifier: BSD-2-Clause */
/* The time in one number. */

#ifndef NETSPY_CLI_CLOCK_H
#define NETSPY_CLI_CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_REALTIME or CLOCK_MONOTONIC, in ns. */
static inline uint64_t
nspy_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
