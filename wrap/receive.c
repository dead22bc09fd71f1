/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams of many senders, to a program that does not ask who they are: the
 * kernel is asked with the same call.
 */

#include "wrap/call.h"

#include <netinet/in.h>
#include <stdatomic.h>

/* More at a time, of threads and of messages, are received without a source. */
#define PLACES 8
#define MESSAGES_MAX 128u

/*
 * A thread that is cancelled or leaves by longjmp keeps its place for ever: the
 * kernel may be about to write there.
 */
static struct place {
	struct mmsghdr messages[MESSAGES_MAX];
	struct sockaddr_in6 from[MESSAGES_MAX];
	_Atomic int taken; /* no byte: some machines swap words only */
} places[PLACES];

ssize_t
nspy_receive_msg(struct nspy_call *call, typeof(recvmsg) *real,
		 struct msghdr *msg, int flags)
{
	struct msghdr own = *msg;
	struct sockaddr_in6 from = {.sin6_family = AF_UNSPEC};
	ssize_t ret;

	own.msg_name = &from;
	own.msg_namelen = sizeof(from);
	ret = real(call->fd, &own, flags);
	if (ret < 0)
		return ret;
	/* These the kernel changes, and the name's length only with a name. */
	msg->msg_controllen = own.msg_controllen;
	msg->msg_flags = own.msg_flags;
	call->sender = nspy_endpoint_of(&from, own.msg_namelen);
	return ret;
}

ssize_t
nspy_receive_iov(struct nspy_call *call, const struct iovec *iov, int iovcnt)
{
	struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov};

	/* musl has another type than glibc. */
	msg.msg_iovlen = (typeof(msg.msg_iovlen))(unsigned int)iovcnt;
	return nspy_receive_msg(call, nspy_real_recvmsg, &msg, 0);
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

static struct place *
take_place(void)
{
	for (int i = 0; i < PLACES; i++)
		if (!atomic_exchange(&places[i].taken, true))
			return &places[i];
	return NULL;
}

void
nspy_before_recvmmsg(struct nspy_call *call, const struct mmsghdr *msgvec,
		     unsigned int vlen)
{
	struct place *place;

	call->messages = NULL;
	if (!nspy_needs_sender(call) || !vlen || vlen > MESSAGES_MAX ||
	    !nspy_readable(msgvec, vlen * sizeof(*msgvec)) ||
	    msgvec->msg_hdr.msg_name)
		return;
	place = take_place();
	if (!place)
		return;
	call->messages = place->messages;
	for (unsigned int i = 0; i < vlen; i++) {
		struct msghdr *msg = &place->messages[i].msg_hdr;

		place->messages[i] = msgvec[i];
		if (!msg->msg_name) {
			msg->msg_name = &place->from[i];
			msg->msg_namelen = sizeof(place->from[i]);
		}
	}
}

int
nspy_give_back(struct nspy_call *call, int ret, struct mmsghdr *msgvec)
{
	struct mmsghdr *messages = nspy_named(call, msgvec);
	struct place *place = (struct place *)(void *)call->messages;

	for (int i = 0; i < ret; i++) {
		struct msghdr *msg = &messages[i].msg_hdr;

		messages[i].msg_len = (unsigned int)nspy_clamp_msg(
			call, (ssize_t)messages[i].msg_len, msg);
		if (!place)
			continue;
		/* What the kernel changes. */
		msgvec[i].msg_len = messages[i].msg_len;
		msgvec[i].msg_hdr.msg_controllen = msg->msg_controllen;
		msgvec[i].msg_hdr.msg_flags = msg->msg_flags;
		if (msg->msg_name != &place->from[i])
			msgvec[i].msg_hdr.msg_namelen = msg->msg_namelen;
	}
	if (place)
		atomic_store(&place->taken, false);
	return ret;
}
