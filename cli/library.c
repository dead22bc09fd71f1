/* SPDX-License-Identifier: BSD-2-Clause */
/* Folders of installations, and what ld.so makes of a path. */

#include "config.h"

#include "cli/library.h"

#include "capture/text.h"
#include "cli/program.h"
#include "cli/say.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What $LIB may stand for, by distribution and word size. */
static const char *const layouts[] = {
	"lib",
	"lib32",
	"lib64",
	"lib/aarch64-linux-gnu",
	"lib/arm-linux-gnueabihf",
	"lib/i386-linux-gnu",
	"lib/x86_64-linux-gnu",
};

/* What $LIB stands for in programs that have libc, or ld.so, at this path. */
static const char *
layout_of(const char *path)
{
	static char layout[PATH_MAX];
	char *slash;

	if (!path || path[0] != '/')
		return "lib";
	path++;
	if (strncmp(path, "usr/", 4) == 0)
		path += 4;
	snprintf(layout, sizeof(layout), "%s", path);
	slash = strrchr(layout, '/');
	if (!slash)
		return "lib";
	*slash = '\0';
	return layout;
}

static const char *
own_layout(void)
{
	Dl_info info;

	return layout_of(dladdr((void *)(intptr_t)getenv, &info)
				 ? info.dli_fname
				 : NULL);
}

/* True when it is there; a reason why it cannot be read is one line. */
static bool
is_there(const char *path)
{
	if (access(path, R_OK) == 0)
		return true;
	if (errno != ENOENT && errno != ENOTDIR)
		nspy_say("%s: %s; programs cannot load it", path,
			 strerror(errno));
	return false;
}

/* The library in a folder beside that of this program. */
static bool
is_beside(char path[PATH_MAX], const char *folder)
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (len <= 0)
		return false;
	path[len] = '\0';
	slash = strrchr(path, '/');
	snprintf(slash, (size_t)(path + PATH_MAX - slash), "/%s/" NSPY_LIBRARY,
		 folder);
	return is_there(path);
}

const char *
nspy_library_find(void)
{
	static char path[PATH_MAX];
	char beside[PATH_MAX];

	/* Libtool's folder, then the one of the installation. */
	if (is_beside(path, ".libs"))
		return path;
	if (is_there(NSPY_LIBDIR "/" NSPY_LIBRARY))
		return NSPY_LIBDIR "/" NSPY_LIBRARY;
	snprintf(beside, sizeof(beside), "../%.*s", PATH_MAX - 4, own_layout());
	if (is_beside(path, beside) || is_beside(path, "../lib"))
		return path;
	nspy_say(NSPY_LIBDIR "/" NSPY_LIBRARY ": not found, nor beside this "
			     "program; reinstall netspy");
	return NULL;
}

/* The path of what is called name in the folder of the library. */
static void
beside(char path[PATH_MAX], const char *library, const char *name)
{
	snprintf(path, PATH_MAX, "%.*s/%s",
		 (int)(strrchr(library, '/') - library), library, name);
}

const char *
nspy_library_find_tls(const char *library)
{
	static char path[PATH_MAX];

	beside(path, library, NSPY_TLS_LIBRARY);
	if (is_there(path))
		return path;
	nspy_say("%s: not found; reinstall netspy", path);
	return NULL;
}

bool
nspy_library_needs_link(const char *library)
{
	return strpbrk(library, " :");
}

static int
bits_of(const char *library)
{
	struct nspy_program program;

	nspy_program_read_file(&program, library);
	return program.kind == NSPY_ELF ? program.bits : 0;
}

/* The length of PREFIX in PREFIX/$LIB/libnetspy.so, or -1. */
static int
prefix_len(const char *library)
{
	char end[PATH_MAX];

	snprintf(end, sizeof(end), "/%.*s/" NSPY_LIBRARY, PATH_MAX - 32,
		 own_layout());
	return nspy_text_ends_with(library, end)
		       ? (int)(strlen(library) - strlen(end))
		       : -1;
}

/* PREFIX/$LIB/libnetspy.so, or NULL: there is none of another word size. */
static const char *
with_lib(const char *library)
{
	static char word[PATH_MAX];
	char other[PATH_MAX];
	int bits = bits_of(library), prefix = prefix_len(library);

	if (prefix < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		int other_bits;

		snprintf(other, sizeof(other), "%.*s/%s/" NSPY_LIBRARY, prefix,
			 library, layouts[i]);
		other_bits = bits_of(other);
		if (!other_bits || other_bits == bits)
			continue;
		snprintf(word, sizeof(word), "%.*s/$LIB/" NSPY_LIBRARY, prefix,
			 library);
		return word;
	}
	return NULL;
}

static bool
link_in(const char *folder, const char *library)
{
	char link[PATH_MAX];

	snprintf(link, sizeof(link), "%s%s", folder, strrchr(library, '/'));
	return symlink(library, link) == 0;
}

const char *
nspy_library_words(const char *library, const char *folder, bool tls)
{
	static char words[2 * PATH_MAX];
	char first[PATH_MAX], second[PATH_MAX];
	const char *word = with_lib(library);

	snprintf(first, sizeof(first), "%s", word ? word : library);
	if (nspy_library_needs_link(library)) {
		beside(second, library, NSPY_TLS_LIBRARY);
		if (!link_in(folder, library) ||
		    (tls && !link_in(folder, second)))
			return NULL;
		snprintf(first, sizeof(first), "%s/" NSPY_LIBRARY, folder);
	}
	beside(second, first, NSPY_TLS_LIBRARY);
	snprintf(words, sizeof(words), "%s%s%s", first, tls ? ":" : "",
		 tls ? second : "");
	return words;
}

const char *
nspy_library_for(const char *library, const struct nspy_program *program)
{
	static char path[PATH_MAX];
	char loader[PATH_MAX];
	int prefix = prefix_len(library);

	if (prefix < 0 || !realpath(program->interpreter, loader))
		return library;
	snprintf(path, sizeof(path), "%.*s/%.*s/" NSPY_LIBRARY, prefix, library,
		 PATH_MAX / 2, layout_of(loader));
	return path;
}
