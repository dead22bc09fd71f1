/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The time. Libraries such as libfaketime tell the program another one, for
 * which they do more than a signal handler may; packets have the real one, as
 * the netspy command and other captures have.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/clock.h"

#include "capture/sys.h"

#include <dlfcn.h>
#include <stddef.h>
#include <time.h>

#if !defined(NSPY_BINDING_LINK) && defined(__GLIBC__)

#include "wrap/object.h"

#include <gnu/lib-names.h>
#include <gnu/libc-version.h>

static typeof(clock_gettime) *get_time = clock_gettime;

/* True: in no other library. */
static int
is_in_libc(struct dl_phdr_info *object, size_t size, void *context)
{
	(void)size;
	(void)context;
	return nspy_object_holds(object, (void *)clock_gettime) &&
	       nspy_object_holds(object, (void *)gnu_get_libc_version);
}

void
nspy_clock_start(void)
{
	void *libc, *function;

	/* What dlopen allocates would be most of our start. */
	if (dl_iterate_phdr(is_in_libc, NULL))
		return;
	libc = dlopen(LIBC_SO, RTLD_LAZY | RTLD_NOLOAD);
	if (!libc)
		return;
	/* It stays where it is: the program has it, too. */
	function = dlsym(libc, "clock_gettime");
	dlclose(libc);
	if (function)
		get_time = function;
}

#else

#define get_time clock_gettime

void
nspy_clock_start(void)
{
}

#endif

static uint64_t
read_clock(clockid_t id)
{
	struct timespec now;

	get_time(id, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t
nspy_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t
nspy_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void
nspy_wait_briefly(void)
{
	static const struct timespec pause = {0, 100000};

	NSPY_SYS2(SYS_nanosleep, &pause, NULL);
}
