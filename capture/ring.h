/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring file: events on their way to a capture, and what the capture knows
 * of its conversations. It is a shared mapping, so that everything committed
 * outlives the process; `netspy recover` goes on where the process stopped.
 *
 *   header | slots | undo log | hash buckets | event data | conversations
 *
 * Producers reserve with one compare-and-swap of `head`, which moves the slot
 * number and the data position together. A slot is committed when its stamp
 * is the position of its event plus one. A producer that died in between
 * leaves a slot that the next committed slot steps over.
 *
 * The consumer changes conversations in place, but saves each in the undo log
 * first. One store of `generation` makes a drain's work valid as a whole:
 * position, length of the capture and conversations. Whatever a killed drain
 * left half done is rolled back by nspy_ring_rollback.
 */

#ifndef NETSPY_RING_H
#define NETSPY_RING_H

#include "capture/event.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define NSPY_RING_MAGIC "netspyR5"
#define NSPY_RING_SLOTS 16384u
#define NSPY_RING_DATA (2u << 20)
#define NSPY_RING_UNDO 512u
#define NSPY_RING_BUCKETS 65536u
#define NSPY_CONVERSATIONS_MAX (1u << 18)
#define NSPY_CONVERSATIONS_CHUNK 1024u
/* With the NUL, in bytes; longer ones are cut. */
#define NSPY_EXECUTABLE_MAX 64
#define NSPY_ARGUMENTS_MAX 256

/*
 * A process of 32 bits writes a ring that a command of 64 bits reads. i386 is
 * content with 64-bit words at multiples of 4, unless it is told otherwise.
 */
#define NSPY_ALIGNED _Alignas(8)

struct nspy_slot {
	_Atomic uint64_t stamp;
	uint32_t len;  /* of the event with its payload, in bytes */
	uint32_t skip; /* bytes before it, left free at the end of the data */
};

/* One direction of a TCP conversation. Offsets count from the first byte. */
struct nspy_flow {
	NSPY_ALIGNED uint64_t written; /* bytes that the capture holds */
	uint64_t sent;	   /* bytes that the sender's calls have told of */
	uint64_t received; /* bytes that the receiver's calls have told of */
	uint64_t acked;	   /* bytes that the capture shows acknowledged */
	uint32_t isn;
	uint8_t fin; /* FIN is written */
	uint8_t fin_acked;
	uint8_t told[2]; /* by its sender / receiver: calls seen from byte 0 */
	uint32_t unanswered; /* UDP: sent, and neither answered nor refused */
	/* UDP: of the only one of these, if it was not cut; else 0. */
	uint16_t only_len, only_checksum;
};

/* Who has closed an end of a conversation. */
enum nspy_end {
	NSPY_USED = 0,
	NSPY_LET_GO, /* some of those who hold it; others may go on */
	NSPY_ENDED,
};

struct nspy_conversation {
	NSPY_ALIGNED struct nspy_endpoint
		end[2]; /* end[0] opened it, as far as we know */
	uint64_t cookie[2];
	uint64_t last_ns; /* time never runs backwards in a conversation */
	uint64_t saved;	  /* 1 + the generation whose undo log has it */
	struct nspy_flow flow[2]; /* flow[i] is sent by end[i] */
	uint32_t serial;
	uint32_t pid;
	uint32_t next;	      /* in the bucket or the free list: index + 1 */
	uint32_t next_closed; /* in the list of closed ones: index + 1 */
	uint8_t state;
	uint8_t ended[2];  /* enum nspy_end of end i */
	uint8_t reset;	   /* RST is written; its receiver may read on */
	uint8_t closed;	   /* in the list of closed ones */
	uint32_t protocol; /* other than IPPROTO_TCP: flows count datagrams */
	uint32_t used;	   /* since it came into that list */
	uint8_t header[2]; /* flow i ended in the header of a TLS record */
};

