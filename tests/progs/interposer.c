/* SPDX-License-Identifier: BSD-2-Clause */

/* A preload library like others: it counts send and recv, and hands them on. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdio.h>
#include <sys/socket.h>

static int calls;

ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	static ssize_t (*next)(int, const void *, size_t, int);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "send");
	calls++;
	return next(fd, buf, len, flags);
}

ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	static ssize_t (*next)(int, void *, size_t, int);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "recv");
	calls++;
	return next(fd, buf, len, flags);
}

__attribute__((destructor)) static void
tell(void)
{
	printf("%d calls\n", calls);
}
