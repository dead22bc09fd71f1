/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Libraries whose calls do not come to us as those of others do, since dlopen
 * with RTLD_DEEPBIND, or dlmopen, has bound them to the C library. dlopen itself is
 * left alone, as it goes by the address of its caller. What the dynamic linker
 * has written into a library for a network function tells as much, at the end.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/libraries.h"
#include "wrap/hook.h"

#if !defined(NSPY_BINDING_LINK) && defined(__GLIBC__)

#include "capture/text.h"
#include "wrap/lifecycle.h"
#include "wrap/object.h"
#include "wrap/report.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if __ELF_NATIVE_CLASS == 64
#define SYMBOL_OF(info) ELF64_R_SYM(info)
#else
#define SYMBOL_OF(info) ELF32_R_SYM(info)
#endif

/* One of these is in every library that talks by itself. */
static const char *const names[] = {
	"accept",  "accept4", "connect", "recv",     "recvfrom", "recvmmsg",
	"recvmsg", "send",    "sendto",	 "sendmmsg", "sendmsg",
};

/* From glibc 2.35 on, which says so by its version, 2. */
struct namespaces {
	struct r_debug base;
	struct namespaces *next;
};

struct found {
	const char *first;
	bool in_namespace, only_if_new;
	long others;
};

/*
 * The last library that was there at start: none of these is bound so. At the
 * start of a forked child it may be one that can be unloaded.
 */
static const struct link_map *last_at_start;
static bool may_go;
/* How many had ever been loaded at the last look. */
static unsigned long long looked_at;
static bool reported;

struct dynamic {
	const ElfW(Sym) * symbols;
	const char *strings;
	const char *plain, *lazy; /* relocations */
	size_t plain_len, lazy_len, entry_len;
};

static struct dynamic
dynamic_of(const struct link_map *library)
{
	struct dynamic dynamic = {.entry_len = sizeof(ElfW(Rela))};

	for (const ElfW(Dyn) *d = library->l_ld; d->d_tag != DT_NULL; d++) {
		const void *at =
			nspy_object_table(library->l_addr, d->d_un.d_ptr);

		switch (d->d_tag) {
		case DT_SYMTAB:
			dynamic.symbols = at;
			break;
		case DT_STRTAB:
			dynamic.strings = at;
			break;
		case DT_RELA:
		case DT_REL:
			dynamic.plain = at;
			break;
		case DT_RELASZ:
		case DT_RELSZ:
			dynamic.plain_len = d->d_un.d_val;
			break;
		case DT_RELENT:
		case DT_RELAENT:
			dynamic.entry_len = d->d_un.d_val;
			break;
		case DT_JMPREL:
			dynamic.lazy = at;
			break;
		case DT_PLTRELSZ:
			dynamic.lazy_len = d->d_un.d_val;
			break;
		default:
			break;
		}
	}
	return dynamic;
}

static bool
is_network(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* A lazy slot leads back into the library until its first call. */
static bool
is_within(const struct link_map *library, const void *address)
{
	Dl_info here, there;

	return dladdr(address, &there) && dladdr(library->l_ld, &here) &&
	       here.dli_fbase == there.dli_fbase;
}

static bool
passes_by(const struct link_map *library, const struct dynamic *dynamic,
	  const char *relocations, size_t len)
{
	for (size_t at = 0; at + dynamic->entry_len <= len;
	     at += dynamic->entry_len) {
		ElfW(Rel) entry; /* the beginning of ElfW(Rela), too */
		const char *name;
		const void *bound;

		memcpy(&entry, relocations + at, sizeof(entry));
		if (SYMBOL_OF(entry.r_info) == 0)
			continue;
		name = dynamic->strings +
		       dynamic->symbols[SYMBOL_OF(entry.r_info)].st_name;
		if (!is_network(name))
			continue;
		memcpy(&bound, (void *)(library->l_addr + entry.r_offset),
		       sizeof(bound));
		if (bound && bound != dlsym(RTLD_DEFAULT, name) &&
		    !is_within(library, bound))
			return true;
	}
	return false;
}

static void
look_at(const struct link_map *library, bool in_namespace, struct found *found)
{
	struct dynamic dynamic = dynamic_of(library);

	if (!dynamic.symbols || !dynamic.strings ||
	    (!passes_by(library, &dynamic, dynamic.plain, dynamic.plain_len) &&
	     !passes_by(library, &dynamic, dynamic.lazy, dynamic.lazy_len)))
		return;
	if (found->first) {
		found->others++;
	} else {
		found->first = library->l_name;
		found->in_namespace = in_namespace;
	}
}

/* Called once, for the lock: no library comes or goes meanwhile. */
static int
look_at_all(struct dl_phdr_info *info, size_t size, void *context)
{
	const struct namespaces *space = (const void *)&_r_debug;
	const struct link_map *library = last_at_start->l_next;
	bool in_namespace = false;
	struct found *found = context;

	(void)size;
	if (found->only_if_new && info->dlpi_adds == looked_at)
		return 1;
	looked_at = info->dlpi_adds;
	while (library || space) {
		for (; library; library = library->l_next)
			look_at(library, in_namespace, found);
		space = space->base.r_version > 1 ? space->next : NULL;
		library = space ? space->base.r_map : NULL;
		in_namespace = true;
	}
	return 1;
}

void
nspy_libraries_start(void)
{
	const struct link_map *library = _r_debug.r_map;

	may_go = last_at_start;
	while (library && library->l_next)
		library = library->l_next;
	last_at_start = library;
}

/*
 * Without the lock, which another thread of the parent may have held at the
 * fork: in the child it is never given back.
 */
static bool
may_find(void)
{
	/* The compiler knows the older, smaller one. */
	const struct r_debug *volatile known = &_r_debug;
	const struct namespaces *first = (const void *)known;

	return last_at_start->l_next ||
	       (first->base.r_version > 1 && first->next);
}

static void
report(bool only_if_new)
{
	struct found found = {.only_if_new = only_if_new};
	char others[NSPY_DECIMAL_MAX];

	if (!last_at_start || reported || !nspy_recording() ||
	    nspy_in_guest() || !may_find())
		return;
	dl_iterate_phdr(look_at_all, &found);
	if (!found.first)
		return;
	reported = true;
	nspy_decimal(others, found.others);
	nspy_report("calls of ", found.first, found.others ? " and " : "",
		    found.others ? others : "",
		    found.others == 0	? ""
		    : found.others == 1 ? " other"
					: " others",
		    " are not seen: loaded ",
		    found.in_namespace ? "by dlmopen" : "with RTLD_DEEPBIND",
		    NULL);
}

void
nspy_libraries_report(void)
{
	report(false);
}

/* Programs that unload at their end leave nothing to look at then. */
void
nspy_before_unload(void)
{
	report(true);
	if (may_go && !nspy_in_guest())
		last_at_start = NULL;
}

#else

void
nspy_before_unload(void)
{
}

#endif
