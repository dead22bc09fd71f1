/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors that a datagram socket has because of an ICMP message. */

#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/control.h"
#include "wrap/emit.h"

#include <errno.h>
#include <netinet/in.h>

/* The sender of the message, if it is not known, is taken for the peer. */
static void
tell_unreachable(const struct nspy_call *call, int error,
		 const struct nspy_endpoint *peer,
		 const struct nspy_unreachable *message)
{
	const struct iovec iov = {(void *)(uintptr_t)message, sizeof(*message)};
	const struct nspy_tell tell = {
		.kind = NSPY_UNREACHABLE,
		.error = error,
		.iov = &iov,
		.iov_count = 1,
		.len = sizeof(*message),
		.peer = peer,
	};

	nspy_emit(call, call->socket, &tell);
}

/*
 * With IP_RECVERR the same message comes through the error queue, where there
 * is more to know of it.
 */
void
nspy_datagram_failed(const struct nspy_call *call, int error)
{
	const struct nspy_socket *socket = call->socket;
	bool is_six = socket->peer.version == 6;
	const struct nspy_unreachable port = {
		.from = socket->peer,
		/* RFC 792, RFC 4443 section 3.1: port unreachable. */
		.type = is_six ? 1 : 3,
		.code = is_six ? 4 : 3,
	};

	/* Others have more than one cause, or no message at all. */
	if (error != ECONNREFUSED || socket->protocol != IPPROTO_UDP ||
	    !socket->peer.version ||
	    atomic_load(&socket->flags) &
		    (is_six ? NSPY_QUEUES_6 : NSPY_QUEUES_4))
		return;
	tell_unreachable(call, error, &socket->peer, &port);
}

void
nspy_on_error_queue(const struct nspy_call *call, const struct msghdr *msg)
{
	struct nspy_unreachable message;
	struct nspy_endpoint peer = call->socket->peer;
	int error;

	if (call->socket->protocol != IPPROTO_UDP ||
	    !nspy_control_error(&message, &error, msg))
		return;
	/* The address is where the datagram went to. */
	if (call->sender.version)
		peer = call->sender;
	if (msg->msg_name && msg->msg_namelen <= call->room)
		peer = nspy_endpoint_of(msg->msg_name, msg->msg_namelen);
	if (peer.version)
		tell_unreachable(call, error, &peer, &message);
}
