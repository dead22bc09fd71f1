/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring file: skipped records, rollback, growth; errors; the checksum. */

#include "config.h"

#include "tests/unit.h"

#include "capture/checksum.h"
#include "capture/pcap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The one behind it is seen by a reader that knows the producer is dead. */
static void
test_abandoned_record_is_skipped(void)
{
	struct nspy_ring *ring = new_ring();
	struct nspy_event event = tcp_event(NSPY_CONNECT, 1000, 0);

	CHECK(put(ring, &event, true));
	event = tcp_event(NSPY_SEND, 1000, 100);
	CHECK(put(ring, &event, false));
	CHECK(put(ring, &event, true));
	CHECK(nspy_drain_run(&drain, fd, false) == 0);
	CHECK(nspy_ring_progress(ring)->packets == 3);
	CHECK(nspy_drain_run(&drain, fd, true) == 0);
	/* One segment and its acknowledgement. */
	CHECK(nspy_ring_progress(ring)->packets == 5);
	CHECK(nspy_ring_progress(ring)->lost == 1);
	CHECK(nspy_ring_progress(ring)->bytes == 100);
	free_ring(ring);
}

static void
test_full_ring_takes_no_more_until_drained(void)
{
	struct nspy_ring *ring = new_ring();
	struct nspy_event event = tcp_event(NSPY_CONNECT, 1000, 0);
	uint64_t sent = 0;

	CHECK(put(ring, &event, true));
	event = tcp_event(NSPY_SEND, 1000, 30001);
	for (int lap = 0; lap < 5; lap++) {
		while (put(ring, &event, true))
			sent += event.wire_len;
		CHECK(nspy_drain_run(&drain, fd, false) == 0);
		CHECK(nspy_ring_pending(ring) == 0);
		CHECK(nspy_ring_progress(ring)->bytes == sent);
	}
	CHECK((uint64_t)lseek(fd, 0, SEEK_END) ==
	      nspy_ring_progress(ring)->file_size);
	free_ring(ring);
}

/* A drain that cannot write leaves everything as it was before. */
static void
test_failed_drain_is_rolled_back(void)
{
	struct nspy_ring *ring = new_ring();
	struct nspy_event event = tcp_event(NSPY_CONNECT, 1000, 0);
	struct nspy_conversation before;
	struct nspy_progress progress;

	CHECK(put(ring, &event, true));
	CHECK(nspy_drain_run(&drain, fd, false) == 0);
	before = ring->conversations[0];
	progress = *nspy_ring_progress(ring);
	event = tcp_event(NSPY_SEND, 1000, 5000);
	CHECK(put(ring, &event, true));
	CHECK(nspy_drain_run(&drain, -1, false) < 0);
	CHECK(memcmp(&before, &ring->conversations[0], sizeof(before)) == 0);
	CHECK(nspy_ring_progress(ring)->tail == progress.tail);
	CHECK(nspy_ring_progress(ring)->file_size == progress.file_size);
	CHECK(nspy_drain_run(&drain, fd, false) == 0);
	CHECK(nspy_ring_progress(ring)->bytes == 5000);
	free_ring(ring);
}

/* Classic pcap has no place for it, and nothing is lost. */
static void
test_name_is_passed_over(void)
{
	struct nspy_ring *ring = new_ring();
	struct nspy_event event = tcp_event(NSPY_CONNECT, 1000, 0);
	struct nspy_event name = {
		.kind = NSPY_NAME,
		.data_len = 9,
		.wire_len = 9,
		.peer = {{127, 0, 0, 1}, 0, 4, 0},
	};

	CHECK(put(ring, &name, true));
	CHECK(put(ring, &event, true));
	CHECK(put(ring, &name, true));
	CHECK(nspy_drain_run(&drain, fd, false) == 0);
	CHECK(nspy_ring_progress(ring)->packets == 3);
	CHECK(nspy_ring_progress(ring)->lost == 0);
	CHECK(nspy_ring_pending(ring) == 0);
	free_ring(ring);
}

