/* SPDX-License-Identifier: BSD-2-Clause */
/* What several hooks share about connections. */

#ifndef NETSPY_CONNECT_H
#define NETSPY_CONNECT_H

#include "wrap/call.h"

/* connect() in progress ended with error; nothing if it had ended before. */
void nspy_connect_done(const struct nspy_call *call, struct nspy_socket *socket,
		       int error);

/* Whether connect() in progress has led to a connection, be it over again. */
bool nspy_was_connected(int fd, const struct nspy_socket *socket);

/* A call on a datagram socket failed with error; SO_ERROR tells it, too. */
void nspy_datagram_failed(const struct nspy_call *call, int error);

/* A message of the error queue was received. */
void nspy_on_error_queue(const struct nspy_call *call,
			 const struct msghdr *msg);

/*
 * NSPY_RESET if bytes that come make the kernel reset the connection: nobody
 * will read them.
 */
static inline uint16_t
nspy_may_abort(const struct nspy_socket *socket)
{
	return atomic_load(&socket->flags) & NSPY_DEAF ? NSPY_RESET : 0;
}

/*
 * recv(MSG_OOB) gets the urgent byte although bytes before it, still to be
 * read, are in front of it in the stream: then it waits for these. Reading
 * stops at the mark, so FIONREAD tells how many they are.
 */
bool nspy_urgent_ahead(const struct nspy_call *call, const struct iovec *iov);

/* len bytes more were received; if these were all, the urgent one is told. */
void nspy_urgent_nearer(const struct nspy_call *call, size_t len);

/* Whether a connect() that ended with error (0: well) sent a SYN. */
bool nspy_sent_syn(int error);

/* Whether the capture has a place for a call that failed without a packet. */
bool nspy_can_note(int error);

/* Whether a send on this socket connects it first: TCP Fast Open. */
bool nspy_sends_syn(const struct nspy_socket *socket, int flags);

/* connect() returned 0, but its SYN waits for the first send. */
bool nspy_connect_defers(struct nspy_call *call);

/* That send has returned. True: its bytes were in the SYN, and are told. */
bool nspy_connect_by_send(struct nspy_call *call, ssize_t ret,
			  const struct msghdr *msg);

#endif
