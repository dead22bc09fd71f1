/* SPDX-License-Identifier: BSD-2-Clause */
/* The conversations and processes of a capture, as text, JSON or conn.log. */

#include "config.h"

#include "cli/stats.h"

#include "cli/print.h"
#include "cli/quote.h"
#include "cli/say.h"
#include "cli/zeek.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BILLION 1e9

/* What a process did in all its connections. */
struct process_sum {
	uint64_t connections, packets, sent, received;
};

struct stats {
	const char *path;
	struct nspy_reader *reader;
	struct nspy_connections connections;
	struct process_sum *processes; /* by their number, less one */
	uint64_t bytes, missing;
};

static void
add_side(struct stats *stats, const struct nspy_connection *c, int number)
{
	const struct nspy_side *side = &c->side[number];

	stats->bytes += side->bytes;
	stats->missing += nspy_side_missing(side);
	for (size_t i = 0; i < side->user_count; i++) {
		const struct nspy_user *user = &side->users[i];
		struct process_sum *sum = &stats->processes[user->process - 1];

		/* A process may hold both ends: that is one conversation. */
		sum->connections +=
			!number ||
			!nspy_side_user(&c->side[0], user->process, NULL);
		sum->packets += user->packets;
		sum->sent += user->sent;
		sum->received += user->received;
	}
}

/* False: no memory. */
static bool
sum_up(struct stats *stats)
{
	uint32_t count = nspy_reader_processes(stats->reader);

	stats->processes = calloc(count + 1, sizeof(*stats->processes));
	if (!stats->processes)
		return false;
	for (const struct nspy_connection *c = stats->connections.first; c;
	     c = c->next)
		for (int i = 0; i < 2; i++)
			add_side(stats, c, i);
	return true;
}

static double
seconds_between(uint64_t first_ns, uint64_t last_ns)
{
	return (double)(last_ns - first_ns) / BILLION;
}

/* Bytes of both directions in a second; 0: it took no time. */
static double
rate_of(const struct nspy_connection *c)
{
	double seconds = seconds_between(c->first_ns, c->last_ns);

	return seconds > 0
		       ? (double)(c->side[0].bytes + c->side[1].bytes) / seconds
		       : 0;
}

static void
print_connection(const struct stats *stats, const struct nspy_connection *c)
{
	uint64_t missing =
		nspy_side_missing(&c->side[0]) + nspy_side_missing(&c->side[1]);
	char text[NSPY_CONNECTION_TEXT_MAX], rate[32] = "-";

	nspy_print_connection(c, text);
	if (rate_of(c) > 0)
		snprintf(rate, sizeof(rate), "%.0f", rate_of(c));
	printf("%-11s %10" PRIu64 " %10" PRIu64 " %8" PRIu64 " %10.6f %11s  %s",
	       nspy_zeek_state_words(c), c->side[0].bytes, c->side[1].bytes,
	       c->side[0].packets + c->side[1].packets,
	       seconds_between(c->first_ns, c->last_ns), rate, text);
	nspy_print_processes(c, stats->reader);
	if (missing)
		printf("  (%" PRIu64 " bytes missing)", missing);
	printf("\n");
}

static void
print_text(const struct stats *stats)
{
	const struct nspy_connections *all = &stats->connections;
	uint32_t count = nspy_reader_processes(stats->reader);

	printf("%s: %zu conversation%s, %" PRIu64 " packet%s, %" PRIu64
	       " bytes in %.6f s\n",
	       stats->path, all->count, nspy_plural(all->count), all->packets,
	       nspy_plural(all->packets), stats->bytes,
	       seconds_between(all->first_ns, all->last_ns));
	if (all->others)
		printf("%" PRIu64 " packets are of no kind that is known\n",
		       all->others);
	if (all->count)
		printf("\n%-11s %10s %10s %8s %10s %11s  %s\n", "STATE", "SENT",
		       "RECEIVED", "PACKETS", "SECONDS", "BYTES/S",
		       "CONVERSATION");
	for (const struct nspy_connection *c = all->first; c; c = c->next)
		print_connection(stats, c);
	if (count)
		printf("\n%13s %10s %10s %8s  %s\n", "CONVERSATIONS", "SENT",
		       "RECEIVED", "PACKETS", "PROCESS");
	for (uint32_t i = 1; i <= count; i++) {
		const struct process_sum *sum = &stats->processes[i - 1];

		printf("%13" PRIu64 " %10" PRIu64 " %10" PRIu64 " %8" PRIu64
		       "  ",
		       sum->connections, sum->sent, sum->received,
		       sum->packets);
		nspy_print_plain(nspy_reader_process(stats->reader, i));
		printf("\n");
	}
}

