/* SPDX-License-Identifier: BSD-2-Clause */
/* The real functions behind the names that libnetspy.so puts before libc's. */

#ifndef NETSPY_NEXT_H
#define NETSPY_NEXT_H

#include <stdatomic.h>
#include <stddef.h>

#define NETSPY_EXPORT __attribute__((visibility("default")))
#define NETSPY_WEAK __attribute__((weak))

struct nspy_next {
	const char *name;
	void *_Atomic function;
};

/* Any function: only cast to what it is before it is called. */
typedef void nspy_function(void);

extern struct nspy_next *const nspy_nexts[];
extern const size_t nspy_next_count;

/* Find one; ends the program as ld.so would, status 127, if there is none. */
void *nspy_next_bind(struct nspy_next *next);

static inline void *
nspy_next(struct nspy_next *next)
{
	void *function =
		atomic_load_explicit(&next->function, memory_order_relaxed);

	return function ? function : nspy_next_bind(next);
}

#endif
