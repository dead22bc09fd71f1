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

struct matching {
	const struct nspy_connection **a, **b; /* NULL: has a counterpart */
	size_t a_count, b_count;
	struct nspy_pair *pairs; /* one for each of a */
};

struct candidate {
	size_t a, b, alike;
};

static const struct nspy_connection **
list(const struct nspy_connections *connections)
{
	const struct nspy_connection **all =
		calloc(connections->count + 1, sizeof(*all));
	size_t count = 0;

	for (const struct nspy_connection *c = connections->first; all && c;
	     c = c->next)
		all[count++] = c;
	return all;
}

/* An AF_UNIX socket without a name is shown by its inode, see netspy(1). */
static bool
is_nameless(const struct nspy_endpoint *end)
{
	static const uint8_t prefix[8] = {0xfd, 0, 0x6e, 0x73, 0x70, 0x79};

	return end->version == 6 &&
	       memcmp(end->addr, prefix, sizeof(prefix)) == 0;
}

static bool
same_address(const struct nspy_endpoint *a, const struct nspy_endpoint *b)
{
	if (is_nameless(a) && is_nameless(b))
		return true;
	return a->version == b->version && memcmp(a->addr, b->addr, 16) == 0;
}

static bool
same_endpoints(const struct nspy_connection *a, const struct nspy_connection *b)
{
	uint16_t ports[2] = {a->side[1].address.port, b->side[1].address.port};

	if (a->protocol != b->protocol || a->layer != b->layer ||
	    !same_address(&a->side[0].address, &b->side[0].address) ||
	    !same_address(&a->side[1].address, &b->side[1].address))
		return false;
	if (a->protocol == IPPROTO_ICMP || a->protocol == IPPROTO_ICMPV6)
		return a->icmp_type == b->icmp_type &&
		       a->icmp_code == b->icmp_code;
	return ports[0] == ports[1] ||
	       (ports[0] >= EPHEMERAL_MIN && ports[1] >= EPHEMERAL_MIN);
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
pair(struct matching *m, size_t a, size_t b)
{
	m->pairs[a].b = m->b[b];
	m->a[a] = m->b[b] = NULL;
}

static void
pair_equal(struct matching *m)
{
	size_t first = 0; /* that has no counterpart yet */

	for (size_t i = 0; i < m->a_count; i++) {
		while (first < m->b_count && !m->b[first])
			first++;
		for (size_t j = first; j < m->b_count && m->a[i]; j++)
			if (m->b[j] && same_endpoints(m->a[i], m->b[j]) &&
			    nspy_compare_equal(m->a[i], m->b[j]))
				pair(m, i, j);
	}
}

static void
pair_in_order(struct matching *m)
{
	for (size_t i = 0; i < m->a_count; i++)
		for (size_t j = 0; j < m->b_count && m->a[i]; j++)
			if (m->b[j] && same_endpoints(m->a[i], m->b[j]))
				pair(m, i, j);
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

static void
pair_alike(struct matching *m, struct candidate *candidates)
{
	size_t count = 0;

	for (size_t i = 0; i < m->a_count; i++)
		for (size_t j = 0; j < m->b_count && m->a[i]; j++)
			if (m->b[j] && same_endpoints(m->a[i], m->b[j]))
				candidates[count++] = (struct candidate){
					i, j,
					common_prefix(&m->a[i]->side[0],
						      &m->b[j]->side[0]) +
						common_prefix(
							&m->a[i]->side[1],
							&m->b[j]->side[1])};
	qsort(candidates, count, sizeof(*candidates), more_alike);
	for (size_t i = 0; i < count; i++)
		if (m->a[candidates[i].a] && m->b[candidates[i].b])
			pair(m, candidates[i].a, candidates[i].b);
}

static size_t
left_over(const struct nspy_connection **list, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		left += list[i] != NULL;
	return left;
}

static void
pair_rest(struct matching *m)
{
	size_t candidates =
		left_over(m->a, m->a_count) * left_over(m->b, m->b_count);
	struct candidate *room = NULL;

	if (candidates <= CANDIDATES_MAX)
		room = calloc(candidates + 1, sizeof(*room));
	if (room)
		pair_alike(m, room);
	else
		pair_in_order(m);
	free(room);
}

struct nspy_pair *
nspy_match(const struct nspy_connections *a, const struct nspy_connections *b,
	   size_t *count)
{
	struct matching m = {.a = list(a),
			     .b = list(b),
			     .a_count = a->count,
			     .b_count = b->count};

	m.pairs = calloc(a->count + b->count + 1, sizeof(*m.pairs));
	if (m.a && m.b && m.pairs) {
		for (size_t i = 0; i < m.a_count; i++)
			m.pairs[i].a = m.a[i];
		pair_equal(&m);
		pair_rest(&m);
		*count = m.a_count;
		for (size_t i = 0; i < m.b_count; i++)
			if (m.b[i])
				m.pairs[(*count)++].b = m.b[i];
	} else {
		free(m.pairs);
		m.pairs = NULL;
	}
	free(m.a);
	free(m.b);
	return m.pairs;
}
