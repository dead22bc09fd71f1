/* SPDX-License-Identifier: BSD-2-Clause */
/* What the environment asks for, read once and copied. */

#ifndef NETSPY_SETTINGS_H
#define NETSPY_SETTINGS_H

#include "capture/text.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct nspy_settings {
	bool quiet;	   /* NETSPY_QUIET: not a word on stderr */
	bool debug;	   /* NETSPY_DEBUG: a line for each recorded call */
	uint32_t snaplen;  /* NETSPY_SNAPLEN: bytes kept of each packet */
	uint32_t format;   /* enum nspy_format_number: NETSPY_FORMAT */
	bool unix_sockets; /* NETSPY_UNIX: AF_UNIX is recorded, too */
	bool netlink;	   /* NETSPY_NETLINK: and AF_NETLINK */
	bool tls_keys;	   /* NETSPY_TLS_KEYS: secrets go in the capture */
	bool off;   /* NETSPY_ONLY, NETSPY_SKIP, NETSPY_PARENT: not this */
	bool alone; /* NETSPY_PARENT: forked children do not record */
	bool drop;  /* NETSPY_DROP: a full ring loses, the program goes on */
	/* NETSPY_RUN: the folder of the command that drains; "" for none. */
	char run[192];
	char executable[NAME_MAX + 1]; /* the name that was started */
	/* NETSPY_DIR, or where the program started; absolute, no end slash. */
	char directory[PATH_MAX];
	/* NETSPY_FILENAME: %e executable, %p pid, %n number, %t time, %%. */
	char filename[NAME_MAX + 1];
};

extern struct nspy_settings nspy_settings;

/* Once, before anything else. A value that makes no sense is reported. */
void nspy_settings_read(void);

#endif
