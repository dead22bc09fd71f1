/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum (RFC 1071), summed in words of the host's order. */

#include "capture/checksum.h"

#include <string.h>

uint64_t
nspy_checksum_add(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t lane[4] = {0};

	/*
	 * 32-bit words into 64-bit lanes: no carry to look after, and the
	 * compiler makes vector code of it.
	 */
	while (len >= 32) {
		uint32_t word[8];

		memcpy(word, p, sizeof(word));
		for (int i = 0; i < 4; i++)
			lane[i] += (uint64_t)word[i] + word[i + 4];
		p += sizeof(word);
		len -= sizeof(word);
	}
	for (int i = 0; i < 4; i++)
		sum += (lane[i] & 0xffffffff) + (lane[i] >> 32);
	while (len >= 2) {
		uint16_t word;

		memcpy(&word, p, sizeof(word));
		sum += word;
		p += 2;
		len -= 2;
	}
	if (len) {
		uint16_t word = 0;

		memcpy(&word, p, 1);
		sum += word;
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
