/* SPDX-License-Identifier: BSD-2-Clause */
/* The netspy command: a verb, or a command to run. */

#include "config.h"

#include "cli/check.h"
#include "cli/diff.h"
#include "cli/extcap.h"
#include "cli/options.h"
#include "cli/recover.h"
#include "cli/run.h"
#include "cli/say.h"
#include "cli/stats.h"

#include <string.h>

static int
recover(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return nspy_complain("recover: no file given; usage: netspy "
				     "recover FILE...");
	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-')
			return nspy_complain("recover: unknown option '%s'; a "
					     "file of that name is ./%s",
					     argv[i], argv[i]);
	for (int i = 1; i < argc; i++)
		if (nspy_recover(argv[i]) != 0)
			status = 1;
	return status;
}

static int
check(int argc, char **argv)
{
	if (argc != 2)
		return nspy_complain("check: one program expected; "
				     "usage: netspy check PROGRAM");
	return nspy_check(argv[1]);
}

/* Each gets its own name as argv[0]. */
static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{"check", check},
	{"diff", nspy_diff},
	{"recover", recover},
	{"stats", nspy_stats},
};

int
main(int argc, char **argv)
{
	struct nspy_options options;
	int status;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (argc > 1 && strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	if (nspy_extcap_is_called(argc, argv))
		return nspy_extcap(argc, argv);
	status = nspy_options_read(&options, argc, argv);
	return status < 0 ? nspy_run(&options) : status;
}
