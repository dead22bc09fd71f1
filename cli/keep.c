/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of captures of tests, and what becomes of them at the end. */

#include "config.h"

#include "cli/keep.h"

#include "cli/join.h"
#include "cli/say.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUFFIX ".pcapng"
#define TEST_NAME_SIZE (NAME_MAX + 1 - sizeof(SUFFIX ".2"))
/* As much as an artifact of a test may have when nobody says otherwise. */
#define TEST_SIZE_MAX (16u << 20)

/*
 * The name as one component of a path, in which a template finds nothing:
 * "a/b" becomes "a_b". False: it is too long.
 */
static bool
make_safe(const char *name, char *safe, size_t size)
{
	size_t len = strlen(name);

	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		safe[i] = c == '/' || c == '%' || c < ' ' || c == 0x7f
				  ? '_'
				  : name[i];
	}
	safe[len] = '\0';
	return true;
}

static int
make_folder(const char *folder)
{
	struct stat status;

	if (!*folder)
		return nspy_complain("--dir: the name is empty");
	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		return nspy_complain("--dir %s: %s", folder, strerror(errno));
	if (access(folder, W_OK | X_OK) < 0 || stat(folder, &status) < 0)
		return nspy_complain("--dir %s: %s", folder, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return nspy_complain("--dir %s: %s", folder, strerror(ENOTDIR));
	return -1;
}

int
nspy_keep_name(struct nspy_options *options)
{
	const char *folder = options->folder ? options->folder : ".";
	char name[NAME_MAX + 1] = "%e_%p";
	static char path[PATH_MAX]; /* there is one run */
	int status = -1;

	if (!options->test && !options->folder)
		return -1;
	if (options->test && !make_safe(options->test, name, TEST_NAME_SIZE))
		return nspy_complain("--test '%.40s': a name of 1 to %zu bytes "
				     "is expected",
				     options->test, TEST_NAME_SIZE - 1);
	if (options->folder && !options->dry_run)
		status = make_folder(folder);
	if (status >= 0)
		return status;
	if (snprintf(path, sizeof(path), "%s/%s" SUFFIX, folder, name) >=
	    (int)sizeof(path))
		return nspy_complain("--dir: %s", strerror(ENAMETOOLONG));
	options->output = path;
	options->ends = options->test && !options->deterministic;
	if (options->ends && !options->max_size)
		options->max_size = TEST_SIZE_MAX;
	return -1;
}

void
nspy_keep_begin(const struct nspy_options *options)
{
	if (!options->test)
		return;
	unlink(options->output);
	nspy_join_remove(options->output);
}

static bool
is_failure(int status)
{
	return !WIFEXITED(status) ||
	       (WEXITSTATUS(status) != 0 &&
		WEXITSTATUS(status) != NSPY_STATUS_SKIPPED);
}

/* Why it is kept: name and end of the test. */
static void
describe(const struct nspy_options *options, int status, bool timed_out,
	 char *text, size_t size)
{
	const char *name = options->test ? options->test : options->command[0];

	if (timed_out)
		snprintf(text, size, "%.100s ran longer than %" PRIu64 " s",
			 name, options->timeout_s);
	else if (WIFEXITED(status))
		snprintf(text, size, "%.100s ended with status %d", name,
			 WEXITSTATUS(status));
	else
		snprintf(text, size, "%.100s was killed by signal %d (%s)",
			 name, WTERMSIG(status), strsignal(WTERMSIG(status)));
}

/* The line about a failure. */
static void
say(const struct nspy_output *output, const struct nspy_totals *totals,
    const char *reason, uint64_t left_out)
{
	uint64_t packets = totals->packets - left_out;
	struct stat status;

	if (!totals->packets || stat(output->first, &status) < 0)
		nspy_say("%s; it sent and received nothing that could be kept",
			 reason);
	else
		nspy_say("%s; kept %s: %" PRIu64 " packet%s, %" PRIu64
			 " conversation%s, %lld bytes%s%s",
			 reason, output->first, packets, nspy_plural(packets),
			 totals->conversations,
			 nspy_plural(totals->conversations),
			 (long long)status.st_size,
			 left_out ? ", the middle is left out" : "",
			 totals->missing.dropped || totals->missing.lost
				 ? ", some calls are missing"
				 : "");
}

void
nspy_keep_end(const struct nspy_output *output,
	      const struct nspy_totals *totals, int status, bool timed_out)
{
	const struct nspy_options *options = output->options;
	bool failure = timed_out || is_failure(status);
	uint64_t left_out = 0;
	char reason[256];
	int err = 0;

	if (options->on_failure && !failure) {
		if (output->first[0])
			unlink(output->first);
		nspy_join_remove(output->first);
		return;
	}
	if (options->ends && output->first[0])
		err = nspy_join(output->first, output->number, totals->packets,
				&left_out);
	if (err)
		nspy_say("%s: %s", output->first, strerror(-err));
	if (!options->on_failure && !timed_out)
		return;
	describe(options, status, timed_out, reason, sizeof(reason));
	if (options->on_failure)
		say(output, totals, reason, left_out);
	else
		nspy_say("%s", reason);
}
