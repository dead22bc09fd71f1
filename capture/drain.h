/* SPDX-License-Identifier: BSD-2-Clause */
/* Committed events become packets in the capture file. */

#ifndef NETSPY_DRAIN_H
#define NETSPY_DRAIN_H

#include "capture/batch.h"
#include "capture/host.h"
#include "capture/pcapng.h"
#include "capture/ring.h"
#include "capture/secrets.h"

/*
 * One of the last packets of raw sockets. On loopback a process that sends one
 * may get it back, once for each of its raw sockets.
 */
#define NSPY_RAW_SEEN 64
#define NSPY_RAW_TELLERS 4
struct nspy_raw_seen {
	uint64_t hash; /* of the packet */
	uint32_t written;
	struct {
		uint64_t cookie; /* of a receiving socket; 1: all that send */
		uint32_t count;
	} teller[NSPY_RAW_TELLERS];
};

struct nspy_drain {
	struct nspy_ring *ring; /* conversations and progress are in it */
	const struct nspy_process *process; /* that the next events are of */
	uint32_t interface;		    /* its index in the file */
	struct nspy_progress *progress;	    /* of the drain under way */
	/*
	 * The event that is told, a copy: the recorded process can write to the
	 * ring, and what was checked must stay so. The data is in the ring.
	 */
	struct nspy_event event;
	const void *data;
	/*
	 * Puts another NSPY_CONVERSATIONS_CHUNK of the table on the disk and
	 * raises ring->allocated. Returns 0 or a negative errno.
	 */
	int (*grow)(void *context, struct nspy_ring *ring);
	void *grow_context;
	/* Whether the packet is to be written; NULL: all of them. */
	bool (*wanted)(void *context, const struct nspy_packet *packet);
	void *wanted_context;
	bool from_zero;	     /* sequence numbers begin with 0 */
	uint64_t size_limit; /* of the capture, in bytes: RLIMIT_FSIZE */
	char comment[NSPY_COMMENT_MAX + 1];
	uint8_t block[NSPY_BLOCK_MAX]; /* these two are scratch */
	struct nspy_hosts hosts;
	uint64_t stated; /* bytes of the capture with the last statistics */
	struct nspy_batch batch;
	struct nspy_raw_seen raw_seen[NSPY_RAW_SEEN];
	uint32_t raw_seen_next; /* the place that is taken next */
	uint32_t raw_seen_pid;	/* of the ring that these are for */
	struct nspy_secrets secrets;
	uint32_t last; /* the conversation found last: index + 1, or 0 */
};

/*
 * A ring in memory of sizeof(struct nspy_ring) zero bytes becomes an empty one
 * for the capture of the process in it, a file of the format in it that has
 * file_size bytes of header and no packet. snaplen in bytes of a whole packet.
 */
void nspy_ring_init(struct nspy_ring *ring, uint32_t snaplen, size_t file_size);

/*
 * The header of a capture: for classic pcap, or for pcapng with the interface
 * of process unless that is NULL. Returns its length, at most
 * NSPY_FILE_HEADER_MAX.
 */
size_t nspy_drain_header(uint8_t *buffer, uint32_t format, uint32_t snaplen,
			 const struct nspy_process *process);

/* The interface block of a process, for one that joins a pcapng later. */
size_t nspy_drain_interface(uint8_t *block, uint32_t snaplen,
			    const struct nspy_process *process);

/*
 * Write every committed event to fd, behind what the ring says is valid
 * there; the file header is from nspy_pcap_header. One thread at a time. With dead, records that
 * never got committed are stepped over. On an error the file keeps what was
 * valid before. Returns 0 or a negative errno.
 */
int nspy_drain_run(struct nspy_drain *drain, int fd, bool dead);

/* The same for events of another ring; its producers then go on. */
int nspy_drain_from(struct nspy_drain *drain, int fd, struct nspy_ring *source);

/* The capture is a new one: it has no names and no statistics yet. */
void nspy_drain_forget(struct nspy_drain *drain);

/*
 * The statistics of a process's own capture, unless nothing has come since the
 * last ones. Returns 0 or a negative errno.
 */
int nspy_drain_state(struct nspy_drain *drain, int fd, uint64_t when_ns);

/*
 * The parts of nspy_drain_run, for events of several rings: begin, add each,
 * end. nspy_drain_add returns false when the undo log is full: end and begin
 * anew before the next event. Events stay where they are until the end, which
 * returns 0 or a negative errno.
 */
void nspy_drain_begin(struct nspy_drain *drain, int fd);
bool nspy_drain_add(struct nspy_drain *drain, const struct nspy_event *event);
int nspy_drain_end(struct nspy_drain *drain);

/*
 * Between begin and end: the names that are known, for a file that has none of
 * them yet; and what a process's capture ends with, of which dropped events are
 * missing. Of classic pcap they are no part.
 */
void nspy_drain_names(struct nspy_drain *drain);
void nspy_drain_statistics(struct nspy_drain *drain, uint64_t when_ns,
			   uint64_t packets, uint64_t dropped);

/* A packet that the event is shown as. */
void nspy_drain_packet(struct nspy_drain *drain, const struct nspy_event *event,
		       uint64_t when_ns, struct nspy_packet *packet);

/* What one event adds; returns false if there was no room for it. */
bool nspy_tcp_event(struct nspy_drain *drain, const struct nspy_event *event);
bool nspy_unreachable_event(struct nspy_drain *drain,
			    const struct nspy_event *event);
bool nspy_datagram_event(struct nspy_drain *drain,
			 const struct nspy_event *event);
bool nspy_raw_event(struct nspy_drain *drain, const struct nspy_event *event);

#endif
