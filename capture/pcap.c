/* SPDX-License-Identifier: BSD-2-Clause */
/* The header of the classic capture file (draft-ietf-opsawg-pcap, 4). */

#include "capture/pcap.h"

#include "capture/format.h"

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
