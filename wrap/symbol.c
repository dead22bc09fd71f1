/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding functions in the tables of the objects that are loaded. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/symbol.h"

#include "wrap/object.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#define HIDDEN_VERSION 0x8000
#define TYPE_OF(symbol) ((symbol)->st_info & 15)

/* What an object's dynamic section says of its symbols. */
struct tables {
	const char *strings;
	const ElfW(Sym) * symbols;
	const ElfW(Half) * versions;
	const uint32_t *gnu_hash;
	const Elf_Symndx *hash;
	const char *soname;
	const ElfW(Dyn) * dynamic;
	uintptr_t base;
};

static void
read_entry(struct tables *tables, const ElfW(Dyn) * entry)
{
	const void *value = nspy_object_table(tables->base, entry->d_un.d_ptr);

	switch (entry->d_tag) {
	case DT_STRTAB:
		tables->strings = value;
		break;
	case DT_SYMTAB:
		tables->symbols = value;
		break;
	case DT_VERSYM:
		tables->versions = value;
		break;
	case DT_GNU_HASH:
		tables->gnu_hash = value;
		break;
	case DT_HASH:
		tables->hash = value;
		break;
	default:
		break;
	}
}

static bool
read_tables(struct tables *tables, const struct dl_phdr_info *object)
{
	const ElfW(Dyn) *entry = NULL;

	memset(tables, 0, sizeof(*tables));
	tables->base = object->dlpi_addr;
	for (int i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			entry = (const void *)(object->dlpi_addr +
					       object->dlpi_phdr[i].p_vaddr);
	tables->dynamic = entry;
	for (; entry && entry->d_tag != DT_NULL; entry++)
		read_entry(tables, entry);
	if (!tables->strings || !tables->symbols)
		return false;
	for (entry = tables->dynamic; entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == DT_SONAME)
			tables->soname = tables->strings + entry->d_un.d_val;
	return true;
}

/* The address of the symbol, if it is the function. */
static void *
match(const struct tables *tables, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &tables->symbols[index];

	if (symbol->st_shndx == SHN_UNDEF || TYPE_OF(symbol) != STT_FUNC ||
	    strcmp(tables->strings + symbol->st_name, name) != 0 ||
	    (tables->versions && tables->versions[index] & HIDDEN_VERSION))
		return NULL;
	return (void *)(tables->base + symbol->st_value);
}

static void *
find_by_gnu_hash(const struct tables *tables, const char *name)
{
	const uint32_t *table = tables->gnu_hash;
	uint32_t bucket_count = table[0], first = table[1];
	const uint32_t *buckets =
		table + 4 + table[2] * (sizeof(ElfW(Addr)) / sizeof(*table));
	const uint32_t *chain = buckets + bucket_count;
	uint32_t hash = 5381, index;

	for (const char *p = name; *p; p++)
		hash = hash * 33 + (unsigned char)*p;
	index = bucket_count ? buckets[hash % bucket_count] : 0;
	for (; index >= first && index; index++) {
		uint32_t other = chain[index - first];
		void *found = (other | 1) == (hash | 1)
				      ? match(tables, index, name)
				      : NULL;

		if (found || other & 1)
			return found;
	}
	return NULL;
}

static void *
find_in_tables(const struct tables *tables, const char *name)
{
	void *found = NULL;

	if (tables->gnu_hash)
		return find_by_gnu_hash(tables, name);
	for (uint32_t i = 0; tables->hash && i < tables->hash[1] && !found; i++)
		found = match(tables, i, name);
	return found;
}

struct search {
	const char *name;
	const void *address; /* of whom we search for */
	struct tables own;   /* of its object */
	bool past_program;   /* which is the first object */
	void *found;
};

/*
 * A function of the program itself comes before ours for all: one that is called
 * as ours is not there, or belongs to another copy of us.
 */
static int
look_in_own(struct dl_phdr_info *object, size_t size, void *context)
{
	struct search *search = context;
	bool is_program = !search->past_program;

	(void)size;
	search->past_program = true;
	if (!nspy_object_holds(object, search->address))
		return 0;
	if (read_tables(&search->own, object) && !is_program &&
	    !nspy_object_holds(object, (void *)(uintptr_t)look_in_own))
		search->found = find_in_tables(&search->own, search->name);
	return 1;
}

static bool
is_needed(const struct tables *by, const char *soname)
{
	for (const ElfW(Dyn) *entry = by->dynamic; entry->d_tag != DT_NULL;
	     entry++)
		if (entry->d_tag == DT_NEEDED &&
		    strcmp(by->strings + entry->d_un.d_val, soname) == 0)
			return true;
	return false;
}

/* The last part of the path stands for a name that the object does not have. */
static const char *
name_of(const struct tables *tables, const struct dl_phdr_info *object)
{
	const char *slash;

	if (tables->soname || !object->dlpi_name)
		return tables->soname ? tables->soname : "";
	slash = strrchr(object->dlpi_name, '/');
	return slash ? slash + 1 : object->dlpi_name;
}

static int
look_in_needed(struct dl_phdr_info *object, size_t size, void *context)
{
	struct search *search = context;
	struct tables tables;

	(void)size;
	if (read_tables(&tables, object) &&
	    is_needed(&search->own, name_of(&tables, object)))
		search->found = find_in_tables(&tables, search->name);
	return search->found != NULL;
}

static int
look_in_any(struct dl_phdr_info *object, size_t size, void *context)
{
	struct search *search = context;
	struct tables tables;

	(void)size;
	if (!nspy_object_holds(object, (void *)(uintptr_t)look_in_any) &&
	    read_tables(&tables, object))
		search->found = find_in_tables(&tables, search->name);
	return search->found != NULL;
}

void *
nspy_symbol_in(const void *address, const char *name)
{
	struct search search = {.name = name, .address = address};

	dl_iterate_phdr(look_in_own, &search);
	return search.found;
}

void *
nspy_symbol_for(const void *address, const char *name)
{
	struct search search = {.name = name, .address = address};

	dl_iterate_phdr(look_in_own, &search);
	if (!search.found && search.own.strings)
		dl_iterate_phdr(look_in_needed, &search);
	return search.found;
}

void *
nspy_symbol_next(const char *name, const void *caller)
{
	struct search search = {.name = name};
	/* A program that has us in it, and is preloaded too. */
	bool is_other = dlsym(RTLD_NEXT, "nspy_tls_doors");

	if (!is_other)
		search.found = nspy_symbol_for(caller, name);
	if (!search.found)
		search.found = dlsym(RTLD_NEXT, name);
	if (!search.found)
		dl_iterate_phdr(look_in_any, &search);
	return search.found;
}
