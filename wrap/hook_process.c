/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls by which processes begin, change and end. */

#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/lifecycle.h"
#include "wrap/writer.h"

#include <errno.h>

void
nspy_on_fork(struct nspy_call *call, pid_t ret)
{
	(void)call;
	/*
	 * Both sides hold every socket now. The child finds out by its wiped
	 * page, and counts there.
	 */
	if (nspy_recording() && ret > 0)
		nspy_forks++;
}

void
nspy_before_exec(void)
{
	int error = errno;

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
			nspy_end_descriptor((int)fd - 1);
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
