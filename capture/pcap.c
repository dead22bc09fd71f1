/* SPDX-License-Identifier: BSD-2-Clause */
/* The headers of the classic capture file (draft-ietf-opsawg-pcap, 4 and 5). */

#include "capture/pcap.h"

#include <string.h>

void
nspy_pcap_header(uint8_t buffer[NSPY_PCAP_HEADER_LEN], uint32_t snaplen)
{
	const uint32_t magic = 0xa1b23c4d;
	const uint16_t version[2] = {2, 4};
	const uint32_t rest[4] = {0, 0, snaplen, NSPY_LINKTYPE_LINUX_SLL};

	memcpy(buffer, &magic, 4);
	memcpy(buffer + 4, version, 4);
	memcpy(buffer + 8, rest, 16);
}

void
nspy_pcap_record(uint8_t buffer[NSPY_PCAP_RECORD_LEN], uint64_t when_ns,
		 uint32_t captured_len, uint32_t original_len)
{
	const uint32_t record[4] = {
		(uint32_t)(when_ns / 1000000000),
		(uint32_t)(when_ns % 1000000000),
		captured_len,
		original_len,
	};

	memcpy(buffer, record, sizeof(record));
}
