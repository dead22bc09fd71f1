/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls on a TCP socket become the segments (RFC 9293) that a capture on
 * the wire would show. Sequence and acknowledgement numbers only ever refer to
 * what has been written before.
 */

#include "capture/segment.h"

#include <errno.h>
#include <string.h>

static void
write_answer(struct nspy_teller *t)
{
	nspy_segment_write(t, 1, NSPY_TCP_SYN | NSPY_TCP_ACK, NULL, 0, 0);
	nspy_segment_write(t, 0, NSPY_TCP_ACK, NULL, 0, 0);
	t->c->state = NSPY_OPEN;
}

/*
 * The calls of this end are seen from its first byte on. Where the other end's
 * are not, what it said is counted from a later byte, and this end's receiving
 * cannot be set against that.
 */
static void
tell_from_start(struct nspy_teller *t)
{
	t->c->flow[t->side].told[0] = 1;
	if (t->c->state != NSPY_LATE)
		t->c->flow[!t->side].told[1] = 1;
}

static bool
start(struct nspy_teller *t, int side, uint8_t state)
{
	t->side = side;
	t->c = nspy_conversation_new(t->drain, t->event, side);
	if (!t->c)
		return false;
	tell_from_start(t);
	t->c->state = state;
	return true;
}

/* A connect() did not succeed. Without an answer its SYN stands alone. */
static void
fail(struct nspy_teller *t)
{
	if (t->event->error == ECONNREFUSED)
		nspy_segment_refuse(t);
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

static void
on_data(struct nspy_teller *t, int from)
{
	bool sender = from == t->side;
	struct nspy_flow *flow = &t->c->flow[from];
	uint64_t *told = sender ? &flow->sent : &flow->received;
	uint64_t end = *told + t->event->wire_len, before;

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
		before = t->drain->batch.packets;
		nspy_segment_data(t, from, t->event->wire_len - (size_t)fresh);
		if (t->drain->batch.packets > before)
			nspy_secrets_look(t->drain, t->event,
					  &t->c->header[from]);
	}
}

static bool
on_connect(struct nspy_teller *t)
{
	if (!sent_syn(t->event->error))
		return true;
	if (t->c) {
		/* The other end of it was accepted, and told, before. */
		tell_from_start(t);
		if (t->event->wire_len)
			on_data(t, t->side);
		return true;
	}
	if (!start(t, 0, NSPY_SYN_SENT))
		return false;
	t->when_ns = t->event->begin_ns;
	/* TCP Fast Open sends data with it. */
	nspy_segment_write(t, 0, NSPY_TCP_SYN, t->drain->data,
			   t->event->data_len, t->event->wire_len);
	t->c->flow[0].written = t->c->flow[0].sent = t->event->wire_len;
	t->when_ns = t->event->end_ns;
	if (t->event->error == 0)
		write_answer(t);
	else if (t->event->error != EINPROGRESS && t->event->error != EINTR)
		fail(t);
	return true;
}

static bool
on_established(struct nspy_teller *t)
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
on_accept(struct nspy_teller *t)
{
	if (t->c) {
		tell_from_start(t);
		if (t->c->state == NSPY_SYN_SENT)
			write_answer(t);
		return true;
	}
	if (!start(t, 1, NSPY_SYN_SENT))
		return false;
	nspy_segment_write(t, 0, NSPY_TCP_SYN, NULL, 0, 0);
	write_answer(t);
	return true;
}

/*
 * Somebody reset the connection. Bytes that came after shutdown() of both
 * directions make the kernel do it at this end, for which flags has NSPY_RESET.
 */
static void
tell_reset(struct nspy_teller *t, uint16_t flags)
{
	const struct nspy_flow *back = &t->c->flow[!t->side];
	bool own = flags & NSPY_RESET && t->c->flow[t->side].fin &&
		   back->written > back->received;

	nspy_segment_reset(t, own ? t->side : !t->side);
}

