/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * errno-kept: success leaves errno as it was, failure sets what the kernel
 * said, on sockets that are recorded; the buffers come back whole.
 */

#include "prog.h"

#define KEPT(call)			\
	do {				\
		errno = EXDEV;		\
		MUST(call);		\
		MUST(errno == EXDEV);	\
	} while (0)

static void
successes(void)
{
	struct endpoint end = loopback("4", 0);
	struct sockaddr *address = (struct sockaddr *)&end.address;
	char buf[8];
	int door, client, server, copy;

	KEPT((door = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
	KEPT(!bind(door, address, end.len));
	KEPT(!listen(door, 5));
	MUST(!getsockname(door, address, &end.len));
	KEPT((client = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
	KEPT(!connect(client, address, end.len));
	KEPT((server = accept(door, address, &end.len)) >= 0);
	MUST(end.len == sizeof(struct sockaddr_in));
	KEPT(send(client, "abc", 3, 0) == 3);
	KEPT(recv(server, buf, 8, MSG_PEEK) == 3);
	KEPT(read(server, buf, 8) == 3);
	KEPT((copy = dup(client)) >= 0);
	KEPT(!close(copy));
	KEPT(!shutdown(client, SHUT_WR));
	KEPT(read(server, buf, 8) == 0);
	KEPT(!close(server));
	KEPT(!close(client));
	KEPT(!close(door));
}

static void
failures(void)
{
	/* Volatile, or the compiler warns of what the kernel is to refuse. */
	char *volatile nowhere = (char *)8;
	char buf[8];
	int fds[2];

	pair_of("4", fds);
	MUST(recv(fds[0], buf, 8, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	send_all(fds[1], "x", 1);
	MUST(read(fds[0], nowhere, 8) == -1 && errno == EFAULT);
	recv_all(fds[0], buf, 1);
	MUST(send(fds[0], (char *)8, 8, 0) == -1 && errno == EFAULT);
	MUST(listen(fds[0], 5) == -1 && errno == EINVAL);
	MUST(!shutdown(fds[0], SHUT_WR));
	MUST(send(fds[0], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
	MUST(close(fds[1]) == -1 && errno == EBADF);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	MUST(recv(fds[0], buf, 8, 0) == -1 && errno == ENOTCONN);
	MUST(!close(fds[0]));
}

int
main(void)
{
	successes();
	failures();
	return 0;
}
