/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum (RFC 1071), summed in words of the host's order. */

#include "capture/checksum.h"

#include <string.h>

/* Two lanes, as the vector registers of every machine of today have them. */
typedef uint64_t lanes __attribute__((vector_size(16)));
#define BLOCK 64u

/* The same value modulo 0xffff, and far from an overflow. */
static uint64_t
fold(uint64_t word)
{
	return (word & 0xffffffff) + (word >> 32);
}

static lanes
load(const unsigned char *p)
{
	lanes word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Halves of words into lanes of whole words: no carry to look after. */
static uint64_t
add_blocks(uint64_t sum, const unsigned char *p, size_t count)
{
	lanes low = {0}, high = {0};

	for (; count; count--, p += BLOCK) {
		lanes a = load(p), b = load(p + 16), c = load(p + 32),
		      d = load(p + 48);

		low += (a & 0xffffffff) + (b & 0xffffffff) + (c & 0xffffffff) +
		       (d & 0xffffffff);
		high += (a >> 32) + (b >> 32) + (c >> 32) + (d >> 32);
	}
	return sum + fold(low[0]) + fold(low[1]) + fold(high[0]) +
	       fold(high[1]);
}

uint64_t
nspy_checksum_add(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t word;
	uint32_t half;
	uint16_t quarter;

	if (len >= BLOCK) {
		sum = add_blocks(sum, p, len / BLOCK);
		p += len - len % BLOCK;
		len %= BLOCK;
	}
	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += fold(word);
	}
	if (len & 4) {
		memcpy(&half, p, sizeof(half));
		sum += half;
		p += sizeof(half);
	}
	if (len & 2) {
		memcpy(&quarter, p, sizeof(quarter));
		sum += quarter;
		p += sizeof(quarter);
	}
	/* A last odd byte is followed by a zero. */
	if (len & 1) {
		quarter = 0;
		memcpy(&quarter, p, 1);
		sum += quarter;
	}
	return sum;
}

uint16_t
nspy_checksum_finish(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
