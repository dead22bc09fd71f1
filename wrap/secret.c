/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets of TLS, as events. */

#include "wrap/secret.h"

#include "wrap/clock.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/settings.h"
#include "wrap/writer.h"

#include <string.h>

bool
nspy_secrets_wanted(void)
{
	return nspy_recording() && nspy_settings.tls_keys;
}

void
nspy_secret_tell(const char *line, size_t len)
{
	struct nspy_place place;
	uint32_t pid;

	if (!nspy_secrets_wanted() || nspy_in_vfork_child() ||
	    !nspy_writer_started() || len > NSPY_SECRET_MAX ||
	    !nspy_reserve((uint32_t)(sizeof(struct nspy_event) + len), &place))
		return;
	pid = nspy_process();
	memset(place.event, 0, sizeof(*place.event));
	place.event->kind = NSPY_SECRET;
	place.event->begin_ns = place.event->end_ns = nspy_now();
	place.event->pid = pid;
	place.event->tid = nspy_thread(pid);
	place.event->data_len = place.event->wire_len = (uint32_t)len;
	memcpy(place.event + 1, line, len);
	nspy_ring_publish(&place);
}
