/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls by which a descriptor becomes a copy of another. */

#include "capture/sys.h"
#include "wrap/call.h"
#include "wrap/lifecycle.h"

#include <fcntl.h>

void
nspy_on_dup(struct nspy_call *call, int ret, int oldfd)
{
	struct nspy_socket *socket;

	if (ret < 0 || ret == oldfd || !nspy_recording())
		return;
	if ((uint32_t)oldfd < nspy_descriptor_count &&
	    atomic_load(&nspy_descriptors[oldfd]) == NSPY_OTHER &&
	    !nspy_descriptor_known(ret)) {
		nspy_before_close(ret);
		return;
	}
	if (nspy_in_vfork_child())
		return;
	nspy_descriptor_forget_stale(ret);
	socket = nspy_descriptor_find(oldfd);
	if (socket) {
		nspy_descriptor_copy(ret, socket);
		call->fd = oldfd;
		call->result = ret;
	}
}

/* dup2() closes newfd, but not when oldfd is bad or the same. */
void
nspy_before_replace(struct nspy_call *call, int oldfd, int newfd)
{
	if (oldfd != newfd && (!nspy_descriptor_known(newfd) ||
			       NSPY_SYS3(SYS_fcntl, oldfd, F_GETFD, 0) >= 0))
		nspy_begin_close(call, newfd);
}

void
nspy_on_replace(struct nspy_call *call, int ret, int oldfd)
{
	nspy_end_close(call);
	nspy_on_dup(call, ret, oldfd);
}

void
nspy_on_fcntl(struct nspy_call *call, int ret, int fd, int cmd)
{
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		nspy_on_dup(call, ret, fd);
}
