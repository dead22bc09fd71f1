/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments: sequence numbers, acknowledgements, how the bytes are divided. */

#include "capture/segment.h"

/*
 * How far one end may run ahead of the acknowledgements shown, in bytes. A
 * conversation without a handshake has no window scale, so 65535 is its whole
 * window; Wireshark warns when it is full.
 */
#define IN_FLIGHT_MAX (256u << 10)
#define IN_FLIGHT_LATE_MAX (48u << 10)

void
nspy_segment_write(struct nspy_teller *t, int from, uint8_t flags,
		   const void *data, size_t data_len, size_t wire_len)
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

void
nspy_segment_acknowledge(struct nspy_teller *t, int from)
{
	const struct nspy_flow *back = &t->c->flow[!from];

	if (back->acked < back->written || back->fin_acked < back->fin)
		nspy_segment_write(t, from, NSPY_TCP_ACK, NULL, 0, 0);
}

void
nspy_segment_reset(struct nspy_teller *t, int from)
{
	if (t->c->reset)
		return;
	nspy_segment_write(t, from, NSPY_TCP_RST | NSPY_TCP_ACK, NULL, 0, 0);
	t->c->reset = 1;
}

void
nspy_segment_refuse(struct nspy_teller *t)
{
	struct nspy_flow *peer = &t->c->flow[!t->side];

	peer->isn = UINT32_MAX;
	nspy_segment_write(t, !t->side, NSPY_TCP_RST | NSPY_TCP_ACK, NULL, 0,
			   0);
}

void
nspy_segment_data(struct nspy_teller *t, int from, size_t skip)
{
	const struct nspy_event *event = t->event;
	const uint8_t *data = t->drain->data;
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
			nspy_segment_acknowledge(t, !from);
		if (kept == len)
			len = kept = nspy_batch_segment_len(&t->drain->batch,
							    &probe);
		if (done + len == event->wire_len &&
		    !(event->flags & NSPY_MORE))
			flags |= NSPY_TCP_PSH;
		if (done + len == event->wire_len && event->flags & NSPY_URGENT)
			flags |= NSPY_TCP_URG;
		nspy_segment_write(t, from, flags, kept ? data + done : data,
				   kept, len);
		flow->written += len;
		done += len;
		if (first)
			nspy_segment_acknowledge(t, !from);
	}
}

void
nspy_segment_fin(struct nspy_teller *t, int from)
{
	struct nspy_flow *flow = &t->c->flow[from];

	if (flow->fin || t->c->reset)
		return;
	nspy_segment_acknowledge(t, !from);
	nspy_segment_write(t, from, NSPY_TCP_FIN | NSPY_TCP_ACK, NULL, 0, 0);
	flow->fin = 1;
	nspy_segment_acknowledge(t, !from);
}
