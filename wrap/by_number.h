/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs call by number alone, as the C library would declare it. */

#ifndef NETSPY_BY_NUMBER_H
#define NETSPY_BY_NUMBER_H

#include <stddef.h>

int seccomp(unsigned int operation, unsigned int flags, void *args);
long clone3(void *args, size_t size);

/* In the order of the kernel, which differs between machines. */
long raw_clone(long flags, void *stack, void *a, void *b, void *c);

#endif
