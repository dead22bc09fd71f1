/* SPDX-License-Identifier: BSD-2-Clause */
/* What the generated bodies use: stamp the time, then tell the hook. */

#ifndef NETSPY_CALL_H
#define NETSPY_CALL_H

#include "capture/sys.h"
#include "wrap/control.h"
#include "wrap/descriptor.h"
#include "wrap/hook.h"
#include "wrap/memory.h"
#include "wrap/source.h"

#include <limits.h>
#include <stdarg.h>

/* One call of a wrapped function. */
struct nspy_call {
	const char *name;
	struct nspy_socket *socket; /* of fd; NULL after nspy_begin_any */
	uint64_t begin_ns, end_ns;  /* CLOCK_REALTIME around the real call */
	uint64_t cookie;	    /* of socket, before the real call */
	long result;		    /* as the hook got it */
	/* Forgotten, but told only when the kernel has closed them. */
	struct nspy_socket *closing;
	uint64_t closed;  /* the cookie of what fd was, or 0 */
	socklen_t room;	  /* for the peer's address, before the real call */
	uint32_t emitted; /* nspy_emitted() before a look-up */
	/* Who sent it, where we asked and the program did not; version 0: no. */
	struct nspy_endpoint sender;
	int fd;
	int error;		   /* errno as the real call left it */
	bool asked_length;	   /* by us, not by the program */
	uint16_t dissolving;	   /* flags of NSPY_CLOSE: connect(AF_UNSPEC) */
	struct nspy_source source; /* of what no buffer of the call holds */
	va_list list;		   /* of vdprintf, before the real call */
	/* The program's messages with names, which it did not ask for. */
	struct mmsghdr *messages;
};

/* True for a descriptor that was seen, and is none to record: a table load. */
static inline bool
nspy_is_other(int fd)
{
	return (uint32_t)fd < atomic_load_explicit(&nspy_descriptor_count,
						   memory_order_acquire) &&
	       atomic_load_explicit(&nspy_descriptors[fd],
				    memory_order_relaxed) == NSPY_OTHER;
}

/* True when fd is a socket that is recorded. */
bool nspy_begin_socket(struct nspy_call *call, const char *name, int fd);

static inline bool
nspy_begin(struct nspy_call *call, const char *name, int fd)
{
	return !nspy_is_other(fd) && nspy_begin_socket(call, name, fd);
}

/* For calls that make a socket, or a process. */
void nspy_begin_any(struct nspy_call *call, const char *name);

/* For calls that look something up in the network. */
void nspy_begin_lookup(struct nspy_call *call, const char *name);

/*
 * The result has the address's length, but not what of it fitted. A stream's is
 * not looked at.
 */
static inline void
nspy_keep_room(struct nspy_call *call, const void *from,
	       const socklen_t *fromlen)
{
	bool known = from && call->socket->type != SOCK_STREAM &&
		     nspy_readable(fromlen, sizeof(*fromlen));

	call->room = known ? *fromlen : 0;
}

static inline void
nspy_keep_room_msg(struct nspy_call *call, const struct msghdr *msg)
{
	bool known = call->socket->type != SOCK_STREAM &&
		     nspy_readable(msg, sizeof(*msg));

	call->room = known ? msg->msg_namelen : 0;
}

/*
 * The flags for receiving a datagram that may be longer than its buffer: with
 * MSG_TRUNC the kernel does the same, but says how long it was. The result is
 * put right before the program sees it.
 */
static inline int
nspy_ask_length(struct nspy_call *call, int flags)
{
	call->asked_length = call->socket->type == SOCK_DGRAM &&
			     !(flags & (MSG_TRUNC | MSG_PEEK | MSG_ERRQUEUE));
	return call->asked_length ? flags | MSG_TRUNC : flags;
}

static inline ssize_t
nspy_clamp(const struct nspy_call *call, ssize_t ret, size_t len)
{
	return call->asked_length && ret > 0 && (size_t)ret > len ? (ssize_t)len
								  : ret;
}

static inline ssize_t
nspy_clamp_msg(const struct nspy_call *call, ssize_t ret,
	       const struct msghdr *msg)
{
	if (!call->asked_length || ret <= 0 || !(msg->msg_flags & MSG_TRUNC))
		return ret;
	return nspy_clamp(call, ret,
			  nspy_room(msg->msg_iov, (size_t)msg->msg_iovlen));
}

/* More bytes than any call moves at a time, on any machine. */
#define NSPY_HUGE 0x7fff0000u

/* Whether only the kernel can tell who sent a datagram. */
static inline bool
nspy_needs_sender(const struct nspy_call *call)
{
	const struct nspy_socket *socket = call->socket;

	/* A sandbox may allow some of the calls that receive. */
	return socket->type != SOCK_STREAM && !socket->peer.version &&
	       (socket->family == AF_INET || socket->family == AF_INET6) &&
	       !nspy_sys_refused;
}

/* from: if the program asks. Of a huge buffer recvmsg() thinks otherwise. */
static inline bool
nspy_needs_sender_buf(const struct nspy_call *call, size_t len,
		      const void *from)
{
	return !from && len < NSPY_HUGE && nspy_needs_sender(call);
}

static inline bool
nspy_needs_sender_msg(const struct nspy_call *call, const struct msghdr *msg)
{
	return nspy_needs_sender(call) && nspy_readable(msg, sizeof(*msg)) &&
	       !msg->msg_name;
}

/* readv() of no bytes takes no datagram. */
static inline bool
nspy_needs_sender_iov(const struct nspy_call *call, const struct iovec *iov,
		      int iovcnt)
{
	return nspy_needs_sender(call) && iovcnt > 0 && iovcnt <= IOV_MAX &&
	       nspy_readable(iov, (size_t)iovcnt * sizeof(*iov)) &&
	       nspy_room(iov, (size_t)iovcnt);
}

/*
 * The real recv(), recvmsg() and readv(), with room for the sender's address:
 * the same for the program, and for the kernel almost.
 */
ssize_t nspy_receive(struct nspy_call *call, void *buf, size_t len, int flags);
ssize_t nspy_receive_msg(struct nspy_call *call, typeof(recvmsg) *real,
			 struct msghdr *msg, int flags);
ssize_t nspy_receive_iov(struct nspy_call *call, const struct iovec *iov,
			 int iovcnt);

/* What recvmmsg() gets instead of the program's messages, or these. */
static inline struct mmsghdr *
nspy_named(const struct nspy_call *call, struct mmsghdr *msgvec)
{
	return call->messages ? call->messages : msgvec;
}

/* The program's messages become what they were without us. Returns ret. */
int nspy_give_back(struct nspy_call *call, int ret, struct mmsghdr *msgvec);

/* The binding's own. */
ssize_t nspy_real_recvfrom(int fd, void *buf, size_t len, int flags,
			   struct sockaddr *from, socklen_t *fromlen);
ssize_t nspy_real_recvmsg(int fd, struct msghdr *msg, int flags);

/* After the real call: the time, and errno is kept. */
void nspy_enter(struct nspy_call *call);

/* Writes what is due, and puts errno back. */
void nspy_leave(struct nspy_call *call);

#endif
