/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Some C libraries make one of our functions of calls of another. In a static
 * program ld directs these to us as well: to record them once, the link
 * binding calls the inner function right away.
 */

#ifndef NETSPY_INNER_H
#define NETSPY_INNER_H

#include <limits.h>
#include <sys/socket.h>

#ifdef SENDTO_IN_SEND
typeof(sendto) __real_sendto;

static ssize_t
real_send(int fd, const void *buf, size_t len, int flags)
{
	return __real_sendto(fd, buf, len, flags, NULL, 0);
}
#else
typeof(send) __real_send;
static typeof(send) *const real_send = __real_send;
#endif

#ifdef RECVFROM_IN_RECV
typeof(recvfrom) __real_recvfrom;

static ssize_t
real_recv(int fd, void *buf, size_t len, int flags)
{
	return __real_recvfrom(fd, buf, len, flags, NULL, NULL);
}
#else
typeof(recv) __real_recv;
static typeof(recv) *const real_recv = __real_recv;
#endif

#ifdef SENDMSG_IN_SENDMMSG
typeof(sendmsg) __real_sendmsg;

/* An error after the first message is told by the next call. */
static int
real_sendmmsg(int fd, struct mmsghdr *msgvec, unsigned int vlen,
	      MMSG_FLAGS flags)
{
	unsigned int sent;

	for (sent = 0; sent < vlen && sent < IOV_MAX; sent++) {
		ssize_t ret =
			__real_sendmsg(fd, &msgvec[sent].msg_hdr, (int)flags);

		if (ret < 0)
			return sent ? (int)sent : -1;
		msgvec[sent].msg_len = (unsigned int)ret;
	}
	return (int)sent;
}
#elif defined HAVE_SENDMMSG
typeof(sendmmsg) __real_sendmmsg;
static typeof(sendmmsg) *const real_sendmmsg = __real_sendmmsg;
#endif

/* In inner.c; this is what brings it into every link. */
extern const void *const nspy_pulled[];
__attribute__((used)) static const void *const *const pulls = nspy_pulled;

#endif
