/* SPDX-License-Identifier: BSD-2-Clause */
/* LD_PRELOAD and the NETSPY_ variables for the command. */

#include "config.h"

#include "cli/environment.h"

#include "capture/format.h"
#include "cli/say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
set(const char *name, const char *value)
{
	return setenv(name, value, 1) < 0 ? -errno : 0;
}

static int
set_preload(const char *word)
{
	const char *before = getenv("LD_PRELOAD");
	char *value;
	int err;

	if (!before || !*before)
		return set("LD_PRELOAD", word);
	if (asprintf(&value, "%s:%s", before, word) < 0)
		return -ENOMEM;
	err = set("LD_PRELOAD", value);
	free(value);
	return err;
}

/*
 * A program with the shared runtime of AddressSanitizer refuses to run when
 * another library is before it, though it works. The user's word comes later.
 */
static int
set_asan(void)
{
	const char *before = getenv("ASAN_OPTIONS");
	char *value;
	int err;

	if (asprintf(&value, "verify_asan_link_order=0%s%s", before ? ":" : "",
		     before ? before : "") < 0)
		return -ENOMEM;
	err = set("ASAN_OPTIONS", value);
	free(value);
	return err;
}

/* For processes that write by themselves, from the start or later. */
static int
set_files(const struct nspy_output *output)
{
	const char *template = output->options->output;
	const char *name = template ? strrchr(template, '/') : NULL;
	int err = set("NETSPY_DIR", output->directory);

	name = name ? name + 1 : template;
	if (!err && name && output->options->per_process)
		err = set("NETSPY_FILENAME", name);
	if (!err)
		err = set("NETSPY_FORMAT",
			  output->format == NSPY_PCAP ? "pcap" : "pcapng");
	return err;
}

int
nspy_environment_set(const struct nspy_output *output, const char *word,
		     const char *folder)
{
	const struct nspy_options *options = output->options;
	char snaplen[16], pid[16];
	int err = word ? set_preload(word) : 0;

	if (!err)
		err = set_asan();
	if (!err)
		err = set_files(output);
	if (!err && folder)
		err = set("NETSPY_RUN", folder);
	snprintf(snaplen, sizeof(snaplen), "%u", options->snaplen);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (!err)
		err = set("NETSPY_SNAPLEN", snaplen);
	if (!err && options->drop)
		err = set("NETSPY_DROP", "1");
	if (!err && options->quiet)
		err = set("NETSPY_QUIET", "1");
	if (!err && options->only)
		err = set("NETSPY_ONLY", options->only);
	if (!err && options->skip)
		err = set("NETSPY_SKIP", options->skip);
	if (!err && options->tls_keys)
		err = set("NETSPY_TLS_KEYS", "1");
	if (!err && options->no_follow)
		err = set("NETSPY_PARENT", pid);
	return err;
}
