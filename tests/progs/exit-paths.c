/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * exit-paths HOW: sends seven bytes and ends by HOW, nothing closed: return,
 * exit, _exit, _Exit, quick_exit, pthread_exit, abort or segv.
 */

#include "prog.h"

int
main(int argc, char **argv)
{
	const char *how = argv[1];
	char buf[8];
	int fds[2];

	MUST(argc == 2);
	pair_of("4", fds);
	send_all(fds[0], "goodbye", 7);
	recv_all(fds[1], buf, 7);
	if (!strcmp(how, "exit"))
		exit(0);
	if (!strcmp(how, "_exit"))
		_exit(0);
	if (!strcmp(how, "_Exit"))
		_Exit(0);
	if (!strcmp(how, "quick_exit"))
		quick_exit(0);
	if (!strcmp(how, "pthread_exit"))
		pthread_exit(NULL);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "segv"))
		raise(SIGSEGV);
	return 0;
}
