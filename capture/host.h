/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of addresses, as the processes have looked them up. */

#ifndef NETSPY_HOST_H
#define NETSPY_HOST_H

#include "capture/event.h"

#include <stdbool.h>

/* The last ones. A capture gets each of them before its first use. */
#define NSPY_HOSTS_MAX 64

struct nspy_host {
	struct nspy_endpoint address; /* without a port */
	uint8_t len;		      /* of the name; 0: none */
	char name[NSPY_NAME_MAX + 1]; /* with a NUL */
};

struct nspy_hosts {
	struct nspy_host list[NSPY_HOSTS_MAX];
	uint32_t next; /* the place that is taken next */
};

/* Of a NSPY_NAME event, whose data is name. False: known already. */
bool nspy_host_add(struct nspy_hosts *hosts, const struct nspy_event *event,
		   const void *name);

/* The last name of the address, or NULL. */
const char *nspy_host_find(const struct nspy_hosts *hosts,
			   const struct nspy_endpoint *address);

#endif
