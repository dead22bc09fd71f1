/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses and ports by order of use: what the kernel or the network chose
 * becomes what it would be in every run.
 */

#ifndef NETSPY_RENUMBER_H
#define NETSPY_RENUMBER_H

#include "capture/event.h"

#include <stdbool.h>
#include <stddef.h>

struct nspy_renumbering {
	struct nspy_renumbered *list; /* found by search: runs are short */
	size_t count, size;
	uint32_t addresses[3]; /* so far: of IPv4, of IPv6, of AF_UNIX */
	uint32_t ports;
	bool no_memory;
};

/* Which port an end gets. */
enum nspy_port_rule {
	NSPY_PORT_FRESH,  /* one that no conversation has had */
	NSPY_PORT_CHOSEN, /* a number, the same for the same port */
	NSPY_PORT_SERVED, /* itself, or a number when it was the kernel's */
};

/*
 * The end of a socket with this cookie, 0 if that is not known, as it is to be
 * written.
 */
struct nspy_endpoint nspy_renumber(struct nspy_renumbering *numbers,
				   const struct nspy_endpoint *end,
				   uint8_t protocol, uint64_t cookie,
				   enum nspy_port_rule rule);

void nspy_renumber_free(struct nspy_renumbering *numbers);

#endif
