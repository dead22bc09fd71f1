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

#ifdef NSPY_BINDING_PRELOAD
#define NOTE_KIND "1"
#elif defined(NSPY_BINDING_LINK)
#define NOTE_KIND "2"
#else
#define NOTE_KIND "3"
#endif

enum note_kind { PRELOAD = 1, WRAP, EXPORT };

__asm__(".pushsection .note.netspy,\"a\",%note\n"
	".balign 4\n"
	"nspy_note: .hidden nspy_note\n"
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

extern const struct note nspy_note;

struct copies {
	bool own_passed; /* in the order of loading, which is that of symbols */
	bool before;	 /* another copy gets our calls, so we pass them on */
};

static void
look(const struct note *note, struct copies *copies)
{
	if (note == &nspy_note)
		copies->own_passed = true;
	else if (note->kind == PRELOAD)
		copies->before = true;
	else if (note->kind == EXPORT)
		copies->before |= nspy_note.kind == WRAP || !copies->own_passed;
}

/* mold merges notes of different alignment: look at every fourth byte. */
static int
find_copies(struct dl_phdr_info *info, size_t size, void *copies)
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
			const struct note *note =
				(const struct note *)(start + at);

			if (note->owner_len == 7 && note->word_len == 4 &&
			    memcmp(note->owner, "netspy", 7) == 0)
				look(note, copies);
		}
	}
	return 0;
}

bool
nspy_note_before(void)
{
	struct copies copies = {.own_passed = false};

	if (nspy_note.kind != PRELOAD)
		dl_iterate_phdr(find_copies, &copies);
	return copies.before;
}
