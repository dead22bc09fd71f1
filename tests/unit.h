/* SPDX-License-Identifier: BSD-2-Clause */
/* What the unit tests of capture/ have in common. */

#ifndef NETSPY_TESTS_UNIT_H
#define NETSPY_TESTS_UNIT_H

#include "capture/drain.h"
#include "wrap/ring.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK(holds)                                                           \
	do {                                                                   \
		if (!(holds)) {                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__,       \
				__LINE__, #holds);                             \
			exit(1);                                               \
		}                                                              \
	} while (0)

extern struct nspy_drain drain;
extern int fd; /* of the capture, classic pcap */

/* An empty ring, which the drain is for, and its capture. */
struct nspy_ring *new_ring(void);
void free_ring(struct nspy_ring *ring);

/* A call on a socket that is connected to port 80. */
struct nspy_event tcp_event(uint16_t kind, uint16_t local_port, uint32_t len);

/* Tell of it, with a payload of 'x'. False: the ring is full. */
bool put(struct nspy_ring *ring, const struct nspy_event *event, bool publish);

#endif
