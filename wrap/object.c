/* SPDX-License-Identifier: BSD-2-Clause */
/* What dl_iterate_phdr tells of the objects that a process has loaded. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/object.h"

#include <stdint.h>

bool
nspy_object_holds(const struct dl_phdr_info *object, const void *address)
{
	uintptr_t at = (uintptr_t)address - object->dlpi_addr;

	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && at >= segment->p_vaddr &&
		    at - segment->p_vaddr < segment->p_memsz)
			return true;
	}
	return false;
}

const void *
nspy_object_table(ElfW(Addr) base, ElfW(Addr) value)
{
	return (const void *)(value < base ? base + value : value);
}

/* The first object is the program. */
static int
look(struct dl_phdr_info *object, size_t size, void *found)
{
	(void)size;
	*(bool *)found = nspy_object_holds(object, (void *)nspy_in_program);
	return 1;
}

bool
nspy_in_program(void)
{
	bool found = false;

	dl_iterate_phdr(look, &found);
	return found;
}
