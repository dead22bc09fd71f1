/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What netspy reads of others, for libFuzzer: see tests/fuzz.sh. NETSPY_FUZZ
 * is "capture", "program" or "ring".
 */

#include "config.h"

#include "capture/drain.h"
#include "cli/calls.h"
#include "cli/diff.h"
#include "cli/program.h"
#include "cli/stats.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE_MAX_OF_CAPTURE (64u << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What is left of the input; behind its end there are zeros. */
struct input {
	const uint8_t *data;
	size_t len;
};

static int memory; /* a file: the input, or the capture of a ring */
static char path[32];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	memory = memfd_create("fuzz", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	stderr = fopen("/dev/null", "we"); /* the sanitizers use 2 itself */
	if (memory < 0 || !stderr || !freopen("/dev/null", "we", stdout))
		abort();
	return 0;
}

static void
put(const uint8_t *data, size_t len)
{
	if (ftruncate(memory, 0) < 0 ||
	    pwrite(memory, data, len, 0) != (ssize_t)len)
		abort();
}

static void
fuzz_capture(void)
{
	char *text[] = {"stats", path, NULL};
	char *json[] = {"stats", "--json", path, NULL};
	char *zeek[] = {"stats", "--zeek", path, NULL};
	char *diff[] = {"diff", path, path, NULL};

	optind = 0;
	nspy_stats(2, text);
	optind = 0;
	nspy_stats(3, json);
	optind = 0;
	nspy_stats(3, zeek);
	if (nspy_diff(3, diff) == 1)
		abort(); /* it differs from itself */
}

static void
fuzz_program(void)
{
	static struct nspy_program program;

	nspy_program_read(&program, path);
	nspy_calls_print(path, path);
}

static void
get(struct input *input, void *value, size_t len)
{
	size_t there = len < input->len ? len : input->len;

	memset(value, 0, len);
	memcpy(value, input->data, there);
	input->data += there;
	input->len -= there;
}

/* An event, most of which is what calls tell, and some bytes of it are not. */
static struct nspy_event
make_event(struct input *input)
{
	struct nspy_endpoint ends[2] = {{{127, 0, 0, 1}, 5, 4, 0},
					{{127, 0, 0, 1}, 6, 4, 0}};
	struct nspy_event event = {.begin_ns = 1, .end_ns = 2};
	uint8_t choices[4], change[5];
	uint16_t len;

	get(input, choices, sizeof(choices));
	get(input, &len, sizeof(len));
	get(input, &event.flags, sizeof(event.flags));
	event.kind = choices[0] % 16;
	event.protocol = choices[1];
	event.family = AF_INET;
	event.data_len = event.wire_len = len;
	event.cookie = 1 + choices[2] % 2;
	event.local = ends[choices[2] % 2];
	event.peer = ends[!(choices[2] % 2)];
	if (choices[2] & 2)
		event.local.version = event.peer.version = 6;
	for (int i = 0; i < choices[3] % 8; i++) {
		get(input, change, sizeof(change));
		memcpy((uint8_t *)&event + change[0] % (sizeof(event) - 4),
		       change + 1, 4);
	}
	return event;
}

static void
add_event(struct nspy_ring *ring, struct input *input)
{
	struct nspy_event event = make_event(input);
	uint32_t len = sizeof(event) + event.data_len % NSPY_DATAGRAM_MAX;
	uint64_t head = ring->head, at = nspy_position(head);
	uint64_t size = nspy_record_size(len), skip = 0;
	struct nspy_slot *slot = &ring->slots[nspy_slot_number(head)];

	if (at % NSPY_RING_DATA + size > NSPY_RING_DATA)
		skip = NSPY_RING_DATA - at % NSPY_RING_DATA;
	if (nspy_ring_pending(ring) + skip + size > NSPY_RING_DATA)
		return;
	at += skip;
	memcpy(&ring->data[at % NSPY_RING_DATA], &event, sizeof(event));
	if (len >= sizeof(event) + 64)
		get(input, &ring->data[at % NSPY_RING_DATA + sizeof(event)],
		    64);
	slot->len = len;
	slot->skip = (uint32_t)skip;
	slot->stamp = at + 1;
	ring->head = nspy_position_after(head, skip + size);
}

/* Anything anywhere, or where it matters most. */
static void
damage(struct nspy_ring *ring, struct input *input, uint8_t choice)
{
	static const size_t places[][2] = {
		{0, sizeof(*ring) - 8},
		{0, offsetof(struct nspy_ring, slots)},
		{offsetof(struct nspy_ring, slots), 1024},
		{offsetof(struct nspy_ring, conversations), 2048},
	};
	uint32_t at;
	uint64_t value;

	get(input, &at, sizeof(at));
	get(input, &value, sizeof(value));
	memcpy((uint8_t *)ring + places[choice % 4][0] +
		       at % places[choice % 4][1],
	       &value, sizeof(value));
}

static int
grow(void *context, struct nspy_ring *ring)
{
	(void)context;
	ring->allocated += NSPY_CONVERSATIONS_CHUNK;
	return 0;
}

static void
fuzz_ring(struct input input)
{
	static struct nspy_drain drain;
	struct nspy_ring *ring =
		mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t header[NSPY_FILE_HEADER_MAX], choice;
	size_t header_len;

	if (ring == MAP_FAILED)
		abort();
	get(&input, &choice, 1);
	ring->format = choice & 1;
	header_len =
		nspy_drain_header(header, ring->format, 262144, &ring->process);
	put(header, header_len);
	nspy_ring_init(ring, choice & 2 ? 100 : 262144, header_len);
	memset(&drain, 0, sizeof(drain));
	drain.ring = ring;
	drain.grow = grow;
	drain.size_limit = SIZE_MAX_OF_CAPTURE;
	drain.secrets.wanted = choice & 4;
	while (input.len && nspy_ring_valid(ring, sizeof(*ring))) {
		get(&input, &choice, 1);
		if (choice % 16 == 0)
			damage(ring, &input, choice >> 4);
		else if (choice % 16 == 1)
			nspy_drain_run(&drain, memory, choice & 16);
		else
			add_event(ring, &input);
	}
	if (nspy_ring_valid(ring, sizeof(*ring)) &&
	    nspy_ring_progress(ring)->file_size < SIZE_MAX_OF_CAPTURE) {
		nspy_ring_rollback(ring);
		nspy_drain_run(&drain, memory, true);
		nspy_drain_state(&drain, memory, 5);
	}
	munmap(ring, sizeof(*ring));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *what = getenv("NETSPY_FUZZ");

	if (what && strcmp(what, "ring") == 0) {
		fuzz_ring((struct input){data, len});
		return 0;
	}
	put(data, len);
	if (what && strcmp(what, "program") == 0)
		fuzz_program();
	else
		fuzz_capture();
	return 0;
}
