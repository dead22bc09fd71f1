/* SPDX-License-Identifier: BSD-2-Clause */
/* From a hook into the ring. */

#ifndef NETSPY_EMIT_H
#define NETSPY_EMIT_H

#include "wrap/call.h"

/* What a hook found out; the rest of the event comes from the call. */
struct nspy_tell {
	uint16_t kind, flags;
	int error;
	const struct iovec *iov; /* the payload, and how much of it counts */
	size_t iov_count, len;
	struct nspy_source *source; /* where it is when not in iov */
	const struct nspy_endpoint *peer, *local; /* NULL: the socket's */
	uint16_t segment_len; /* as asked for; see nspy_event */
	bool more;	      /* MSG_MORE */
};

/*
 * Put it into the ring: a stream in parts of NSPY_STREAM_MAX, a datagram as
 * one. Without a call's socket nothing happens.
 */
void nspy_emit(const struct nspy_call *call, struct nspy_socket *socket,
	       const struct nspy_tell *tell);

/* Copy the first len bytes; returns how many could be. */
size_t nspy_tell_copy(const struct nspy_tell *tell, uint8_t *to, size_t len);

/*
 * A call of result ret sent or received on its socket what tell says, but for
 * the length, which is ret.
 */
void nspy_tell_moved(struct nspy_call *call, ssize_t ret,
		     struct nspy_tell *tell);

/* Counts the calls of nspy_emit in this thread. */
uint32_t nspy_emitted(void);

/* gettid() of this thread of process pid; a system call the first time. */
uint32_t nspy_thread(uint32_t pid);

/* getsockopt(TCP_ZEROCOPY_RECEIVE) received what its argument says. */
void nspy_tell_mapped(struct nspy_call *call, const void *optval,
		      socklen_t optlen);

#endif
