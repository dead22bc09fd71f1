/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparing the streams, datagrams and ends of two conversations. */

#include "config.h"

#include "cli/compare.h"

#include "cli/zeek.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_LEN 16u
/* Of an excerpt, and of differing datagrams in one direction. */
#define LINES_MAX 2u
#define DATAGRAMS_MAX 10u
/* How many datagrams may be missing in one place. */
#define AHEAD_MAX 16u

/* Bytes that stand side by side. Of those not captured the value is -1. */
struct bytes {
	const uint8_t *data;
	uint64_t len;
	uint64_t known;			/* bytes at data, or */
	const struct nspy_side *stream; /* whose pieces are what is known */
};

static struct bytes
stream_of(const struct nspy_side *side)
{
	return (struct bytes){
		.len = side->reached,
		.stream = side,
	};
}

static struct bytes
datagram_of(const struct nspy_side *side, size_t number)
{
	const struct nspy_datagram *datagram = &side->datagrams[number];

	return (struct bytes){
		.data = side->content + datagram->at,
		.len = datagram->len,
		.known = datagram->captured_len,
	};
}

/* cursor is that of the piece, and goes up with at. */
static int
byte_at(const struct bytes *bytes, uint64_t at, size_t *cursor)
{
	const struct nspy_side *stream = bytes->stream;
	const struct nspy_piece *piece;

	if (!stream)
		return at < bytes->known ? bytes->data[at] : -1;
	while (*cursor < stream->piece_count &&
	       stream->pieces[*cursor].place + stream->pieces[*cursor].len <=
		       at)
		++*cursor;
	if (*cursor == stream->piece_count)
		return -1;
	piece = &stream->pieces[*cursor];
	return piece->place <= at
		       ? stream->content[piece->at + (at - piece->place)]
		       : -1;
}

/* Where the next byte is known, behind at, which is not. */
static uint64_t
next_known(const struct bytes *bytes, size_t cursor)
{
	const struct nspy_side *stream = bytes->stream;

	return stream && cursor < stream->piece_count
		       ? stream->pieces[cursor].place
		       : bytes->len;
}

/*
 * The next place, from *at to end, at which they differ. What neither of them
 * knows is no difference.
 */
static bool
find_difference(const struct bytes *a, const struct bytes *b, uint64_t *at,
		uint64_t end, size_t cursors[2])
{
	while (*at < end) {
		int left = byte_at(a, *at, &cursors[0]);
		int right = byte_at(b, *at, &cursors[1]);

		if (left != right)
			return true;
		if (left < 0) {
			uint64_t next[2] = {next_known(a, cursors[0]),
					    next_known(b, cursors[1])};

			*at = next[0] < next[1] ? next[0] : next[1];
		} else {
			++*at;
		}
	}
	return false;
}

/*
 * The first place from at on where they differ, the shorter length if one
 * begins the other; UINT64_MAX: they are equal. count: how many places before
 * the shorter one's end.
 */
static uint64_t
first_difference(const struct bytes *a, const struct bytes *b, uint64_t at,
		 uint64_t *count)
{
	uint64_t len = a->len < b->len ? a->len : b->len;
	uint64_t found = a->len == b->len ? UINT64_MAX : len;
	size_t cursors[2] = {0, 0};

	*count = 0;
	for (; find_difference(a, b, &at, len, cursors); at++)
		if ((*count)++ == 0)
			found = at;
	return found;
}

static bool
are_equal(const struct bytes *a, const struct bytes *b, uint64_t at)
{
	size_t cursors[2] = {0, 0};

	return a->len == b->len && !find_difference(a, b, &at, a->len, cursors);
}

static bool
is_stream(const struct nspy_connection *c)
{
	return c->protocol == IPPROTO_TCP && c->layer == NSPY_LAYER_IP;
}