static void
on_failure(struct nspy_teller *t)
{
	int error = t->event->error;

	if (t->c->state == NSPY_SYN_SENT) {
		if (error == ECONNREFUSED || error == ETIMEDOUT)
			fail(t);
		return;
	}
	/* After our own FIN a send fails without a word of the peer. */
	if (error == ECONNRESET || (error == EPIPE && !t->c->flow[t->side].fin))
		tell_reset(t, t->event->flags);
}

static bool
on_transfer(struct nspy_teller *t)
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
		nspy_segment_fin(t, from);
	return true;
}

/*
 * The kernel counted more than was told: the bytes have sequence numbers but
 * no packet, as when a capture on the wire has lost some.
 */
static void
leave_gap(struct nspy_flow *flow, bool sender, uint64_t count)
{
	uint64_t *told = sender ? &flow->sent : &flow->received;

	if (!flow->told[sender ? 0 : 1] || count <= *told)
		return;
	*told = count;
	if (count > flow->written && !flow->fin)
		flow->written = count;
}

static void
on_audit(struct nspy_teller *t)
{
	struct nspy_counts counts;

	if (!t->c || t->c->state == NSPY_SYN_SENT ||
	    t->event->data_len != sizeof(counts))
		return;
	memcpy(&counts, t->drain->data, sizeof(counts));
	leave_gap(&t->c->flow[t->side], true, counts.sent);
	leave_gap(&t->c->flow[!t->side], false, counts.received);
}

/* The program did not want these recorded: a gap like those. */
static void
on_skipped(struct nspy_teller *t)
{
	struct nspy_flow *ours, *theirs;
	struct nspy_counts counts;

	if (!t->c || t->event->data_len != sizeof(counts))
		return;
	memcpy(&counts, t->drain->data, sizeof(counts));
	if (t->c->state == NSPY_SYN_SENT)
		write_answer(t);
	ours = &t->c->flow[t->side];
	theirs = &t->c->flow[!t->side];
	leave_gap(ours, true, ours->sent + counts.sent);
	leave_gap(theirs, false, theirs->received + counts.received);
}

static void
tell_end(struct nspy_teller *t, uint16_t flags)
{
	if (flags & NSPY_PEER_FIN)
		nspy_segment_fin(t, !t->side);
	if (flags & NSPY_PEER_RESET)
		tell_reset(t, flags);
	else if (flags & NSPY_RESET)
		nspy_segment_reset(t, t->side);
	else if (!(flags & NSPY_SILENT))
		nspy_segment_fin(t, t->side);
}

static bool
on_close(struct nspy_teller *t)
{
	struct nspy_conversation *c = t->c;
	uint16_t flags = t->event->flags;

	if (!c)
		return true;
	if (flags & NSPY_HELD) {
		if (c->ended[t->side] == NSPY_USED)
			c->ended[t->side] = NSPY_LET_GO;
		nspy_conversation_linger(t->drain, c);
		return true;
	}
	if (c->state == NSPY_SYN_SENT) {
		nspy_conversation_drop(t->drain, c);
		return true;
	}
	if (c->ended[t->side] != NSPY_ENDED)
		tell_end(t, flags);
	c->ended[t->side] = NSPY_ENDED;
	if (c->ended[!t->side] == NSPY_ENDED && c->cookie[!t->side])
		nspy_conversation_drop(t->drain, c);
	else if (c->ended[!t->side] || !c->cookie[!t->side])
		nspy_conversation_linger(t->drain, c);
	return true;
}

bool
nspy_tcp_event(struct nspy_drain *drain, const struct nspy_event *event)
{
	struct nspy_teller t = {
		.drain = drain,
		.event = event,
		.when_ns =
			event->kind == NSPY_RECV || event->kind == NSPY_ACCEPT
				? event->end_ns
				: event->begin_ns,
	};

	t.c = nspy_conversation_find(drain, event, &t.side);
	if (t.c)
		t.c->used = 1;
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
			nspy_segment_fin(&t, t.side);
		return true;
	case NSPY_AUDIT:
		on_audit(&t);
		return true;
	case NSPY_SKIPPED:
		on_skipped(&t);
		return true;
	case NSPY_CLOSE:
		return on_close(&t);
	default:
		return true;
	}
}
