/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings in which a program with a memory bug, a hostile one or a bad disk has
 * left anything at all: what can be told is told, the rest is counted.
 */

#include "config.h"

#include "tests/unit.h"

#include <stddef.h>
#include <string.h>

/* A connection, and two events of 100 bytes; the first of them is damaged. */
static void
test_damaged_record_is_skipped(void)
{
	static const struct {
		size_t at; /* in the slot */
		uint32_t value;
	} damages[] = {
		{offsetof(struct nspy_slot, len), 0},
		{offsetof(struct nspy_slot, len), UINT32_MAX},
		{offsetof(struct nspy_slot, len), 97},
		{offsetof(struct nspy_slot, skip), 4},
		{offsetof(struct nspy_slot, skip), 1u << 31},
		{offsetof(struct nspy_slot, stamp), 0},
		{offsetof(struct nspy_slot, stamp), 12345},
		{offsetof(struct nspy_slot, stamp) + 4, UINT32_MAX},
	};

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct nspy_ring *ring = new_ring();
		struct nspy_event event = tcp_event(NSPY_CONNECT, 1000, 0);

		CHECK(put(ring, &event, true));
		event = tcp_event(NSPY_SEND, 1000, 100);
		CHECK(put(ring, &event, true));
		CHECK(put(ring, &event, true));
		memcpy((uint8_t *)&ring->slots[1] + damages[i].at,
		       &damages[i].value, sizeof(damages[i].value));
		CHECK(nspy_drain_run(&drain, fd, false) == 0);
		CHECK(nspy_ring_progress(ring)->packets == 3);
		CHECK(nspy_drain_run(&drain, fd, true) == 0);
		CHECK(nspy_ring_pending(ring) == 0);
		CHECK(nspy_ring_progress(ring)->packets == 5);
		CHECK(nspy_ring_progress(ring)->lost == 1);
		free_ring(ring);
	}
}

/* No call moves what such an event tells of. */
static void
test_implausible_event_is_counted(void)
{
	struct nspy_ring *ring = new_ring();
	struct nspy_event event = tcp_event(NSPY_SEND, 1000, 10);

	event.wire_len = 65536;
	CHECK(put(ring, &event, true));
	event.wire_len = 9;
	CHECK(put(ring, &event, true));
	event.protocol = IPPROTO_UDP;
	event.wire_len = UINT32_MAX;
	CHECK(put(ring, &event, true));
	CHECK(nspy_drain_run(&drain, fd, false) == 0);
	CHECK(nspy_ring_progress(ring)->lost == 3);
	/* A row of datagrams that IP cannot carry, and an illegal coverage. */
	event.wire_len = INT32_MAX;
	event.segment_len = 1;
	CHECK(put(ring, &event, true));
	event.protocol = IPPROTO_UDPLITE;
	event.segment_len = 0;
	event.wire_len = event.data_len;
	event.checksum = 1;
	CHECK(put(ring, &event, true));
	CHECK(nspy_drain_run(&drain, fd, false) == 0);
	CHECK(nspy_ring_progress(ring)->packets == 2);
	free_ring(ring);
}

static bool
damage_event(void *context, const struct nspy_packet *packet)
{
	struct nspy_event *event = context;

	(void)packet;
	event->data_len = event->wire_len = UINT32_MAX;
	event->segment_len = 1;
	return true;
}

/* The recorded process writes to the event while the command reads it. */
static void
test_event_changes_while_it_is_told(void)
{
	struct nspy_ring *ring = new_ring();
	struct nspy_event event = tcp_event(NSPY_SEND, 1000, 1000);

	event.protocol = IPPROTO_UDP;
	event.segment_len = 100;
	CHECK(put(ring, &event, true));
	drain.wanted = damage_event;
	drain.wanted_context = ring->data;
	CHECK(nspy_drain_run(&drain, fd, false) == 0);
	CHECK(nspy_ring_progress(ring)->packets == 10);
	CHECK(nspy_ring_progress(ring)->bytes == 1000);
	drain.wanted = NULL;
	free_ring(ring);
}

/* The line is wiped when it is in the capture: it, and nothing else. */
static void
test_no_more_than_a_secret_is_wiped(void)
{
	struct nspy_ring *ring = new_ring();
	struct {
		struct nspy_event event;
		char line[40];
	} told = {.event = tcp_event(NSPY_SECRET, 0, 10)};

	memset(told.line, 'x', sizeof(told.line));
	nspy_drain_begin(&drain, fd);
	CHECK(nspy_drain_add(&drain, &told.event));
	told.event.data_len = sizeof(told.line);
	CHECK(nspy_drain_end(&drain) == 0);
	for (size_t i = 0; i < sizeof(told.line); i++)
		CHECK(told.line[i] == (i < 10 ? '\0' : 'x'));
	free_ring(ring);
}

/* Lists without an end, and indices behind it. */
static void
test_damaged_conversations(void)
{
	struct nspy_event event = tcp_event(NSPY_SEND, 1, 10);

	for (int damage = 0; damage < 4; damage++) {
		struct nspy_ring *ring = new_ring();
		struct nspy_progress *progress = nspy_ring_progress(ring);

		event.protocol = IPPROTO_TCP;
		CHECK(put(ring, &event, true));
		CHECK(nspy_drain_run(&drain, fd, false) == 0);
		progress = nspy_ring_progress(ring);
		if (damage == 0) {
			ring->conversations[0].next = 1;
			for (uint32_t i = 0; i < NSPY_RING_BUCKETS; i++)
				ring->buckets[i] = 1;
		} else if (damage == 1) {
			progress->closed_count = 1;
		} else if (damage == 2) {
			progress->conversations_used = UINT32_MAX - 5000;
		} else {
			progress->conversations_free = UINT32_MAX;
		}
		event.protocol = IPPROTO_UDP;
		for (event.cookie = 2; event.cookie < 600; event.cookie++) {
			event.local.port = (uint16_t)event.cookie;
			CHECK(put(ring, &event, true));
		}
		event.protocol = IPPROTO_TCP;
		event.local.port = 1;
		CHECK(put(ring, &event, true));
		CHECK(nspy_drain_run(&drain, fd, false) == 0);
		CHECK(nspy_ring_pending(ring) == 0);
		free_ring(ring);
	}
}

static void
test_what_is_no_ring(void)
{
	struct nspy_ring *ring = new_ring();
	struct nspy_process *process = &ring->process;

	CHECK(nspy_ring_valid(ring, sizeof(*ring)));
	CHECK(!nspy_ring_valid(ring, sizeof(*ring) - 1));
	ring->format = 2;
	CHECK(!nspy_ring_valid(ring, sizeof(*ring)));
	ring->format = NSPY_PCAP;
	ring->allocated--;
	CHECK(!nspy_ring_valid(ring, sizeof(*ring)));
	ring->allocated++;
	memset(process->executable, 'x', sizeof(process->executable));
	CHECK(!nspy_ring_valid(ring, sizeof(*ring)));
	process->executable[0] = '\0';
	memset(process->arguments, 'x', sizeof(process->arguments));
	CHECK(!nspy_ring_valid(ring, sizeof(*ring)));
	free_ring(ring);
}

int
main(void)
{
	test_damaged_record_is_skipped();
	test_implausible_event_is_counted();
	test_event_changes_while_it_is_told();
	test_no_more_than_a_secret_is_wiped();
	test_damaged_conversations();
	test_what_is_no_ring();
	return 0;
}
