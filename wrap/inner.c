/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Some C libraries call functions of ours that are linked on demand, of which
 * ld has the weak door alone when it comes to libc: these are always linked.
 */

#include "config.h"

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <netdb.h>
#include <stddef.h>

#ifdef NSPY_BINDING_LINK

typeof(getnameinfo) __real_getnameinfo;
typeof(gethostbyaddr_r) __real_gethostbyaddr_r;
typeof(gethostbyname2) __real_gethostbyname2;
typeof(gethostbyname2_r) __real_gethostbyname2_r;

extern const void *const nspy_pulled[];
const void *const nspy_pulled[] = {
#ifdef GETNAMEINFO_IN_GETSERVBYPORT
	__real_getnameinfo,
#endif
#ifdef GETHOSTBYADDR_R_IN_GETHOSTBYADDR
	__real_gethostbyaddr_r,
#endif
#ifdef GETHOSTBYNAME2_IN_GETHOSTBYNAME
	__real_gethostbyname2,
#endif
#ifdef GETHOSTBYNAME2_R_IN_GETHOSTBYNAME2
	__real_gethostbyname2_r,
#endif
	NULL};

#endif
