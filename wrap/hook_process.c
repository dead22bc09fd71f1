/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls by which processes begin, change and end. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "capture/sys.h"
#include "wrap/audit.h"
#include "wrap/call.h"
#include "wrap/libraries.h"
#include "wrap/lifecycle.h"
#include "wrap/stdio.h"
#include "wrap/unrecorded.h"
#include "wrap/writer.h"

#include <errno.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/*
 * Both sides will hold every socket. Counted before the call, since another
 * thread may close one as soon as there is a child; a call that fails does no
 * harm. The child finds out by its wiped page, and counts there too.
 */
void
nspy_before_fork(void)
{
	atomic_fetch_add(&nspy_forks, 1);
}

void
nspy_before_clone(long flags)
{
	nspy_before_fork();
	if ((flags & (CLONE_FILES | CLONE_VM)) == CLONE_FILES)
		nspy_descriptors_shared = true;
}

void
nspy_before_clone_args(const void *args)
{
	uint64_t flags = 0; /* the first field of struct clone_args */

	if (nspy_readable(args, sizeof(flags)))
		memcpy(&flags, args, sizeof(flags));
	nspy_before_clone((long)flags);
}

void
nspy_before_exec(void)
{
	int error = errno;

	/* The table is the parent's, who shares its sockets from now on. */
	if (nspy_recording() && nspy_in_guest())
		nspy_before_fork();
	/*
	 * If the exec fails the program goes on, and each event is written at
	 * once from then on.
	 */
	nspy_finish();
	if (nspy_recording() && !nspy_in_guest()) {
		nspy_audit_report();
		nspy_unrecorded_report();
	}
	errno = error;
}

/* Standard input, output and error are others now: libc has seen to it. */
static void
replaced_standard(void)
{
	for (int fd = 0; fd <= 2; fd++)
		nspy_descriptor_forget_stale(fd);
}

/*
 * What was there before daemon() is finished as before exec: the old process
 * ends inside libc.
 */
void
nspy_on_daemon(struct nspy_call *call, int ret, int noclose)
{
	(void)call;
	if (ret == 0 && !noclose && nspy_recording())
		replaced_standard();
}

void
nspy_on_login_tty(struct nspy_call *call, int ret, int fd)
{
	(void)call;
	if (ret == 0 && nspy_recording() && !nspy_in_vfork_child()) {
		replaced_standard();
		nspy_descriptor_forget_stale(fd);
	}
}

void
nspy_on_forkpty(struct nspy_call *call, pid_t ret)
{
	(void)call;
	if (ret == 0 && nspy_recording())
		replaced_standard();
}

static bool
lingers(int fd)
{
	struct linger linger = {0, 0};
	socklen_t len = sizeof(linger);

	NSPY_SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_LINGER, &linger, &len);
	return linger.l_onoff && linger.l_linger;
}

static bool
holds_shared_stream(void)
{
	for (uint32_t fd = nspy_descriptor_limit(); fd > 0; fd--) {
		const struct nspy_socket *socket =
			nspy_descriptor_known((int)fd - 1);

		if (socket && socket->type == SOCK_STREAM &&
		    nspy_socket_shared(socket))
			return true;
	}
	return false;
}

/*
 * A close that the kernel does when the process is gone cannot be asked about.
 * So what others may hold is closed here, for this thread alone: where others
 * share the table of descriptors, theirs stays as it is, and the socket open.
 * In their turn, so are the other streams: both ends of one may be here.
 */
static void
end_at_exit(int fd, const struct nspy_socket *socket, bool closes)
{
	struct nspy_call call;
	bool close = closes && socket->type == SOCK_STREAM && !lingers(fd);

	/* The highest of its descriptors is the one that counts. */
	for (int other = fd - 1;
	     other >= 0 && atomic_load(&socket->descriptors) > 1; other--) {
		struct nspy_socket *same;

		if (nspy_descriptor_known(other) != socket)
			continue;
		nspy_descriptor_forget(other, &same);
		if (close)
			NSPY_SYS3(SYS_close_range, other, other,
				  CLOSE_RANGE_UNSHARE);
	}
	nspy_begin_close(&call, fd);
	if (close)
		NSPY_SYS3(SYS_close_range, fd, fd, CLOSE_RANGE_UNSHARE);
	nspy_end_close(&call);
}

/*
 * In the kernel's order: the files of a process that ends are put on a stack
 * first. last: no more of the program's code will run.
 */
static void
end_process(bool last)
{
	bool closes;

	if (!nspy_recording() || nspy_in_guest())
		return;
	nspy_finish();
	closes = last && holds_shared_stream();
	for (uint32_t fd = nspy_descriptor_limit(); fd > 0; fd--) {
		const struct nspy_socket *socket =
			nspy_descriptor_known((int)fd - 1);

		if (socket)
			end_at_exit((int)fd - 1, socket, closes);
	}
	nspy_descriptors_end(true);
	nspy_finish();
	nspy_audit_report();
	nspy_unrecorded_report();
}

void
nspy_before_exit(void)
{
	end_process(true);
}

/* Handlers may run yet, and may use sockets. */
void
nspy_before_quit(void)
{
	nspy_finish();
}

/* A handler may do anything, even siglongjmp out and go on. */
void
nspy_before_abort(void)
{
	struct sigaction action;
	int error = errno;

	if (sigaction(SIGABRT, NULL, &action) == 0 &&
	    (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN))
		end_process(true);
	else
		nspy_finish();
	errno = error;
}

/*
 * The end of exit(): stdio's buffers are written after all handlers, so they
 * are written here, for what is on sockets.
 */
static void
end_with_program(bool last)
{
	if (nspy_recording() && !nspy_in_guest())
		nspy_stdio_flush();
	end_process(last);
}

#if defined NSPY_BINDING_PRELOAD && defined __GLIBC__

int __cxa_atexit(void (*function)(void *), void *argument, void *object);

static void
end_last(void *argument)
{
	(void)argument;
	nspy_libraries_report();
	end_with_program(true);
}

/*
 * Handlers run from the last one registered to the first. The preload library
 * comes before the program and the dynamic linker, so that its handler is the
 * very last, behind all destructors.
 */
static void
register_last(void)
{
	__cxa_atexit(end_last, NULL, NULL);
}

#else

#ifdef NSPY_BINDING_PRELOAD
enum { ENDS_LAST = true };
#else
enum { ENDS_LAST = false };
#endif

/* Asked for at start: in a forked child no thread may give the lock back. */
static bool dynamic;

static int
has_interpreter(struct dl_phdr_info *info, size_t size, void *found)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			*(bool *)found = true;
	/* The first is the program. */
	return 1;
}

/*
 * A static program comes to _exit() at last, which tells the end. In others
 * that is within libc, and this is the program's last destructor; shared
 * libraries have theirs after it, in musl the preloaded ones as the last.
 */
__attribute__((destructor(101))) static void
end_with_destructors(void)
{
	if (dynamic) {
		nspy_libraries_report();
		end_with_program(ENDS_LAST);
	}
}

static void
register_last(void)
{
	dl_iterate_phdr(has_interpreter, &dynamic);
}

#endif

static void
end_quickly(void)
{
	end_process(true);
}

void
nspy_end_register(void)
{
	register_last();
	at_quick_exit(end_quickly);
}
