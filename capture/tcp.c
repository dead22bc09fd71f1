/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls on a TCP socket become the segments (RFC 9293) that a capture on
 * the wire would show. Sequence and acknowledgement numbers only ever refer to
 * what has been written before.
 */

#include "capture/conversation.h"
#include "capture/drain.h"

#include <errno.h>

/*
 * How far one end may run ahead of the acknowledgements shown, in bytes. A
 * conversation without a handshake has no window scale, so 65535 is its whole
 * window; Wireshark warns when it is full.
 */
#define IN_FLIGHT_MAX (256u << 10)
#define IN_FLIGHT_LATE_MAX (48u << 10)

/* One conversation, and the event that tells of it. */
struct teller {
	struct nspy_drain *drain;
	struct nspy_conversation *c;
	const struct nspy_event *event;
	int side; /* the end that made the call */
	uint64_t when_ns;
};

static void
write_segment(struct teller *t, int from, uint8_t flags, const void *data,
	      size_t data_len, size_t wire_len)
{
	struct nspy_conversation *c = t->c;
	struct nspy_flow *flow = &c->flow[from], *back = &c->flow[!from];
	bool syn = flags & NSPY_TCP_SYN;
	struct nspy_packet packet = {
		.from = &c->end[from],
		.to = &c->end[!from],
		.outgoing = from == t->side,
		.serial = c->serial,
		.protocol = IPPROTO_TCP,
		.tcp_flags = flags,
		.sequence = flow->isn,
		.data = data,
		.data_len = data_len,
		.wire_len = wire_len,
	};

	if (!syn)
		packet.sequence += 1 + (uint32_t)flow->written + flow->fin;
	if (flags & NSPY_TCP_ACK) {
		packet.acknowledgement =
			back->isn + 1 + (uint32_t)back->written + back->fin;
		back->acked = back->written;
		back->fin_acked = back->fin;
	}
	if (c->last_ns < t->when_ns)
		c->last_ns = t->when_ns;
	nspy_drain_packet(t->drain, t->event, c->last_ns, &packet);
}

/* end[from] acknowledges, unless it has done so already. */
static void
acknowledge(struct teller *t, int from)
{
	const struct nspy_flow *back = &t->c->flow[!from];

	if (back->acked < back->written || back->fin_acked < back->fin)
		write_segment(t, from, NSPY_TCP_ACK, NULL, 0, 0);
}

static void
write_answer(struct teller *t)
{
	write_segment(t, 1, NSPY_TCP_SYN | NSPY_TCP_ACK, NULL, 0, 0);
	write_segment(t, 0, NSPY_TCP_ACK, NULL, 0, 0);
	t->c->state = NSPY_OPEN;
}

/* The calls of this end are seen from its first byte on. */
static void
tell_from_start(struct teller *t)
{
	t->c->flow[t->side].told[0] = 1;
	t->c->flow[!t->side].told[1] = 1;
}

static bool
start(struct teller *t, int side, uint8_t state)
{
	t->side = side;
	t->c = nspy_conversation_new(t->drain, t->event, side);
	if (!t->c)
		return false;
	t->c->state = state;
	tell_from_start(t);
	return true;
}

static void
write_reset(struct teller *t, int from)
{
	if (t->c->reset)
		return;
	write_segment(t, from, NSPY_TCP_RST | NSPY_TCP_ACK, NULL, 0, 0);
	t->c->reset = 1;
}

/* The peer refused: its RST has sequence number 0 (RFC 9293, 3.5.2). */
static void
write_refusal(struct teller *t)
{
	struct nspy_flow *peer = &t->c->flow[!t->side];

	peer->isn = UINT32_MAX;
	write_segment(t, !t->side, NSPY_TCP_RST | NSPY_TCP_ACK, NULL, 0, 0);
}

/* A connect() did not succeed. Without an answer its SYN stands alone. */
static void
fail(struct teller *t)
{
	if (t->event->error == ECONNREFUSED)
		write_refusal(t);
	nspy_conversation_drop(t->drain, t->c);
}

/* Errors that the kernel gives without a packet leave no trace here. */
static bool
sent_syn(int error)
{
	return error == 0 || error == EINPROGRESS || error == EINTR ||
	       error == ECONNREFUSED || error == ETIMEDOUT ||
	       error == ECONNRESET;
}

static bool
on_connect(struct teller *t)
{
	if (!sent_syn(t->event->error))
		return true;
	if (t->c) {
		/* The other end of it was accepted, and told, before. */
		tell_from_start(t);
		return true;
	}
	if (!start(t, 0, NSPY_SYN_SENT))
		return false;
	t->when_ns = t->event->begin_ns;
	write_segment(t, 0, NSPY_TCP_SYN, NULL, 0, 0);
	t->when_ns = t->event->end_ns;
	if (t->event->error == 0)
		write_answer(t);
	else if (t->event->error != EINPROGRESS && t->event->error != EINTR)
		fail(t);
	return true;
}

static bool
on_established(struct teller *t)
{
	if (!t->c || t->c->state != NSPY_SYN_SENT)
		return true;
	t->when_ns = t->event->begin_ns;
	if (t->event->error)
		fail(t);
	else
		write_answer(t);
	return true;
}

static bool
on_accept(struct teller *t)
{
	if (t->c) {
		tell_from_start(t);
		if (t->c->state == NSPY_SYN_SENT)
			write_answer(t);
		return true;
	}
	if (!start(t, 1, NSPY_SYN_SENT))
		return false;
	write_segment(t, 0, NSPY_TCP_SYN, NULL, 0, 0);
	write_answer(t);
	return true;
}

