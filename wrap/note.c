/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every copy carries an ELF note, owner "netspy", whose word is the kind of
 * binding. `readelf -n PROGRAM` shows it, and strip keeps it. Symbols would
 * not do: an executable exports none by itself, and a weak reference to one
 * of the preload library is not found by every linker.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/note.h"

#include <link.h>
#include <stdint.h>
#include <string.h>

#define NOTE_PRELOAD 1

#ifdef NSPY_BINDING_PRELOAD
#define NOTE_KIND "1"
#else
#define NOTE_KIND "2"
#endif

__asm__(".pushsection .note.netspy,\"a\",%note\n"
	".balign 4\n"
	".long 7, 4, 1\n" /* length of owner and word, type */
	".asciz \"netspy\"\n"
	".balign 4\n"
	".long " NOTE_KIND "\n"
	".popsection");

struct note {
	uint32_t owner_len, word_len, type;
	char owner[8];
	uint32_t kind;
};

/* mold merges notes of different alignment: look at every fourth byte. */
static int
find_preload(struct dl_phdr_info *info, size_t size, void *found)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const char *start =
			(const char *)(info->dlpi_addr + segment->p_vaddr);

		if (segment->p_type != PT_NOTE)
			continue;
		for (size_t at = 0;
		     at + sizeof(struct note) <= segment->p_memsz; at += 4) {
			struct note note;

			memcpy(&note, start + at, sizeof(note));
			if (note.owner_len == 7 && note.word_len == 4 &&
			    memcmp(note.owner, "netspy", 7) == 0 &&
			    note.kind == NOTE_PRELOAD)
				*(bool *)found = true;
		}
	}
	return 0;
}

bool
nspy_note_preloaded(void)
{
	bool found = false;

	dl_iterate_phdr(find_preload, &found);
	return found;
}
