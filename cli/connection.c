/* SPDX-License-Identifier: BSD-2-Clause */
/* A table of connections, by their two endpoints. */

#include "config.h"

#include "cli/connection.h"

#include "capture/packet.h"
#include "cli/say.h"
#include "cli/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536u
/* IP packets of which a later fragment may come, at a time. */
#define FRAGMENTS 64u

/* Whose ports are known from its first fragment. */
struct fragment {
	struct nspy_endpoint from, to;
	uint16_t id;
	struct nspy_connection *connection;
};

struct reading {
	struct nspy_connections *table;
	struct nspy_captured packet;
	struct nspy_dissected d;
	struct fragment fragments[FRAGMENTS];
	unsigned int next_fragment;
};

static uint32_t
mix(uint32_t hash, uint32_t value)
{
	hash = (hash ^ value) * 0x9e3779b1u;
	return hash ^ hash >> 15;
}

static uint32_t
hash_of(const struct nspy_endpoint *end)
{
	uint32_t words[4], hash = end->port;

	memcpy(words, end->addr, sizeof(words));
	for (int i = 0; i < 4; i++)
		hash = mix(hash, words[i]);
	return hash;
}

static bool
same_address(const struct nspy_endpoint *a, const struct nspy_endpoint *b)
{
	return a->version == b->version && memcmp(a->addr, b->addr, 16) == 0;
}

static bool
same_endpoint(const struct nspy_endpoint *a, const struct nspy_endpoint *b)
{
	return a->port == b->port && same_address(a, b);
}

/* Which side sent it, or -1. */
static int
sender_of(const struct nspy_connection *c, const struct nspy_dissected *d)
{
	if (c->protocol != d->protocol || c->layer != d->layer)
		return -1;
	for (int i = 0; i < 2; i++)
		if (same_endpoint(&c->side[i].address, &d->from) &&
		    same_endpoint(&c->side[!i].address, &d->to))
			return i;
	return -1;
}

static struct nspy_connection **
bucket_of(struct nspy_connections *table, const struct nspy_dissected *d)
{
	return &table->buckets[(hash_of(&d->from) + hash_of(&d->to)) % BUCKETS];
}

/* side: which one sends the packet that is first. */
static struct nspy_connection *
add(struct nspy_connections *table, const struct nspy_dissected *d, int side)
{
	struct nspy_connection **bucket = bucket_of(table, d);
	struct nspy_connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->side[side].address = d->from;
	c->side[!side].address = d->to;
	c->layer = d->layer;
	c->protocol = d->protocol;
	c->icmp_type = d->icmp_type;
	c->icmp_code = d->icmp_code;
	c->next_in_bucket = *bucket;
	*bucket = c;
	if (table->last)
		table->last->next = c;
	else
		table->first = c;
	table->last = c;
	table->count++;
	return c;
}

/* The connection of the packet, new if need be; NULL: out of memory. */
static struct nspy_connection *
find(struct nspy_connections *table, const struct nspy_dissected *d, int *side)
{
	struct nspy_connection *c = *bucket_of(table, d);
	bool answer = false;

	/* The latest one comes first. */
	for (; c; c = c->next_in_bucket) {
		*side = sender_of(c, d);
		if (*side >= 0 && !nspy_stream_is_new(c, *side, d))
			return c;
		if (*side >= 0)
			break;
	}
	if (d->layer == NSPY_LAYER_IP && d->protocol == IPPROTO_TCP)
		answer = (d->tcp_flags & NSPY_TCP_SYN) &&
			 (d->tcp_flags & NSPY_TCP_ACK);
	*side = answer;
	c = add(table, d, *side);
	if (c && answer)
		c->history[0] = '^';
	return c;
}

/* A later fragment belongs where the first one did. */
static struct nspy_connection *
find_fragment(struct reading *r, int *side)
{
	for (unsigned int i = 0; i < FRAGMENTS; i++) {
		const struct fragment *f = &r->fragments[i];

		if (f->connection && f->id == r->d.fragment &&
		    f->connection->protocol == r->d.protocol &&
		    same_address(&f->from, &r->d.from) &&
		    same_address(&f->to, &r->d.to)) {
			*side = !same_endpoint(&f->connection->side[0].address,
					       &f->from);
			return f->connection;
		}
	}
	return find(r->table, &r->d, side);
}

static void
remember_fragment(struct reading *r, struct nspy_connection *c)
{
	struct fragment *f = &r->fragments[r->next_fragment++ % FRAGMENTS];

	f->from = r->d.from;
	f->to = r->d.to;
	f->id = r->d.fragment;
	f->connection = c;
}

struct nspy_user *
nspy_side_user(const struct nspy_side *side, uint32_t process, size_t *place)
{
	size_t low = 0, high = side->user_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (side->users[middle].process < process)
			low = middle + 1;
		else
			high = middle;
	}
	if (place)
		*place = low;
	return low < side->user_count && side->users[low].process == process
		       ? &side->users[low]
		       : NULL;
}

