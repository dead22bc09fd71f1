/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The events of a run by the sockets that they are of, and the sockets that
 * are the two ends of one conversation.
 */

#ifndef NETSPY_HALVES_H
#define NETSPY_HALVES_H

#include "cli/spool.h"

/* A socket with one peer. */
struct nspy_half {
	struct nspy_half *twin; /* the other end, or NULL */
	struct nspy_half *next; /* in its bucket */
	uint64_t cookie;
	struct nspy_endpoint local, peer;
	uint8_t protocol, family;
	uint32_t process; /* of the first event */
	bool connected, accepted, sent, closed;
	uint64_t *events; /* their offsets in the spool */
	size_t count, size;
};

struct nspy_halves {
	struct nspy_half **list; /* in the order of their first events */
	size_t count, size;
	struct nspy_half **buckets;
};

/* Read all of the spool. Returns 0 or a negative errno. */
int nspy_halves_read(struct nspy_halves *halves,
		     const struct nspy_spool *spool);

/* Whether it is the end to tell of the conversation first. */
bool nspy_half_leads(const struct nspy_half *end);

void nspy_halves_free(struct nspy_halves *halves);

#endif
