/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams from segments, and the letters that Zeek calls history. */

#include "cli/stream.h"

#include "capture/packet.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool
is_tcp(const struct nspy_connection *c)
{
	return c->protocol == IPPROTO_TCP && c->layer == NSPY_LAYER_IP;
}

/* A letter of the history: in upper case for the side that began. */
static void
tell(struct nspy_connection *c, int side, char letter)
{
	size_t len = strlen(c->history);

	if (len + 1 < sizeof(c->history))
		c->history[len] =
			side ? letter : (char)toupper((unsigned char)letter);
}

static void
tell_once(struct nspy_connection *c, int side, char letter)
{
	char shown = side ? letter : (char)toupper((unsigned char)letter);

	if (!strchr(c->history, shown))
		tell(c, side, letter);
}

/* The 1st, 10th, 100th of a kind. */
static void
tell_often(struct nspy_connection *c, int side, char letter, uint64_t *count)
{
	uint64_t number = ++*count;

	while (number % 10 == 0)
		number /= 10;
	if (number == 1)
		tell(c, side, letter);
}

bool
nspy_stream_is_new(const struct nspy_connection *c, int side,
		   const struct nspy_dissected *d)
{
	const struct nspy_side *from = &c->side[side];

	if (!is_tcp(c) || !(d->tcp_flags & NSPY_TCP_SYN) ||
	    d->tcp_flags & NSPY_TCP_ACK)
		return false;
	return !from->syn || from->base != d->sequence + 1 || from->fin ||
	       from->reset || c->side[!side].reset;
}

/* The place in the stream that the sequence number means; it wraps. */
static int64_t
place_of(const struct nspy_side *side, uint32_t sequence)
{
	uint64_t end = nspy_ranges_end(&side->seen);
	int32_t ahead = (int32_t)(sequence - (side->base + (uint32_t)end));

	return (int64_t)end + ahead;
}

/* An acknowledgement of what nobody captured is a gap. */
static void
look_for_gap(struct nspy_connection *c, int side, uint32_t acknowledgement)
{
	struct nspy_side *from = &c->side[side];
	int64_t acked;

	if (!from->based)
		return;
	acked = place_of(from, acknowledgement);
	if (nspy_ranges_end(&from->seen) > nspy_ranges_front(&from->seen) &&
	    acked > (int64_t)nspy_ranges_front(&from->seen))
		tell_often(c, side, 'g', &from->gaps);
}

static void
tell_flags(struct nspy_connection *c, int side, const struct nspy_dissected *d)
{
	struct nspy_side *from = &c->side[side];
	bool ack = d->tcp_flags & NSPY_TCP_ACK;

	if (d->tcp_flags & NSPY_TCP_SYN) {
		from->syn |= !ack;
		from->syn_ack |= ack;
		tell_once(c, side, ack ? 'h' : 's');
	}
	if (d->len)
		tell_once(c, side, 'd');
	if (d->tcp_flags & NSPY_TCP_FIN) {
		from->fin = true;
		tell_once(c, side, 'f');
	}
	/* What comes behind the end is no end of its own. */
	if (d->tcp_flags & NSPY_TCP_RST) {
		from->reset |= !c->side[0].fin || !c->side[1].fin;
		tell_once(c, side, 'r');
	}
	if (ack && !d->len &&
	    !(d->tcp_flags & (NSPY_TCP_SYN | NSPY_TCP_FIN | NSPY_TCP_RST)))
		tell_once(c, side, 'a');
	if (ack && !d->window && !(d->tcp_flags & NSPY_TCP_RST))
		tell_often(c, side, 'w', &from->closed_windows);
}

