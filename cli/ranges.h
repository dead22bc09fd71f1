/* SPDX-License-Identifier: BSD-2-Clause */
/* Which parts of a stream are there: ranges that neither touch nor overlap. */

#ifndef NETSPY_RANGES_H
#define NETSPY_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nspy_range {
	uint64_t begin, end;
};

struct nspy_ranges {
	struct nspy_range *list;
	size_t count, size;
};

/*
 * Add the range. Returns how many of its bytes are new; all of them when
 * there is no memory for it.
 */
uint64_t nspy_ranges_add(struct nspy_ranges *ranges, uint64_t begin,
			 uint64_t end);

/*
 * The first part from begin on, up to end, that is not there. False: all of it
 * is.
 */
bool nspy_ranges_gap(const struct nspy_ranges *ranges, uint64_t begin,
		     uint64_t end, struct nspy_range *gap);

/* The end of the part that begins with byte 0; 0: there is none. */
uint64_t nspy_ranges_front(const struct nspy_ranges *ranges);

/* The end of the last one. */
uint64_t nspy_ranges_end(const struct nspy_ranges *ranges);

/* Bytes in all of them. */
uint64_t nspy_ranges_total(const struct nspy_ranges *ranges);

#endif
