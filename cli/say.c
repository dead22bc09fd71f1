/* SPDX-License-Identifier: BSD-2-Clause */
/* One line on stderr, in one piece. */

#include "cli/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
say(const char *format, va_list values)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, values);
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

int
nspy_flush_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	nspy_say("standard output: %s", strerror(errno));
	return 1;
}
