/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * reset: the client closes with linger 0; the server reads ECONNRESET, in one
 * connection after all that was sent before, in another one it reads that late.
 * In a third one, whose client is another process, it never reads the reset.
 */

#include "prog.h"

#include <stdbool.h>

static void
reset_with(bool late)
{
	struct linger now = { .l_onoff = 1 };
	char buf[100];
	int fds[2];

	pair_of("4", fds);
	send_all(fds[0], "before the reset", 16);
	if (!late)
		recv_all(fds[1], buf, 16);
	MUST(!setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	MUST(!close(fds[0]));
	if (late)
		recv_all(fds[1], buf, 16);
	MUST(recv(fds[1], buf, sizeof(buf), 0) == -1);
	MUST(errno == ECONNRESET);
	MUST(!close(fds[1]));
}

static void
reset_unseen(void)
{
	struct linger now = { .l_onoff = 1 };
	struct endpoint end;
	char buf[100];
	int door = listener("4", 0, &end), fd, status;
	pid_t child = fork();

	MUST(child >= 0);
	if (!child) {
		fd = connected(&end, SOCK_STREAM);
		send_all(fd, "before the reset", 16);
		MUST(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
		recv_all(fd, buf, 1);
		MUST(!close(fd));
		_exit(0);
	}
	fd = accept(door, NULL, NULL);
	MUST(fd >= 0);
	recv_all(fd, buf, 16);
	send_all(fd, "1", 1);
	MUST(waitpid(child, &status, 0) == child && status == 0);
	MUST(!close(fd));
	MUST(!close(door));
}

int
main(void)
{
	reset_with(false);
	reset_with(true);
	reset_unseen();
	return 0;
}
