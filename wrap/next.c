/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding the real functions: all at start, so that no wrapper calls dlsym. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/next.h"

#include "capture/sys.h"
#include "wrap/report.h"

#include <dlfcn.h>

/* Only a call gets here, and it has nowhere to go. */
static __attribute__((noreturn)) void
end_without(const char *name)
{
	nspy_report("no library has the function ", name, NULL);
	NSPY_SYS1(SYS_exit_group, 127);
	__builtin_unreachable();
}

void *
nspy_next_bind(struct nspy_next *next)
{
	void *function = dlsym(RTLD_NEXT, next->name);

	if (!function)
		end_without(next->name);
	atomic_store(&next->function, function);
	return function;
}

/*
 * dlsym may allocate, and close() must stay safe in a signal handler. A
 * wrapper that runs before this, from another library's constructor, binds
 * itself.
 */
__attribute__((constructor)) static void
bind_all(void)
{
	for (size_t i = 0; i < nspy_next_count; i++) {
		void *function = dlsym(RTLD_NEXT, nspy_nexts[i]->name);

		if (function)
			atomic_store(&nspy_nexts[i]->function, function);
	}
}
