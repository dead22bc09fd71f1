/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The collector of a run: it drains the rings of all processes, in the order
 * of time, into one capture. The conversations are those of sockets, whoever
 * uses them.
 */

#ifndef NETSPY_COLLECT_H
#define NETSPY_COLLECT_H

#include "cli/missing.h"
#include "cli/output.h"

struct nspy_collector;
struct nspy_filter;

struct nspy_totals {
	uint64_t packets, bytes, conversations;
	struct nspy_missing missing;
	unsigned int processes; /* that used a socket */
	unsigned int alive;	/* of them, at the end */
	int error;		/* a negative errno: recording ended early */
	bool full;		/* --max-size was reached */
	char loaded[256];	/* names of programs that loaded netspy */
};

/*
 * Make the private folder of a run. NULL after one line. Packets that do not
 * pass the filter, which may be NULL, are not written. The caller runs
 * nspy_collector_step as it asks for.
 */
struct nspy_collector *nspy_collector_create(struct nspy_output *output,
					     struct nspy_filter *filter);

const char *nspy_collector_folder(const struct nspy_collector *collector);

/* Readable when a process has made a ring. */
int nspy_collector_fd(const struct nspy_collector *collector);

/* Drain what there is. Returns after how many ns to come again at the latest. */
uint64_t nspy_collector_step(struct nspy_collector *collector);

/* What is written so far: packets, bytes and conversations. */
void nspy_collector_look(const struct nspy_collector *collector,
			 struct nspy_totals *totals);

/*
 * Drain the rest and remove the folder. Processes that are still alive record
 * by themselves from now on.
 */
void nspy_collector_end(struct nspy_collector *collector,
			struct nspy_totals *totals);

#endif
