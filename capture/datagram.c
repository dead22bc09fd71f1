/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is no stream: a datagram sent or received becomes one packet, of UDP
 * (RFC 768) or UDP-Lite (RFC 3828).
 */

#include "capture/conversation.h"
#include "capture/drain.h"

#define UDP_LEN 8u

/*
 * An address that nobody told (recv on a socket that is not connected, or a
 * wildcard) stays zero, of the version of the other end.
 */
static struct nspy_endpoint
known_version(const struct nspy_endpoint *end,
	      const struct nspy_endpoint *other)
{
	struct nspy_endpoint result = *end;

	if (!result.version)
		result.version = other->version ? other->version : 4;
	return result;
}

/* The conversation of the event, new if need be; NULL: not known, no room. */
static struct nspy_conversation *
conversation_of(struct nspy_drain *drain, const struct nspy_event *event,
		int *end)
{
	struct nspy_conversation *c;
	int side = 0;

	if (!event->peer.version || !event->local.port)
		return NULL; /* the address was not asked for */
	c = nspy_conversation_find(drain, event, &side);
	if (!c) {
		side = 0;
		c = nspy_conversation_new(drain, event, side);
		if (!c)
			return NULL;
		c->state = NSPY_OPEN;
		/* No call says that it is over: the oldest one goes first. */
		nspy_conversation_linger(drain, c);
	}
	c->used = 1;
	*end = side;
	return c;
}

/*
 * Whether the other end of the datagram, recorded here too, has told of it
 * already. Each end counts: the n-th one received is not later than the n-th
 * one sent, however many are lost on the way.
 */
static bool
told_already(struct nspy_flow *flow, uint16_t kind)
{
	uint64_t *told = kind == NSPY_SEND ? &flow->sent : &flow->received;

	if (++*told <= flow->written)
		return true;
	flow->written = *told;
	return false;
}

/* What an ICMP message quotes, if it can only be about this datagram. */
static void
remember(struct nspy_flow *flow, struct nspy_packet *packet)
{
	if (flow->unanswered != 1 || packet->data_len < packet->wire_len ||
	    packet->wire_len > UINT16_MAX - UDP_LEN)
		return;
	flow->only_len = (uint16_t)(packet->wire_len + UDP_LEN);
	flow->only_checksum = 0;
	packet->checksum = &flow->only_checksum;
}

/* An answer is for one that was sent, though nobody tells which. */
static void
count_answer(struct nspy_flow *flow, const struct nspy_event *event)
{
	uint32_t len = event->segment_len;

	flow->only_len = 0;
	if (event->kind == NSPY_SEND)
		flow->unanswered += len ? (event->wire_len + len - 1) / len : 1;
	else if (flow->unanswered)
		flow->unanswered--;
}

/*
 * One datagram, or those that UDP GSO makes of a call's bytes, or those that
 * GRO made them of. flow counts them, if the conversation is known.
 */
static void
write_datagrams(struct nspy_drain *drain, const struct nspy_event *event,
		struct nspy_packet *packet, struct nspy_flow *flow)
{
	const uint8_t *data = drain->data;
	/* More than IP carries is no row of datagrams, but a damaged event. */
	size_t len = event->segment_len && event->wire_len <= UINT16_MAX
			     ? event->segment_len
			     : event->wire_len;
	size_t done = 0;

	do {
		size_t rest = event->wire_len - done;
		size_t kept =
			event->data_len > done ? event->data_len - done : 0;

		packet->wire_len = rest < len ? rest : len;
		packet->data = data + done;
		packet->data_len =
			kept < packet->wire_len ? kept : packet->wire_len;
		done += packet->wire_len;
		if (flow && told_already(flow, event->kind))
			continue;
		if (flow)
			remember(flow, packet);
		nspy_drain_packet(drain, event,
				  packet->outgoing ? event->begin_ns
						   : event->end_ns,
				  packet);
	} while (done < event->wire_len);
}

bool
nspy_datagram_event(struct nspy_drain *drain, const struct nspy_event *event)
{
	struct nspy_endpoint local = known_version(&event->local, &event->peer);
	struct nspy_endpoint peer = known_version(&event->peer, &event->local);
	bool outgoing = event->kind == NSPY_SEND;
	struct nspy_conversation *c;
	int side = 0;
	struct nspy_packet packet = {
		.from = outgoing ? &local : &peer,
		.to = outgoing ? &peer : &local,
		.outgoing = outgoing,
		.protocol = event->protocol,
		.coverage = event->checksum && event->checksum < UDP_LEN
				    ? UDP_LEN
				    : event->checksum,
		.netlink = event->family == AF_NETLINK,
	};

	if (event->kind == NSPY_UNREACHABLE)
		return nspy_unreachable_event(drain, event);
	if ((event->kind != NSPY_SEND && event->kind != NSPY_RECV) ||
	    event->error)
		return true;
	c = conversation_of(drain, event, &side);
	packet.serial = c ? c->serial : 0;
	if (c)
		count_answer(&c->flow[side], event);
	write_datagrams(drain, event, &packet,
			c ? &c->flow[outgoing ? side : !side] : NULL);
	return true;
}
