/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * exit-late HOW: what is sent while the program ends, to a reader in a process
 * of its own, which waits for the end. HOW is
 *
 *   exit        by an atexit handler of an early constructor, by a destructor,
 *               and by what stays in a stream's buffer
 *   quick_exit  by a handler
 *   abort       by a signal handler that jumps out; then the program goes on
 */

#include "prog.h"

#include <setjmp.h>

static int fd = -1;
static sigjmp_buf back;

static void
say(const char *what)
{
	if (fd >= 0)
		send_all(fd, what, strlen(what));
}

static void
at_end(void)
{
	say(" handler");
}

__attribute__((constructor(102))) static void
first_of_all(void)
{
	atexit(at_end);
	at_quick_exit(at_end);
}

__attribute__((destructor(102))) static void
last_of_all(void)
{
	say(" destructor");
}

static void
on_abort(int number)
{
	(void)number;
	say(" signal");
	siglongjmp(back, 1);
}

static void
read_all(int door)
{
	char buf[100];
	ssize_t len;

	fd = accept(door, NULL, NULL);
	MUST(fd >= 0);
	while ((len = recv(fd, buf, sizeof(buf), 0)) > 0)
		;
	MUST(len == 0);
	_exit(0);
}

int
main(int argc, char **argv)
{
	struct endpoint end;
	pid_t reader;
	FILE *stream;
	int door;

	MUST(argc == 2);
	door = listener("4", 0, &end);
	reader = fork();
	MUST(reader >= 0);
	if (!reader)
		read_all(door);
	fd = connected(&end, SOCK_STREAM);
	say("main");
	if (!strcmp(argv[1], "quick_exit"))
		quick_exit(0);
	if (!strcmp(argv[1], "abort")) {
		signal(SIGABRT, on_abort);
		if (!sigsetjmp(back, 1))
			abort();
		say(" again");
	}
	stream = fdopen(fd, "w");
	MUST(stream);
	fputs(" stream", stream);
	exit(0);
}
