/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel says of a TCP connection that is no longer ours to ask: its
 * last descriptor may be another process's.
 */

#ifndef NETSPY_DIAG_H
#define NETSPY_DIAG_H

#include "wrap/descriptor.h"

enum nspy_diag {
	NSPY_DIAG_UNKNOWN, /* no sock_diag */
	NSPY_DIAG_HELD,	   /* some process has it open */
	NSPY_DIAG_ENDING,  /* nobody has it open, its FIN is sent */
	NSPY_DIAG_GONE,
};

/*
 * fd, a descriptor of the socket, is about to be closed. False: what becomes of
 * the connection will not be known. Otherwise nspy_diag_end has to follow the
 * close.
 */
bool nspy_diag_begin(int fd, struct nspy_socket *socket);

/* Four system calls. Only what was HELD before a close can be GONE after it. */
enum nspy_diag nspy_diag_end(const struct nspy_socket *socket);

#endif
