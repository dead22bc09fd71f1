/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is no stream: a datagram sent or received becomes one packet, of UDP
 * (RFC 768) or UDP-Lite (RFC 3828).
 */

#include "capture/conversation.h"
#include "capture/drain.h"

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

/*
 * Whether the other end of the datagram, recorded here too, has told of it
 * already. Each end counts: the n-th one received is not later than the n-th
 * one sent, however many are lost on the way.
 */
static bool
told_already(struct nspy_drain *drain, const struct nspy_event *event,
	     uint32_t *serial)
{
	struct nspy_conversation *c;
	struct nspy_flow *flow;
	uint64_t *told;
	int side = 0;

	if (!event->peer.version || !event->local.port)
		return false; /* the address was not asked for */
	c = nspy_conversation_find(drain, event, &side);
	if (!c) {
		side = 0;
		c = nspy_conversation_new(drain, event, side);
		if (!c)
			return false;
		c->state = NSPY_OPEN;
		/* No call says that it is over: the oldest one goes first. */
		nspy_conversation_linger(drain, c);
	}
	c->used = 1;
	*serial = c->serial;
	flow = &c->flow[event->kind == NSPY_SEND ? side : !side];
	told = event->kind == NSPY_SEND ? &flow->sent : &flow->received;
	if (++*told <= flow->written)
		return true;
	flow->written = *told;
	return false;
}

bool
nspy_datagram_event(struct nspy_drain *drain, const struct nspy_event *event)
{
	struct nspy_endpoint local = known_version(&event->local, &event->peer);
	struct nspy_endpoint peer = known_version(&event->peer, &event->local);
	bool outgoing = event->kind == NSPY_SEND;
	struct nspy_packet packet = {
		.from = outgoing ? &local : &peer,
		.to = outgoing ? &peer : &local,
		.outgoing = outgoing,
		.protocol = event->protocol,
		.data = nspy_event_data(event),
		.data_len = event->data_len,
		.wire_len = event->wire_len,
	};

	if ((event->kind != NSPY_SEND && event->kind != NSPY_RECV) ||
	    event->error || told_already(drain, event, &packet.serial))
		return true;
	nspy_drain_packet(drain, event,
			  outgoing ? event->begin_ns : event->end_ns, &packet);
	drain->progress->bytes += event->wire_len;
	return true;
}
