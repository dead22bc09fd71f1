/* SPDX-License-Identifier: BSD-2-Clause */
/* Who says what to whom in one packet, from its link header to its payload. */

#ifndef NETSPY_DISSECT_H
#define NETSPY_DISSECT_H

#include "capture/event.h"
#include "cli/reader.h"

/* Of those without IP the port is 1 for the process, and 0. */
enum nspy_layer {
	NSPY_LAYER_IP,
	NSPY_LAYER_NETLINK,
	NSPY_LAYER_MARK, /* what a program has put in, see netspy.h */
};

struct nspy_dissected {
	enum nspy_layer layer;
	uint8_t protocol; /* of IP, or of netlink */
	/*
	 * ICMP has the identifier of an echo as both ports, and type and code
	 * of other messages; what else has no ports has 0.
	 */
	struct nspy_endpoint from, to;
	uint8_t icmp_type, icmp_code;
	uint8_t tcp_flags; /* enum nspy_tcp_flag */
	uint32_t sequence, acknowledgement;
	uint16_t window;
	uint32_t ip_len;	/* bytes of the packet, IP header included */
	uint32_t len;		/* of the payload */
	uint32_t captured_len;	/* of it, as far as the file has it */
	const uint8_t *payload; /* of UDP and TCP; of others, what IP carries */
	bool fragmented;	/* it is a part of an IP packet with this ID, */
	bool is_later;		/* and not the first: no ports are known */
	uint16_t fragment;	/* of IPv6, half of the ID */
};

/* False: none of the layers, or cut too short to tell. */
bool nspy_dissect(const struct nspy_captured *packet,
		  struct nspy_dissected *result);

/* Whether it is an echo request or reply, of ICMP or ICMPv6. */
bool nspy_is_echo(uint8_t protocol, uint8_t icmp_type);

#endif
