/* SPDX-License-Identifier: BSD-2-Clause */
/* What the generated bodies use: stamp the time, then tell the hook. */

#ifndef NETSPY_CALL_H
#define NETSPY_CALL_H

#include "wrap/descriptor.h"
#include "wrap/hook.h"

/* One call of a wrapped function. */
struct nspy_call {
	const char *name;
	struct nspy_socket *socket; /* of fd; NULL after nspy_begin_any */
	uint64_t begin_ns, end_ns;  /* CLOCK_REALTIME around the real call */
	uint64_t cookie;	    /* of socket, before the real call */
	long result;		    /* as the hook got it */
	socklen_t room; /* for the peer's address, before the real call */
	int fd;
	int error; /* errno as the real call left it */
};

/* The part of nspy_begin for descriptors that may be sockets. */
bool nspy_begin_socket(struct nspy_call *call, const char *name, int fd);

/*
 * True when fd is a socket that is recorded. One table load for any other
 * descriptor that was seen before.
 */
static inline bool
nspy_begin(struct nspy_call *call, const char *name, int fd)
{
	if ((uint32_t)fd < nspy_descriptor_count &&
	    atomic_load_explicit(&nspy_descriptors[fd], memory_order_relaxed) ==
		    NSPY_OTHER)
		return false;
	return nspy_begin_socket(call, name, fd);
}

/* For calls that make a socket, or a process. */
void nspy_begin_any(struct nspy_call *call, const char *name);

/* The result has the address's length, but not what of it fitted. */
static inline void
nspy_keep_room(struct nspy_call *call, const void *from,
	       const socklen_t *fromlen)
{
	call->room = from && fromlen ? *fromlen : 0;
}

static inline void
nspy_keep_room_msg(struct nspy_call *call, const struct msghdr *msg)
{
	call->room = msg ? msg->msg_namelen : 0;
}

/* After the real call: the time, and errno is kept. */
void nspy_enter(struct nspy_call *call);

/* Writes what is due, and puts errno back. */
void nspy_leave(struct nspy_call *call);

#endif
