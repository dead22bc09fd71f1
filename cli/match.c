/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding the counterpart of each conversation. */

#include "config.h"

#include "cli/match.h"

#include "cli/compare.h"

#include <stdlib.h>
#include <string.h>

/* From here on Linux takes the ports that nobody asked for. */
#define EPHEMERAL_MIN 32768u
/* How many of the first bytes say how much alike two streams are. */
#define ALIKE_MAX 4096u
/* With more pairs than this it is the order that decides. */
#define CANDIDATES_MAX (1u << 20)

/* What counterparts have in common, as bytes to compare. */
struct key {
	uint8_t layer, protocol, versions[2];
	uint16_t
		what; /* the port that was asked for, or ICMP's type and code */
	uint8_t addresses[2][16];
};

struct entry {
	struct key key;
	const struct nspy_connection *c; /* NULL: has a counterpart */
	size_t number;			 /* in its capture */
};

/* The entries of both captures that have one key. */
struct group {
	struct entry *a, *b;
	size_t a_count, b_count;
	struct nspy_pair *pairs; /* by the numbers of a */
};

struct candidate {
	size_t a, b, alike;
};

/* An AF_UNIX socket without a name is shown by its inode, see netspy(1). */
static bool
is_nameless(const struct nspy_endpoint *end)
{
	static const uint8_t prefix[8] = {0xfd, 0, 0x6e, 0x73, 0x70, 0x79};

	return end->version == 6 &&
	       memcmp(end->addr, prefix, sizeof(prefix)) == 0;
}

static void
put_end(struct key *key, int side, const struct nspy_endpoint *end)
{
	key->versions[side] = (uint8_t)end->version;
	memcpy(key->addresses[side], end->addr, is_nameless(end) ? 8 : 16);
}

static struct key
key_of(const struct nspy_connection *c)
{
	uint16_t port = c->side[1].address.port;
	struct key key;

	memset(&key, 0, sizeof(key));
	key.layer = (uint8_t)c->layer;
	key.protocol = c->protocol;
	for (int i = 0; i < 2; i++)
		put_end(&key, i, &c->side[i].address);
	if (c->protocol == IPPROTO_ICMP || c->protocol == IPPROTO_ICMPV6)
		key.what = (uint16_t)(c->icmp_type << 8 | c->icmp_code);
	else
		key.what = port < EPHEMERAL_MIN ? port : EPHEMERAL_MIN;
	return key;
}

static int
compare_entries(const void *left, const void *right)
{
	const struct entry *l = left, *r = right;
	int order = memcmp(&l->key, &r->key, sizeof(l->key));

	return order ? order : l->number < r->number ? -1 : 1;
}

/* All of them, those of one key in their order side by side; or NULL. */
static struct entry *
list(const struct nspy_connections *connections)
{
	struct entry *all = calloc(connections->count + 1, sizeof(*all));
	size_t count = 0;

	for (const struct nspy_connection *c = connections->first; all && c;
	     c = c->next) {
		all[count] = (struct entry){key_of(c), c, count};
		count++;
	}
	if (count)
		qsort(all, count, sizeof(*all), compare_entries);
	return all;
}

static size_t
common_prefix(const struct nspy_side *a, const struct nspy_side *b)
{
	size_t len = a->content_len < b->content_len ? a->content_len
						     : b->content_len;
	size_t i = 0;

	while (i < len && i < ALIKE_MAX && a->content[i] == b->content[i])
		i++;
	return i;
}

static void
pair(struct group *g, size_t a, size_t b)
{
	g->pairs[g->a[a].number].b = g->b[b].c;
	g->a[a].c = g->b[b].c = NULL;
}

static void
pair_equal(struct group *g)
{
	size_t first = 0; /* that has no counterpart yet */

	for (size_t i = 0; i < g->a_count; i++) {
		while (first < g->b_count && !g->b[first].c)
			first++;
		for (size_t j = first; j < g->b_count && g->a[i].c; j++)
			if (g->b[j].c &&
			    nspy_compare_equal(g->a[i].c, g->b[j].c))
				pair(g, i, j);
	}
}

