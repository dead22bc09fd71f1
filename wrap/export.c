/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doors of a dynamic program with libc's own names, which linkers export
 * from an executable because libc.so defines them: so calls of its shared
 * libraries and plug-ins come here too. The anchor pulls this out of the
 * archive; a program that calls nothing of it itself would not.
 */

#include "wrap/preload.gen.c"
#include "wrap/tls-preload.gen.c"
#include "wrap/export.gen.c"

/*
 * Every link has --undefined=netspy_link_anchor. It brings <netspy.h>'s part
 * too, whose own declaration is weak and would not.
 */
extern const struct netspy_functions *netspy_functions_1(void);
extern const struct netspy_functions *(*const netspy_link_anchor)(void);
__attribute__((visibility("hidden")))
const struct netspy_functions *(*const netspy_link_anchor)(void) =
	netspy_functions_1;
