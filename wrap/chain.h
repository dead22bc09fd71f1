/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions that a TLS library tells secrets: ours, which then call those of
 * the program.
 */

#ifndef NETSPY_CHAIN_H
#define NETSPY_CHAIN_H

#include "capture/text.h"
#include "wrap/next.h"

#include <stddef.h>

/* Functions of the program's that a process can have; few have one. */
#define NSPY_CHAINED 4

/* The functions that a library may have from us, and what they stand for. */
struct nspy_chain {
	nspy_function *alone;		    /* for none of the program's */
	nspy_function *links[NSPY_CHAINED]; /* each for one of them */
	_Atomic(nspy_function *) own[NSPY_CHAINED]; /* these */
};

#define NSPY_LINKS(library)                                                    \
	.alone = (nspy_function *)tell_##library,                              \
	.links = {(nspy_function *)library##_link0,                            \
		  (nspy_function *)library##_link1,                            \
		  (nspy_function *)library##_link2,                            \
		  (nspy_function *)library##_link3}

/* What the library is to have for the program's function, and back. */
nspy_function *nspy_chain(struct nspy_chain *chain, nspy_function *function);
nspy_function *nspy_unchain(struct nspy_chain *chain, nspy_function *function);

/* Tell a secret, as a line of a key log. */
void nspy_secret_put(const char *label,
		     const unsigned char random[NSPY_RANDOM_LEN],
		     const unsigned char *secret, size_t len);

#endif
