/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks of pcapng (draft-ietf-opsawg-pcapng, section 4), in host byte order:
 * one section, one interface for each process, times in nanoseconds. The
 * functions that write a block return its length, a multiple of 4, at most
 * NSPY_BLOCK_MAX bytes; longer texts are cut.
 */

#ifndef NETSPY_PCAPNG_H
#define NETSPY_PCAPNG_H

#include "capture/format.h"
#include "capture/ring.h"

#define NSPY_BLOCK_MAX 1024

enum nspy_block_type {
	NSPY_BLOCK_SECTION = 0x0a0d0d0a,
	NSPY_BLOCK_INTERFACE = 1,
	NSPY_BLOCK_OLD_PACKET = 2, /* of others' captures, as the next one */
	NSPY_BLOCK_SIMPLE_PACKET = 3,
	NSPY_BLOCK_NAMES = 4,
	NSPY_BLOCK_STATISTICS = 5,
	NSPY_BLOCK_PACKET = 6,
	NSPY_BLOCK_JOURNAL = 9,
	NSPY_BLOCK_SECRETS = 10,
};

/* Section Header Block; application: "netspy 1.0"; comment: what is in it. */
size_t nspy_pcapng_section(uint8_t *block, const char *application,
			   const char *comment);

/*
 * Interface Description Block of the process called name, whose command line
 * is the description. The snaplen is that of whole packets, in bytes.
 */
size_t nspy_pcapng_interface(uint8_t *block, uint32_t snaplen, const char *name,
			     const char *description);

/* Name Resolution Block: one address has the name of len bytes. */
size_t nspy_pcapng_name(uint8_t *block, const struct nspy_endpoint *address,
			const char *name, size_t len);

/*
 * systemd Journal Export Block: a message in the place of packets, about a
 * process or NULL. Wireshark lists it among them, libpcap steps over it.
 */
size_t nspy_pcapng_message(uint8_t *block, uint64_t when_ns,
			   const struct nspy_process *process,
			   const char *message);

/* Interface Statistics Block: packets that were told, and that are missing. */
size_t nspy_pcapng_statistics(uint8_t *block, uint32_t interface,
			      uint64_t when_ns, uint64_t received,
			      uint64_t dropped);

/*
 * Decryption Secrets Block: one line of a TLS key log, of NSPY_SECRET_MAX bytes
 * at most, without its end.
 */
size_t nspy_pcapng_secrets(uint8_t *block, const char *line, size_t len);

/*
 * The 12 bytes of a block of len bytes that readers skip: 8 go in front of the
 * filling and 4 behind it.
 */
void nspy_pcapng_filler(uint8_t *block, uint32_t len);

/* Enhanced Packet Block: what stands before and behind the packet. */
size_t nspy_pcapng_tail_len(const struct nspy_record *record);
void nspy_pcapng_head(uint8_t *p, const struct nspy_record *record);
void nspy_pcapng_tail(uint8_t *p, const struct nspy_record *record);

#endif
