/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets of TLS, as events. */

#include "wrap/secret.h"

#include "wrap/clock.h"
#include "wrap/descriptor.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/settings.h"
#include "wrap/writer.h"

#include <errno.h>
#include <string.h>

bool
nspy_secrets_wanted(void)
{
	return nspy_recording() && nspy_settings.tls_keys;
}

/* The head is what the data begins with. */
static void
tell(struct nspy_event *event, const void *head, size_t head_len,
     const void *data, size_t len)
{
	struct nspy_place place;

	event->data_len = event->wire_len = (uint32_t)(head_len + len);
	if (event->data_len > NSPY_SECRET_MAX ||
	    !nspy_reserve((uint32_t)sizeof(*event) + event->data_len, &place))
		return;
	event->begin_ns = event->end_ns = nspy_now();
	event->pid = nspy_process();
	event->tid = nspy_thread(event->pid);
	*place.event = *event;
	memcpy(place.event + 1, head, head_len);
	memcpy((char *)(place.event + 1) + head_len, data, len);
	nspy_ring_publish(&place);
}

static bool
is_told(void)
{
	return nspy_secrets_wanted() && !nspy_in_vfork_child() &&
	       nspy_writer_started();
}

void
nspy_secret_tell(const char *line, size_t len)
{
	struct nspy_event event = {.kind = NSPY_SECRET};

	if (is_told())
		tell(&event, "", 0, line, len);
}

void
nspy_secret_tell_traffic(int fd, unsigned int epoch, bool sent,
			 const void *secret, size_t len)
{
	const struct nspy_traffic_secret head = {(uint8_t)epoch, sent};
	struct nspy_socket *socket;
	int error = errno;

	if (!is_told() || epoch > UINT8_MAX)
		return;
	socket = nspy_descriptor_known(fd);
	if (socket && socket != &nspy_socket_gone) {
		struct nspy_event event = {
			.kind = NSPY_TRAFFIC_SECRET,
			.cookie = socket->cookie,
			.protocol = socket->protocol,
			.family = socket->family,
			.local = nspy_socket_local(socket, &socket->peer),
			.peer = socket->peer,
		};

		tell(&event, &head, sizeof(head), secret, len);
	}
	errno = error;
}
