/* SPDX-License-Identifier: BSD-2-Clause */
/* A short list of names: the oldest gives way. */

#include "capture/host.h"

#include <string.h>

static bool
is_of(const struct nspy_host *host, const struct nspy_endpoint *address)
{
	return host->len && host->address.version == address->version &&
	       memcmp(host->address.addr, address->addr,
		      sizeof(address->addr)) == 0;
}

bool
nspy_host_add(struct nspy_hosts *hosts, const struct nspy_event *event,
	      const void *name)
{
	struct nspy_host *host;

	if (!event->peer.version || !event->data_len ||
	    event->data_len > NSPY_NAME_MAX)
		return false;
	for (uint32_t i = 0; i < NSPY_HOSTS_MAX; i++) {
		host = &hosts->list[i];
		if (is_of(host, &event->peer) && host->len == event->data_len &&
		    memcmp(host->name, name, host->len) == 0)
			return false;
	}
	host = &hosts->list[hosts->next++ % NSPY_HOSTS_MAX];
	host->address = event->peer;
	host->len = (uint8_t)event->data_len;
	memcpy(host->name, name, host->len);
	host->name[host->len] = '\0';
	return true;
}

const char *
nspy_host_find(const struct nspy_hosts *hosts,
	       const struct nspy_endpoint *address)
{
	for (uint32_t i = 1; i <= NSPY_HOSTS_MAX; i++) {
		const struct nspy_host *host =
			&hosts->list[(hosts->next - i) % NSPY_HOSTS_MAX];

		if (is_of(host, address))
			return host->name;
	}
	return NULL;
}
