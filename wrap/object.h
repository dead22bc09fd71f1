/* SPDX-License-Identifier: BSD-2-Clause */
/* The program and the shared libraries of a process, as ld.so has them. */

#ifndef NETSPY_OBJECT_H
#define NETSPY_OBJECT_H

#include <link.h>
#include <stdbool.h>

/* Whether the address is in a segment of the object. */
bool nspy_object_holds(const struct dl_phdr_info *object, const void *address);

/*
 * A table of the object that is loaded at base, from a value of its dynamic
 * section. glibc writes most addresses there itself, others leave offsets.
 */
const void *nspy_object_table(ElfW(Addr) base, ElfW(Addr) value);

/* Whether this code is in the program itself, and not in a library. */
bool nspy_in_program(void);

#endif
