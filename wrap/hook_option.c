/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls that ask and tell a socket's options. */

#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/emit.h"
#include "wrap/protocol.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

void
nspy_on_getsockopt(struct nspy_call *call, int ret, int level, int optname,
		   const void *optval)
{
	int error = 0;

	call->result = ret;
	/* Reading SO_ERROR clears it, so we only ever see what they read. */
	if (ret < 0 || level != SOL_SOCKET || optname != SO_ERROR || !optval ||
	    call->socket->type != SOCK_STREAM)
		return;
	memcpy(&error, optval, sizeof(error));
	if (error == EINPROGRESS || error == EALREADY)
		return;
	if (error == 0) {
		struct nspy_socket probe = {.cookie = 0};

		nspy_socket_ask_peer(call->fd, &probe);
		if (!probe.peer.version)
			return; /* asked too early */
	}
	nspy_connect_done(call, call->socket, error);
}

static int
int_of(const void *optval, socklen_t optlen)
{
	int value = 0;

	if (optval && optlen >= sizeof(value))
		memcpy(&value, optval, sizeof(value));
	return value;
}

void
nspy_on_setsockopt(struct nspy_call *call, int ret, int level, int optname,
		   const void *optval, socklen_t optlen)
{
	struct nspy_socket *socket = call->socket;
	int value = int_of(optval, optlen);

	call->result = ret;
	if (ret < 0)
		return;
	if (level == SOL_UDP && optname == UDP_SEGMENT)
		socket->segment_len = (uint16_t)value;
	nspy_protocol_option(socket, level, optname, value);
}
