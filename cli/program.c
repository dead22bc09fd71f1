/* SPDX-License-Identifier: BSD-2-Clause */
/* Scripts and ELF files, the latter read by libelf. */

#include "config.h"

#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Of what is read as a whole, in bytes. */
#define SEGMENT_MAX (1u << 20)
#define ORDER                                                                  \
	(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)

/* What PATH leads past: execvp runs no folders. */
static bool
is_runnable(const char *path)
{
	struct stat status;

	return access(path, X_OK) == 0 && stat(path, &status) == 0 &&
	       !S_ISDIR(status.st_mode);
}

/* As execvp: a name with a slash is a path, else PATH has it. */
static bool
find(struct nspy_program *program, const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/')) {
		snprintf(program->path, sizeof(program->path), "%s", name);
		return access(name, X_OK) == 0;
	}
	for (path = path ? path : "/usr/bin:/bin"; *path;) {
		size_t len = strcspn(path, ":");

		snprintf(program->path, sizeof(program->path), "%.*s%s%s",
			 (int)len, path, len ? "/" : "", name);
		if (is_runnable(program->path))
			return true;
		path += len + (path[len] == ':');
	}
	snprintf(program->path, sizeof(program->path), "%s", name);
	errno = ENOENT;
	return false;
}

/* "#!/usr/bin/env python3" is a script of python3. */
static void
read_script(struct nspy_program *program, char *line)
{
	char *rest, *word = strtok_r(line, " \t", &rest);
	const char *base = word ? strrchr(word, '/') : NULL;

	program->kind = NSPY_SCRIPT;
	if (base && strcmp(base, "/env") == 0) {
		do
			word = strtok_r(NULL, " \t", &rest);
		while (word && (*word == '-' || strchr(word, '=')));
	}
	snprintf(program->interpreter, sizeof(program->interpreter), "%s",
		 word ? word : "/bin/sh");
}

/* What is in the segment, or NULL: it is not in the file, or absurdly long. */
static const char *
content_of(Elf *elf, const GElf_Phdr *segment)
{
	Elf_Data *data = NULL;

	if (segment->p_filesz <= SEGMENT_MAX)
		data = elf_getdata_rawchunk(elf, (int64_t)segment->p_offset,
					    segment->p_filesz, ELF_T_BYTE);
	return data ? data->d_buf : NULL;
}

static void
read_interpreter(struct nspy_program *program, Elf *elf,
		 const GElf_Phdr *segment)
{
	const char *path = content_of(elf, segment);

	if (!path)
		return;
	snprintf(program->interpreter, sizeof(program->interpreter), "%.*s",
		 (int)segment->p_filesz, path);
	program->dynamic = true;
	program->musl = strstr(program->interpreter, "ld-musl") != NULL;
}

#define NOTE_WRAP 2

/* See wrap/note.c; linkers may put it anywhere in the segment. */
static void
read_notes(struct nspy_program *program, Elf *elf, const GElf_Phdr *segment,
	   bool swapped)
{
	struct {
		uint32_t owner_len, word_len, type;
		char owner[8];
	} head = {7, 4, 1, "netspy"};
	const char *notes = content_of(elf, segment), *note = NULL;
	uint32_t kind;

	if (swapped) {
		head.owner_len = __builtin_bswap32(head.owner_len);
		head.word_len = __builtin_bswap32(head.word_len);
		head.type = __builtin_bswap32(head.type);
	}
	if (notes && segment->p_filesz >= sizeof(kind))
		note = memmem(notes, segment->p_filesz - sizeof(kind), &head,
			      sizeof(head));
	if (!note)
		return;
	memcpy(&kind, note + sizeof(head), sizeof(kind));
	program->linked = true;
	program->wrapped =
		(swapped ? __builtin_bswap32(kind) : kind) == NOTE_WRAP;
}

static void
read_needed(struct nspy_program *program, Elf *elf, Elf_Scn *section,
	    const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Dyn entry;

	for (int i = 0; data && gelf_getdyn(data, i, &entry); i++) {
		const char *name;

		if (entry.d_tag != DT_NEEDED ||
		    program->library_count == NSPY_LIBRARIES_MAX)
			continue;
		name = elf_strptr(elf, header->sh_link, entry.d_un.d_val);
		if (name)
			snprintf(program->libraries[program->library_count++],
				 sizeof(program->libraries[0]), "%s", name);
	}
}

static void
read_elf(struct nspy_program *program, Elf *elf)
{
	size_t count = 0, names = 0;
	Elf_Scn *section = NULL;
	GElf_Ehdr header;

	if (!gelf_getehdr(elf, &header))
		return;
	program->kind = NSPY_ELF;
	program->bits = gelf_getclass(elf) == ELFCLASS32 ? 32 : 64;
	program->machine = header.e_machine;
	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(elf, (int)i, &segment))
			continue;
		if (segment.p_type == PT_INTERP)
			read_interpreter(program, elf, &segment);
		if (segment.p_type == PT_NOTE)
			read_notes(program, elf, &segment,
				   header.e_ident[EI_DATA] != ORDER);
	}
	elf_getshdrstrndx(elf, &names);
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr shdr;
		const char *name;

		if (!gelf_getshdr(section, &shdr))
			continue;
		name = elf_strptr(elf, names, shdr.sh_name);
		if (name && strcmp(name, ".note.go.buildid") == 0)
			program->go = true;
		if (shdr.sh_type == SHT_DYNAMIC)
			read_needed(program, elf, section, &shdr);
	}
}

static void
read_file(struct nspy_program *program, int fd)
{
	char line[512];
	ssize_t len = pread(fd, line, sizeof(line) - 1, 0);
	Elf *elf;

	if (len > 2 && line[0] == '#' && line[1] == '!') {
		line[len] = '\0';
		line[strcspn(line, "\n")] = '\0';
		read_script(program, line + 2);
		return;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		read_elf(program, elf);
	elf_end(elf);
}

static void
read_found(struct nspy_program *program)
{
	struct stat status;
	int fd;

	if (stat(program->path, &status) < 0) {
		program->error = errno;
		return;
	}
	program->set_id =
		(status.st_mode & S_ISUID && status.st_uid != getuid()) ||
		(status.st_mode & S_ISGID && status.st_gid != getgid());
	program->capabilities =
		getxattr(program->path, "security.capability", NULL, 0) > 0 &&
		getuid() != 0;
	program->kind = NSPY_UNKNOWN;
	if (S_ISDIR(status.st_mode)) {
		program->kind = NSPY_NO_PROGRAM;
		program->error = EISDIR;
	}
	/* Others, such as a fifo, cannot be run, and might be waited for. */
	if (!S_ISREG(status.st_mode))
		return;
	fd = open(program->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		program->kind = NSPY_UNREADABLE;
		return;
	}
	read_file(program, fd);
	close(fd);
}

void
nspy_program_read(struct nspy_program *program, const char *name)
{
	memset(program, 0, sizeof(*program));
	if (find(program, name))
		read_found(program);
	else
		program->error = errno;
}

void
nspy_program_read_file(struct nspy_program *program, const char *path)
{
	memset(program, 0, sizeof(*program));
	snprintf(program->path, sizeof(program->path), "%s", path);
	read_found(program);
}
