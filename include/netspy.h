/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <netspy.h>: a program that is recorded by netspy has a say in it.
 *
 *	#include <netspy.h>
 *
 *	netspy_mark("test case 12 begins");
 *
 * It makes no difference how the program is recorded: linked with netspy,
 * preloaded, or run by the netspy command. Where it is not recorded, every
 * function does nothing and returns ENOSYS, NULL or 0; there is nothing to
 * link with. For C and C++; the functions may be called from any thread, but
 * not from signal handlers.
 */

#ifndef NETSPY_H
#define NETSPY_H

#include <errno.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the functions below call. A later version only adds at the end. */
struct netspy_functions {
	int (*start)(void);
	int (*stop)(void);
	int (*mark)(const char *text);
	const char *(*filename)(void);
	int (*set_snaplen)(unsigned int bytes);
	unsigned int (*snaplen)(void);
};

#ifdef __ELF__

/* Not there in a program that netspy is not linked into. */
const struct netspy_functions *netspy_functions_1(void)
	__attribute__((__weak__));
/* dlsym(3), under a name that <dlfcn.h> does not declare otherwise. */
extern void *netspy_dlsym(void *handle, const char *symbol) __asm__("dlsym")
	__attribute__((__weak__));

/* Internal: the copy of netspy that records this process, or NULL. */
static inline const struct netspy_functions *
netspy_functions(void)
{
	const struct netspy_functions *(*found)(void) = NULL;

	/* The preload library comes before what is linked in. */
	if (netspy_dlsym)
		*(void **)&found = netspy_dlsym(NULL, "netspy_functions_1");
	if (!found)
		found = netspy_functions_1;
	return found ? found() : NULL;
}

#else

static inline const struct netspy_functions *
netspy_functions(void)
{
	return NULL;
}

#endif

/*
 * Record from now on: at the start of the program it does. Connections that go
 * on from before have a gap as long as what was not recorded; those that were
 * made meanwhile have no handshake. Returns 0, or ENOSYS when this program
 * is not recorded.
 */
static inline int
netspy_start(void)
{
	const struct netspy_functions *functions = netspy_functions();

	return functions ? functions->start() : ENOSYS;
}

/*
 * Record nothing until netspy_start(). What came before is in the capture when
 * this returns, or on its way to the netspy command. Returns 0 or ENOSYS.
 */
static inline int
netspy_stop(void)
{
	const struct netspy_functions *functions = netspy_functions();

	return functions ? functions->stop() : ENOSYS;
}

/*
 * Put a text into the capture, in UTF-8, at its place among the packets: a
 * frame of EtherType 0x88b5 (IEEE Std 802, for local experiments) with the text
 * and a NUL as its data; in pcapng also with the text as its comment. Bytes
 * beyond 254 are cut. Returns 0, ENOSYS, or EAGAIN while stopped.
 */
static inline int
netspy_mark(const char *text)
{
	const struct netspy_functions *functions = netspy_functions();

	return functions ? functions->mark(text) : ENOSYS;
}

/*
 * The path of this process's capture. NULL as long as there is none: it is made
 * for the first packet or mark, and for runs of the netspy command, which has
 * the file. The text is valid until the process forks.
 */
static inline const char *
netspy_filename(void)
{
	const struct netspy_functions *functions = netspy_functions();

	return functions ? functions->filename() : NULL;
}

/*
 * Keep only so many bytes of each packet, 1 to 262144, its headers of 56 to 76
 * bytes included. Returns 0, EINVAL, ENOSYS, or EBUSY when the capture exists.
 */
static inline int
netspy_set_snaplen(unsigned int bytes)
{
	const struct netspy_functions *functions = netspy_functions();

	return functions ? functions->set_snaplen(bytes) : ENOSYS;
}

/* Bytes that are kept of each packet; 0 when this program is not recorded. */
static inline unsigned int
netspy_snaplen(void)
{
	const struct netspy_functions *functions = netspy_functions();

	return functions ? functions->snaplen() : 0;
}

#ifdef __cplusplus
}
#endif

#endif