/* More at a time than one chunk of the table and one undo log hold. */
static void
test_many_conversations(void)
{
	struct nspy_ring *ring = new_ring();
	const uint16_t count = 5000;

	for (int round = 0; round < 3; round++) {
		static const uint16_t kinds[] = {NSPY_CONNECT, NSPY_SEND,
						 NSPY_CLOSE};

		for (uint16_t i = 0; i < count; i++) {
			uint16_t port = (uint16_t)(1024 + i);
			struct nspy_event event = tcp_event(
				kinds[round], port, round == 1 ? 10 : 0);

			CHECK(put(ring, &event, true));
		}
		CHECK(nspy_drain_run(&drain, fd, false) == 0);
	}
	CHECK(nspy_ring_progress(ring)->lost == 0);
	CHECK(nspy_ring_progress(ring)->bytes == 10u * count);
	CHECK(nspy_ring_progress(ring)->conversations_used == count);
	/* Connect 3, data 2, close 2: FIN and its acknowledgement. */
	CHECK(nspy_ring_progress(ring)->packets == 7u * count);
	free_ring(ring);
}

static void
add(struct nspy_event event, uint64_t cookie, uint16_t flags)
{
	event.cookie = cookie;
	event.flags = flags;
	event.data_len = 0; /* there is none behind it */
	nspy_drain_begin(&drain, fd);
	nspy_drain_add(&drain, &event);
	CHECK(nspy_drain_end(&drain) == 0);
}

/* A server closes what it gives to a process, which goes on and ends it. */
static void
test_what_others_hold_goes_on(void)
{
	struct nspy_ring *ring = new_ring();
	static const struct nspy_process server;
	const uint16_t count = 2000;
	uint64_t before;

	drain.process = &server;
	for (uint16_t i = 0; i < count; i++) {
		uint16_t port = (uint16_t)(1024 + i);

		add(tcp_event(NSPY_ACCEPT, port, 0), port, 0);
		add(tcp_event(NSPY_CLOSE, port, 0), port, NSPY_HELD);
	}
	before = nspy_ring_progress(ring)->packets;
	CHECK(before == 3u * count);
	for (uint16_t i = 0; i < count; i++) {
		uint16_t port = (uint16_t)(1024 + i);

		add(tcp_event(NSPY_SEND, port, 10), port, 0);
		add(tcp_event(NSPY_CLOSE, port, 0), port, 0);
		add(tcp_event(NSPY_CLOSE, port, 0), port, 0);
	}
	/* The data, the FIN, and their acknowledgements. */
	CHECK(nspy_ring_progress(ring)->packets == before + 4u * count);
	CHECK(nspy_ring_progress(ring)->conversations_used == count);
	free_ring(ring);
	drain.process = NULL;
}

/*
 * One end was open before we looked, the other one is accepted only then, and
 * receives what nobody told of: it is not what the first one says now.
 */
static void
test_late_end_and_early_one(void)
{
	struct nspy_ring *ring = new_ring();
	struct nspy_event late = tcp_event(NSPY_SEND, 1024, 10);
	struct nspy_event early = tcp_event(NSPY_ACCEPT, 1024, 0);
	const struct nspy_endpoint client = early.local;

	early.local = early.peer;
	early.peer = client;
	add(late, 1024, 0);
	add(early, 80, 0);
	early.kind = NSPY_RECV;
	early.wire_len = 20;
	add(early, 80, 0);
	CHECK(nspy_ring_progress(ring)->bytes == 10);
	add(late, 1024, 0);
	CHECK(nspy_ring_progress(ring)->bytes == 20);
	early.kind = NSPY_SEND;
	add(early, 80, 0);
	CHECK(nspy_ring_progress(ring)->bytes == 40);
	free_ring(ring);
}

/* The length of the record or block at p. */
static size_t
record_len(const uint8_t *p, uint32_t format)
{
	uint32_t len;

	memcpy(&len, p + (format == NSPY_PCAP ? 8 : 4), sizeof(len));
	return format == NSPY_PCAP ? 16 + len : len;
}

/*
 * A kill may stop a write between any two pages: at each border of a page of
 * the file a record ends.
 */
