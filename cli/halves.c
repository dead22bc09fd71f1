/* SPDX-License-Identifier: BSD-2-Clause */
/* A table of sockets, filled from the events of a run. */

#include "config.h"

#include "cli/halves.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536u

static uint32_t
hash_of(const struct nspy_endpoint *end)
{
	uint32_t hash = end->port;

	for (size_t i = 0; i < sizeof(end->addr); i++)
		hash = (hash ^ end->addr[i]) * 0x01000193u;
	return hash;
}

/* The same for both ends. */
static struct nspy_half **
bucket_of(struct nspy_halves *halves, const struct nspy_event *event)
{
	uint32_t hash = hash_of(&event->local) + hash_of(&event->peer);

	return &halves->buckets[hash % BUCKETS];
}

static bool
same_endpoint(const struct nspy_endpoint *a, const struct nspy_endpoint *b)
{
	return a->port == b->port && a->version == b->version &&
	       memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

/* Names and marks belong to no socket; raw sockets hear each other. */
static bool
is_alone(const struct nspy_event *event)
{
	return event->kind == NSPY_NAME || event->kind == NSPY_MARK;
}

static bool
has_twin(const struct nspy_event *event)
{
	return !is_alone(event) && !(event->flags & NSPY_RAW) &&
	       event->family != AF_NETLINK;
}

static bool
is_of(const struct nspy_half *end, const struct nspy_event *event)
{
	return end->cookie == event->cookie &&
	       end->protocol == event->protocol &&
	       same_endpoint(&end->local, &event->local) &&
	       same_endpoint(&end->peer, &event->peer);
}

static struct nspy_half *
twin_of(struct nspy_half *bucket, const struct nspy_event *event)
{
	for (struct nspy_half *end = bucket; end; end = end->next)
		if (!end->twin && end->cookie != event->cookie &&
		    end->protocol == event->protocol &&
		    same_endpoint(&end->local, &event->peer) &&
		    same_endpoint(&end->peer, &event->local))
			return end;
	return NULL;
}

static struct nspy_half *
add_half(struct nspy_halves *halves, const struct nspy_spooled *spooled)
{
	const struct nspy_event *event = &spooled->event;
	struct nspy_half **bucket = bucket_of(halves, event), **grown;
	struct nspy_half *end = calloc(1, sizeof(*end));

	if (end && halves->count == halves->size) {
		size_t size = halves->size ? 2 * halves->size : 64;

		grown = reallocarray(halves->list, size,
				     sizeof(struct nspy_half *));
		if (!grown) {
			free(end);
			return NULL;
		}
		halves->list = grown;
		halves->size = size;
	}
	if (!end)
		return NULL;
	halves->list[halves->count++] = end;
	end->cookie = event->cookie;
	end->local = event->local;
	end->peer = event->peer;
	end->protocol = event->protocol;
	end->family = event->family;
	end->process = spooled->process;
	if (is_alone(event))
		return end;
	if (has_twin(event))
		end->twin = twin_of(*bucket, event);
	if (end->twin)
		end->twin->twin = end;
	end->sent = event->kind == NSPY_SEND;
	end->next = *bucket;
	*bucket = end;
	return end;
}

/* All raw sockets are one: a packet may be heard by any of them. */
static struct nspy_half *
find_half(struct nspy_halves *halves, const struct nspy_event *event,
	  struct nspy_half **raw)
{
	if (is_alone(event))
		return NULL;
	if (event->flags & NSPY_RAW)
		return *raw;
	for (struct nspy_half *end = *bucket_of(halves, event); end;
	     end = end->next)
		if (is_of(end, event))
			return end;
	return NULL;
}

static int
add_event(struct nspy_half *end, const struct nspy_event *event,
	  uint64_t offset)
{
	if (end->count == end->size) {
		size_t size = end->size ? 2 * end->size : 8;
		uint64_t *grown =
			reallocarray(end->events, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		end->events = grown;
		end->size = size;
	}
	end->events[end->count++] = offset;
	end->connected |= event->kind == NSPY_CONNECT;
	end->accepted |= event->kind == NSPY_ACCEPT;
	end->closed |= event->kind == NSPY_CLOSE && !(event->flags & NSPY_HELD);
	return 0;
}

int
nspy_halves_read(struct nspy_halves *halves, const struct nspy_spool *spool)
{
	const struct nspy_spooled *spooled;
	uint64_t offset = 0, here = 0;
	struct nspy_half *raw = NULL;
	int err = 0;

	halves->buckets = calloc(BUCKETS, sizeof(struct nspy_half *));
	if (!halves->buckets)
		return -ENOMEM;
	while (!err && (spooled = nspy_spool_next(spool, &offset))) {
		const struct nspy_event *event = &spooled->event;
		struct nspy_half *end = find_half(halves, event, &raw);

		if (!end)
			end = add_half(halves, spooled);
		if (end && event->flags & NSPY_RAW)
			raw = end;
		err = end ? add_event(end, event, here) : -ENOMEM;
		here = offset;
	}
	return err;
}

bool
nspy_half_leads(const struct nspy_half *end)
{
	const struct nspy_half *twin = end->twin;

	if (!twin)
		return true;
	if (end->connected != twin->connected)
		return end->connected;
	if (end->accepted != twin->accepted)
		return twin->accepted;
	return end->sent != twin->sent ? end->sent : end->cookie < twin->cookie;
}

void
nspy_halves_free(struct nspy_halves *halves)
{
	for (size_t i = 0; i < halves->count; i++) {
		free(halves->list[i]->events);
		free(halves->list[i]);
	}
	free(halves->list);
	free(halves->buckets);
}
