/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of one process of a run, as the collector reads it. */

#ifndef NETSPY_FEED_H
#define NETSPY_FEED_H

#include "capture/ring.h"

struct nspy_feed {
	struct nspy_ring *ring;
	struct nspy_process process; /* a copy, which it cannot change */
	char *path;
	const struct nspy_event *event; /* the next one, or NULL */
	uint64_t tail;			/* behind what was read */
	uint64_t event_tail;		/* behind event */
	uint64_t head;	    /* position of the process at the last look */
	uint64_t lost;	    /* never committed, by a dead process or thread */
	uint64_t packets;   /* written */
	uint32_t interface; /* index in the capture */
	uint32_t spooled;   /* its number in a spool, or 0 */
	bool described;	    /* its interface is in the capture */
	bool dead;	    /* its process is */
};

/* Map the ring file. NULL: it is none of this version. Frees nothing. */
struct nspy_feed *nspy_feed_open(const char *path);

/* Look for the next event, unless one was found already. */
void nspy_feed_peek(struct nspy_feed *feed);

/* The event is read. It stays where it is until nspy_feed_consume. */
void nspy_feed_take(struct nspy_feed *feed);

/* What was read is written: the process may reuse the room. */
void nspy_feed_consume(struct nspy_feed *feed);

/*
 * In how many ns half of the ring will wait to be read, if it goes on to fill
 * as it did in the elapsed_ns since this was asked last. UINT64_MAX: it did not.
 */
uint64_t nspy_feed_time_left(struct nspy_feed *feed, uint64_t elapsed_ns);

/*
 * Keep where it stands for a generation of the command's ring, and go back
 * there. What the process has drained by itself since is behind it, too.
 */
void nspy_feed_save(struct nspy_feed *feed, uint64_t generation);
void nspy_feed_restore(struct nspy_feed *feed, uint64_t generation);

/* Ask the kernel whether the process is still there. */
bool nspy_feed_is_alive(const struct nspy_feed *feed);

/* Unmap and remove the ring file. */
void nspy_feed_close(struct nspy_feed *feed);

#endif