static void
print_json(const struct stats *stats)
{
	const struct nspy_connections *all = &stats->connections;
	const char *before = "";

	printf("{\"file\":");
	nspy_print_json(stats->path, stdout);
	printf(",\"packets\":%" PRIu64 ",\"not_ip\":%" PRIu64
	       ",\"bytes\":%" PRIu64 ",\"missed_bytes\":%" PRIu64
	       ",\"first\":%.6f,\"duration\":%.6f,\n\"conversations\":[",
	       all->packets, all->others, stats->bytes, stats->missing,
	       (double)all->first_ns / BILLION,
	       seconds_between(all->first_ns, all->last_ns));
	for (const struct nspy_connection *c = all->first; c; c = c->next) {
		printf("%s\n", before);
		nspy_zeek_json(c, stats->reader, stdout);
		before = ",";
	}
	printf("],\n\"processes\":[");
	before = "";
	for (uint32_t i = 1; i <= nspy_reader_processes(stats->reader); i++) {
		const struct process_sum *sum = &stats->processes[i - 1];

		printf("%s\n{\"process\":", before);
		nspy_print_json(nspy_reader_process(stats->reader, i), stdout);
		printf(",\"conversations\":%" PRIu64 ",\"packets\":%" PRIu64
		       ",\"bytes_sent\":%" PRIu64 ",\"bytes_received\":%" PRIu64
		       "}",
		       sum->connections, sum->packets, sum->sent,
		       sum->received);
		before = ",";
	}
	printf("]}\n");
}

/* conn.log the way Zeek writes it with its JSON option: a line for each. */
static void
print_json_lines(const struct stats *stats)
{
	for (const struct nspy_connection *c = stats->connections.first; c;
	     c = c->next) {
		if (c->layer != NSPY_LAYER_IP)
			continue;
		nspy_zeek_json(c, stats->reader, stdout);
		printf("\n");
	}
}

static int
print(struct stats *stats, bool json, bool zeek)
{
	int status = nspy_connections_read(&stats->connections, stats->reader);

	if (!sum_up(stats))
		return nspy_complain("stats: %s", strerror(ENOMEM));
	/* What could be read is shown in any case. */
	if (json && zeek)
		print_json_lines(stats);
	else if (json)
		print_json(stats);
	else if (zeek)
		nspy_zeek_log(&stats->connections, stats->reader, stdout);
	else
		print_text(stats);
	return nspy_flush_output() || status ? 2 : 0;
}

int
nspy_stats(int argc, char **argv)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"zeek", no_argument, NULL, 'z'},
		{NULL, 0, NULL, 0},
	};
	struct stats stats = {0};
	bool json = false, zeek = false;
	int letter, status;

	while ((letter = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		if (letter != 'j' && letter != 'z')
			return nspy_complain("stats: unknown option '%s'",
					     argv[optind - 1]);
		json |= letter == 'j';
		zeek |= letter == 'z';
	}
	if (argc - optind != 1)
		return nspy_complain("stats: one file expected; usage: netspy "
				     "stats [--json] [--zeek] FILE");
	stats.path = argv[optind];
	stats.reader = nspy_reader_open("stats", stats.path);
	if (!stats.reader)
		return 2;
	status = print(&stats, json, zeek);
	free(stats.processes);
	nspy_connections_free(&stats.connections);
	nspy_reader_close(stats.reader);
	return status;
}
