/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * unrecorded: sockets that are left alone, an inherited one among them; a child
 * with two of its own, and the program once more by exec.
 */

#include "prog.h"

int
main(int argc, char **argv)
{
	int fds[2], status;
	pid_t child;

	if (argc > 1) {
		MUST(write(atoi(argv[1]), "x", 1) == 1);
		return 0;
	}
	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	MUST(socket(AF_UNIX, SOCK_DGRAM, 0) >= 0);
	MUST(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	MUST(socket(-1, SOCK_STREAM, 0) < 0);
	child = fork();
	MUST(child >= 0);
	if (child == 0) {
		MUST(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
		MUST(write(fds[1], "x", 1) == 1);
		exit(0);
	}
	MUST(waitpid(child, &status, 0) == child && status == 0);
	char number[16];
	snprintf(number, sizeof(number), "%d", fds[0]);
	execl("/proc/self/exe", argv[0], number, NULL);
	MUST(!"exec");
	return 1;
}
