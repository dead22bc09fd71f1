/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of one process of a run, as the collector reads it. */

#ifndef NETSPY_SOURCE_H
#define NETSPY_SOURCE_H

#include "capture/ring.h"

struct nspy_source {
	struct nspy_ring *ring;
	char *path;
	const struct nspy_event *event; /* the next one, or NULL */
	uint64_t tail;			/* behind what was read */
	uint64_t event_tail;		/* behind event */
	uint64_t lost;			/* never committed by a dead process */
	uint64_t packets;		/* written */
	uint32_t interface;		/* index in the capture */
	bool described;			/* its interface is in the capture */
	bool dead;			/* its process is */
};

/* Map the ring file. NULL: it is none of this version. Frees nothing. */
struct nspy_source *nspy_source_open(const char *path);

/* Look for the next event, unless one was found already. */
void nspy_source_peek(struct nspy_source *source);

/* The event is read. It stays where it is until nspy_source_consume. */
void nspy_source_take(struct nspy_source *source);

/* What was read is written: the process may reuse the room. */
void nspy_source_consume(struct nspy_source *source);

/* Ask the kernel whether the process is still there. */
bool nspy_source_is_alive(const struct nspy_source *source);

/* Unmap and remove the ring file. */
void nspy_source_close(struct nspy_source *source);

#endif
