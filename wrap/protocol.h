/* SPDX-License-Identifier: BSD-2-Clause */
/* What differs between the protocols that a socket may speak. */

#ifndef NETSPY_PROTOCOL_H
#define NETSPY_PROTOCOL_H

#include "wrap/descriptor.h"

/* What a socket() of these arguments makes. False: it is not recorded. */
bool nspy_protocol_describe(struct nspy_socket *socket, int domain, int type,
			    int protocol);

/* An option was set that changes what is on the wire. */
void nspy_protocol_option(struct nspy_socket *socket, int level, int optname,
			  int value);

/* Ask the kernel for these options. */
void nspy_protocol_ask(int fd, struct nspy_socket *socket);

/* The part of an event that depends on the protocol of its socket. */
void nspy_protocol_complete(const struct nspy_socket *socket,
			    struct nspy_event *event);

#endif
