/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams of many senders, to a program that does not ask who they are: the
 * kernel is asked with the same call.
 */

#include "wrap/call.h"

#include <netinet/in.h>

ssize_t
nspy_receive_msg(struct nspy_call *call, struct msghdr *msg, int flags)
{
	struct msghdr own = *msg;
	struct sockaddr_in6 from = {.sin6_family = AF_UNSPEC};
	ssize_t ret;

	own.msg_name = &from;
	own.msg_namelen = sizeof(from);
	ret = nspy_real_recvmsg(call->fd, &own, flags);
	if (ret < 0)
		return ret;
	/* These the kernel changes, and the name's length only with a name. */
	msg->msg_controllen = own.msg_controllen;
	msg->msg_flags = own.msg_flags;
	call->sender = nspy_endpoint_of(&from, own.msg_namelen);
	return ret;
}

/* For less than recvmsg() takes. */
ssize_t
nspy_receive(struct nspy_call *call, void *buf, size_t len, int flags)
{
	struct sockaddr_in6 from = {.sin6_family = AF_UNSPEC};
	socklen_t fromlen = sizeof(from);
	ssize_t ret = nspy_real_recvfrom(call->fd, buf, len, flags,
					 (struct sockaddr *)&from, &fromlen);

	if (ret >= 0)
		call->sender = nspy_endpoint_of(&from, fromlen);
	return ret;
}
