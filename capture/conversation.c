/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of conversations in the ring file: hash buckets and a free list. */

#include "capture/conversation.h"

#include "capture/drain.h"

#include <string.h>

/* How many closed conversations wait for their other end. */
#define CLOSED_MAX 512u

static uint32_t
mix(uint32_t hash, uint32_t value)
{
	hash = (hash ^ value) * 0x9e3779b1u;
	return hash ^ hash >> 15;
}

static uint32_t
hash_endpoint(const struct nspy_endpoint *end)
{
	uint32_t words[4], hash = end->port;

	memcpy(words, end->addr, sizeof(words));
	for (int i = 0; i < 4; i++)
		hash = mix(hash, words[i]);
	return hash;
}

/* The same for both directions. */
static uint32_t
bucket_of(const struct nspy_endpoint *a, const struct nspy_endpoint *b)
{
	return (hash_endpoint(a) + hash_endpoint(b)) % NSPY_RING_BUCKETS;
}

static bool
same_endpoint(const struct nspy_endpoint *a, const struct nspy_endpoint *b)
{
	return a->port == b->port && memcmp(a->addr, b->addr, 16) == 0;
}

/* Which end made the call, or -1: not this conversation. */
static int
side_of(const struct nspy_conversation *c, const struct nspy_event *event)
{
	bool first = same_endpoint(&c->end[0], &event->local) &&
		     same_endpoint(&c->end[1], &event->peer);
	bool second = same_endpoint(&c->end[1], &event->local) &&
		      same_endpoint(&c->end[0], &event->peer);

	if (c->protocol != event->protocol)
		return -1;
	/* A socket connected to itself is both ends: it hears what it says. */
	if (first && second)
		return event->kind == NSPY_RECV && event->wire_len ? 1 : 0;
	return first ? 0 : second ? 1 : -1;
}

/* The ends are done, or another socket now has their addresses. */
static bool
is_over(const struct nspy_conversation *c, const struct nspy_event *event,
	int side)
{
	if (c->cookie[side] && c->cookie[side] != event->cookie)
		return true;
	return event->kind == NSPY_CONNECT && c->cookie[side];
}

/* The next one in the bucket whose addresses are those of the event. */
static uint32_t
search(const struct nspy_ring *ring, const struct nspy_event *event,
       uint32_t next, int *side)
{
	for (uint32_t limit = NSPY_CONVERSATIONS_MAX; next && limit; limit--) {
		const struct nspy_conversation *c;

		if (next > ring->allocated)
			return 0;
		c = &ring->conversations[next - 1];
		*side = side_of(c, event);
		if (*side >= 0)
			return next;
		next = c->next;
	}
	return 0;
}

/* Most events are of the conversation of the one before. */
static bool
is_last(const struct nspy_drain *drain, const struct nspy_event *event,
	int *side)
{
	const struct nspy_ring *ring = drain->ring;
	const struct nspy_conversation *c;

	if (!drain->last || drain->last > ring->allocated)
		return false;
	c = &ring->conversations[drain->last - 1];
	*side = side_of(c, event);
	return *side >= 0 && c->state != NSPY_DROPPED;
}

struct nspy_conversation *
nspy_conversation_find(struct nspy_drain *drain, const struct nspy_event *event,
		       int *side)
{
	struct nspy_ring *ring = drain->ring;
	struct nspy_conversation *c;

	if (!is_last(drain, event, side))
		drain->last = search(
			ring, event,
			ring->buckets[bucket_of(&event->local, &event->peer)],
			side);
	if (!drain->last)
		return NULL;
	c = &ring->conversations[drain->last - 1];
	if (is_over(c, event, *side)) {
		nspy_conversation_drop(drain, c);
		return NULL;
	}
	nspy_ring_save(ring, drain->last - 1);
	if (!c->cookie[*side])
		c->cookie[*side] = event->cookie;
	return c;
}

/* A free place in the table: index + 1, or 0. */
static uint32_t
take_free(struct nspy_drain *drain)
{
	struct nspy_ring *ring = drain->ring;
	struct nspy_progress *progress = drain->progress;
	uint32_t index = progress->conversations_free;

	if (index && index <= ring->allocated) {
		nspy_ring_save(ring, index - 1);
		progress->conversations_free =
			ring->conversations[index - 1].next;
		return index;
	}
	/* Above it the file is damaged. */
	if (progress->conversations_used > ring->allocated)
		return 0;
	if (progress->conversations_used == ring->allocated &&
	    (ring->allocated >= NSPY_CONVERSATIONS_MAX || !drain->grow ||
	     drain->grow(drain->grow_context, ring) < 0))
		return 0;
	index = ++progress->conversations_used;
	nspy_ring_save(ring, index - 1);
	return index;
}

/*
 * The initial sequence number: different for each conversation and direction,
 * and never such that the first byte has number 0, which Wireshark takes for
 * "none".
 */
static uint32_t
initial_sequence(uint32_t serial, int direction)
{
	uint32_t isn = mix(mix(0x6e737079, serial), (uint32_t)direction);

	return isn == UINT32_MAX ? 1 : isn;
}

