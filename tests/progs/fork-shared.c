/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fork-shared FIRST LAST: a server whose connections are held by others too,
 * and a client that waits for the end of each. Who closes last differs:
 *
 *   1 a forked child, after the server      4 a program run by posix_spawn
 *   2 the server, after a forked child      5 one run by popen
 *   3 a program run by vfork and exec       6 one run by system, of a thread
 *   7 the server, by dup2 over its last descriptor
 *   8 a forked child, after the server, by closefrom
 *   9 one that closes nothing but ends, by _exit; 10 by exit
 *  11 a forked child, after the server, from another network namespace
 */

#include "prog.h"

#include <sched.h>
#include <spawn.h>
#include <sys/stat.h>

extern char **environ;

static void
client(const struct endpoint *end, int connections)
{
	char buf[100];

	for (int i = 0; i < connections; i++) {
		int fd = connected(end, SOCK_STREAM);
		ssize_t len;

		while ((len = recv(fd, buf, sizeof(buf), 0)) > 0)
			;
		MUST(len == 0);
		MUST(!close(fd));
	}
	_exit(0);
}

/* Nobody has sent a FIN to the peer: our side is still open. */
static void
say(int fd, const char *what)
{
	send_all(fd, what, strlen(what));
}

static void
wait_for(pid_t child)
{
	int status;

	MUST(waitpid(child, &status, 0) == child && status == 0);
}

static void
go(const int pipe_of_two[2])
{
	MUST(write(pipe_of_two[1], "", 1) == 1);
}

static void
wait_to_go(const int pipe_of_two[2])
{
	char byte;

	MUST(read(pipe_of_two[0], &byte, 1) == 1);
}

static void
child_last(int fd, int number)
{
	int gate[2];
	pid_t child;

	MUST(!pipe(gate));
	child = fork();
	MUST(child >= 0);
	if (!child) {
		if (number == 11)
			MUST(!unshare(CLONE_NEWNET));
		wait_to_go(gate);
		say(fd, "child");
		if (number == 1 || number == 11)
			MUST(!close(fd));
		if (number == 8)
			closefrom(fd);
		if (number == 10)
			exit(0);
		_exit(0);
	}
	say(fd, "server ");
	MUST(!close(fd));
	go(gate);
	wait_for(child);
	close(gate[0]);
	close(gate[1]);
}

static void
server_last(int fd, int by_dup2)
{
	pid_t child = fork();

	MUST(child >= 0);
	if (!child) {
		say(fd, "child ");
		MUST(!close(fd));
		_exit(0);
	}
	wait_for(child);
	say(fd, "server");
	if (by_dup2) {
		int null = open("/dev/null", O_RDWR);

		MUST(null >= 0 && dup2(null, fd) == fd);
		close(null);
	}
	MUST(!close(fd));
}

/* cat ends, and with it the connection, when the pipe does. */
static void
program_last(int fd, int vforked)
{
	char *argv[] = { (char *)"cat", NULL };
	posix_spawn_file_actions_t actions;
	int gate[2];
	pid_t child;

	MUST(!pipe2(gate, O_CLOEXEC));
	MUST(!posix_spawn_file_actions_init(&actions));
	MUST(!posix_spawn_file_actions_adddup2(&actions, gate[0], 0));
	say(fd, "server");
	if (vforked) {
		child = vfork();
		if (!child) {
			dup2(gate[0], 0);
			execvp("cat", argv);
			_exit(127);
		}
	} else {
		MUST(!posix_spawnp(&child, "cat", &actions, NULL, argv,
				   environ));
	}
	MUST(child > 0);
	posix_spawn_file_actions_destroy(&actions);
	MUST(!close(fd));
	MUST(!close(gate[0]));
	MUST(!close(gate[1]));
	wait_for(child);
}

static void
popen_last(int fd)
{
	FILE *cat = popen("exec cat", "w");

	MUST(cat);
	say(fd, "server");
	MUST(!close(fd));
	MUST(pclose(cat) == 0);
}

static void *
run_system(void *fifo)
{
	char command[100];

	snprintf(command, sizeof(command), "exec cat <%s", (char *)fifo);
	MUST(system(command) == 0);
	return NULL;
}

static void
system_last(int fd)
{
	char fifo[] = "fork-shared.fifo";
	pthread_t thread;
	int gate;

	MUST(!mkfifo(fifo, 0600));
	say(fd, "server");
	MUST(!pthread_create(&thread, NULL, run_system, fifo));
	/* The shell has the connection when it opens the other end. */
	gate = open(fifo, O_WRONLY | O_CLOEXEC);
	MUST(gate >= 0);
	MUST(!close(fd));
	MUST(!close(gate));
	MUST(!pthread_join(thread, NULL));
	MUST(!unlink(fifo));
}

int
main(int argc, char **argv)
{
	struct endpoint end;
	pid_t talker;
	int door, first, last;

	MUST(argc == 3);
	first = atoi(argv[1]);
	last = atoi(argv[2]);
	door = listener("4", 0, &end);
	MUST(fcntl(door, F_SETFD, FD_CLOEXEC) == 0);
	talker = fork();
	MUST(talker >= 0);
	if (!talker)
		client(&end, last - first + 1);
	for (int i = first; i <= last; i++) {
		int fd = accept(door, NULL, NULL);

		MUST(fd >= 0);
		if (i == 1 || i >= 8)
			child_last(fd, i);
		else if (i == 2 || i == 7)
			server_last(fd, i == 7);
		else if (i == 5)
			popen_last(fd);
		else if (i == 6)
			system_last(fd);
		else
			program_last(fd, i == 3);
	}
	wait_for(talker);
	return 0;
}
