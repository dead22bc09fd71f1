/* SPDX-License-Identifier: BSD-2-Clause */
/* One line on stderr, in one piece. */

#include "cli/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOLD "\033[1m"
#define NORMAL "\033[0m"

/* See no-color.org. */
static bool
is_coloured(int fd)
{
	const char *never = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(never && *never) && term &&
	       strcmp(term, "dumb") != 0;
}

static void
say(const char *format, va_list values)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, values);
	if (is_coloured(STDERR_FILENO))
		fprintf(stderr, BOLD "netspy:" NORMAL " %s\n", line);
	else
		fprintf(stderr, "netspy: %s\n", line);
}

void
nspy_say(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say(format, values);
	va_end(values);
}

int
nspy_complain(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	say(format, values);
	va_end(values);
	return 2;
}

const char *
nspy_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

int
nspy_flush_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	nspy_say("standard output: %s", strerror(errno));
	return 1;
}
