/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doors of a dynamic program with libc's own names, which linkers export
 * from an executable because libc.so defines them: so calls of its shared
 * libraries and plug-ins come here too. The anchor pulls this out of the
 * archive; a program that calls nothing of it itself would not.
 */

#include "wrap/preload.gen.c"
#include "wrap/export.gen.c"

/* link.opts has --undefined=netspy_link_anchor. */
extern const char netspy_link_anchor;
__attribute__((visibility("hidden"))) const char netspy_link_anchor = 1;