struct nspy_conversation *
nspy_conversation_new(struct nspy_drain *drain, const struct nspy_event *event,
		      int side)
{
	struct nspy_ring *ring = drain->ring;
	uint32_t bucket = bucket_of(&event->local, &event->peer);
	uint32_t index = take_free(drain);
	struct nspy_conversation *c;
	uint64_t saved;

	if (!index)
		return NULL;
	c = &ring->conversations[index - 1];
	saved = c->saved;
	memset(c, 0, sizeof(*c));
	c->saved = saved;
	c->end[side] = event->local;
	c->end[!side] = event->peer;
	c->cookie[side] = event->cookie;
	c->pid = event->pid;
	c->protocol = event->protocol;
	c->serial = ++drain->progress->serial;
	for (int i = 0; i < 2; i++)
		c->flow[i].isn =
			drain->from_zero ? 0 : initial_sequence(c->serial, i);
	nspy_ring_save_bucket(ring, bucket);
	c->next = ring->buckets[bucket];
	ring->buckets[bucket] = index;
	drain->last = index;
	return c;
}

static void
unlink_bucket(struct nspy_ring *ring, struct nspy_conversation *c)
{
	uint32_t index = (uint32_t)(c - ring->conversations) + 1;
	uint32_t bucket = bucket_of(&c->end[0], &c->end[1]);
	uint32_t next = ring->buckets[bucket];

	if (next == index) {
		nspy_ring_save_bucket(ring, bucket);
		ring->buckets[bucket] = c->next;
		return;
	}
	for (uint32_t limit = NSPY_CONVERSATIONS_MAX;
	     next && next <= ring->allocated && limit; limit--) {
		struct nspy_conversation *before =
			&ring->conversations[next - 1];

		if (before->next == index) {
			nspy_ring_save(ring, next - 1);
			before->next = c->next;
			return;
		}
		next = before->next;
	}
}

void
nspy_conversation_drop(struct nspy_drain *drain, struct nspy_conversation *c)
{
	struct nspy_ring *ring = drain->ring;
	uint32_t index = (uint32_t)(c - ring->conversations) + 1;

	nspy_ring_save(ring, index - 1);
	unlink_bucket(ring, c);
	c->state = NSPY_DROPPED;
	if (c->closed)
		return; /* it becomes free when it leaves that list */
	c->next = drain->progress->conversations_free;
	drain->progress->conversations_free = index;
}

/* To the end of the list of closed ones. */
static void
append_closed(struct nspy_drain *drain, struct nspy_conversation *c)
{
	struct nspy_progress *progress = drain->progress;
	struct nspy_ring *ring = drain->ring;
	uint32_t index = (uint32_t)(c - ring->conversations) + 1;

	nspy_ring_save(ring, index - 1);
	c->closed = 1;
	c->used = 0;
	c->next_closed = 0;
	if (progress->closed_count++ == 0) {
		progress->closed_first = index;
	} else if (progress->closed_last &&
		   progress->closed_last <= ring->allocated) {
		nspy_ring_save(ring, progress->closed_last - 1);
		ring->conversations[progress->closed_last - 1].next_closed =
			index;
	}
	progress->closed_last = index;
}

/*
 * Somebody uses it, or another process whose events come here may hold it: a
 * server's process waits for its client, while others come and go. Half the
 * table is for these.
 */
static bool
goes_on(const struct nspy_drain *drain, const struct nspy_conversation *c)
{
	bool let_go = c->ended[0] == NSPY_LET_GO || c->ended[1] == NSPY_LET_GO;

	return c->used || (let_go && drain->process != &drain->ring->process &&
			   drain->ring->allocated < NSPY_CONVERSATIONS_MAX / 2);
}

/*
 * The one that closed first leaves the list, and the table too unless its
 * other end has turned up. One that goes on comes to the end once more.
 */
static void
forget_oldest(struct nspy_drain *drain)
{
	struct nspy_progress *progress = drain->progress;
	uint32_t index = progress->closed_first;
	struct nspy_conversation *c;

	if (!index || index > drain->ring->allocated)
		return;
	c = &drain->ring->conversations[index - 1];
	nspy_ring_save(drain->ring, index - 1);
	progress->closed_first = c->next_closed;
	progress->closed_count--;
	c->closed = 0;
	if (c->state == NSPY_DROPPED) {
		c->next = progress->conversations_free;
		progress->conversations_free = index;
	} else if (goes_on(drain, c)) {
		append_closed(drain, c);
	} else if (c->protocol != IPPROTO_TCP || !c->cookie[0] ||
		   !c->cookie[1] || (c->ended[0] && c->ended[1])) {
		nspy_conversation_drop(drain, c);
	}
}

void
nspy_conversation_linger(struct nspy_drain *drain, struct nspy_conversation *c)
{
	if (c->closed)
		return;
	/* Two: if half of them go on, the list does not grow for ever. */
	for (int i = 0; i < 2 && drain->progress->closed_count >= CLOSED_MAX;
	     i++)
		forget_oldest(drain);
	append_closed(drain, c);
}
