/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be said before the command, checked before anything starts. */

#include "config.h"

#include "cli/options.h"

#include "capture/format.h"
#include "capture/text.h"
#include "cli/conflicts.h"
#include "cli/filter.h"
#include "cli/help.h"
#include "cli/keep.h"
#include "cli/say.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PER_PROCESS = 256,
	PROGRESS,
	MAX_SIZE,
	ONLY,
	SKIP,
	NO_FOLLOW,
	DROP,
	DETERMINISTIC,
	DRY_RUN,
	NO_IO_URING,
	TLS_KEYS,
	LIVE,
	PCAP_OVER_IP,
	TEST,
	ON_FAILURE,
	DIR,
	TIMEOUT,
	SHOW_VERSION,
	SHOW_HELP,
};

const struct nspy_option nspy_option_table[] = {
	{'o', "output", "FILE",
	 "write to FILE: .pcapng, .pcap, or - for standard output; %e %p %n "
	 "%t stand for command, process ID, number and time"},
	{LIVE, "live", NULL, "show the packets in Wireshark as they come"},
	{PCAP_OVER_IP, "pcap-over-ip", "[ADDRESS:]PORT",
	 "serve the capture to TCP clients, by default of 127.0.0.1"},
	{TEST, "test", "NAME",
	 "the capture is NAME.pcapng, at most 16 MiB (see --max-size)"},
	{ON_FAILURE, "on-failure", NULL,
	 "keep the capture when the command fails; else say nothing"},
	{DIR, "dir", "FOLDER", "put the capture there; made if need be"},
	{TIMEOUT, "timeout", "SECONDS",
	 "end the command after so long a time, with exit status 124"},
	{PER_PROCESS, "per-process", NULL, "one file for each process"},
	{'f', "filter", "EXPRESSION",
	 "only packets that match, see "
	 "pcap-filter(7)"},
	{'s', "snaplen", "BYTES", "keep so much of each packet"},
	{'C', "rotate-size", "MB", "a new file after so many million bytes"},
	{'G', "rotate-time", "SECONDS", "a new file after so long a time"},
	{'W', "rotate-files", "COUNT",
	 "keep the last COUNT files (-C), or "
	 "end after COUNT (-G)"},
	{MAX_SIZE, "max-size", "BYTES",
	 "stop recording at this file size; with --test, leave out the "
	 "middle"},
	{ONLY, "only", "GLOB", "record only executables of this name"},
	{SKIP, "skip", "GLOB", "do not record executables of this name"},
	{NO_FOLLOW, "no-follow", NULL, "do not record child processes"},
	{DROP, "drop", NULL, "lose packets rather than slow the program down"},
	{NO_IO_URING, "no-io-uring", NULL,
	 "io_uring fails, so that programs use calls that are seen; they lose "
	 "the right to setuid programs"},
	{DETERMINISTIC, "deterministic", NULL,
	 "number times, addresses, ports and processes by order of use, so "
	 "that equal runs have equal captures"},
	{TLS_KEYS, "tls-keys", NULL,
	 "put the secrets of TLS into the capture, so that Wireshark decrypts "
	 "it; who can read it can do so, too"},
	{DRY_RUN, "dry-run", NULL, "show what would be run, and end"},
	{'U', "packet-buffered", NULL,
	 "accepted for tcpdump's sake: packets "
	 "are never held back"},
	{PROGRESS, "progress", NULL,
	 "show on the terminal how much there is, when the command's output "
	 "goes elsewhere"},
	{'q', "quiet", NULL, "say nothing unless it fails"},
	{'v', "verbose", NULL, "say more of the processes"},
	{SHOW_VERSION, "version", NULL, "print the version"},
	{SHOW_HELP, "help", NULL, "print this"},
	{0, NULL, NULL, NULL},
};

#define OPTIONS_MAX 32

/* A number with k, M or G, powers of 1000; min to UINT32_MAX * 1000. */
static bool
read_number(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	char *end;
	uint64_t unit = 1;

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno)
		return false;
	if (*end == 'k')
		unit = 1000;
	else if (*end == 'M')
		unit = 1000000;
	else if (*end == 'G')
		unit = 1000000000;
	if (unit > 1)
		end++;
	if (*end || *number > UINT64_MAX / unit)
		return false;
	*number *= unit;
	return *number >= min && *number <= max;
}

static int
bad_number(const char *option, const char *value, const char *expected)
{
	return nspy_complain("%s '%s': expected %s", option, value, expected);
}

