/* SPDX-License-Identifier: BSD-2-Clause */

/* reset: the client closes with linger 0; the server reads ECONNRESET. */

#include "prog.h"

int
main(void)
{
	struct linger now = { .l_onoff = 1 };
	char buf[100];
	int fds[2];

	pair_of("4", fds);
	send_all(fds[0], "before the reset", 16);
	recv_all(fds[1], buf, 16);
	MUST(!setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	MUST(!close(fds[0]));
	MUST(recv(fds[1], buf, sizeof(buf), 0) == -1);
	MUST(errno == ECONNRESET);
	MUST(!close(fds[1]));
	return 0;
}