static void
pair_in_order(struct group *g)
{
	size_t j = 0;

	for (size_t i = 0; i < g->a_count; i++) {
		while (j < g->b_count && !g->b[j].c)
			j++;
		if (j < g->b_count && g->a[i].c)
			pair(g, i, j);
	}
}

static int
more_alike(const void *left, const void *right)
{
	const struct candidate *l = left, *r = right;

	if (l->alike != r->alike)
		return l->alike > r->alike ? -1 : 1;
	if (l->a != r->a)
		return l->a < r->a ? -1 : 1;
	return l->b < r->b ? -1 : l->b > r->b;
}

static size_t
common(const struct nspy_connection *a, const struct nspy_connection *b)
{
	return common_prefix(&a->side[0], &b->side[0]) +
	       common_prefix(&a->side[1], &b->side[1]);
}

static void
pair_alike(struct group *g, struct candidate *candidates)
{
	size_t count = 0;

	for (size_t i = 0; i < g->a_count; i++)
		for (size_t j = 0; j < g->b_count && g->a[i].c; j++)
			if (g->b[j].c)
				candidates[count++] = (struct candidate){
					i, j, common(g->a[i].c, g->b[j].c)};
	qsort(candidates, count, sizeof(*candidates), more_alike);
	for (size_t i = 0; i < count; i++)
		if (g->a[candidates[i].a].c && g->b[candidates[i].b].c)
			pair(g, candidates[i].a, candidates[i].b);
}

static size_t
left_over(const struct entry *entries, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		left += entries[i].c != NULL;
	return left;
}

static void
pair_rest(struct group *g)
{
	size_t candidates =
		left_over(g->a, g->a_count) * left_over(g->b, g->b_count);
	struct candidate *room = NULL;

	if (!candidates)
		return;
	if (candidates <= CANDIDATES_MAX)
		room = calloc(candidates, sizeof(*room));
	if (room)
		pair_alike(g, room);
	else
		pair_in_order(g);
	free(room);
}

/* How many of the entries have the key of the first one. */
static size_t
group_len(const struct entry *entries, size_t count)
{
	size_t len = count != 0;

	while (len < count && memcmp(&entries[0].key, &entries[len].key,
				     sizeof(entries[0].key)) == 0)
		len++;
	return len;
}

static void
pair_all(struct entry *a, size_t a_count, struct entry *b, size_t b_count,
	 struct nspy_pair *pairs)
{
	while (a_count && b_count) {
		int order = memcmp(&a->key, &b->key, sizeof(a->key));
		size_t a_len = order <= 0 ? group_len(a, a_count) : 0;
		size_t b_len = order >= 0 ? group_len(b, b_count) : 0;
		struct group group = {a, b, a_len, b_len, pairs};

		if (order == 0) {
			pair_equal(&group);
			pair_rest(&group);
		}
		a += a_len;
		a_count -= a_len;
		b += b_len;
		b_count -= b_len;
	}
}

/* Those without a counterpart, in their order. Returns how many. */
static size_t
add_rest(const struct nspy_connections *connections,
	 const struct entry *entries, bool *paired, struct nspy_pair *pairs)
{
	size_t count = 0, number = 0;

	for (size_t i = 0; i < connections->count; i++)
		paired[entries[i].number] = !entries[i].c;
	for (const struct nspy_connection *c = connections->first; c;
	     c = c->next)
		if (!paired[number++])
			pairs[count++].b = c;
	return count;
}

struct nspy_pair *
nspy_match(const struct nspy_connections *a, const struct nspy_connections *b,
	   size_t *count)
{
	struct entry *in_a = list(a), *in_b = list(b);
	bool *paired = calloc(b->count + 1, sizeof(*paired));
	struct nspy_pair *pairs =
		calloc(a->count + b->count + 1, sizeof(*pairs));

	if (in_a && in_b && paired && pairs) {
		for (size_t i = 0; i < a->count; i++)
			pairs[in_a[i].number].a = in_a[i].c;
		pair_all(in_a, a->count, in_b, b->count, pairs);
		*count = a->count + add_rest(b, in_b, paired, pairs + a->count);
	} else {
		free(pairs);
		pairs = NULL;
	}
	free(in_a);
	free(in_b);
	free(paired);
	return pairs;
}
