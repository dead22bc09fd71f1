/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AF_UNIX sockets get addresses of their own, by which Wireshark follows their
 * streams: IPv6 below fd00:6e73:7079::/48, a prefix that no network has.
 *
 * fd00:6e73:7079::1:2345         a socket without a name: its inode, which
 *                                ss -x shows, in decimal
 * fd00:6e73:7079:1:HASH          one that is bound: a hash of its name
 */

#ifndef NETSPY_UNIX_H
#define NETSPY_UNIX_H

#include "wrap/call.h"

#include <sys/un.h>

/* The endpoint of a name; version 0 if there is none in the address. */
struct nspy_endpoint nspy_unix_named(const struct sockaddr_un *addr,
				     socklen_t len);

/* The name that the socket of fd, or its peer, is bound to: see names.h. */
void nspy_unix_tell_name(const struct nspy_call *call, int fd, bool peer);

/* Of the socket of fd, or of the one it is connected to, without a name. */
struct nspy_endpoint nspy_unix_own(int fd);
struct nspy_endpoint nspy_unix_peer(int fd);

#endif
