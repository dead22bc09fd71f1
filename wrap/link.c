/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All the --wrap doors and their bodies in one object, which the anchor pulls
 * out of the archive. With several objects, or without the anchor, linkers
 * leave some out: bfd and gold then fail, lld links calls to address 0.
 */

#include "config.h"

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/calls.gen.c"
#include "wrap/link.gen.c"

/* link.opts has --undefined=netspy_link_anchor. */
extern const char netspy_link_anchor;
__attribute__((visibility("hidden"))) const char netspy_link_anchor = 1;
