/* SPDX-License-Identifier: BSD-2-Clause */
/* Capture filters, compiled and run by libpcap on the packets that we make. */

#include "config.h"

#include "cli/filter.h"

#include "capture/format.h"
#include "cli/say.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

struct nspy_filter {
	pcap_t *pcap;
	struct bpf_program program;
	uint8_t packet[NSPY_PACKET_HEADER_MAX + NSPY_DATAGRAM_MAX];
};

struct nspy_filter *
nspy_filter_compile(const char *expression)
{
	struct nspy_filter *filter = calloc(1, sizeof(*filter));

	if (filter)
		filter->pcap = pcap_open_dead(DLT_LINUX_SLL, NSPY_SNAPLEN_MAX);
	if (!filter || !filter->pcap) {
		nspy_say("out of memory");
		free(filter);
		return NULL;
	}
	if (pcap_compile(filter->pcap, &filter->program, expression, 1,
			 PCAP_NETMASK_UNKNOWN) == 0)
		return filter;
	nspy_say("-f '%s': %s; see pcap-filter(7)", expression,
		 pcap_geterr(filter->pcap));
	pcap_close(filter->pcap);
	free(filter);
	return NULL;
}

bool
nspy_filter_matches(void *context, const struct nspy_packet *packet)
{
	struct nspy_filter *filter = context;
	size_t len = nspy_packet_header(packet, filter->packet);
	struct pcap_pkthdr header = {
		.caplen = (bpf_u_int32)(len + packet->data_len),
		.len = (bpf_u_int32)(len + packet->wire_len),
	};

	if (packet->data_len)
		memcpy(filter->packet + len, packet->data, packet->data_len);
	return pcap_offline_filter(&filter->program, &header, filter->packet);
}

void
nspy_filter_free(struct nspy_filter *filter)
{
	if (!filter)
		return;
	pcap_freecode(&filter->program);
	pcap_close(filter->pcap);
	free(filter);
}
