/* SPDX-License-Identifier: BSD-2-Clause */
/* Which ClientHello a line of a key log belongs to, and the room behind it. */

#include "capture/secrets.h"

#include "capture/drain.h"
#include "capture/pcapng.h"
#include "capture/text.h"

#include <string.h>

#define WAIT_NS 2000000000u
/* Of a TLS record, RFC 8446 section 5.1. */
#define RECORD_HEADER_LEN 5u
/* Of a handshake message's header and the version. */
#define RANDOM_AT 6u
/* The least block that can fill up a room. */
#define FILLER_MIN 12u

enum {
	HANDSHAKE = 22,
	VERSION = 3,
	CLIENT_HELLO = 1,
};

/* All that there are in both versions come with these. */
enum {
	TLS12 = 1 << 0,
	CLIENT_TRAFFIC = 1 << 1,
	SERVER_TRAFFIC = 1 << 2,
};

/* By bit of nspy_hello.told. */
static const char *const labels[] = {
	"CLIENT_RANDOM",
	"CLIENT_TRAFFIC_SECRET_0",
	"SERVER_TRAFFIC_SECRET_0",
	"CLIENT_HANDSHAKE_TRAFFIC_SECRET",
	"SERVER_HANDSHAKE_TRAFFIC_SECRET",
	"EXPORTER_SECRET",
	"CLIENT_EARLY_TRAFFIC_SECRET",
	"EARLY_EXPORTER_SECRET",
};

static struct nspy_hello *
find(struct nspy_secrets *secrets, const uint8_t *random)
{
	for (uint32_t i = 0; i < NSPY_HELLOS; i++)
		if (secrets->hellos[i].left &&
		    memcmp(secrets->hellos[i].random, random,
			   NSPY_RANDOM_LEN) == 0)
			return &secrets->hellos[i];
	return NULL;
}

/* What fills the room, behind used bytes of the block. */
static void
put_filler(struct nspy_secrets *secrets, size_t used, size_t size)
{
	uint8_t ends[FILLER_MIN];
	uint8_t *p = secrets->block + used;

	if (size < FILLER_MIN)
		return;
	nspy_pcapng_filler(ends, (uint32_t)size);
	memset(p, 0, size);
	memcpy(p, ends, 8);
	memcpy(p + size - 4, ends + 8, 4);
}

/* On one page of the file: a kill leaves all of a write to it, or nothing. */
static void
keep_room(struct nspy_drain *drain, const struct nspy_event *event,
	  const uint8_t *random)
{
	struct nspy_secrets *secrets = &drain->secrets;
	struct nspy_batch *batch = &drain->batch;
	struct nspy_hello *hello =
		&secrets->hellos[secrets->next++ % NSPY_HELLOS];
	size_t rest = NSPY_BATCH_PAGE - batch->offset % NSPY_BATCH_PAGE;

	if (rest < NSPY_SECRETS_ROOM && rest >= FILLER_MIN) {
		put_filler(secrets, 0, rest);
		nspy_batch_add_block(batch, secrets->block, rest);
	}
	put_filler(secrets, 0, NSPY_SECRETS_ROOM);
	nspy_batch_add_block(batch, secrets->block, NSPY_SECRETS_ROOM);
	memcpy(hello->random, random, NSPY_RANDOM_LEN);
	hello->client = event->kind == NSPY_SEND ? event->local : event->peer;
	hello->server = event->kind == NSPY_SEND ? event->peer : event->local;
	hello->offset = batch->offset - NSPY_SECRETS_ROOM;
	hello->when_ns = event->end_ns;
	hello->left = NSPY_SECRETS_ROOM;
	hello->told = 0;
}