struct nspy_undo {
	uint32_t index; /* conversation, or bucket with NSPY_UNDO_BUCKET */
	uint32_t bucket_value;
	struct nspy_conversation old;
};
#define NSPY_UNDO_BUCKET 0x80000000u

/* What a drain commits as a whole. */
struct nspy_progress {
	NSPY_ALIGNED uint64_t tail; /* position and slot of the next event */
	uint64_t file_size;	    /* bytes of the capture that are valid */
	uint64_t packets;
	uint64_t bytes; /* of payload */
	uint64_t notes; /* blocks about calls that have no packet */
	uint64_t lost;	/* events that died with their producer, or no room */
	uint32_t conversations_used;
	uint32_t conversations_free; /* head of the free list: index + 1 */
	uint32_t serial;
	uint32_t commented; /* the last serial whose packets have a comment */
	uint32_t closed_first, closed_last; /* index + 1 */
	uint32_t closed_count;
	/*
	 * In the folder of a run only. The command's ring: interfaces in the
	 * capture, and which of its files that is. A process's ring: 1 + the
	 * index of its interface, with the tail, packets and lost of the same
	 * generation of the command's ring.
	 */
	uint32_t interfaces;
	uint32_t file_number;
};

/* Who drains it: the process by itself, or the netspy command. */
enum nspy_drainer {
	NSPY_STANDALONE = 0,
	NSPY_COLLECTS,
	NSPY_LEFT, /* the process has to go on by itself */
};

/*
 * In the folder of a run: the file that the command has a lock on, and the end
 * of the name of each ring that is ready.
 */
#define NSPY_RUN_LOCK "lock"
#define NSPY_RUN_RING ".ring"
/* An empty file: a process of the executable before it has loaded netspy. */
#define NSPY_RUN_LOADED ".loaded"

/* Whose calls they are. */
struct nspy_process {
	NSPY_ALIGNED uint64_t start; /* field 22 of /proc/PID/stat */
	uint32_t pid;
	char executable[NSPY_EXECUTABLE_MAX]; /* the name it was started by */
	char arguments[NSPY_ARGUMENTS_MAX];   /* all of them, with spaces */
};

struct nspy_ring {
	char magic[8];
	uint64_t size; /* of the file */
	struct nspy_process process;
	uint32_t snaplen;
	uint32_t format; /* of the capture: enum nspy_format_number */
	_Atomic uint32_t collector; /* enum nspy_drainer */
	uint32_t drop; /* a full ring drops and counts instead of waiting */
	_Atomic uint64_t collector_ns; /* CLOCK_REALTIME, when it last looked */
	_Atomic uint64_t dropped;      /* events */
	_Atomic uint64_t unseen_bytes; /* that the kernel counted, not we */
	_Atomic uint64_t unseen_sockets;
	/* The inverse of the tail at which a full ring has waited for long. */
	_Atomic uint64_t abandoned;
	_Alignas(64) _Atomic uint64_t head;
	_Alignas(64) _Atomic uint64_t consumed; /* the last committed tail */
	_Atomic uint64_t generation;
	struct nspy_progress progress[2]; /* [generation % 2] is valid */
	uint64_t undo_generation;
	_Atomic uint32_t undo_count;
	uint32_t allocated; /* conversations whose pages are on the disk */
	_Alignas(4096) struct nspy_slot slots[NSPY_RING_SLOTS];
	struct nspy_undo undo[NSPY_RING_UNDO];
	uint32_t buckets[NSPY_RING_BUCKETS];
	_Alignas(4096) uint8_t data[NSPY_RING_DATA];
	struct nspy_conversation conversations[NSPY_CONVERSATIONS_MAX];
};

/* The same in programs of 32 bits as in the command. */
#define NSPY_RING_HAS(what, bytes)                                             \
	_Static_assert((what) == (bytes), "the ring file depends on it")
