/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Daemons: each says "first" on a connection, does what daemons do, and says
 * "second" on another one. This process hears both.
 *
 *   1-3 fork twice, then close every descriptor: by a loop, by close_range and
 *       by closefrom; the grandchild has used the connection, and goes on
 *   4   daemon() puts /dev/null over a connection that was standard input
 *   5   forkpty() has a child with a terminal there
 */

#include "prog.h"

#include <pty.h>
#include <sys/mman.h>

enum { LOOP, CLOSE_RANGE, CLOSEFROM, DAEMON, FORKPTY, WAYS };

/* The recording keeps its descriptors somewhere here. */
#define HIGH_FIRST 990
#define HIGH_LAST 1010

static void
close_all(int way)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
	if (way == CLOSE_RANGE) {
		MUST(!close_range(3, ~0u, 0));
		return;
	}
	if (way == CLOSEFROM) {
		closefrom(3);
		return;
	}
#endif
	(void)way;
	for (int fd = 3; fd < 2000; fd++)
		close(fd);
}

/* Whatever number the capture had: it is the daemon's file now. */
static void
take_numbers(int *file)
{
	*file = memfd_create("daemon", 0);
	MUST(*file >= 0);
	for (int fd = HIGH_FIRST; fd <= HIGH_LAST; fd++)
		MUST(dup2(*file, fd) == fd);
}

static void
wait_for_end_of(pid_t parent)
{
	while (getppid() == parent)
		usleep(1000);
}

/* Returns in the grandchild, whose ancestors have gone. */
static void
fork_twice(void)
{
	for (int i = 0; i < 2; i++) {
		pid_t parent = getpid(), child = fork();

		MUST(child >= 0);
		if (child)
			_exit(0);
		wait_for_end_of(parent);
		MUST(i || setsid() > 0);
	}
}

static void
on_terminal(void)
{
	int master, status;
	pid_t child = forkpty(&master, NULL, NULL, NULL);

	MUST(child >= 0);
	if (!child) {
		MUST(isatty(0) && write(0, "terminal", 8) == 8);
		_exit(0);
	}
	MUST(waitpid(child, &status, 0) == child && status == 0);
	MUST(!close(master));
}

static void
become_daemon(int fd)
{
	pid_t parent = getpid();

	MUST(!shutdown(fd, SHUT_WR));
	MUST(!daemon(1, 0));
	wait_for_end_of(parent);
	MUST(write(0, "null", 4) == 4);
}

static void
act(const struct endpoint *end, int way)
{
	int fd = connected(end, SOCK_STREAM), file = -1;

	send_all(fd, "first", 5);
	if (way == DAEMON || way == FORKPTY) {
		MUST(dup2(fd, 0) == 0 && !close(fd));
		if (way == DAEMON)
			become_daemon(0);
		else
			on_terminal();
		MUST(!close(0));
	} else {
		fork_twice();
		send_all(fd, "again", 5);
		close_all(way);
		take_numbers(&file);
	}
	fd = connected(end, SOCK_STREAM);
	send_all(fd, "second", 6);
	MUST(file < 0 || lseek(file, 0, SEEK_END) == 0);
	exit(0);
}

static void
hear(int door, size_t len)
{
	int fd = accept(door, NULL, NULL);
	char buf[16];

	MUST(fd >= 0);
	recv_all(fd, buf, len);
	expect_end(fd);
	MUST(!close(fd));
}

int
main(void)
{
	for (int way = 0; way < WAYS; way++) {
		struct endpoint end;
		int door = listener("4", 0, &end), status;
		pid_t actor = fork();

		MUST(actor >= 0);
		if (!actor) {
			MUST(!close(door));
			act(&end, way);
		}
		MUST(waitpid(actor, &status, 0) == actor && status == 0);
		hear(door, way < DAEMON ? 10 : 5);
		hear(door, 6);
		MUST(!close(door));
	}
	return 0;
}
