/* SPDX-License-Identifier: BSD-2-Clause */
/* The usage, and the table of options in lines of a terminal's width. */

#include "config.h"

#include "cli/help.h"

#include "cli/options.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>

#define INDENT 26
#define COLUMNS 79

static const char usage[] =
	"Usage: netspy [OPTION]... COMMAND [ARGUMENT]...\n"
	"       netspy check PROGRAM\n"
	"       netspy recover FILE...\n"
	"       netspy diff FILE FILE\n"
	"       netspy stats [--json] [--zeek] FILE\n"
	"\n"
	"Runs COMMAND and writes the network traffic of it and its children to "
	"a\n"
	"capture, [command]_[pid].pcapng by default. Its exit status is "
	"COMMAND's.\n"
	"check says whether PROGRAM can be recorded, and if not, why.\n"
	"recover completes captures whose programs, or whose netspy, were "
	"killed: what\n"
	"FILE.ring holds goes into FILE.\n"
	"diff shows where two captures differ, and has the exit status of "
	"diff(1).\n"
	"stats counts the conversations of a capture, of any program, and what "
	"each\n"
	"process did; --json and --zeek (conn.log) are for other programs.\n"
	"\n";

/* The words of the text from column on, all further lines indented. */
static void
print_wrapped(const char *text, size_t column)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > INDENT && column + 1 + len > COLUMNS) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			printf(" ");
			column++;
		}
		printf("%.*s", (int)len, text);
		column += len;
		text += len + strspn(text + len, " ");
	}
	printf("\n");
}

static void
print_option(const struct nspy_option *o)
{
	char letter[] = {'-', (char)o->letter, ',', '\0'}, left[64];

	snprintf(left, sizeof(left), "  %3s --%s%s%s",
		 o->letter < 256 ? letter : "", o->name, o->argument ? " " : "",
		 o->argument ? o->argument : "");
	if (strlen(left) >= INDENT - 1)
		printf("%s\n%*s", left, INDENT, "");
	else
		printf("%-*s", INDENT, left);
	print_wrapped(o->help, INDENT);
}

int
nspy_help(void)
{
	printf("%s", usage);
	for (const struct nspy_option *o = nspy_option_table; o->name; o++)
		print_option(o);
	printf("\nExit status: COMMAND's; 2 for a wrong command line; 126 or "
	       "127 when COMMAND\ncannot be started. See netspy(1).\n");
	return nspy_flush_output();
}
