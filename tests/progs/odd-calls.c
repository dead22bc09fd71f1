/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * odd-calls WHAT: calls at the edge of what the kernel takes.
 *
 * trunc: a datagram of 1000 bytes, received into 4 of them with MSG_TRUNC,
 * after a stream has filled the ring; then a stream's bytes thrown away.
 * address: a "to" that a stream ignores, and too little room for a "from".
 * exec: an exec that fails, then an exit with an open connection.
 * data: a file of the program's own is its standard error.
 * big: 60 MB through a connection.
 */

#include "prog.h"

static int client, server;

static void
connect_pair(void)
{
	struct endpoint end = loopback("4", 0);
	struct sockaddr *address = (struct sockaddr *)&end.address;
	int door = socket(AF_INET, SOCK_STREAM, 0);

	MUST(door >= 0 && !bind(door, address, end.len) && !listen(door, 1));
	MUST(!getsockname(door, address, &end.len));
	client = socket(AF_INET, SOCK_STREAM, 0);
	MUST(client >= 0 && !connect(client, address, end.len));
	server = accept(door, NULL, NULL);
	MUST(server >= 0 && !close(door));
}

static void
through(char byte, size_t len)
{
	static char buf[60000];
	size_t got = 0;

	memset(buf, byte, sizeof(buf));
	MUST(send(client, buf, len, 0) == (ssize_t)len);
	while (got < len) {
		ssize_t ret = recv(server, buf, len - got, 0);

		MUST(ret > 0);
		got += (size_t)ret;
	}
}

static int
udp_pair(int *other)
{
	struct endpoint end = loopback("4", 0);
	struct sockaddr *address = (struct sockaddr *)&end.address;
	int from = socket(AF_INET, SOCK_DGRAM, 0);

	*other = socket(AF_INET, SOCK_DGRAM, 0);
	MUST(from >= 0 && *other >= 0 && !bind(*other, address, end.len));
	MUST(!getsockname(*other, address, &end.len));
	MUST(!connect(from, address, end.len));
	return from;
}

static void
trunc_calls(void)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char big[1000], small[4];
	int to, fd = udp_pair(&to);

	for (int i = 0; i < 100; i++)
		through('S', 60000);
	memset(big, 'x', sizeof(big));
	MUST(send(fd, big, sizeof(big), 0) == sizeof(big));
	MUST(recvfrom(to, small, sizeof(small), MSG_TRUNC,
		      (struct sockaddr *)&from, &len) == sizeof(big));
	MUST(send(server, big, 500, 0) == 500);
	memset(big, 'J', sizeof(big));
	MUST(recv(client, big, 500, MSG_TRUNC) == 500);
}

static void
address_calls(void)
{
	char room[16], byte;
	socklen_t len = 4;
	int to, fd = udp_pair(&to);

	through('a', 10);
	MUST(sendto(client, "hi", 2, 0, (struct sockaddr *)1, 0) == 2);
	MUST(recv(server, room, 2, MSG_WAITALL) == 2);
	MUST(send(fd, "u", 1, 0) == 1);
	memset(room, 'Z', sizeof(room));
	MUST(recvfrom(to, &byte, 1, 0, (struct sockaddr *)room, &len) == 1);
}

static void
open_data(void)
{
	MUST(!close(2) && open("data", O_CREAT | O_RDWR, 0600) == 2);
	MUST(write(2, "data", 4) == 4);
}

int
main(int argc, char **argv)
{
	MUST(argc == 2);
	if (!strcmp(argv[1], "data"))
		open_data();
	signal(SIGXFSZ, SIG_DFL);
	connect_pair();
	if (!strcmp(argv[1], "trunc")) {
		trunc_calls();
	} else if (!strcmp(argv[1], "address")) {
		address_calls();
	} else if (!strcmp(argv[1], "exec")) {
		char *none[] = {NULL};

		MUST(execve("/nowhere/at/all", none, none) < 0);
		MUST(errno == ENOENT);
		through('e', 10);
		return 0;
	} else if (!strcmp(argv[1], "big")) {
		for (int i = 0; i < 1000; i++)
			through('B', 60000);
	}
	MUST(!close(client) && !close(server));
	return 0;
}
