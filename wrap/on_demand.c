/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doors of functions that a static program is to have only when it calls them,
 * as the resolver is large and the linker warns of it: a member of its own,
 * which such a call pulls out of the archive.
 *
 * The member of link.c has the same names, weak, with weak references to the
 * real functions. It stands behind this one in the archive, or bfd and gold
 * would be content with it. lld needs it: it calls address 0 where only a
 * member that is still in the archive has the door of a function that is weak
 * in libc.a. So do dynamic links that name the library first.
 */

#include "config.h"

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/on-demand.gen.c"
