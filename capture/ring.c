/* SPDX-License-Identifier: BSD-2-Clause */
/* The consumer's side of the ring file: events out, progress committed. */

#include "capture/ring.h"

#include "capture/format.h"

#include <string.h>

/* What a slot says. Positions are multiples of 8, as events are aligned. */
struct record {
	uint64_t position;
	uint32_t skip, len;
};

/*
 * The slot is read once, since a damaged program can write to it at any time.
 * False: no event can be there.
 */
static bool
read_slot(const struct nspy_ring *ring, uint64_t number, struct record *record)
{
	const struct nspy_slot *slot =
		&ring->slots[(uint16_t)number % NSPY_RING_SLOTS];
	const struct nspy_event *event;

	record->position =
		atomic_load_explicit(&slot->stamp, memory_order_acquire) - 1;
	record->len = *(const volatile uint32_t *)&slot->len;
	record->skip = *(const volatile uint32_t *)&slot->skip;
	if (record->position % 8 || record->skip % 8 ||
	    record->skip >= NSPY_RING_DATA || record->len < sizeof(*event) ||
	    record->len > sizeof(*event) + NSPY_DATAGRAM_MAX ||
	    record->position % NSPY_RING_DATA + record->len > NSPY_RING_DATA)
		return false;
	event = (const void *)&ring->data[record->position % NSPY_RING_DATA];
	return event->data_len <= record->len - sizeof(*event);
}

/* The first committed slot behind an abandoned one, which *tail is moved to. */
static bool
find_committed(const struct nspy_ring *ring, uint64_t *tail, uint64_t head,
	       struct record *record)
{
	uint64_t first = nspy_position(*tail);
	uint64_t number = *tail >> 48;

	while ((uint16_t)++number != (uint16_t)(head >> 48)) {
		if (read_slot(ring, number, record) &&
		    record->position >= first + record->skip &&
		    record->position < nspy_position(head)) {
			*tail = number << 48 |
				(record->position - record->skip) >> 3;
			return true;
		}
	}
	return false;
}

const struct nspy_event *
nspy_ring_next(struct nspy_ring *ring, uint64_t *tail, bool skip,
	       uint64_t *lost)
{
	uint64_t head = atomic_load(&ring->head);
	uint64_t word = *tail;
	struct record record;

	if (word == head)
		return NULL;
	/*
	 * A stale stamp is below the position: it is from an earlier lap. One
	 * that belongs here is the position, or what was skipped beyond it.
	 */
	if (!read_slot(ring, word >> 48, &record) ||
	    record.position != nspy_position(word) + record.skip) {
		if (!skip)
			return NULL;
		++*lost;
		if (!find_committed(ring, &word, head, &record)) {
			*tail = head;
			return NULL;
		}
	}
	*tail = nspy_position_after(word,
				    record.skip + nspy_record_size(record.len));
	return (const void *)&ring->data[record.position % NSPY_RING_DATA];
}

struct nspy_progress *
nspy_ring_begin(struct nspy_ring *ring)
{
	uint64_t generation = atomic_load(&ring->generation);

	atomic_store(&ring->undo_count, 0);
	ring->undo_generation = generation;
	ring->progress[(generation + 1) % 2] = ring->progress[generation % 2];
	return &ring->progress[(generation + 1) % 2];
}

void
nspy_ring_commit(struct nspy_ring *ring)
{
	uint64_t generation = atomic_load(&ring->generation) + 1;

	atomic_store(&ring->generation, generation);
	atomic_store(&ring->undo_count, 0);
	/* Only now may the producers use the room again. */
	atomic_store(&ring->consumed, ring->progress[generation % 2].tail);
}

void
nspy_ring_rollback(struct nspy_ring *ring)
{
	uint32_t count = atomic_load(&ring->undo_count);

	if (ring->undo_generation != atomic_load(&ring->generation) ||
	    count > NSPY_RING_UNDO)
		count = 0;
	while (count-- > 0) {
		const struct nspy_undo *undo = &ring->undo[count];
		uint32_t index = undo->index & ~NSPY_UNDO_BUCKET;

		if (undo->index & NSPY_UNDO_BUCKET)
			ring->buckets[index % NSPY_RING_BUCKETS] =
				undo->bucket_value;
		else if (index < ring->allocated)
			ring->conversations[index] = undo->old;
	}
	atomic_store(&ring->undo_count, 0);
}

bool
nspy_ring_has_undo(const struct nspy_ring *ring, uint32_t entries)
{
	return atomic_load(&ring->undo_count) + entries <= NSPY_RING_UNDO;
}

void
nspy_ring_save(struct nspy_ring *ring, uint32_t conversation)
{
	struct nspy_conversation *c = &ring->conversations[conversation];
	uint32_t count = atomic_load(&ring->undo_count);

	/* Once for each drain is enough. */
	if (c->saved == ring->undo_generation + 1)
		return;
	ring->undo[count].index = conversation;
	ring->undo[count].old = *c;
	atomic_store(&ring->undo_count, count + 1);
	c->saved = ring->undo_generation + 1;
}

void
nspy_ring_save_bucket(struct nspy_ring *ring, uint32_t bucket)
{
	uint32_t count = atomic_load(&ring->undo_count);

	/* Saved twice it gets its first value back: the last is undone first. */
	ring->undo[count].index = bucket | NSPY_UNDO_BUCKET;
	ring->undo[count].bucket_value = ring->buckets[bucket];
	atomic_store(&ring->undo_count, count + 1);
}

uint64_t
nspy_ring_silence(const struct nspy_ring *ring, uint64_t now_ns)
{
	uint64_t looked_ns = atomic_load(&ring->collector_ns);

	/* It may look between the call and this. Far apart: the clock was set. */
	return now_ns > looked_ns ? now_ns - looked_ns : looked_ns - now_ns;
}

bool
nspy_ring_valid(const struct nspy_ring *ring, uint64_t size)
{
	const struct nspy_process *process = &ring->process;

	return size >= sizeof(*ring) && ring->size == sizeof(*ring) &&
	       memcmp(ring->magic, NSPY_RING_MAGIC, sizeof(ring->magic)) == 0 &&
	       ring->allocated <= NSPY_CONVERSATIONS_MAX &&
	       ring->allocated % NSPY_CONVERSATIONS_CHUNK == 0 &&
	       ring->format <= NSPY_PCAPNG &&
	       memchr(process->executable, '\0', sizeof(process->executable)) &&
	       memchr(process->arguments, '\0', sizeof(process->arguments));
}

uint64_t
nspy_process_start(const char *stat)
{
	uint64_t start = 0;
	/* The name in field 2 may hold anything but ends with the last ')'. */
	const char *p = strrchr(stat, ')');

	for (int field = 2; p && field < 22; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	while (p && *p >= '0' && *p <= '9')
		start = start * 10 + (uint64_t)(*p++ - '0');
	return start;
}
