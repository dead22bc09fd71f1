/* SPDX-License-Identifier: BSD-2-Clause */
/* Urgent bytes that are received before those in front of them. */

#include "capture/sys.h"
#include "wrap/connect.h"
#include "wrap/emit.h"

#include <sys/ioctl.h>

bool
nspy_urgent_ahead(const struct nspy_call *call, const struct iovec *iov)
{
	struct nspy_socket *socket = call->socket;
	int before = 0;

	atomic_fetch_or(&socket->flags, NSPY_URGENT_SEEN);
	if (NSPY_SYS3(SYS_ioctl, call->fd, FIONREAD, &before) < 0 ||
	    before <= 0 || !iov->iov_len)
		return false;
	socket->urgent_byte = *(const uint8_t *)iov->iov_base;
	socket->urgent_ahead = (uint32_t)before;
	return true;
}

void
nspy_urgent_nearer(const struct nspy_call *call, size_t len)
{
	struct nspy_socket *socket = call->socket;
	const struct iovec iov = {&socket->urgent_byte, 1};
	const struct nspy_tell tell = {
		.kind = NSPY_RECV,
		.flags = NSPY_URGENT,
		.iov = &iov,
		.iov_count = 1,
		.len = 1,
	};

	if (len < socket->urgent_ahead) {
		socket->urgent_ahead -= (uint32_t)len;
		return;
	}
	socket->urgent_ahead = 0;
	nspy_emit(call, socket, &tell);
}
