/* SPDX-License-Identifier: BSD-2-Clause */
/* Reasons why a program is not recorded, in words. */

#include "config.h"

#include "cli/check.h"

#include "cli/calls.h"
#include "cli/library.h"
#include "cli/program.h"
#include "cli/quote.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SCRIPTS_MAX 4
#define LINK_IT "link it with `pkg-config --static --libs netspy`"

static bool
is_of_class(const struct nspy_program *library,
	    const struct nspy_program *program)
{
	return library->kind == NSPY_ELF && library->bits == program->bits &&
	       library->machine == program->machine;
}

/* NULL: ld.so finds a library of the program's class. */
static const char *
other_class(const struct nspy_program *program, const char *library)
{
	static char text[PATH_MAX + 128];
	const char *place = nspy_library_for(library, program);
	struct nspy_program own;

	nspy_program_read_file(&own, library);
	if (own.kind != NSPY_ELF || is_of_class(&own, program))
		return NULL;
	nspy_program_read_file(&own, place);
	if (is_of_class(&own, program))
		return NULL;
	snprintf(text, sizeof(text),
		 "built for another word size or processor than "
		 "libnetspy.so; build netspy for that one too%s%s",
		 place == library ? "" : ", and install the library as ",
		 place == library ? "" : place);
	return text;
}

/* musl's loader ends a program that is to have a library of glibc's. */
static bool
has_other_libc(const struct nspy_program *program, const char *library)
{
	struct nspy_program own;

	if (!program->musl)
		return false;
	nspy_program_read_file(&own, library);
	for (size_t i = 0; i < own.library_count; i++)
		if (strcmp(own.libraries[i], "libc.so.6") == 0)
			return true;
	return false;
}

/* NULL: it can be recorded. else why not, and what to do instead. */
static const char *
obstacle(const struct nspy_program *program, const char *library)
{
	if (program->kind == NSPY_NO_PROGRAM)
		return strerror(program->error);
	if (program->kind == NSPY_UNKNOWN)
		return "neither an ELF program nor a script";
	if (program->linked || program->kind == NSPY_UNREADABLE)
		return NULL;
	if (program->go)
		return "a Go program: it makes its system calls without the C "
		       "library, so no library sees them; tcpdump in a network "
		       "namespace of its own does (ip netns)";
	if (!program->dynamic)
		return "statically linked, so nothing can be "
		       "preloaded; " LINK_IT;
	if (program->set_id)
		return "setuid or setgid, so the system preloads nothing; run "
		       "it as its owner, or a copy of it without the bit";
	if (program->capabilities)
		return "it has file capabilities, so the system preloads "
		       "nothing; run it as root, or a copy of it";
	if (!library)
		return "the preload library is not there";
	if (has_other_libc(program, library))
		return "linked with musl, and libnetspy.so with "
		       "glibc; " LINK_IT;
	return other_class(program, library);
}

/* A name that somebody else may have chosen, and what is said of it. */
static void
print(const char *name, const char *what)
{
	nspy_print_plain(name);
	fputs(what, stdout);
}

/* The chain from a script to the program that runs it; false: it is broken. */
static bool
follow(struct nspy_program *program, const char *name, bool aloud)
{
	nspy_program_read(program, name);
	for (int i = 0; program->kind == NSPY_SCRIPT; i++) {
		char interpreter[PATH_MAX];

		if (i == SCRIPTS_MAX)
			return false;
		snprintf(interpreter, sizeof(interpreter), "%s",
			 program->interpreter);
		if (aloud) {
			print(program->path, ": a script of ");
			print(interpreter, "\n");
		}
		nspy_program_read(program, interpreter);
	}
	return true;
}

bool
nspy_check_starts(const char *name, const char *library)
{
	struct nspy_program program;

	return !follow(&program, name, false) ||
	       !has_other_libc(&program, library);
}

/* What is not seen of a program that can be recorded. */
static void
print_limits(const struct nspy_program *program, const char *library)
{
	if (program->linked)
		nspy_calls_print(program->path, library);
	for (size_t i = 0; i < program->library_count; i++)
		if (strncmp(program->libraries[i], "liburing", 8) == 0)
			print(program->path,
			      ": uses io_uring, whose transfers are not seen; "
			      "see --no-io-uring\n");
	if (!program->wrapped || !program->dynamic)
		return;
	print(program->path, ": calls of these shared libraries are not seen "
			     "unless it is run with netspy:");
	for (size_t i = 0; i < program->library_count; i++) {
		printf(" ");
		print(program->libraries[i], "");
	}
	printf("\n");
}

int
nspy_check(const char *name)
{
	const char *library = nspy_library_find();
	struct nspy_program program;
	const char *reason;

	if (!follow(&program, name, true)) {
		printf("%s: scripts of scripts without an end\n", name);
		return 1;
	}
	if (program.kind == NSPY_UNREADABLE) {
		print(program.path, ": it may be run, but not read: whether it "
				    "can be recorded, only a run shows\n");
		return 1;
	}
	reason = obstacle(&program, library);
	if (reason) {
		print(program.path, ": cannot be recorded: ");
		print(reason, "\n");
	} else {
		print(program.path,
		      program.linked ? ": can be recorded, by the copy that is "
				       "linked in\n"
				     : ": can be recorded, by preloading\n");
		print_limits(&program, library ? library : "");
	}
	return nspy_flush_output() || reason ? 1 : 0;
}

/* What may keep a program from reading the library without our seeing it. */
static const char *
security_module(void)
{
	FILE *file = fopen("/sys/module/apparmor/parameters/enabled", "re");
	int first = file ? getc(file) : EOF;

	if (file)
		fclose(file);
	if (first == 'Y')
		return "AppArmor";
	return access("/sys/fs/selinux/enforce", F_OK) == 0 ? "SELinux" : NULL;
}

static void
explain_missing(const char *path, const char *library)
{
	const char *module = security_module();

	if (module)
		nspy_say("nothing recorded: libnetspy.so was not loaded; was "
			 "LD_PRELOAD taken out of the environment, or does %s "
			 "keep %s from reading %s? see the kernel's log",
			 module, path, library ? library : "it");
	else
		nspy_say("nothing recorded: libnetspy.so was not loaded; was "
			 "LD_PRELOAD taken out of the environment?");
}

void
nspy_check_explain(const char *name, const char *loaded)
{
	const char *library = nspy_library_find(), *reason = NULL;
	struct nspy_program program;

	if (follow(&program, name, false))
		reason = obstacle(&program, library);
	if (reason)
		nspy_say("nothing recorded: %s: %s", program.path, reason);
	else if (*loaded)
		nspy_say("nothing recorded: %s sent and received nothing; "
			 "programs that are static, setuid, run by another "
			 "user or with another environment are not seen "
			 "(netspy check PROGRAM)",
			 loaded);
	else
		explain_missing(program.path, library);
}
