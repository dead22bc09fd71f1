/* SPDX-License-Identifier: BSD-2-Clause */
/* The netspy command: a verb, or a command to run. */

#include "config.h"

#include "cli/check.h"
#include "cli/options.h"
#include "cli/recover.h"
#include "cli/run.h"
#include "cli/say.h"
#include "cli/stats.h"

#include <string.h>

static int
recover(int count, char **files)
{
	int status = 0;

	if (count == 0)
		return nspy_complain("recover: no file given; usage: netspy "
				     "recover FILE...");
	for (int i = 0; i < count; i++)
		if (files[i][0] == '-')
			return nspy_complain("recover: unknown option '%s'; a "
					     "file of that name is ./%s",
					     files[i], files[i]);
	for (int i = 0; i < count; i++)
		if (nspy_recover(files[i]) != 0)
			status = 1;
	return status;
}

int
main(int argc, char **argv)
{
	struct nspy_options options;
	int status;

	if (argc > 1 && strcmp(argv[1], "recover") == 0)
		return recover(argc - 2, argv + 2);
	if (argc > 1 && strcmp(argv[1], "check") == 0) {
		if (argc != 3)
			return nspy_complain("check: one program expected; "
					     "usage: netspy check PROGRAM");
		return nspy_check(argv[2]);
	}
	if (argc > 1 && strcmp(argv[1], "stats") == 0)
		return nspy_stats(argc - 1, argv + 1);
	status = nspy_options_read(&options, argc, argv);
	return status < 0 ? nspy_run(&options) : status;
}
