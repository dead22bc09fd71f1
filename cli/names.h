/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes that a capture names, numbered from 1 as they come. */

#ifndef NETSPY_CLI_NAMES_H
#define NETSPY_CLI_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct nspy_names {
	char **names;
	uint32_t count;
	uint32_t *table; /* numbers, by a hash of their names; 0: free */
	uint32_t table_size;
};

/* The number of the name, a new one if need be; 0: out of memory. */
uint32_t nspy_names_number(struct nspy_names *names, const char *name,
			   size_t len);

/* Of "name[PID]", else 0. */
uint32_t nspy_names_interface(struct nspy_names *names, const char *interface,
			      size_t len);

/* Of a process that only its PID is known of. */
uint32_t nspy_names_pid(struct nspy_names *names, uint32_t pid);

/* Of the comment that netspy and ptcpdump write: "PID: 1\nCmd: /bin/x". */
uint32_t nspy_names_comment(struct nspy_names *names, const char *comment,
			    size_t len);

void nspy_names_free(struct nspy_names *names);

#endif
