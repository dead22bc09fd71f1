/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * dup-games: one connection under many numbers.  It ends only with the last
 * of them; a number that is reused for a file or another socket is no longer
 * the connection, even if that is what a process does that shares the numbers
 * but not the memory, or
 * if a thread uses the number while another one closes it.
 */

#include "peer.h"

#include <sched.h>
#include <sys/syscall.h>

static void
replaced_by_child(int number, int file)
{
	pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0L, 0L,
				     0L, 0L);
	int status;

	if (child == 0)
		_exit(dup2(file, number) != number);
	MUST(child > 0 && waitpid(child, &status, 0) == child && !status);
	MUST(write(number, "not traffic", 11) == 11);
}

#define ROUNDS 30

static volatile int number = -1;

static void *
use(void *unused UNUSED)
{
	char byte;

	while (number != -2)
		if (number != -1)
			recv(number, &byte, 1, MSG_DONTWAIT);
	return NULL;
}

/* The peer's end closes unseen. */
static void
used_while_closed(void)
{
	pthread_t thread;
	int peer, fd, file, lower;

	MUST(!pthread_create(&thread, NULL, use, NULL));
	for (int i = 0; i < ROUNDS; i++) {
		fd = connected_to_peer("4", &peer);
		/* There was the peer's door. */
		lower = open("scratch", O_RDWR);
		MUST(lower >= 0);
		number = fd;
		usleep(100);
		MUST(!close(fd));
		file = open("scratch", O_RDWR);
		MUST(file >= 0 && write(file, "not traffic", 11) == 11);
		number = -1;
		MUST(!close(file) && !close(lower));
		peer_close(peer);
	}
	number = -2;
	MUST(!pthread_join(thread, NULL));
}

int
main(void)
{
	char buf[100];
	int fds[2], other[2], twin, file, copy, again;

	pair_of("4", fds);
	twin = dup(fds[0]);
	MUST(twin >= 0);
	send_all(fds[0], "original ", 9);
	send_all(twin, "twin ", 5);
	file = open("scratch", O_RDWR | O_CREAT | O_TRUNC, 0600);
	MUST(file >= 0);
	/* The original number becomes a file: nothing of it is traffic. */
	MUST(dup2(file, fds[0]) == fds[0]);
	MUST(write(fds[0], "not traffic", 11) == 11);
	MUST(!close(fds[0]));
	/* The file's number becomes the connection. */
	MUST(dup3(twin, file, O_CLOEXEC) == file);
	MUST(write(file, "was a file ", 11) == 11);
	MUST(!close(twin));
	/* A second connection takes numbers that are free again. */
	pair_of("4", other);
	send_all(other[0], "second", 6);
	recv_all(other[1], buf, 6);
	copy = dup(file);
	MUST(copy >= 0);
	again = open("scratch", O_RDWR);
	MUST(again >= 0);
	replaced_by_child(copy, again);
	MUST(!close(copy) && !close(again));
	twin = fcntl(file, F_DUPFD, 100);
	MUST(twin >= 100);
	MUST(!close(file));
	MUST(write(twin, "last", 4) == 4);
	MUST(dup2(twin, twin) == twin);
	recv_all(fds[1], buf, 29);
	MUST(!memcmp(buf, "original twin was a file last", 29));
	MUST(!close(twin));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
	MUST(!close(other[0]));
	expect_end(other[1]);
	MUST(!close(other[1]));
	used_while_closed();
	return 0;
}
