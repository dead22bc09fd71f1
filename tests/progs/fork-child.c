/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fork-child: the parent talks on one connection, the child on another of its
 * own, after the parent has connected and before it ends.  Each has its file.
 */

#include "prog.h"

static void
talk(const char *what)
{
	char buf[100];
	size_t len = strlen(what);
	int fds[2];

	pair_of("4", fds);
	send_all(fds[0], what, len);
	recv_all(fds[1], buf, len);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
}

int
main(void)
{
	int status;
	pid_t child;

	talk("parent");
	child = fork();
	MUST(child >= 0);
	if (!child) {
		talk("a child that ends with _exit");
		_exit(0);
	}
	MUST(waitpid(child, &status, 0) == child && status == 0);
	talk("parent again");
	return 0;
}