static int
set_number(struct nspy_options *options, int letter)
{
	uint64_t number;

	switch (letter) {
	case 's':
		if (!read_number(optarg, 1, NSPY_SNAPLEN_MAX, &number))
			return bad_number("-s", optarg, "1 to 262144 bytes");
		options->snaplen = (uint32_t)number;
		return -1;
	case 'C':
		if (!read_number(optarg, 1, 1000000000, &number))
			return bad_number("-C", optarg,
					  "a number of million bytes");
		options->rotate_bytes = number * 1000000;
		return -1;
	case 'G':
		if (!read_number(optarg, 1, UINT32_MAX, &number))
			return bad_number("-G", optarg, "a number of seconds");
		options->rotate_s = number;
		return -1;
	case 'W':
		if (!read_number(optarg, 1, 9999, &number))
			return bad_number("-W", optarg, "1 to 9999 files");
		options->rotate_files = (uint32_t)number;
		return -1;
	case TIMEOUT:
		if (!read_number(optarg, 1, INT32_MAX, &number))
			return bad_number("--timeout", optarg,
					  "a number of seconds");
		options->timeout_s = number;
		return -1;
	default:
		if (!read_number(optarg, 4096, INT64_MAX, &number))
			return bad_number("--max-size", optarg,
					  "4096 bytes or more; k, M and G may "
					  "follow");
		options->max_size = number;
		return -1;
	}
}

/* The option that is either given or not; NULL: it is none. */
static bool *
flag_of(struct nspy_options *options, int letter)
{
	switch (letter) {
	case PROGRESS:
		return &options->progress;
	case PER_PROCESS:
		return &options->per_process;
	case NO_FOLLOW:
		return &options->no_follow;
	case DROP:
		return &options->drop;
	case LIVE:
		return &options->live;
	case ON_FAILURE:
		return &options->on_failure;
	case NO_IO_URING:
		return &options->no_io_uring;
	case DETERMINISTIC:
		return &options->deterministic;
	case TLS_KEYS:
		return &options->tls_keys;
	case DRY_RUN:
		return &options->dry_run;
	case 'q':
		return &options->quiet;
	case 'v':
		return &options->verbose;
	default:
		return NULL;
	}
}

/* The option whose value is kept as it is; NULL: it is none. */
static const char **
text_of(struct nspy_options *options, int letter)
{
	switch (letter) {
	case 'o':
		return &options->output;
	case 'f':
		return &options->filter;
	case ONLY:
		return &options->only;
	case SKIP:
		return &options->skip;
	case PCAP_OVER_IP:
		return &options->service;
	case TEST:
		return &options->test;
	case DIR:
		return &options->folder;
	default:
		return NULL;
	}
}

static int
set(struct nspy_options *options, int letter)
{
	const char **text = text_of(options, letter);
	bool *flag = flag_of(options, letter);

	if (flag)
		*flag = true;
	else if (text)
		*text = optarg;
	if (letter == PCAP_OVER_IP)
		options->service_by = "--pcap-over-ip";
	if (letter == 'f' && strlen(optarg) >= NSPY_FILTER_MAX)
		return nspy_complain("-f: longer than %d bytes",
				     NSPY_FILTER_MAX - 1);
	if (flag || text)
		return -1;
	switch (letter) {
	case 'U':
		return -1;
	case SHOW_VERSION:
		printf("netspy " PACKAGE_VERSION "\n");
		return nspy_flush_output();
	case SHOW_HELP:
		return nspy_help();
	default:
		return set_number(options, letter);
	}
}

/* An empty value is none, as of the other variables. */
static void
read_environment(struct nspy_options *options)
{
	const char *port = getenv(NSPY_PORT_VARIABLE);

	options->service_by = NSPY_PORT_VARIABLE;
	options->service = port && *port ? port : NULL;
}

int
nspy_options_read(struct nspy_options *options, int argc, char **argv)
{
	struct option longs[OPTIONS_MAX];
	char letters[2 * OPTIONS_MAX + 3] = "+:";
	size_t count = 0, len = 2;
	int letter, status;

	for (const struct nspy_option *o = nspy_option_table; o->name; o++) {
		struct option entry = {
			o->name, o->argument ? required_argument : no_argument,
			NULL, o->letter};

		longs[count++] = entry;
		if (o->letter > 255)
			continue;
		letters[len++] = (char)o->letter;
		if (o->argument)
			letters[len++] = ':';
	}
	memset(&longs[count], 0, sizeof(longs[count]));
	letters[len] = '\0';
	memset(options, 0, sizeof(*options));
	read_environment(options);
	options->snaplen = NSPY_SNAPLEN_MAX;
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (letter == '?')
			return nspy_complain("unknown option '%s'; see netspy "
					     "--help",
					     argv[optind - 1]);
		if (letter == ':')
			return nspy_complain("option '%s' needs a value; see "
					     "netspy --help",
					     argv[optind - 1]);
		status = set(options, letter);
		if (status >= 0)
			return status;
	}
	options->command = argv + optind;
	status = nspy_conflicts_check(options);
	return status < 0 ? nspy_keep_name(options) : status;
}