NSPY_RING_HAS(sizeof(struct nspy_slot), 16);
NSPY_RING_HAS(sizeof(struct nspy_flow), 48);
NSPY_RING_HAS(sizeof(struct nspy_conversation), 208);
NSPY_RING_HAS(sizeof(struct nspy_undo), 216);
NSPY_RING_HAS(sizeof(struct nspy_progress), 88);
NSPY_RING_HAS(sizeof(struct nspy_ring), 57262080);
NSPY_RING_HAS(offsetof(struct nspy_ring, abandoned), 400);
NSPY_RING_HAS(offsetof(struct nspy_ring, allocated), 716);

/*
 * head and tail: the slot number (modulo 65536) in the upper 16 bits, the data
 * position divided by 8 below. 48 bits of it are two petabytes.
 */
static inline uint64_t
nspy_position(uint64_t word)
{
	return (word & 0xffffffffffffu) << 3;
}

static inline uint32_t
nspy_slot_number(uint64_t word)
{
	return (uint32_t)(word >> 48) % NSPY_RING_SLOTS;
}

/* The word behind a record of size bytes (a multiple of 8). */
static inline uint64_t
nspy_position_after(uint64_t word, uint64_t size)
{
	uint64_t slot = (word >> 48) + 1;
	uint64_t position = (word & 0xffffffffffffu) + (size >> 3);

	return slot << 48 | (position & 0xffffffffffffu);
}

static inline uint64_t
nspy_record_size(uint32_t len)
{
	return ((uint64_t)len + 7) & ~(uint64_t)7;
}

/* Bytes of the file that must be on the disk before the first event. */
#define NSPY_RING_FIXED                                                        \
	(offsetof(struct nspy_ring, conversations) +                           \
	 NSPY_CONVERSATIONS_CHUNK * sizeof(struct nspy_conversation))

/* Bytes that wait for the consumer. */
static inline uint64_t
nspy_ring_pending(const struct nspy_ring *ring)
{
	return nspy_position(atomic_load(&ring->head)) -
	       nspy_position(atomic_load(&ring->consumed));
}

static inline struct nspy_progress *
nspy_ring_progress(struct nspy_ring *ring)
{
	uint64_t generation = atomic_load(&ring->generation);

	return &ring->progress[generation % 2];
}

/*
 * The next committed event at *tail, which is moved behind it, or NULL. With
 * skip, for a ring whose producers are dead or hang, records that never got
 * committed are stepped over and counted in *lost.
 */
const struct nspy_event *nspy_ring_next(struct nspy_ring *ring, uint64_t *tail,
					bool skip, uint64_t *lost);

/* Begin a drain: returns the progress to change, a copy of the valid one. */
struct nspy_progress *nspy_ring_begin(struct nspy_ring *ring);

/* Make everything since nspy_ring_begin valid, in one store. */
void nspy_ring_commit(struct nspy_ring *ring);

/* Undo everything since nspy_ring_begin, also that of a killed process. */
void nspy_ring_rollback(struct nspy_ring *ring);

/* False: the undo log is full and the drain has to commit first. */
bool nspy_ring_has_undo(const struct nspy_ring *ring, uint32_t entries);

/* Save a conversation or a hash bucket before the first change to it. */
void nspy_ring_save(struct nspy_ring *ring, uint32_t conversation);
void nspy_ring_save_bucket(struct nspy_ring *ring, uint32_t bucket);

/*
 * Field 22 of a /proc/PID/stat text: when the process began, in clock ticks
 * since boot. With the pid it names a process for good. 0 if it is not there.
 */
uint64_t nspy_process_start(const char *stat);

/* How long ago, in ns, the command has looked at the ring. */
uint64_t nspy_ring_silence(const struct nspy_ring *ring, uint64_t now_ns);

/* Whether a ring file of size bytes can be trusted with its offsets. */
bool nspy_ring_valid(const struct nspy_ring *ring, uint64_t size);

#endif
