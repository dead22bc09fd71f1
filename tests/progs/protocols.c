/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * More than TCP and UDP, both ends in one process.
 *
 * protocols udplite FAMILY     datagrams of several lengths, there and back
 * protocols mptcp FAMILY       a connection, half closed by the client
 * protocols mptcp-exec FAMILY  the same, but the client's end goes over an exec
 */

#include "prog.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static unsigned char buf[65536];

/* A socket of PROTOCOL bound to loopback; END tells where. */
static int
bound_to(const char *family, int type, int protocol, struct endpoint *end)
{
	int fd;

	*end = loopback(family, 0);
	fd = socket(end->address.ss_family, type, protocol);
	if (fd < 0)
		exit(77);
	MUST(!bind(fd, (struct sockaddr *)&end->address, end->len));
	end->len = sizeof(end->address);
	MUST(!getsockname(fd, (struct sockaddr *)&end->address, &end->len));
	return fd;
}

static void
udplite(const char *family)
{
	static const size_t sizes[] = { 100, 0, 1, 7, 60001, 80, 81, 82, 83 };
	/* How much the checksum of these covers; -1 is left alone. */
	static const int coverages[] = { -1, -1, -1, -1, -1, 8, 29, 5, 1000 };
	struct endpoint end[2], from = { .len = sizeof(from.address) };
	int fd[2];

	for (int i = 0; i < 2; i++)
		fd[i] = bound_to(family, SOCK_DGRAM, IPPROTO_UDPLITE, &end[i]);
	MUST(!connect(fd[0], (struct sockaddr *)&end[1].address, end[1].len));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ssize_t size = (ssize_t)sizes[i];

		fill(buf, sizes[i], i);
		if (coverages[i] >= 0)
			MUST(!setsockopt(fd[0], IPPROTO_UDPLITE,
					 10 /* UDPLITE_SEND_CSCOV */,
					 &coverages[i], sizeof(int)));
		MUST(send(fd[0], buf, sizes[i], 0) == size);
		MUST(recvfrom(fd[1], buf, sizeof(buf), 0,
			      (struct sockaddr *)&from.address,
			      &from.len) == size);
		MUST(sendto(fd[1], buf, sizes[i], 0,
			    (struct sockaddr *)&from.address,
			    from.len) == size);
		MUST(recv(fd[0], buf, sizeof(buf), 0) == size);
	}
}

/* The client's part: 5000 bytes there, then 700 back. */
static void
mptcp_client(int client)
{
	fill(buf, 5000, 0);
	send_all(client, buf, 5000);
	MUST(!shutdown(client, SHUT_WR));
	recv_all(client, buf, 700);
	expect_end(client);
	MUST(!close(client));
}

static void
mptcp(const char *family, char **again)
{
	struct endpoint end;
	int door = bound_to(family, SOCK_STREAM, IPPROTO_MPTCP, &end);
	int client = socket(end.address.ss_family, SOCK_STREAM, IPPROTO_MPTCP);
	int server;

	MUST(!listen(door, 1));
	MUST(!connect(client, (struct sockaddr *)&end.address, end.len));
	server = accept(door, NULL, NULL);
	MUST(server >= 0);
	MUST(!close(door));
	/* Enough for the client, whichever process it is. */
	fill(buf, 700, 0);
	send_all(server, buf, 700);
	MUST(!shutdown(server, SHUT_WR));
	if (again) {
		MUST(dup2(client, 0) == 0);
		MUST(!close(client));
		execv(again[0], again);
		MUST(!"exec");
	}
	mptcp_client(client);
	recv_all(server, buf, 5000);
	expect_end(server);
}

int
main(int argc, char **argv)
{
	char *again[] = { argv[0], (char *)"mptcp-client", argv[2], NULL };

	MUST(argc == 3);
	if (!strcmp(argv[1], "udplite"))
		udplite(argv[2]);
	if (!strcmp(argv[1], "mptcp"))
		mptcp(argv[2], NULL);
	if (!strcmp(argv[1], "mptcp-exec"))
		mptcp(argv[2], again);
	if (!strcmp(argv[1], "mptcp-client"))
		mptcp_client(0);
	return 0;
}