/* The checksum and the identifier of an echo are the kernel's choice. */
static uint64_t
begin_of(const struct nspy_connection *c)
{
	return c->layer == NSPY_LAYER_IP &&
			       nspy_is_echo(c->protocol, c->icmp_type)
		       ? 6
		       : 0;
}

static bool
same_datagrams(const struct nspy_side *a, const struct nspy_side *b,
	       uint64_t begin)
{
	if (a->datagram_count != b->datagram_count)
		return false;
	for (size_t i = 0; i < a->datagram_count; i++) {
		struct bytes left = datagram_of(a, i);
		struct bytes right = datagram_of(b, i);

		if (!are_equal(&left, &right, begin))
			return false;
	}
	return true;
}

bool
nspy_compare_equal(const struct nspy_connection *a,
		   const struct nspy_connection *b)
{
	if (strcmp(nspy_zeek_state(a), nspy_zeek_state(b)) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		struct bytes left = stream_of(&a->side[i]);
		struct bytes right = stream_of(&b->side[i]);

		if (is_stream(a) ? !are_equal(&left, &right, 0)
				 : !same_datagrams(&a->side[i], &b->side[i],
						   begin_of(a)))
			return false;
	}
	return true;
}

const char *
nspy_compare_end(const struct nspy_connection *c)
{
	static const char *const words[][2] = {
		{"SF", "closed by both"},
		{"S0", "no answer"},
		{"S1", "still open"},
		{"S2", "closed by the client only"},
		{"S3", "closed by the server only"},
		{"REJ", "refused"},
		{"RSTO", "reset by the client"},
		{"RSTR", "reset by the server"},
		{"RSTOS0", "no answer, reset by the client"},
		{"RSTRH", "reset by the server, no SYN"},
		{"SH", "no answer, closed by the client"},
		{"SHR", "closed by the server, no SYN"},
		{"OTH", "open before the capture"},
	};
	const char *state = nspy_zeek_state(c);

	if (c->layer != NSPY_LAYER_IP)
		return "no connection";
	if (!is_stream(c))
		return c->side[1].packets ? "answered" : "no answer";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], state) == 0)
			return words[i][1];
	return state;
}

/* "- 00000010  47 45 54 ..  |GET..|"; "??" is not captured. */
static void
print_line(char sign, const struct bytes *bytes, uint64_t at)
{
	size_t cursor = 0;

	printf("  %c %08" PRIx64 " ", sign, at);
	for (uint64_t i = at; i < at + LINE_LEN; i++) {
		int byte = i < bytes->len ? byte_at(bytes, i, &cursor) : -1;

		if (i == at + LINE_LEN / 2)
			printf(" ");
		if (i >= bytes->len)
			printf("   ");
		else if (byte < 0)
			printf(" ??");
		else
			printf(" %02x", (unsigned int)byte);
	}
	printf("  |");
	cursor = 0;
	for (uint64_t i = at; i < at + LINE_LEN && i < bytes->len; i++) {
		int byte = byte_at(bytes, i, &cursor);

		putchar(byte < 0			 ? '?'
			: isascii(byte) && isprint(byte) ? byte
							 : '.');
	}
	printf("|\n");
}

static void
print_excerpt(char sign, const struct bytes *bytes, uint64_t at)
{
	at -= at % LINE_LEN;
	for (uint64_t end = at + LINES_MAX * LINE_LEN; at < end; at += LINE_LEN)
		if (at < bytes->len)
			print_line(sign, bytes, at);
}

