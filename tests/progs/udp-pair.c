/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A UDP client and an echo server, in one process or in one each.
 *
 * udp-pair FAMILY SIZE ROUNDS                 both, in turn
 * udp-pair --server FAMILY SIZE ROUNDS PORT
 * udp-pair --client FAMILY SIZE ROUNDS PORT
 *
 * The client is connected in even rounds; in odd ones another socket of it
 * uses sendto and recvfrom.  Every other server answers with sendmsg.
 */

#include "prog.h"

static unsigned char buf[65536];
static size_t size;

static void
answer(int fd, int round)
{
	struct endpoint from = { .len = sizeof(from.address) };
	struct iovec part[2] = { { buf, size / 2 },
				 { buf + size / 2, size - size / 2 } };
	struct msghdr msg = { .msg_iov = part, .msg_iovlen = 2 };
	ssize_t ret = recvfrom(fd, buf, sizeof(buf), 0,
			       (struct sockaddr *)&from.address, &from.len);

	MUST(ret == (ssize_t)size);
	if (round % 2) {
		msg.msg_name = &from.address;
		msg.msg_namelen = from.len;
		MUST(sendmsg(fd, &msg, 0) == ret);
		return;
	}
	MUST(sendto(fd, buf, size, 0, (struct sockaddr *)&from.address,
		    from.len) == ret);
}

static void
ask(const int fds[2], const struct endpoint *end, int round)
{
	fill(buf, size, (size_t)round * size);
	if (round % 2)
		MUST(sendto(fds[1], buf, size, 0,
			    (const struct sockaddr *)&end->address,
			    end->len) == (ssize_t)size);
	else
		MUST(send(fds[0], buf, size, 0) == (ssize_t)size);
}

static void
take(const int fds[2], int round)
{
	struct endpoint from = { .len = sizeof(from.address) };

	if (round % 2)
		MUST(recvfrom(fds[1], buf, sizeof(buf), 0,
			      (struct sockaddr *)&from.address,
			      &from.len) == (ssize_t)size);
	else
		MUST(recv(fds[0], buf, sizeof(buf), 0) == (ssize_t)size);
	for (size_t at = 0; at < size; at++)
		MUST(buf[at] == pattern((size_t)round * size + at));
}

int
main(int argc, char **argv)
{
	const char *side = argv[1] && argv[1][0] == '-' ? argv[1] : "";
	char **arg = *side ? argv + 2 : argv + 1;
	int port = *side ? atoi(arg[3]) : 0, rounds = atoi(arg[2]);
	int server = -1, clients[2] = { -1, -1 };
	struct endpoint end = loopback(arg[0], port), own;

	MUST(argc == (*side ? 6 : 4));
	size = strtoul(arg[1], NULL, 10);
	if (strcmp(side, "--client"))
		server = bound(arg[0], SOCK_DGRAM, port, &end);
	if (strcmp(side, "--server")) {
		clients[0] = connected(&end, SOCK_DGRAM);
		clients[1] = bound(arg[0], SOCK_DGRAM, 0, &own);
	}
	for (int i = 0; i < rounds; i++) {
		if (clients[0] >= 0)
			ask(clients, &end, i);
		if (server >= 0)
			answer(server, i);
		if (clients[0] >= 0)
			take(clients, i);
	}
	return 0;
}
