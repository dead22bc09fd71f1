/* SPDX-License-Identifier: BSD-2-Clause */
/* Heads and tails of the records of both kinds of file. */

#include "capture/format.h"

#include "capture/pcapng.h"

#include <string.h>

static size_t
no_tail_len(const struct nspy_record *record)
{
	(void)record;
	return 0;
}

static void
no_tail(uint8_t *p, const struct nspy_record *record)
{
	(void)p;
	(void)record;
}

static void
pcap_head(uint8_t *p, const struct nspy_record *record)
{
	const uint32_t head[4] = {
		(uint32_t)(record->when_ns / 1000000000),
		(uint32_t)(record->when_ns % 1000000000),
		record->captured_len,
		record->original_len,
	};

	memcpy(p, head, sizeof(head));
}

const struct nspy_format nspy_formats[2] = {
	[NSPY_PCAP] =
		{
			.head_len = 16,
			.tail_len = no_tail_len,
			.head = pcap_head,
			.tail = no_tail,
		},
	[NSPY_PCAPNG] =
		{
			.head_len = 28,
			.tail_len = nspy_pcapng_tail_len,
			.head = nspy_pcapng_head,
			.tail = nspy_pcapng_tail,
			.filler_min = 12,
		},
};
