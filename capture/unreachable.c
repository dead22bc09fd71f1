/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ICMP (RFC 792) or ICMPv6 (RFC 4443) message behind an error of a UDP
 * socket. Of the datagram that it is about it quotes the headers, as this capture
 * shows them; the message on the wire has some of the payload, too. It is shown
 * only when there is one datagram that it can be about.
 */

#include "capture/conversation.h"
#include "capture/drain.h"

#include <string.h>

#define ICMP_LEN 8u
#define ICMP_CHECKSUM 2u
#define UDP_LEN 8u
#define MESSAGE_MAX (ICMP_LEN + 40u + UDP_LEN)

static void
put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* Type and code may come from the program's own memory: only what they are. */
static bool
is_error(const struct nspy_unreachable *message, bool six)
{
	if (six)
		return message->type >= 1 && message->type <= 4;
	return message->type == 3 || message->type == 11 || message->type == 12;
}

/* What stands between the checksum and the quoted packet. */
static void
put_rest(uint8_t *p, const struct nspy_unreachable *message, bool six)
{
	memset(p, 0, 4);
	/* The MTU, of a packet that was too big. */
	if (six && message->type == 2)
		put16(p, message->info >> 16);
	if (six ? message->type == 2 : message->type == 3 && message->code == 4)
		put16(p + 2, message->info);
}

/* The packet's header begins with LINUX_SLL's, which is no part of it. */
static size_t
put_quoted(uint8_t *p, const struct nspy_packet *quoted, uint16_t checksum)
{
	uint8_t header[NSPY_PACKET_HEADER_MAX];
	size_t len = nspy_packet_header(quoted, header) - 16;

	memcpy(p, header + 16, len);
	memcpy(p + len - 2, &checksum, sizeof(checksum));
	return len;
}

/* The header of ICMP and what it quotes. Returns their length. */
static size_t
put_message(uint8_t *icmp, const struct nspy_unreachable *message,
	    const struct nspy_event *event, const struct nspy_flow *flow)
{
	const struct nspy_packet quoted = {
		.from = &event->local,
		.to = &event->peer,
		.protocol = IPPROTO_UDP,
		.wire_len = flow->only_len - UDP_LEN,
	};

	icmp[0] = message->type;
	icmp[1] = message->code;
	put16(icmp + ICMP_CHECKSUM, 0);
	put_rest(icmp + 4, message, event->peer.version == 6);
	return ICMP_LEN +
	       put_quoted(icmp + ICMP_LEN, &quoted, flow->only_checksum);
}

bool
nspy_unreachable_event(struct nspy_drain *drain, const struct nspy_event *event)
{
	struct nspy_conversation *c;
	struct nspy_flow *flow;
	struct nspy_unreachable message;
	bool six = event->peer.version == 6;
	uint8_t icmp[MESSAGE_MAX];
	uint16_t sum;
	int side = 0;
	struct nspy_packet packet = {
		.from = &message.from,
		.to = &event->local,
		.protocol = six ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
		.raw = icmp,
	};

	if (event->data_len != sizeof(message))
		return true;
	memcpy(&message, drain->data, sizeof(message));
	c = nspy_conversation_find(drain, event, &side);
	if (!c || message.from.version != event->peer.version ||
	    event->local.version != event->peer.version ||
	    !is_error(&message, six))
		return true;
	flow = &c->flow[side];
	/* If there are several, nobody tells which of them it quotes. */
	if (flow->only_len) {
		packet.serial = c->serial;
		packet.raw_len = put_message(icmp, &message, event, flow);
		sum = nspy_packet_raw_checksum(&packet);
		memcpy(icmp + ICMP_CHECKSUM, &sum, sizeof(sum));
		nspy_drain_packet(drain, event, event->end_ns, &packet);
	}
	flow->only_len = 0;
	if (flow->unanswered)
		flow->unanswered--;
	return true;
}
