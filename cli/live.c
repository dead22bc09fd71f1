/* SPDX-License-Identifier: BSD-2-Clause */
/* A listening socket and its clients, none of which is ever waited for. */

#include "config.h"

#include "cli/live.h"

#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 16
#define LAST_TRIES 100
#define TRY_MS 20
/* No errno of socket(), bind() or listen(). */
#define NOT_AN_ADDRESS (-EDESTADDRREQ)
/* Of IPv6, with a scope, brackets and a port, in bytes. */
#define ADDRESS_MAX 128

struct client {
	int fd;
	size_t prelude; /* bytes of it that are still to be sent */
	uint64_t sent;	/* offset in the file */
};

struct nspy_live {
	int fd;
	struct client clients[CLIENTS_MAX];
	size_t client_count;
	uint8_t *prelude;
	size_t prelude_len;
	uint64_t floor; /* the first byte of the file that is still there */
};

/* Splits "ADDRESS:PORT", "[ADDRESS]:PORT" or "PORT" in place. */
static void
split(char *where, const char **address, const char **port)
{
	char *colon = strrchr(where, ':');

	*address = "127.0.0.1";
	*port = where;
	if (!colon)
		return;
	*colon = '\0';
	*port = colon + 1;
	*address = where;
	if (where[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		*address = where + 1;
	}
}

static int
listen_at(const struct addrinfo *info)
{
	int on = 1, fd = socket(info->ai_family,
				SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 ||
	    listen(fd, CLIENTS_MAX) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* A listening socket, or a negative errno; NOT_AN_ADDRESS: that is none. */
static int
open_socket(const char *where)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV |
					     AI_PASSIVE,
				 .ai_socktype = SOCK_STREAM};
	char copy[ADDRESS_MAX];
	const char *address, *port;
	struct addrinfo *info = NULL;
	int fd = NOT_AN_ADDRESS;

	if (strlen(where) >= sizeof(copy))
		return fd;
	strcpy(copy, where);
	split(copy, &address, &port);
	if (getaddrinfo(address, port, &hints, &info) == 0 && atoi(port) >= 1 &&
	    atoi(port) <= 65535)
		fd = listen_at(info);
	if (info)
		freeaddrinfo(info);
	return fd;
}

struct nspy_live *
nspy_live_open(const char *option, const char *where)
{
	struct nspy_live *live = calloc(1, sizeof(*live));

	if (!live) {
		nspy_say("out of memory");
		return NULL;
	}
	live->fd = open_socket(where);
	if (live->fd >= 0)
		return live;
	if (live->fd == NOT_AN_ADDRESS)
		nspy_say("%s '%.80s': expected [ADDRESS:]PORT, both in "
			 "numbers, PORT from 1 to 65535",
			 option, where);
	else
		nspy_say("%s %s: %s", option, where, strerror(-live->fd));
	free(live);
	return NULL;
}

void
nspy_live_add_prelude(struct nspy_live *live, const void *block, size_t len)
{
	uint8_t *grown = realloc(live->prelude, live->prelude_len + len);

	if (!grown)
		return;
	memcpy(grown + live->prelude_len, block, len);
	live->prelude = grown;
	live->prelude_len += len;
}

static void
accept_clients(struct nspy_live *live, uint64_t size)
{
	while (live->client_count < CLIENTS_MAX) {
		struct client *client = &live->clients[live->client_count];
		int fd = accept4(live->fd, NULL, NULL,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		client->fd = fd;
		client->prelude = live->floor ? live->prelude_len : 0;
		client->sent = live->floor ? size : 0;
		live->client_count++;
	}
}

/* False: it has gone, or is too far behind. */
static bool
send_to(struct nspy_live *live, struct client *client, int fd, uint64_t size)
{
	ssize_t sent = 1;

	while (client->prelude && sent > 0) {
		sent = send(client->fd,
			    live->prelude + live->prelude_len - client->prelude,
			    client->prelude, MSG_NOSIGNAL);
		if (sent > 0)
			client->prelude -= (size_t)sent;
	}
	while (client->sent < size && sent > 0) {
		off_t offset = (off_t)client->sent;

		sent = sendfile(client->fd, fd, &offset, size - client->sent);
		if (sent > 0)
			client->sent += (uint64_t)sent;
	}
	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	return size - client->sent <= NSPY_LIVE_KEPT;
}

uint64_t
nspy_live_send(struct nspy_live *live, int fd, uint64_t size)
{
	accept_clients(live, size);
	for (size_t i = 0; i < live->client_count;) {
		if (send_to(live, &live->clients[i], fd, size)) {
			i++;
			continue;
		}
		close(live->clients[i].fd);
		live->clients[i] = live->clients[--live->client_count];
	}
	if (size > live->floor + 2 * (uint64_t)NSPY_LIVE_KEPT)
		live->floor = size - NSPY_LIVE_KEPT;
	return live->floor;
}

static bool
is_done(const struct nspy_live *live, uint64_t size)
{
	for (size_t i = 0; i < live->client_count; i++)
		if (live->clients[i].sent < size)
			return false;
	return true;
}

void
nspy_live_close(struct nspy_live *live, int fd, uint64_t size)
{
	for (int i = 0; i < LAST_TRIES; i++) {
		nspy_live_send(live, fd, size);
		if (is_done(live, size))
			break;
		poll(NULL, 0, TRY_MS);
	}
	for (size_t i = 0; i < live->client_count; i++)
		close(live->clients[i].fd);
	close(live->fd);
	free(live->prelude);
	free(live);
}