static uint64_t
add_segment(struct nspy_connection *c, int side, const struct nspy_dissected *d)
{
	struct nspy_side *from = &c->side[side];
	uint32_t sequence = d->sequence + !!(d->tcp_flags & NSPY_TCP_SYN);
	uint64_t fresh = 0;
	int64_t place, end;

	/* A refusal has the sequence number 0, which means nothing. */
	if (!from->based && !(d->tcp_flags & NSPY_TCP_RST)) {
		from->based = true;
		from->base = sequence;
	}
	tell_flags(c, side, d);
	if (d->tcp_flags & NSPY_TCP_ACK)
		look_for_gap(c, !side, d->acknowledgement);
	if (!from->based || d->tcp_flags & NSPY_TCP_RST)
		return 0;
	place = place_of(from, sequence);
	end = place + d->len;
	/* The FIN itself has a number. */
	if ((!from->fin || d->tcp_flags & NSPY_TCP_FIN) &&
	    end > (int64_t)from->reached)
		from->reached = (uint64_t)end;
	if (!d->len)
		return 0;
	if (end > 0)
		fresh = nspy_ranges_add(&from->seen,
					place > 0 ? (uint64_t)place : 0,
					(uint64_t)end);
	if (!fresh)
		tell_often(c, side, 't', &from->again);
	from->bytes += fresh;
	return fresh;
}

uint64_t
nspy_stream_add(struct nspy_connection *c, int side,
		const struct nspy_dissected *d)
{
	if (is_tcp(c) && !d->is_later)
		return add_segment(c, side, d);
	tell_once(c, side, 'd');
	c->side[side].bytes += d->len;
	return d->len;
}

static int
append(struct nspy_side *side, const uint8_t *data, size_t len)
{
	size_t size = side->content_size ? side->content_size : 4096;
	uint8_t *grown;

	while (size < side->content_len + len)
		size *= 2;
	if (size > side->content_size) {
		grown = realloc(side->content, size);
		if (!grown)
			return -ENOMEM;
		side->content = grown;
		side->content_size = size;
	}
	if (len)
		memcpy(side->content + side->content_len, data, len);
	side->content_len += len;
	return 0;
}

/* The next bytes of the content are at this place of the stream. */
static int
add_piece(struct nspy_side *side, uint64_t place, uint64_t len)
{
	struct nspy_piece *grown, *last = side->pieces;
	size_t size = side->piece_size;

	if (last)
		last += side->piece_count - 1;
	if (last && last->place + last->len == place &&
	    last->at + last->len == side->content_len) {
		last->len += len;
		return 0;
	}
	if (side->piece_count == size) {
		size = size ? 2 * size : 1;
		grown = reallocarray(side->pieces, size, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		side->pieces = grown;
		side->piece_size = size;
	}
	side->pieces[side->piece_count++] = (struct nspy_piece){
		.place = place, .len = len, .at = side->content_len};
	return 0;
}

static int
keep_segment(struct nspy_side *side, const struct nspy_dissected *d)
{
	int64_t place =
		place_of(side, d->sequence + !!(d->tcp_flags & NSPY_TCP_SYN));
	uint64_t begin = place > 0 ? (uint64_t)place : 0;
	struct nspy_range gap;
	int err = 0;

	if (!side->based || place + d->captured_len <= 0)
		return 0;
	while (!err &&
	       nspy_ranges_gap(&side->known, begin,
			       (uint64_t)place + d->captured_len, &gap)) {
		size_t len = gap.end - gap.begin;

		err = add_piece(side, gap.begin, len);
		if (!err)
			err = append(side,
				     d->payload + (gap.begin - (uint64_t)place),
				     len);
		nspy_ranges_add(&side->known, gap.begin, gap.end);
		begin = gap.end;
	}
	return err;
}

static int
keep_datagram(struct nspy_side *side, const struct nspy_dissected *d)
{
	size_t at = side->content_len, size = side->datagram_size;
	struct nspy_datagram *grown;
	int err = append(side, d->payload, d->captured_len);

	if (err)
		return err;
	if (d->is_later && side->datagram_count) {
		struct nspy_datagram *last =
			&side->datagrams[side->datagram_count - 1];

		last->captured_len += d->captured_len;
		last->len += d->len;
		return 0;
	}
	if (side->datagram_count == size) {
		size = size ? 2 * size : 4;
		grown = reallocarray(side->datagrams, size, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		side->datagrams = grown;
		side->datagram_size = size;
	}
	side->datagrams[side->datagram_count++] = (struct nspy_datagram){
		.at = at, .captured_len = d->captured_len, .len = d->len};
	return 0;
}

int
nspy_stream_keep(struct nspy_connection *c, int side,
		 const struct nspy_dissected *d)
{
	if (is_tcp(c) && !d->is_later)
		return keep_segment(&c->side[side], d);
	return keep_datagram(&c->side[side], d);
}