static void
test_no_record_crosses_a_page(uint32_t format)
{
	struct nspy_ring *ring = new_ring();
	struct nspy_event event = tcp_event(NSPY_CONNECT, 1000, 0);
	size_t size, at = NSPY_PCAP_HEADER_LEN, crossings = 0, len;
	uint8_t *file;

	ring->format = format;
	CHECK(put(ring, &event, true));
	for (uint32_t i = 0; i < 3000; i++) {
		event = tcp_event(i % 3 ? NSPY_SEND : NSPY_RECV, 1000,
				  1 + i * 7919 % 701);
		if (!put(ring, &event, true)) {
			CHECK(nspy_drain_run(&drain, fd, false) == 0);
			CHECK(put(ring, &event, true));
		}
	}
	CHECK(nspy_drain_run(&drain, fd, false) == 0);
	size = nspy_ring_progress(ring)->file_size;
	file = malloc(size);
	CHECK(file && pread(fd, file, size, 0) == (ssize_t)size);
	for (; at < size; at += len) {
		len = record_len(file + at, format);
		CHECK(len >= 12 && at + len <= size);
		crossings += at / NSPY_BATCH_PAGE !=
			     (at + len - 1) / NSPY_BATCH_PAGE;
	}
	CHECK(at == size);
	CHECK(crossings == 0);
	free(file);
	free_ring(ring);
}

/* The command looks while a call is told: the call seems the older one. */
static void
test_silence_of_the_command(void)
{
	struct nspy_ring *ring = new_ring();

	atomic_store(&ring->collector_ns, 5000000000);
	CHECK(nspy_ring_silence(ring, 5000000100) == 100);
	CHECK(nspy_ring_silence(ring, 4999999900) == 100);
	free_ring(ring);
}

/* Calls of a UDP socket, each of ten bytes, or of the struct that it needs. */
static void
put_udp(struct nspy_ring *ring, uint16_t kind, int count)
{
	struct nspy_event event = tcp_event(kind, 1000, 10);
	const struct nspy_unreachable port = {event.peer, 3, 3, 0, 0};
	struct nspy_place place;

	event.protocol = IPPROTO_UDP;
	if (kind == NSPY_UNREACHABLE)
		event.data_len = event.wire_len = sizeof(port);
	for (; count; count--) {
		CHECK(nspy_ring_reserve(ring, 96 + event.data_len, &place));
		*place.event = event;
		memcpy(place.event + 1, &port, event.data_len);
		nspy_ring_publish(&place);
	}
}

/* An ICMP message is shown where it can be about one datagram only. */
static void
test_error_quotes_what_it_must(void)
{
	/* Sent, received, and the packets that are shown. */
	static const int cases[][3] = {{0, 0, 0}, {1, 0, 2}, {1, 1, 2},
				       {2, 0, 2}, {2, 1, 3}, {3, 3, 6}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nspy_ring *ring = new_ring();

		put_udp(ring, NSPY_SEND, cases[i][0]);
		put_udp(ring, NSPY_RECV, cases[i][1]);
		put_udp(ring, NSPY_UNREACHABLE, 2);
		CHECK(nspy_drain_run(&drain, fd, false) == 0);
		CHECK((int)nspy_ring_progress(ring)->packets == cases[i][2]);
		put_udp(ring, NSPY_SEND, 1);
		put_udp(ring, NSPY_UNREACHABLE, 1);
		CHECK(nspy_drain_run(&drain, fd, false) == 0);
		CHECK((int)nspy_ring_progress(ring)->packets ==
		      cases[i][2] + 2);
		free_ring(ring);
	}
}

static void
test_checksum(void)
{
	uint8_t data[1501];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + 11);
	for (size_t len = 0; len <= sizeof(data); len++) {
		uint32_t sum = 0;
		uint16_t word;

		for (size_t i = 0; i < len; i++)
			sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		word = nspy_checksum_finish(nspy_checksum_add(0, data, len));
		CHECK(((const uint8_t *)&word)[0] == (uint8_t)(~sum >> 8));
		CHECK(((const uint8_t *)&word)[1] == (uint8_t)~sum);
	}
}

int
main(void)
{
	test_abandoned_record_is_skipped();
	test_full_ring_takes_no_more_until_drained();
	test_failed_drain_is_rolled_back();
	test_name_is_passed_over();
	test_many_conversations();
	test_what_others_hold_goes_on();
	test_late_end_and_early_one();
	test_no_record_crosses_a_page(NSPY_PCAP);
	test_no_record_crosses_a_page(NSPY_PCAPNG);
	test_silence_of_the_command();
	test_error_quotes_what_it_must();
	test_checksum();
	return 0;
}
