/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that the program says is there, before the kernel has looked. */

#ifndef NETSPY_MEMORY_H
#define NETSPY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The system call behind nspy_readable. */
bool nspy_ask_readable(uintptr_t first, uintptr_t last);

/* Kernels have no smaller ones, and larger ones are made of these. */
#define NSPY_PAGE 4096u

/* One more than the page that this thread has found readable last. */
extern _Thread_local uintptr_t nspy_behind_readable
	__attribute__((tls_model("initial-exec")));

/*
 * False: the kernel will refuse these bytes with EFAULT. A system call, unless
 * they are in the page of the last ones.
 */
static inline bool
nspy_readable(const void *address, size_t len)
{
	uintptr_t first = (uintptr_t)address / NSPY_PAGE;
	uintptr_t last = ((uintptr_t)address + len - 1) / NSPY_PAGE;

	return (first + 1 == nspy_behind_readable && last == first) ||
	       nspy_ask_readable(first, last);
}

#endif
