/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls by which processes begin, change and end. */

#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/lifecycle.h"
#include "wrap/writer.h"

#include <errno.h>

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
nspy_before_exec(void)
{
	int error = errno;

	/* The table is the parent's, who shares its sockets from now on. */
	if (nspy_recording() && nspy_in_vfork_child())
		nspy_before_fork();
	/*
	 * If the exec fails the program goes on, and each event is written at
	 * once from then on.
	 */
	nspy_finish();
	errno = error;
}

/*
 * What the kernel does with the sockets that the program left open: the files
 * of a process that ends are put on a stack first.
 */
static void
tell_open_sockets(void)
{
	for (uint32_t fd = nspy_descriptor_limit(); fd > 0; fd--)
		if (nspy_descriptor_known((int)fd - 1))
			nspy_before_close((int)fd - 1);
}

void
nspy_before_exit(void)
{
	int error = errno;

	if (nspy_recording() && !nspy_in_vfork_child()) {
		tell_open_sockets();
		nspy_finish();
	}
	errno = error;
}