void
nspy_secrets_look(struct nspy_drain *drain, const struct nspy_event *event,
		  uint8_t *header)
{
	const uint8_t *p = drain->data;
	size_t len = event->data_len;
	bool begun = *header;

	*header = 0;
	if (!drain->secrets.wanted || drain->ring->format != NSPY_PCAPNG)
		return;
	if (!begun) {
		if (len < RECORD_HEADER_LEN || p[0] != HANDSHAKE ||
		    p[1] != VERSION)
			return;
		/* OpenSSL reads the header first, and then the rest. */
		*header = event->wire_len == RECORD_HEADER_LEN;
		p += RECORD_HEADER_LEN;
		len -= RECORD_HEADER_LEN;
	}
	/* The second one, after a HelloRetryRequest, has the same random. */
	if (len >= RANDOM_AT + NSPY_RANDOM_LEN && p[0] == CLIENT_HELLO &&
	    p[4] == VERSION && !find(&drain->secrets, p + RANDOM_AT))
		keep_room(drain, event, p + RANDOM_AT);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "LABEL random secret": false if it is none. */
static bool
read_line(const char *line, size_t len, uint32_t *label, uint8_t *random)
{
	const char *space = memchr(line, ' ', len);
	size_t label_len = space ? (size_t)(space - line) : len;

	if (len < label_len + 1 + 2 * NSPY_RANDOM_LEN + 2 ||
	    line[label_len + 1 + 2 * NSPY_RANDOM_LEN] != ' ')
		return false;
	for (size_t i = 0; i < NSPY_RANDOM_LEN; i++) {
		int high = digit(space[1 + 2 * i]);
		int low = digit(space[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		random[i] = (uint8_t)(high << 4 | low);
	}
	*label = 0;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strlen(labels[i]) == label_len &&
		    memcmp(labels[i], line, label_len) == 0)
			*label = 1u << i;
	return true;
}

void
nspy_secrets_add(struct nspy_drain *drain, const char *line, size_t len)
{
	struct nspy_secrets *secrets = &drain->secrets;
	uint8_t random[NSPY_RANDOM_LEN];
	struct nspy_hello *hello;
	uint32_t label;
	size_t size;

	if (drain->ring->format != NSPY_PCAPNG || len > NSPY_SECRET_MAX ||
	    !read_line(line, len, &label, random))
		return;
	hello = find(secrets, random);
	/* Both ends may tell, or a callback and a file. */
	if (hello && hello->told & label)
		return;
	size = nspy_pcapng_secrets(secrets->block, line, len);
	if (hello && hello->left >= size + FILLER_MIN) {
		put_filler(secrets, size, hello->left - size);
		nspy_batch_rewrite(&drain->batch, hello->offset, secrets->block,
				   hello->left);
		hello->offset += size;
		hello->left -= (uint32_t)size;
		hello->told |= label;
	} else if (hello || !drain->wanted) {
		nspy_batch_add_block(&drain->batch, secrets->block, size);
	}
}

static bool
is_same(const struct nspy_endpoint *a, const struct nspy_endpoint *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The last ClientHello between the ends of the event. */
static const struct nspy_hello *
find_between(const struct nspy_secrets *secrets, const struct nspy_event *event)
{
	for (uint32_t i = 1; i <= NSPY_HELLOS; i++) {
		const struct nspy_hello *hello =
			&secrets->hellos[(secrets->next - i) % NSPY_HELLOS];

		if (hello->when_ns &&
		    ((is_same(&hello->client, &event->local) &&
		      is_same(&hello->server, &event->peer)) ||
		     (is_same(&hello->client, &event->peer) &&
		      is_same(&hello->server, &event->local))))
			return hello;
	}
	return NULL;
}

/* The label of a secret by its epoch, and by who sends with it. */
static const char *
label_of(unsigned int epoch, bool client)
{
	switch (epoch) {
	case 1:
		return "CLIENT_EARLY_TRAFFIC_SECRET";
	case 2:
		return client ? "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
			      : "SERVER_HANDSHAKE_TRAFFIC_SECRET";
	case 3:
		return client ? "CLIENT_TRAFFIC_SECRET_0"
			      : "SERVER_TRAFFIC_SECRET_0";
	default: /* made of the one before, as readers know */
		return NULL;
	}
}

static void
add_traffic(struct nspy_drain *drain, const struct nspy_event *event)
{
	const struct nspy_hello *hello = find_between(&drain->secrets, event);
	const struct nspy_traffic_secret *head = drain->data;
	const uint8_t *secret = (const uint8_t *)(head + 1);
	char line[NSPY_KEY_LINE_MAX];
	struct nspy_text text = {line, sizeof(line), 0};
	const char *label;

	if (!hello || event->data_len <= sizeof(*head) ||
	    event->data_len > sizeof(*head) + NSPY_KEY_MAX)
		return;
	label = label_of(head->epoch,
			 head->sent == is_same(&hello->client, &event->local));
	if (!label)
		return;
	nspy_text_add_key(&text, label, hello->random, secret,
			  event->data_len - sizeof(*head));
	nspy_secrets_add(drain, line, text.len);
}

void
nspy_secrets_take(struct nspy_drain *drain, const struct nspy_event *event)
{
	struct nspy_secrets *secrets = &drain->secrets;

	if (event->kind == NSPY_TRAFFIC_SECRET)
		add_traffic(drain, event);
	else
		nspy_secrets_add(drain, drain->data, event->data_len);
	if (secrets->taken_count == NSPY_SECRETS_BATCH)
		return;
	secrets->taken[secrets->taken_count].line =
		(void *)(uintptr_t)drain->data;
	secrets->taken[secrets->taken_count++].len = event->data_len;
}

void
nspy_secrets_wipe(struct nspy_drain *drain)
{
	struct nspy_secrets *secrets = &drain->secrets;

	for (uint32_t i = 0; i < secrets->taken_count; i++)
		memset(secrets->taken[i].line, 0, secrets->taken[i].len);
}

static bool
is_complete(const struct nspy_hello *hello)
{
	uint32_t traffic = CLIENT_TRAFFIC | SERVER_TRAFFIC;

	return hello->told & TLS12 || (hello->told & traffic) == traffic;
}

uint64_t
nspy_secrets_final(struct nspy_drain *drain, uint64_t size, uint64_t now_ns)
{
	struct nspy_hello *hellos = drain->secrets.hellos;

	for (uint32_t i = 0; i < NSPY_HELLOS; i++)
		if (hellos[i].left && hellos[i].offset < size &&
		    !is_complete(&hellos[i]) &&
		    now_ns - hellos[i].when_ns < WAIT_NS)
			size = hellos[i].offset;
	/* The room of the others is passed on. */
	for (uint32_t i = 0; i < NSPY_HELLOS; i++)
		if (hellos[i].offset < size)
			hellos[i].left = 0;
	return size;
}

void
nspy_secrets_forget(struct nspy_drain *drain)
{
	for (uint32_t i = 0; i < NSPY_HELLOS; i++)
		drain->secrets.hellos[i].left = 0;
}
