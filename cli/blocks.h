/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets of a pcapng file (draft-ietf-opsawg-pcapng), anybody's. */

#ifndef NETSPY_BLOCKS_H
#define NETSPY_BLOCKS_H

#include "cli/names.h"
#include "cli/reader.h"

#include <stdio.h>

struct nspy_blocks;

/* Read from file, which stays the caller's. NULL: out of memory. */
struct nspy_blocks *nspy_blocks_open(FILE *file, struct nspy_names *names);

/* 1: a packet; 0: the end; -1: what is wrong with the rest is in *error. */
int nspy_blocks_next(struct nspy_blocks *blocks, struct nspy_captured *packet,
		     const char **error);

void nspy_blocks_close(struct nspy_blocks *blocks);

#endif
