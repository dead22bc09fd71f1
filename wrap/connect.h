/* SPDX-License-Identifier: BSD-2-Clause */
/* What several hooks share about connections. */

#ifndef NETSPY_CONNECT_H
#define NETSPY_CONNECT_H

#include "wrap/call.h"

/* connect() in progress ended with error; nothing if it had ended before. */
void nspy_connect_done(const struct nspy_call *call, struct nspy_socket *socket,
		       int error);

#endif
