/* SPDX-License-Identifier: BSD-2-Clause */
/* One line that is drawn again and again, and erased at the end. */

#include "config.h"

#include "cli/progress.h"

#include "cli/clock.h"
#include "cli/say.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define FIRST_NS 2000000000u
#define EVERY_NS 1000000000u
#define ERASE "\r\033[K"

int
nspy_display_open(struct nspy_display *display,
		  const struct nspy_options *options)
{
	const char *term = getenv("TERM");

	display->tty = -1;
	if (!options->progress)
		return -1;
	if (isatty(STDOUT_FILENO) || isatty(STDERR_FILENO))
		return nspy_complain("--progress: the command writes to the "
				     "terminal, too; redirect its output and "
				     "its errors");
	if (!term || strcmp(term, "dumb") == 0)
		return -1;
	display->tty =
		open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	display->next_ns = nspy_clock_ns(CLOCK_MONOTONIC) + FIRST_NS;
	return -1;
}

static void
draw(const struct nspy_display *display, const char *text)
{
	ssize_t ignored = write(display->tty, text, strlen(text));

	/* A terminal that takes nothing now is drawn on a second later. */
	(void)ignored;
}

/*
 * Not from the background, and not into a question that the command asks on
 * the terminal itself, as for a password.
 */
static bool
is_ours(int tty)
{
	struct termios mode;

	return tcgetpgrp(tty) == getpgrp() && tcgetattr(tty, &mode) == 0 &&
	       mode.c_lflag & ECHO;
}

void
nspy_display_update(struct nspy_display *display,
		    const struct nspy_collector *collector)
{
	char text[sizeof(ERASE) + 128];
	struct nspy_totals totals;
	struct winsize size;
	size_t columns = 80;

	if (display->tty < 0 ||
	    nspy_clock_ns(CLOCK_MONOTONIC) < display->next_ns)
		return;
	display->next_ns = nspy_clock_ns(CLOCK_MONOTONIC) + EVERY_NS;
	if (!is_ours(display->tty))
		return;
	nspy_collector_look(collector, &totals);
	snprintf(text, sizeof(text),
		 ERASE "netspy: %" PRIu64 " packet%s, %" PRIu64
		       " conversation%s, %" PRIu64 " bytes",
		 totals.packets, nspy_plural(totals.packets),
		 totals.conversations, nspy_plural(totals.conversations),
		 totals.bytes);
	if (ioctl(display->tty, TIOCGWINSZ, &size) == 0 && size.ws_col)
		columns = size.ws_col;
	/* A line that wraps could not be erased. */
	if (strlen(text) > strlen(ERASE) + columns - 1)
		text[strlen(ERASE) + columns - 1] = '\0';
	draw(display, text);
	display->shown = true;
}

void
nspy_display_close(struct nspy_display *display)
{
	if (display->tty < 0)
		return;
	if (display->shown && tcgetpgrp(display->tty) == getpgrp())
		draw(display, ERASE);
	close(display->tty);
}