static void
write_data(struct teller *t, int from, size_t skip)
{
	const struct nspy_event *event = t->event;
	const uint8_t *data = nspy_event_data(event);
	struct nspy_flow *flow = &t->c->flow[from];
	size_t limit =
		t->c->state == NSPY_LATE ? IN_FLIGHT_LATE_MAX : IN_FLIGHT_MAX;
	size_t done = skip;

	while (done < event->wire_len) {
		bool first = flow->written == 0;
		size_t kept =
			event->data_len > done ? event->data_len - done : 0;
		struct nspy_packet probe = {
			.from = &t->c->end[from],
			.to = &t->c->end[!from],
			.protocol = IPPROTO_TCP,
			.data_len = kept,
		};
		size_t len = event->wire_len - done;
		uint8_t flags = NSPY_TCP_ACK;

		/* Before the length is chosen, which depends on the page. */
		if (flow->written - flow->acked + len > limit)
			acknowledge(t, !from);
		if (kept == len)
			len = kept = nspy_batch_segment_len(&t->drain->batch,
							    &probe);
		if (done + len == event->wire_len &&
		    !(event->flags & NSPY_MORE))
			flags |= NSPY_TCP_PSH;
		if (done + len == event->wire_len && event->flags & NSPY_URGENT)
			flags |= NSPY_TCP_URG;
		write_segment(t, from, flags, kept ? data + done : data, kept,
			      len);
		flow->written += len;
		done += len;
		if (first)
			acknowledge(t, !from);
	}
}

static void
on_data(struct teller *t, int from)
{
	bool sender = from == t->side;
	struct nspy_flow *flow = &t->c->flow[from];
	uint64_t *told = sender ? &flow->sent : &flow->received;
	uint64_t end = *told + t->event->wire_len;

	/*
	 * This end was open before we looked, and the other one tells of the
	 * same bytes: where its calls stand among them is not known.
	 */
	if (!flow->told[sender ? 0 : 1])
		return;
	*told = end;
	if (end > flow->written) {
		uint64_t fresh = end - flow->written;

		if (fresh > t->event->wire_len)
			fresh = t->event->wire_len;
		write_data(t, from, t->event->wire_len - (size_t)fresh);
	}
}

static void
write_fin(struct teller *t, int from)
{
	struct nspy_flow *flow = &t->c->flow[from];

	if (flow->fin || t->c->reset)
		return;
	acknowledge(t, !from);
	write_segment(t, from, NSPY_TCP_FIN | NSPY_TCP_ACK, NULL, 0, 0);
	flow->fin = 1;
	acknowledge(t, !from);
}

static void
on_failure(struct teller *t)
{
	int error = t->event->error;

	if (t->c->state == NSPY_SYN_SENT) {
		if (error == ECONNREFUSED || error == ETIMEDOUT)
			fail(t);
		return;
	}
	/* After our own FIN a send fails without a word of the peer. */
	if (error == ECONNRESET || (error == EPIPE && !t->c->flow[t->side].fin))
		write_reset(t, !t->side);
}

static bool
on_transfer(struct teller *t)
{
	bool send = t->event->kind == NSPY_SEND;
	int from = send ? t->side : !t->side;

	if (!t->c) {
		if (t->event->error)
			return true;
		if (!start(t, 0, NSPY_LATE))
			return false;
		from = send ? 0 : 1;
	}
	if (t->event->error) {
		on_failure(t);
		return true;
	}
	if (t->c->state == NSPY_SYN_SENT)
		write_answer(t);
	if (t->event->wire_len)
		on_data(t, from);
	else if (!send)
		write_fin(t, from);
	return true;
}

static bool
on_close(struct teller *t)
{
	struct nspy_conversation *c = t->c;

	if (!c)
		return true;
	if (c->state == NSPY_SYN_SENT) {
		nspy_conversation_drop(t->drain, c);
		return true;
	}
	if (!c->ended[t->side] && !(t->event->flags & NSPY_HELD)) {
		if (t->event->flags & NSPY_RESET)
			write_reset(t, t->side);
		else
			write_fin(t, t->side);
	}
	c->ended[t->side] = 1;
	if (c->ended[!t->side] && c->cookie[!t->side])
		nspy_conversation_drop(t->drain, c);
	else if (!c->cookie[!t->side])
		nspy_conversation_linger(t->drain, c);
	return true;
}

bool
nspy_tcp_event(struct nspy_drain *drain, const struct nspy_event *event)
{
	struct teller t = {
		.drain = drain,
		.event = event,
		.when_ns =
			event->kind == NSPY_RECV || event->kind == NSPY_ACCEPT
				? event->end_ns
				: event->begin_ns,
	};

	t.c = nspy_conversation_find(drain, event, &t.side);
	switch (event->kind) {
	case NSPY_CONNECT:
		return on_connect(&t);
	case NSPY_ESTABLISHED:
		return on_established(&t);
	case NSPY_ACCEPT:
		return on_accept(&t);
	case NSPY_SEND:
	case NSPY_RECV:
		return on_transfer(&t);
	case NSPY_SHUTDOWN:
		if (t.c && t.c->state != NSPY_SYN_SENT)
			write_fin(&t, t.side);
		return true;
	case NSPY_CLOSE:
		return on_close(&t);
	default:
		return true;
	}
}
