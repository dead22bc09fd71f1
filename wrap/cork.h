/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams that several calls make: MSG_MORE, and UDP_CORK of udp(7). */

#ifndef NETSPY_CORK_H
#define NETSPY_CORK_H

#include "wrap/emit.h"

/* A call sent a part. False: it is a datagram by itself, and not told yet. */
bool nspy_cork_add(const struct nspy_call *call, const struct nspy_tell *tell);

/* An option was set: the datagram is sent when UDP_CORK is taken away. */
void nspy_cork_option(const struct nspy_call *call, int level, int optname,
		      int value);

/* A send failed; mostly, what waits is thrown away with it. */
void nspy_cork_failed(const struct nspy_call *call);

/* The socket is closed, and what waits is never sent. */
void nspy_cork_drop(struct nspy_socket *socket);

#endif