/* The entry of the process at this end, new if need be; NULL: no memory. */
static struct nspy_user *
user_of(struct nspy_side *side, uint32_t process)
{
	size_t place;
	struct nspy_user *found = nspy_side_user(side, process, &place), *grown;

	if (found)
		return found;
	if (side->user_count == side->user_size) {
		size_t size = side->user_size ? 2 * side->user_size : 1;

		grown = reallocarray(side->users, size, sizeof(*grown));
		if (!grown)
			return NULL;
		side->users = grown;
		side->user_size = size;
	}
	grown = side->users;
	memmove(&grown[place + 1], &grown[place],
		(side->user_count++ - place) * sizeof(*grown));
	grown[place] = (struct nspy_user){.process = process};
	return &grown[place];
}

/* The packet is told by the process at one of its ends, or by nobody. */
static void
count_process(struct nspy_connection *c, int sender,
	      const struct nspy_captured *packet, uint64_t fresh)
{
	int told = packet->direction == NSPY_INCOMING ? !sender : sender;
	struct nspy_user *user = NULL;

	if (packet->process && packet->direction)
		user = user_of(&c->side[told], packet->process);
	if (user)
		user->packets++;
	if (user && told == sender)
		user->sent += fresh;
	else
		c->side[sender].sent += fresh;
	if (user && told != sender)
		user->received += fresh;
	else
		c->side[!sender].received += fresh;
}

static int
add_packet(struct reading *r)
{
	const struct nspy_dissected *d = &r->d;
	struct nspy_connection *c;
	struct nspy_side *side;
	int sender;

	c = d->is_later ? find_fragment(r, &sender)
			: find(r->table, d, &sender);
	if (!c)
		return -ENOMEM;
	if (d->fragmented && !d->is_later)
		remember_fragment(r, c);
	side = &c->side[sender];
	if (!c->side[0].packets && !c->side[1].packets)
		c->first_ns = c->last_ns = r->packet.when_ns;
	if (r->packet.when_ns > c->last_ns)
		c->last_ns = r->packet.when_ns;
	side->packets++;
	side->ip_bytes += d->ip_len;
	count_process(c, sender, &r->packet, nspy_stream_add(c, sender, d));
	return r->table->keep_content ? nspy_stream_keep(c, sender, d) : 0;
}

static struct nspy_user *
busiest_of(const struct nspy_side *side)
{
	struct nspy_user *busiest = side->users;

	for (size_t i = 1; i < side->user_count; i++)
		if (side->users[i].packets > busiest->packets)
			busiest = &side->users[i];
	return busiest;
}

static int
compare_places(const void *left, const void *right)
{
	const struct nspy_piece *l = left, *r = right;

	return l->place < r->place ? -1 : l->place > r->place;
}

/* Bytes of which no process told go to the one that used that end most. */
static void
settle(struct nspy_side *side)
{
	struct nspy_user *busiest = busiest_of(side);

	if (side->piece_count)
		qsort(side->pieces, side->piece_count, sizeof(*side->pieces),
		      compare_places);
	if (!busiest)
		return;
	busiest->sent += side->sent;
	busiest->received += side->received;
	side->sent = side->received = 0;
}

uint32_t
nspy_side_process(const struct nspy_side *side)
{
	const struct nspy_user *busiest = busiest_of(side);

	return busiest ? busiest->process : 0;
}

uint64_t
nspy_side_missing(const struct nspy_side *side)
{
	return side->reached - nspy_ranges_total(&side->seen);
}

static void
count_time(struct nspy_connections *table, uint64_t when_ns)
{
	if (table->packets++ == 0)
		table->first_ns = table->last_ns = when_ns;
	if (when_ns < table->first_ns)
		table->first_ns = when_ns;
	if (when_ns > table->last_ns)
		table->last_ns = when_ns;
}

int
nspy_connections_read(struct nspy_connections *table,
		      struct nspy_reader *reader)
{
	struct reading r = {.table = table};
	int status = 1, err = 0;

	table->buckets = calloc(BUCKETS, sizeof(struct nspy_connection *));
	if (!table->buckets)
		err = -ENOMEM;
	while (!err && (status = nspy_reader_next(reader, &r.packet)) > 0) {
		count_time(table, r.packet.when_ns);
		if (!nspy_dissect(&r.packet, &r.d))
			table->others++;
		else
			err = add_packet(&r);
	}
	for (struct nspy_connection *c = table->first; c; c = c->next)
		for (int i = 0; i < 2; i++)
			settle(&c->side[i]);
	if (err)
		nspy_say("%s", strerror(-err));
	return err || status < 0 ? -1 : 0;
}

void
nspy_connections_free(struct nspy_connections *table)
{
	while (table->first) {
		struct nspy_connection *c = table->first;

		table->first = c->next;
		for (int i = 0; i < 2; i++) {
			free(c->side[i].users);
			free(c->side[i].seen.list);
			free(c->side[i].known.list);
			free(c->side[i].content);
			free(c->side[i].pieces);
			free(c->side[i].datagrams);
		}
		free(c);
	}
	free(table->buckets);
}
