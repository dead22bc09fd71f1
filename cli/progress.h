/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --progress: a line on the terminal during long runs. Nothing else of the run
 * may write there, so what the command says is never mixed with it.
 */

#ifndef NETSPY_PROGRESS_H
#define NETSPY_PROGRESS_H

#include "cli/collect.h"

struct nspy_display {
	int tty;	  /* or -1: nothing to show it on */
	uint64_t next_ns; /* CLOCK_MONOTONIC */
	bool shown;
};

/*
 * Returns -1, or the exit status after one line: the command's output goes to
 * the terminal.
 */
int nspy_display_open(struct nspy_display *display,
		      const struct nspy_options *options);

/* Show what there is so far, if it is time. */
void nspy_display_update(struct nspy_display *display,
			 const struct nspy_collector *collector);

/* Leave nothing behind. */
void nspy_display_close(struct nspy_display *display);

#endif
