/* SPDX-License-Identifier: BSD-2-Clause */
/* A sorted list: in a stream without losses it has one range. */

#include "cli/ranges.h"

#include <stdlib.h>
#include <string.h>

static bool
grow(struct nspy_ranges *ranges)
{
	struct nspy_range *grown;
	size_t size = ranges->size ? 2 * ranges->size : 1;

	if (ranges->count < ranges->size)
		return true;
	grown = reallocarray(ranges->list, size, sizeof(*grown));
	if (!grown)
		return false;
	ranges->list = grown;
	ranges->size = size;
	return true;
}

/* The first range that ends behind the place. */
static size_t
first_beyond(const struct nspy_ranges *ranges, uint64_t place)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->list[middle].end > place)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint64_t
nspy_ranges_add(struct nspy_ranges *ranges, uint64_t begin, uint64_t end)
{
	struct nspy_range *list = ranges->list;
	struct nspy_range all = {begin, end};
	uint64_t known = 0;
	size_t first, last;

	if (begin >= end)
		return 0;
	/* Those from first on, before last, touch it and become one with it. */
	first = first_beyond(ranges, begin - !!begin);
	for (last = first; last < ranges->count && list[last].begin <= end;
	     last++) {
		uint64_t from = list[last].begin, to = list[last].end;

		known += (to < end ? to : end) - (from > begin ? from : begin);
		all.begin = from < all.begin ? from : all.begin;
		all.end = to > all.end ? to : all.end;
	}
	if (first == last && !grow(ranges))
		return end - begin;
	list = ranges->list;
	memmove(&list[first + 1], &list[last],
		(ranges->count - last) * sizeof(*list));
	list[first] = all;
	ranges->count = ranges->count + 1 - (last - first);
	return end - begin - known;
}

bool
nspy_ranges_gap(const struct nspy_ranges *ranges, uint64_t begin, uint64_t end,
		struct nspy_range *gap)
{
	size_t i = first_beyond(ranges, begin);

	if (i < ranges->count && ranges->list[i].begin <= begin)
		begin = ranges->list[i++].end;
	gap->begin = begin;
	gap->end = i < ranges->count && ranges->list[i].begin < end
			   ? ranges->list[i].begin
			   : end;
	return gap->begin < gap->end;
}

uint64_t
nspy_ranges_front(const struct nspy_ranges *ranges)
{
	return ranges->count && !ranges->list[0].begin ? ranges->list[0].end
						       : 0;
}

uint64_t
nspy_ranges_end(const struct nspy_ranges *ranges)
{
	return ranges->count ? ranges->list[ranges->count - 1].end : 0;
}

uint64_t
nspy_ranges_total(const struct nspy_ranges *ranges)
{
	uint64_t total = 0;

	for (size_t i = 0; i < ranges->count; i++)
		total += ranges->list[i].end - ranges->list[i].begin;
	return total;
}
