/* SPDX-License-Identifier: BSD-2-Clause */
/* What the file of a program says about whether it can be recorded. */

#ifndef NETSPY_PROGRAM_H
#define NETSPY_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define NSPY_LIBRARIES_MAX 64

enum nspy_program_kind {
	NSPY_NO_PROGRAM, /* error says why: an errno */
	NSPY_SCRIPT,	 /* of interpreter */
	NSPY_ELF,
	NSPY_UNKNOWN,	 /* neither */
	NSPY_UNREADABLE, /* it may be run, but not read */
};

struct nspy_program {
	enum nspy_program_kind kind;
	int error;
	char path[PATH_MAX];
	char interpreter[PATH_MAX]; /* of a script, or PT_INTERP, or "" */
	int bits;		    /* 32 or 64 */
	unsigned int machine;	    /* e_machine of elf(5) */
	bool dynamic;		    /* has PT_INTERP */
	bool musl;		    /* PT_INTERP is musl's */
	bool go;		    /* built by the Go compiler */
	bool linked;		    /* the kit is linked in */
	bool wrapped;		    /* by ld --wrap */
	bool set_id;		    /* setuid or setgid, to another user */
	bool capabilities;	    /* security.capability is set */
	/* DT_NEEDED, as far as they fit. */
	char libraries[NSPY_LIBRARIES_MAX][64];
	size_t library_count;
};

/* Find it as execvp does and read its file. */
void nspy_program_read(struct nspy_program *program, const char *name);

/* The same of a file that nobody may execute, as a library. */
void nspy_program_read_file(struct nspy_program *program, const char *path);

#endif
