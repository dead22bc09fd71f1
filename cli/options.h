/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of a run: one table for parsing, --help and completions. */

#ifndef NETSPY_OPTIONS_H
#define NETSPY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Gives --pcap-over-ip its value, too. */
#define NSPY_PORT_VARIABLE "NETSPY_PCAP_OVER_IP_PORT"

struct nspy_options {
	const char *output;	 /* -o: a template, or "-"; NULL: the default */
	const char *service;	 /* --pcap-over-ip: [ADDRESS:]PORT, or NULL */
	const char *service_by;	 /* the option, or the variable, it is from */
	const char *filter;	 /* -f: a filter of libpcap, or NULL */
	const char *only, *skip; /* globs of executables, or NULL */
	const char *test;	 /* --test: a name, or NULL */
	const char *folder;	 /* --dir, or NULL */
	uint64_t timeout_s;	 /* --timeout, 0: none */
	uint32_t snaplen;	 /* -s, in bytes */
	uint64_t rotate_bytes;	 /* -C, 0: never */
	uint64_t rotate_s;	 /* -G, in seconds, 0: never */
	uint32_t rotate_files;	 /* -W, 0: no limit */
	uint64_t max_size;	 /* --max-size, in bytes, 0: no limit */
	bool per_process, quiet, verbose, no_follow, drop, dry_run, no_io_uring,
		live, tls_keys, on_failure, deterministic, progress;
	bool ends;	/* max_size leaves out the middle */
	char **command; /* with its arguments, ends with NULL */
};

/* One row of the table. */
struct nspy_option {
	int letter; /* or a number above 255: it has no letter */
	const char *name;
	const char *argument; /* its name in --help, or NULL */
	const char *help;
};

extern const struct nspy_option nspy_option_table[];

/*
 * Read argv. Returns -1 when the command can be run, else the exit status:
 * after --help or --version, or a wrong command line, about which it has said
 * one line.
 */
int nspy_options_read(struct nspy_options *options, int argc, char **argv);

#endif
