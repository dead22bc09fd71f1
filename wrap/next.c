/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding the real functions: all at start, so that no wrapper calls dlsym. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/next.h"

#include "capture/sys.h"
#include "wrap/report.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>

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

static bool
is_ours(const void *address)
{
	Dl_info info, own;

	return dladdr(address, &info) && dladdr(&nspy_next_count, &own) &&
	       info.dli_fbase == own.dli_fbase;
}

/* What the object of this file finds in itself and in what it needs. */
static void *
find_in(const char *file, const char *name)
{
	void *object = dlopen(file, RTLD_LAZY | RTLD_NOLOAD);
	void *function = object ? dlsym(object, name) : NULL;

	if (object)
		dlclose(object);
	/* The program's own scope begins with us. */
	return function && !is_ours(function) ? function : NULL;
}

struct search {
	const char *name;
	void *function;
};

static int
find_in_object(struct dl_phdr_info *object, size_t size, void *context)
{
	struct search *search = context;

	(void)size;
	if (object->dlpi_name && *object->dlpi_name)
		search->function = find_in(object->dlpi_name, search->name);
	return search->function != NULL;
}

void *
nspy_next_of(const char *name, const void *caller)
{
	struct search search = {name, NULL};
	Dl_info info;

	if (dladdr(caller, &info))
		search.function = find_in(info.dli_fname, name);
	if (!search.function)
		search.function = dlsym(RTLD_NEXT, name);
	/* A call as the last act of a function has not left its address. */
	if (!search.function)
		dl_iterate_phdr(find_in_object, &search);
	if (!search.function)
		end_without(name);
	return search.function;
}

void *
nspy_next_beside(const char *name, nspy_function *function)
{
	Dl_info info;

	return dladdr((void *)(uintptr_t)function, &info)
		       ? find_in(info.dli_fname, name)
		       : NULL;
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
