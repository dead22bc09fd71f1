/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capture as a TCP service ("PCAP over IP"): whoever connects is sent it
 * from its beginning, as far as that is still there, and then what comes. No
 * client makes anybody wait: one that is too slow is cut off.
 */

#ifndef NETSPY_LIVE_H
#define NETSPY_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the capture that are kept for clients. */
#define NSPY_LIVE_KEPT (64u << 20)

struct nspy_live;

/*
 * Listen at [ADDRESS:]PORT, by default of 127.0.0.1. NULL after one line, which
 * begins with the option that said so.
 */
struct nspy_live *nspy_live_open(const char *option, const char *where);

/*
 * A block that later clients need before anything else: the file header, and
 * each interface.
 */
void nspy_live_add_prelude(struct nspy_live *live, const void *block,
			   size_t len);

/*
 * Take new clients, and send what there is: size bytes of the file fd are
 * valid. Returns the first byte of it that some client still needs.
 */
uint64_t nspy_live_send(struct nspy_live *live, int fd, uint64_t size);

/* Give clients two seconds for the rest, and close. */
void nspy_live_close(struct nspy_live *live, int fd, uint64_t size);

#endif
