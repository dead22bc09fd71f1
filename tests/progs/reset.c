/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * reset: the client closes with linger 0; the server reads ECONNRESET, in one
 * connection after all that was sent before, in another one it reads that late.
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

int
main(void)
{
	reset_with(false);
	reset_with(true);
	return 0;
}
