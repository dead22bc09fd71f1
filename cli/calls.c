/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbol tables, read by libelf. */

#include "config.h"

#include "cli/calls.h"

#include "cli/quote.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRAP "__wrap_"

struct file {
	int fd;
	Elf *elf;
};

struct names {
	char **list;
	size_t count;
};

static void
open_file(struct file *file, const char *path)
{
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	elf_version(EV_CURRENT);
	file->elf = file->fd < 0 ? NULL : elf_begin(file->fd, ELF_C_READ, NULL);
}

static void
close_file(struct file *file)
{
	elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
}

static void
add(struct names *names, const char *name)
{
	char **grown =
		reallocarray(names->list, names->count + 1, sizeof(*grown));

	if (!grown)
		return;
	names->list = grown;
	names->list[names->count] = strdup(name);
	names->count += names->list[names->count] != NULL;
}

/* The functions that the tables of this type define, as they are spelt. */
static void
read_table(struct names *names, Elf *elf, GElf_Word type)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Sym symbol;

	while (elf && (section = elf_nextscn(elf, section))) {
		Elf_Data *data = elf_getdata(section, NULL);

		if (!gelf_getshdr(section, &header) || header.sh_type != type)
			continue;
		for (int i = 0; gelf_getsym(data, i, &symbol); i++) {
			const char *name =
				elf_strptr(elf, header.sh_link, symbol.st_name);

			if (name && symbol.st_shndx != SHN_UNDEF &&
			    GELF_ST_TYPE(symbol.st_info) == STT_FUNC)
				add(names, name);
		}
	}
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort(struct names *names)
{
	if (names->count)
		qsort(names->list, names->count, sizeof(*names->list), compare);
}

static bool
has(const struct names *names, char *name)
{
	return names->count && bsearch(&name, names->list, names->count,
				       sizeof(*names->list), compare);
}

static void
free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static void
print(const char *path, const struct names *calls)
{
	if (!calls->count) {
		nspy_print_plain(path);
		printf(": stripped, so the names of the calls that are "
		       "recorded are gone\n");
		return;
	}
	nspy_print_plain(path);
	printf(": calls of these %zu functions are recorded:", calls->count);
	for (size_t i = 0; i < calls->count; i++) {
		printf(" ");
		nspy_print_plain(calls->list[i]);
	}
	printf("\n");
}

void
nspy_calls_print(const char *path, const char *library)
{
	struct names all = {0}, ours = {0}, exported = {0}, calls = {0};
	struct file program, own;

	open_file(&program, path);
	open_file(&own, library);
	read_table(&all, program.elf, SHT_SYMTAB);
	read_table(&exported, program.elf, SHT_DYNSYM);
	read_table(&ours, own.elf, SHT_DYNSYM);
	sort(&ours);
	for (size_t i = 0; i < all.count; i++)
		if (strncmp(all.list[i], WRAP, strlen(WRAP)) == 0)
			add(&calls, all.list[i] + strlen(WRAP));
	for (size_t i = 0; !calls.count && i < exported.count; i++)
		if (has(&ours, exported.list[i]))
			add(&calls, exported.list[i]);
	sort(&calls);
	print(path, &calls);
	free_names(&all);
	free_names(&ours);
	free_names(&exported);
	free_names(&calls);
	close_file(&program);
	close_file(&own);
}
