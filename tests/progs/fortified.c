/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fortified: the names that _FORTIFY_SOURCE gives to read, recv and recvfrom
 * when the compiler knows the buffer's size but not the length, and to dprintf.
 */

#ifndef __OPTIMIZE__
#error "compile with optimisation, or nothing is fortified"
#endif
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 2
#include "prog.h"

int
main(int argc, char **argv UNUSED)
{
	struct endpoint end, from = { .len = sizeof(from.address) };
	/* Not a constant, and never larger than the buffer. */
	size_t len = (size_t)argc * 10;
	char buf[32];
	int fds[2], one, two;

	pair_of("4", fds);
	send_all(fds[0], "0123456789abcdefghij", 20);
	MUST(read(fds[1], buf, len) == 10);
	MUST(recv(fds[1], buf, len, MSG_WAITALL) == 10);
	MUST(dprintf(fds[0], "%zu", len) == 2);
	MUST(read(fds[1], buf, len) == 2);
	MUST(!close(fds[0]));
	MUST(read(fds[1], buf, len) == 0);
	MUST(!close(fds[1]));
	one = bound("4", SOCK_DGRAM, 0, &end);
	two = connected(&end, SOCK_DGRAM);
	MUST(send(two, "datagram", 8, 0) == 8);
	MUST(recvfrom(one, buf, len, 0, (struct sockaddr *)&from.address,
		      &from.len) == 8);
	return 0;
}
