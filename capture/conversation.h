/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conversations of a capture, found by their two endpoints. Both ends may
 * be recorded by the same process; each tells of its own calls, and a byte (of
 * TCP) or datagram (of UDP) is written when the first of them tells of it.
 */

#ifndef NETSPY_CONVERSATION_H
#define NETSPY_CONVERSATION_H

#include "capture/ring.h"

enum nspy_conversation_state {
	NSPY_SYN_SENT = 1,
	NSPY_OPEN,    /* the handshake is written */
	NSPY_LATE,    /* open before we looked: no handshake is invented */
	NSPY_DROPPED, /* out of the table, still in the list of closed ones */
};

struct nspy_drain;

/*
 * The conversation of the event, or NULL. *side is the end that made the
 * call. A conversation of the same endpoints but another socket is over, and
 * is dropped here.
 */
struct nspy_conversation *nspy_conversation_find(struct nspy_drain *drain,
						 const struct nspy_event *event,
						 int *side);

/*
 * A new one, in which end[side] made the call; NULL when the table is full or
 * the disk is. What is in it is saved for a rollback.
 */
struct nspy_conversation *nspy_conversation_new(struct nspy_drain *drain,
						const struct nspy_event *event,
						int side);

/* Take it out of the table. */
void nspy_conversation_drop(struct nspy_drain *drain,
			    struct nspy_conversation *conversation);

/*
 * One end is done and the other has not been heard of. It stays in the table
 * for a while: a server in this process may accept a connection whose client
 * has closed it already.
 */
void nspy_conversation_linger(struct nspy_drain *drain,
			      struct nspy_conversation *conversation);

#endif
