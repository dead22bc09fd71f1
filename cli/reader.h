/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture as it is read: classic pcap through libpcap, pcapng by our own
 * reader, since libpcap tells neither interfaces nor options, and those say
 * which process a packet is of.
 */

#ifndef NETSPY_READER_H
#define NETSPY_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nspy_direction {
	NSPY_DIRECTION_UNKNOWN,
	NSPY_INCOMING,
	NSPY_OUTGOING,
};

/* One packet; data is valid until the next one is read. */
struct nspy_captured {
	uint64_t when_ns;
	const uint8_t *data;
	uint32_t captured_len, original_len;
	uint32_t link_type; /* LINKTYPE_ of pcap-linktype(7) */
	enum nspy_direction direction;
	uint32_t process; /* see nspy_reader_process; 0: not known */
};

struct nspy_reader;

/*
 * Open the file, "-" for standard input. NULL after one line that begins with
 * the verb.
 */
struct nspy_reader *nspy_reader_open(const char *verb, const char *path);

/*
 * The next packet: 1; 0 at the end; -1 after one line when the rest cannot be
 * read.
 */
int nspy_reader_next(struct nspy_reader *reader, struct nspy_captured *packet);

/* How many processes have been seen; they are numbered from 1. */
uint32_t nspy_reader_processes(const struct nspy_reader *reader);

/* Name and PID as in "curl[1234]", or "[1234]". */
const char *nspy_reader_process(const struct nspy_reader *reader,
				uint32_t number);

void nspy_reader_close(struct nspy_reader *reader);

#endif
