/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * scope-id: TCP and UDP over a link-local address, which means nothing without
 * the interface that it is on.
 */

#include "prog.h"

#include <net/if.h>

static struct endpoint
at(const char *address, in_port_t port)
{
	struct endpoint end = { .len = sizeof(struct sockaddr_in6) };
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&end.address;

	six->sin6_family = AF_INET6;
	six->sin6_port = port;
	six->sin6_scope_id = if_nametoindex("lo");
	MUST(inet_pton(AF_INET6, address, &six->sin6_addr) == 1);
	return end;
}

static struct sockaddr *
sa(struct endpoint *end)
{
	return (struct sockaddr *)&end->address;
}

static int
bound_to(int type, struct endpoint *end)
{
	int fd = socket(AF_INET6, type, 0);

	MUST(fd >= 0 && !bind(fd, sa(end), end->len));
	MUST(!getsockname(fd, sa(end), &end->len));
	return fd;
}

static void
streams(void)
{
	struct endpoint end = at("fe80::5", 0);
	int door = bound_to(SOCK_STREAM, &end), fd, peer;
	char buf[5];

	MUST(!listen(door, 1));
	fd = connected(&end, SOCK_STREAM);
	peer = accept(door, NULL, NULL);
	MUST(peer >= 0 && !close(door));
	send_all(fd, "hello", 5);
	recv_all(peer, buf, 5);
	MUST(!close(fd));
	expect_end(peer);
	MUST(!close(peer));
}

/* Neither socket has an address of its own: only the kernel's routes tell. */
static void
datagrams(void)
{
	struct endpoint any = at("::", 0), own = at("::", 0), from, to;
	int server = bound_to(SOCK_DGRAM, &any);
	int client = bound_to(SOCK_DGRAM, &own);
	in_port_t port = ((struct sockaddr_in6 *)&any.address)->sin6_port;
	char buf[10];

	to = at("fe80::5", port);
	from.len = sizeof(from.address);
	MUST(sendto(client, "question", 8, 0, sa(&to), to.len) == 8);
	MUST(recvfrom(server, buf, 10, 0, sa(&from), &from.len) == 8);
	MUST(sendto(server, "answer", 6, 0, sa(&from), from.len) == 6);
	MUST(recv(client, buf, 10, 0) == 6);
	/* In between, to an address that has no scope. */
	to = at("::1", port);
	MUST(sendto(client, "one", 3, 0, sa(&to), to.len) == 3);
	to = at("fe80::6", port);
	MUST(sendto(client, "more", 4, 0, sa(&to), to.len) == 4);
	MUST(!close(client) && !close(server));
}

int
main(void)
{
	streams();
	datagrams();
	return 0;
}
