/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Some arguments are looked at before the real call. Where the kernel would
 * say EFAULT, no wrapper may end the program: it is asked by a call that looks
 * at memory first and then finds that it has nothing to do.
 */

#include "wrap/memory.h"

#include "capture/sys.h"

#include <errno.h>

_Thread_local uintptr_t nspy_behind_readable
	__attribute__((tls_model("initial-exec")));

bool
nspy_ask_readable(uintptr_t first, uintptr_t last)
{
	const int no_operation = -1;
	const uintptr_t within = 8; /* NULL stands for none */

	/* The end of what wraps round is before its beginning. */
	if (last < first)
		return false;
	for (uintptr_t page = first; page <= last; page++)
		if (NSPY_SYS4(SYS_rt_sigprocmask, no_operation,
			      page * NSPY_PAGE + within, NULL, 8) == -EFAULT)
			return false;
	nspy_behind_readable = last + 1;
	return true;
}
