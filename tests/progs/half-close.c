/* SPDX-License-Identifier: BSD-2-Clause */

/* half-close: the client ends its direction first; the server answers later. */

#include "prog.h"

int
main(void)
{
	unsigned char buf[1000];
	int fds[2];

	pair_of("4", fds);
	fill(buf, 300, 0);
	send_all(fds[0], buf, 300);
	MUST(!shutdown(fds[0], SHUT_WR));
	recv_all(fds[1], buf, 300);
	expect_end(fds[1]);
	fill(buf, 1000, 300);
	send_all(fds[1], buf, 1000);
	MUST(!shutdown(fds[1], SHUT_WR));
	recv_all(fds[0], buf, 1000);
	expect_end(fds[0]);
	MUST(!close(fds[1]));
	MUST(!close(fds[0]));
	return 0;
}
