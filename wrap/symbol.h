/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions of libraries that come and go with dlopen, or are there twice. Only
 * tables in memory are read, under the lock of dl_iterate_phdr: dlopen there
 * would wait for the one of another thread that waits for us.
 */

#ifndef NETSPY_SYMBOL_H
#define NETSPY_SYMBOL_H

/* In the object with the address; or NULL. */
void *nspy_symbol_in(const void *address, const char *name);

/* In that object, or in one that it says it needs. */
void *nspy_symbol_for(const void *address, const char *name);

/*
 * What the object of the caller would have found without us, or NULL. A call as
 * the last act of a function has not left its address.
 */
void *nspy_symbol_next(const char *name, const void *caller);
#define NSPY_NEXT_HERE(name)                                                   \
	nspy_symbol_next(#name, __builtin_return_address(0))

#endif
