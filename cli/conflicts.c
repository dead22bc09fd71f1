/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said when two options do not go together. */

#include "config.h"

#include "cli/conflicts.h"

#include "capture/format.h"
#include "capture/text.h"
#include "cli/say.h"

#include <string.h>

/* The capture of a test is one file, and its name is given. */
static int
check_test(const struct nspy_options *options)
{
	if (!options->test && !options->on_failure && !options->folder)
		return -1;
	if ((options->test || options->folder) && options->output)
		return nspy_complain("--test and --dir name the capture; they "
				     "go without -o");
	if (options->live || options->service || options->per_process ||
	    options->rotate_bytes || options->rotate_s ||
	    (options->output && strcmp(options->output, "-") == 0))
		return nspy_complain("--test, --on-failure and --dir go with "
				     "none of -o -, -C, -G, --live, "
				     "--pcap-over-ip, --per-process: there is "
				     "one file");
	return -1;
}

/* Options that exclude each other, and the missing command. */
int
nspy_conflicts_check(const struct nspy_options *options)
{
	if (!options->command[0])
		return nspy_complain("no command given; see netspy --help");
	if ((options->live || options->service) &&
	    (options->per_process || options->rotate_bytes ||
	     options->rotate_s))
		return nspy_complain("--live and %s go with none of "
				     "--per-process, -C, -G: a stream is "
				     "one capture",
				     options->service_by);
	if (options->live && options->output)
		return nspy_complain("--live goes without -o: Wireshark saves "
				     "what it shows");
	if (options->per_process &&
	    (options->filter || options->rotate_bytes || options->rotate_s ||
	     options->max_size || options->progress))
		return nspy_complain("--per-process goes with none of -f, -C, "
				     "-G, --max-size, --progress: the "
				     "processes write by themselves");
	if (options->tls_keys && options->output &&
	    nspy_text_ends_with(options->output, ".pcap"))
		return nspy_complain(
			"--tls-keys goes without -o FILE.pcap, "
			"which has no place for keys; use .pcapng");
	if (options->rotate_files && !options->rotate_bytes &&
	    !options->rotate_s)
		return nspy_complain("-W needs -C or -G");
	if (options->deterministic &&
	    (options->filter || options->rotate_bytes || options->rotate_s ||
	     options->max_size || options->live || options->service ||
	     options->per_process || options->tls_keys ||
	     options->snaplen != NSPY_SNAPLEN_MAX))
		return nspy_complain("--deterministic goes with none of -f, "
				     "-s, -C, -G, --max-size, --live, "
				     "--pcap-over-ip, --per-process, "
				     "--tls-keys: it writes at the end of the "
				     "run, and what is the same in all runs");
	return check_test(options);
}