/* what: "client > server" and the like. */
static void
print_bytes(const char *what, const struct bytes *a, const struct bytes *b,
	    uint64_t begin, const char *const names[2])
{
	uint64_t short_len = a->len < b->len ? a->len : b->len, count;
	uint64_t at = first_difference(a, b, begin, &count);
	bool longer = b->len > a->len;

	if (at == UINT64_MAX)
		return;
	printf("  %s: ", what);
	if (at < short_len)
		printf("differs from byte %" PRIu64 " on, in %" PRIu64
		       " of %" PRIu64 " bytes",
		       at, count, short_len);
	if (at < short_len && a->len != b->len)
		printf("; ");
	if (a->len != b->len)
		printf("%" PRIu64 " bytes more in %s, from byte %" PRIu64 " on",
		       longer ? b->len - a->len : a->len - b->len,
		       names[longer], short_len);
	printf("\n");
	print_excerpt('-', a, at);
	print_excerpt('+', b, at);
}

/*
 * How many datagrams of side, from i on, stand before one that equals the one
 * at j of other; 0: none is near.
 */
static size_t
missing_before(const struct nspy_side *side, size_t i,
	       const struct nspy_side *other, size_t j, uint64_t begin)
{
	for (size_t k = 1; k <= AHEAD_MAX && i + k < side->datagram_count;
	     k++) {
		struct bytes left = datagram_of(side, i + k);
		struct bytes right = datagram_of(other, j);

		if (are_equal(&left, &right, begin))
			return k;
	}
	return 0;
}

static void
print_only(const char *what, const struct nspy_side *side, size_t number,
	   bool in_b, const char *const names[2])
{
	struct bytes bytes = datagram_of(side, number);

	printf("  %s: datagram %zu, %" PRIu64 " bytes, is only in %s\n", what,
	       number + 1, bytes.len, names[in_b]);
	print_excerpt(in_b ? '+' : '-', &bytes, 0);
}

/* The datagrams at *i and *j, one of which may be missing on the other side. */
static void
print_step(const char *what, const struct nspy_side *a,
	   const struct nspy_side *b, size_t *i, size_t *j, uint64_t begin,
	   const char *const names[2])
{
	bool left = *i < a->datagram_count, right = *j < b->datagram_count;

	if (left && (!right || missing_before(a, *i, b, *j, begin))) {
		print_only(what, a, (*i)++, false, names);
	} else if (!left || missing_before(b, *j, a, *i, begin)) {
		print_only(what, b, (*j)++, true, names);
	} else {
		struct bytes bytes[2] = {datagram_of(a, *i),
					 datagram_of(b, *j)};
		char text[64];

		snprintf(text, sizeof(text), "%s, datagram %zu", what, *i + 1);
		print_bytes(text, &bytes[0], &bytes[1], begin, names);
		++*i;
		++*j;
	}
}

static void
print_datagrams(const char *what, const struct nspy_side *a,
		const struct nspy_side *b, uint64_t begin,
		const char *const names[2])
{
	size_t i = 0, j = 0, printed = 0;

	while (i < a->datagram_count || j < b->datagram_count) {
		if (i < a->datagram_count && j < b->datagram_count) {
			struct bytes left = datagram_of(a, i);
			struct bytes right = datagram_of(b, j);

			if (are_equal(&left, &right, begin)) {
				i++;
				j++;
				continue;
			}
		}
		if (printed++ == DATAGRAMS_MAX) {
			printf("  %s: and more\n", what);
			return;
		}
		print_step(what, a, b, &i, &j, begin, names);
	}
}

void
nspy_compare_print(const struct nspy_connection *a,
		   const struct nspy_connection *b, const char *const names[2])
{
	static const char *const what[2] = {"client > server",
					    "server > client"};

	for (int i = 0; i < 2; i++) {
		struct bytes left = stream_of(&a->side[i]);
		struct bytes right = stream_of(&b->side[i]);

		if (is_stream(a))
			print_bytes(what[i], &left, &right, 0, names);
		else
			print_datagrams(what[i], &a->side[i], &b->side[i],
					begin_of(a), names);
	}
	if (strcmp(nspy_compare_end(a), nspy_compare_end(b)) != 0)
		printf("  end: %s in %s, %s in %s\n", nspy_compare_end(a),
		       names[0], nspy_compare_end(b), names[1]);
}
