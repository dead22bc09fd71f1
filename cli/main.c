/* SPDX-License-Identifier: BSD-2-Clause */
/* The netspy command: finds the verb and hands it the rest. */

#include "config.h"

#include "cli/recover.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: netspy recover FILE...\n"
	"       netspy --help | --version\n"
	"\n"
	"recover   complete captures whose process was killed: what FILE.ring\n"
	"          holds goes into FILE, and the ring is removed\n"
	"\n"
	"To record a program: LD_PRELOAD=LIBDIR/libnetspy.so program\n"
	"To build recording in: cc app.c $(pkg-config --cflags --libs netspy)\n"
	"\n"
	"Exit status: 0, 1 when a capture could not be completed, 2 for a "
	"wrong\n"
	"command line. See netspy(1).\n";

static int
say(const char *text)
{
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return 0;
	perror("netspy: standard output");
	return 1;
}

static int
recover(int count, char **files)
{
	int status = 0;

	if (count == 0) {
		fputs("netspy: recover: no file given; "
		      "usage: netspy recover FILE...\n",
		      stderr);
		return 2;
	}
	for (int i = 0; i < count; i++) {
		if (files[i][0] != '-')
			continue;
		fprintf(stderr,
			"netspy: recover: unknown option '%s'; a file "
			"of that name is ./%s\n",
			files[i], files[i]);
		return 2;
	}
	for (int i = 0; i < count; i++)
		if (nspy_recover(files[i]) != 0)
			status = 1;
	return status;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "recover") == 0)
		return recover(argc - 2, argv + 2);
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		return say(usage);
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		return say("netspy " PACKAGE_VERSION "\n");
	}
	if (argc > 1)
		fprintf(stderr,
			"netspy: wrong command line at '%s'; see "
			"netspy --help\n",
			argv[1]);
	else
		fputs(usage, stderr);
	return 2;
}
