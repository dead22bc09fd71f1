/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * AF_UNIX sockets with both ends in this process.
 *
 * unix stream NAME    a connection to a path, or with @ an abstract name
 * unix pair TYPE      socketpair of type stream, dgram or seqpacket
 * unix seqpacket NAME a connection that keeps the bounds of its messages
 * unix dgram NAME     datagrams between two bound sockets, and a large one
 * unix refused NAME   nobody listens there
 */

#include "prog.h"

#include <stddef.h>
#include <sys/un.h>

static unsigned char buf[150000];

static struct sockaddr_un
address_of(const char *name, socklen_t *len)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	strncpy(addr.sun_path, name, sizeof(addr.sun_path) - 1);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			   strlen(name));
	if (*name == '@')
		addr.sun_path[0] = '\0';
	return addr;
}

static int
bound_unix(int type, const char *name)
{
	socklen_t len;
	struct sockaddr_un addr = address_of(name, &len);
	int fd = socket(AF_UNIX, type, 0);

	MUST(fd >= 0);
	unlink(name);
	MUST(!bind(fd, (struct sockaddr *)&addr, len));
	return fd;
}

static int
connect_unix(int type, const char *name)
{
	socklen_t len;
	struct sockaddr_un addr = address_of(name, &len);
	int fd = socket(AF_UNIX, type, 0);

	MUST(fd >= 0);
	return connect(fd, (struct sockaddr *)&addr, len) ? -1 : fd;
}

/* 1000 bytes there, 300 back, by each kind of call. */
static void
exchange(int client, int server)
{
	struct iovec part[2] = { { buf, 100 }, { buf + 100, 900 } };

	fill(buf, 1000, 0);
	MUST(writev(client, part, 2) == 1000);
	MUST(read(server, buf, sizeof(buf)) == 1000);
	fill(buf, 300, 0);
	MUST(send(server, buf, 300, 0) == 300);
	MUST(recv(client, buf, sizeof(buf), 0) == 300);
}

/* A connection of TYPE to NAME, ended by the client. */
static void
connection(int type, const char *name)
{
	int door = bound_unix(type, name), client, server;

	MUST(!listen(door, 4));
	for (int i = 0; i < 2; i++) {
		client = connect_unix(type, name);
		MUST(client >= 0);
		server = accept(door, NULL, NULL);
		MUST(server >= 0);
		exchange(client, server);
		MUST(!close(client));
		expect_end(server);
		MUST(!close(server));
	}
}

static void
pair(const char *type)
{
	int fds[2], kind = *type == 's' ? SOCK_STREAM : SOCK_DGRAM;

	if (!strcmp(type, "seqpacket"))
		kind = SOCK_SEQPACKET;
	MUST(!socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, fds));
	exchange(fds[0], fds[1]);
	MUST(!close(fds[0]));
}

static void
dgram(const char *name)
{
	char other[64];
	socklen_t len, other_len;
	struct sockaddr_un addr = address_of(name, &len), addr2, from;
	int size = 1 << 18, a = bound_unix(SOCK_DGRAM, name), b;

	snprintf(other, sizeof(other), "%s-2", name);
	b = bound_unix(SOCK_DGRAM, other);
	addr2 = address_of(other, &other_len);
	fill(buf, 500, 0);
	MUST(sendto(a, buf, 500, 0, (struct sockaddr *)&addr2, other_len) ==
	     500);
	len = sizeof(from);
	MUST(recvfrom(b, buf, sizeof(buf), 0, (struct sockaddr *)&from,
		      &len) == 500);
	/* Longer than any datagram of IP. */
	MUST(!setsockopt(b, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	fill(buf, 120000, 0);
	MUST(sendto(b, buf, 120000, 0, (struct sockaddr *)&from, len) ==
	     120000);
	MUST(!connect(a, (struct sockaddr *)&addr2, other_len));
	len = sizeof(addr);
	MUST(recvfrom(a, buf, sizeof(buf), 0, (struct sockaddr *)&addr,
		      &len) == 120000);
	fill(buf, 7, 0);
	MUST(send(a, buf, 7, 0) == 7);
	MUST(recvfrom(b, buf, sizeof(buf), 0, (struct sockaddr *)&from,
		      &len) == 7);
}

int
main(int argc, char **argv)
{
	MUST(argc == 3);
	if (!strcmp(argv[1], "stream"))
		connection(SOCK_STREAM, argv[2]);
	if (!strcmp(argv[1], "seqpacket"))
		connection(SOCK_SEQPACKET, argv[2]);
	if (!strcmp(argv[1], "pair"))
		pair(argv[2]);
	if (!strcmp(argv[1], "dgram"))
		dgram(argv[2]);
	if (!strcmp(argv[1], "refused")) {
		MUST(!close(bound_unix(SOCK_STREAM, argv[2])));
		MUST(connect_unix(SOCK_STREAM, argv[2]) < 0);
		MUST(errno == ECONNREFUSED);
	}
	return 0;
}
