/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which conversation of one capture is which of another one: those between the
 * same endpoints, apart from ports that the kernel chose. Equal ones are found
 * first, in their order, then those that begin most alike.
 */

#ifndef NETSPY_MATCH_H
#define NETSPY_MATCH_H

#include "cli/connection.h"

/* One of them is NULL: it has no counterpart. */
struct nspy_pair {
	const struct nspy_connection *a, *b;
};

/*
 * Pairs of all conversations, in the order of a, those only in b behind them.
 * The caller frees it. NULL: out of memory.
 */
struct nspy_pair *nspy_match(const struct nspy_connections *a,
			     const struct nspy_connections *b, size_t *count);

#endif
