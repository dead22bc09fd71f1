/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * exec-self [FD]: sends half of a message, then executes itself with the
 * connection kept open; the second program sends the rest.
 */

#include "prog.h"

int
main(int argc, char **argv)
{
	char number[2][16], buf[16];
	int fds[2];

	if (argc == 1) {
		pair_of("4", fds);
		send_all(fds[0], "before ", 7);
		recv_all(fds[1], buf, 7);
		for (int i = 0; i < 2; i++)
			snprintf(number[i], sizeof(number[i]), "%d", fds[i]);
		execl("/proc/self/exe", argv[0], number[0], number[1], NULL);
		MUST(!"execl returned");
	}
	fds[0] = atoi(argv[1]);
	fds[1] = atoi(argv[2]);
	send_all(fds[0], "after", 5);
	recv_all(fds[1], buf, 5);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
	return 0;
}
