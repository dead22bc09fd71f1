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

#include "capture/sys.h"
#include "wrap/report.h"

/* Only for a call in a static library that follows ours on the link line. */
static __attribute__((noreturn)) void *
no_real(const char *name)
{
	nspy_report("the library must be linked after what calls ", name, NULL);
	NSPY_SYS1(SYS_exit_group, 127);
	__builtin_unreachable();
}

#include "wrap/calls.gen.c"
#include "wrap/tls-calls.gen.c"
#include "wrap/link.gen.c"

/*
 * Every link has --undefined=netspy_link_anchor. It brings <netspy.h>'s part
 * too, whose own declaration is weak and would not.
 */
extern const struct netspy_functions *netspy_functions_1(void);
extern const struct netspy_functions *(*const netspy_link_anchor)(void);
__attribute__((visibility("hidden")))
const struct netspy_functions *(*const netspy_link_anchor)(void) =
	netspy_functions_1;
