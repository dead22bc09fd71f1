/* SPDX-License-Identifier: BSD-2-Clause */
/* What a packet adds to its connection: bytes, the states of TCP, content. */

#ifndef NETSPY_STREAM_H
#define NETSPY_STREAM_H

#include "cli/connection.h"

/* Whether the packet of side begins another connection of these endpoints. */
bool nspy_stream_is_new(const struct nspy_connection *connection, int side,
			const struct nspy_dissected *packet);

/* Count the packet that side sent; returns how many bytes are new. */
uint64_t nspy_stream_add(struct nspy_connection *connection, int side,
			 const struct nspy_dissected *packet);

/* Then keep its payload. Returns 0 or a negative errno. */
int nspy_stream_keep(struct nspy_connection *connection, int side,
		     const struct nspy_dissected *packet);

#endif
