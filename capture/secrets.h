/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS secrets in the capture: lines of a key log (draft-ietf-tls-keylogfile)
 * in Decryption Secrets Blocks of pcapng. Wireshark needs them before the
 * ServerHello, but the program has them after it. So a block that readers skip
 * keeps room behind each ClientHello, and the lines with its random are
 * written there as they come.
 */

#ifndef NETSPY_SECRETS_H
#define NETSPY_SECRETS_H

#include "capture/event.h"

#include <stdbool.h>
#include <stddef.h>

#define NSPY_HELLOS 256
/* Events of one batch with a secret. */
#define NSPY_SECRETS_BATCH 64
/* Seven lines of 194 bytes, as TLS 1.3 has with SHA-384. */
#define NSPY_SECRETS_ROOM 2048u

struct nspy_drain;

/* A ClientHello in the capture, and the room behind it. */
struct nspy_hello {
	uint8_t random[32];
	struct nspy_endpoint client, server;
	uint64_t offset; /* in the capture, of the room that is left */
	uint64_t when_ns;
	uint32_t left; /* bytes of it */
	uint32_t told; /* the labels that it had, a bit each */
};

struct nspy_secrets {
	bool wanted;   /* ClientHellos get room */
	uint32_t next; /* the place that is taken next: of the oldest */
	struct nspy_hello hellos[NSPY_HELLOS];
	struct {
		void *line;
		size_t len;
	} taken[NSPY_SECRETS_BATCH];
	uint32_t taken_count;
	uint8_t block[NSPY_SECRETS_ROOM];
};

/*
 * The event's data is in the capture, the next bytes of a stream. *header is
 * whether its last ones were the header of a record; 0 at first.
 */
void nspy_secrets_look(struct nspy_drain *drain, const struct nspy_event *event,
		       uint8_t *header);

/*
 * A line of a key log, without its end. It comes where its ClientHello is, or
 * else behind all there is, unless not all packets are wanted.
 */
void nspy_secrets_add(struct nspy_drain *drain, const char *line, size_t len);

/*
 * The secret of an event, to be wiped in the ring when it is in the capture: what
 * is left behind of a killed run need not have it besides.
 */
void nspy_secrets_take(struct nspy_drain *drain,
		       const struct nspy_event *event);

/* Wipe what this batch has taken. */
void nspy_secrets_wipe(struct nspy_drain *drain);

/*
 * For a reader who gets the capture as a stream: how many of its first size
 * bytes are final. No ClientHello is waited for longer than two seconds.
 */
uint64_t nspy_secrets_final(struct nspy_drain *drain, uint64_t size,
			    uint64_t now_ns);

/* Another file begins. */
void nspy_secrets_forget(struct nspy_drain *drain);

#endif
