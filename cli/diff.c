/* SPDX-License-Identifier: BSD-2-Clause */
/* Two captures are read, their conversations matched, the differences told. */

#include "config.h"

#include "cli/diff.h"

#include "cli/compare.h"
#include "cli/match.h"
#include "cli/print.h"
#include "cli/say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct capture {
	struct nspy_reader *reader;
	struct nspy_connections connections;
};

static int
read_capture(struct capture *capture, const char *path)
{
	capture->connections.keep_content = true;
	capture->reader = nspy_reader_open("diff", path);
	if (!capture->reader)
		return -1;
	return nspy_connections_read(&capture->connections, capture->reader);
}

static void
close_capture(struct capture *capture)
{
	nspy_connections_free(&capture->connections);
	if (capture->reader)
		nspy_reader_close(capture->reader);
}

static void
print_name(char sign, const struct capture *capture,
	   const struct nspy_connection *c)
{
	char text[NSPY_CONNECTION_TEXT_MAX];

	nspy_print_connection(c, text);
	printf("%c %s", sign, text);
	nspy_print_processes(c, capture->reader);
	printf("\n");
}

static void
print_single(bool in_b, const struct capture *capture,
	     const struct nspy_connection *c, const char *name)
{
	char text[NSPY_CONNECTION_TEXT_MAX];

	nspy_print_connection(c, text);
	printf("%c %s", in_b ? '+' : '-', text);
	nspy_print_processes(c, capture->reader);
	printf("\n  only in %s: %" PRIu64 " bytes sent, %" PRIu64
	       " received, %s\n",
	       name, c->side[0].bytes, c->side[1].bytes, nspy_compare_end(c));
}

/* What differs in a pair. False: nothing. */
static bool
print_pair(const struct capture captures[2], const struct nspy_pair *pair,
	   const char *const names[2])
{
	if (!pair->b) {
		print_single(false, &captures[0], pair->a, names[0]);
	} else if (!pair->a) {
		print_single(true, &captures[1], pair->b, names[1]);
	} else if (!nspy_compare_equal(pair->a, pair->b)) {
		print_name('-', &captures[0], pair->a);
		print_name('+', &captures[1], pair->b);
		nspy_compare_print(pair->a, pair->b, names);
	} else {
		return false;
	}
	return true;
}

/* 0: equal, 1: they differ, 2: no memory. */
static int
print_all(const struct capture captures[2], const char *const names[2])
{
	size_t count = 0;
	struct nspy_pair *pairs = nspy_match(&captures[0].connections,
					     &captures[1].connections, &count);
	int status = 0;

	if (!pairs)
		return nspy_complain("diff: %s", strerror(ENOMEM));
	for (size_t i = 0; i < count; i++)
		if (print_pair(captures, &pairs[i], names))
			status = 1;
	free(pairs);
	for (int i = 0; i < 2; i++)
		if (captures[i].connections.others)
			nspy_say(
				"diff: %s: %" PRIu64
				" packets of an unknown kind were not compared",
				names[i], captures[i].connections.others);
	return nspy_flush_output() ? 2 : status;
}

int
nspy_diff(int argc, char **argv)
{
	struct capture captures[2] = {{0}};
	const char *names[2];
	int status = 2;

	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-' && argv[i][1])
			return nspy_complain("diff: unknown option '%s'",
					     argv[i]);
	if (argc != 3 ||
	    (strcmp(argv[1], "-") == 0 && strcmp(argv[2], "-") == 0))
		return nspy_complain("diff: two files expected; usage: netspy "
				     "diff FILE FILE");
	names[0] = argv[1];
	names[1] = argv[2];
	if (read_capture(&captures[0], names[0]) == 0 &&
	    read_capture(&captures[1], names[1]) == 0)
		status = print_all(captures, names);
	close_capture(&captures[0]);
	close_capture(&captures[1]);
	return status;
}
