/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A static program may have a function of its own called connect, and ld --wrap
 * would direct its calls to a wrapper that takes it for libc's. As libc's is
 * weak, the linker would not object. So for static links libc's names are
 * defined here once more, not weak: then it does, as in dynamic links, where
 * the export archive has them. A static link has --undefined=netspy_static_guard:
 * lld would not take this for the sake of the wrappers' real functions.
 */

#include "config.h"

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <features.h>

#ifdef __GLIBC__
#include "wrap/guard.gen.c"
#endif

extern const char netspy_static_guard;
__attribute__((visibility("hidden"))) const char netspy_static_guard = 1;
