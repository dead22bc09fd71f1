/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc says of other processes. */

#ifndef NETSPY_PROCESS_H
#define NETSPY_PROCESS_H

#include <stdint.h>

/*
 * When process pid began, in clock ticks since boot; 0 when there is none, or
 * a zombie, which writes no more.
 */
uint64_t nspy_process_start_of(uint32_t pid);

#endif
