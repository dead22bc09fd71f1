/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * spawned: one connection to a reader in a process of its own, and children
 * that do what they like with its descriptors. After each the parent sends
 * four bytes, on the connection and on a copy of it.
 *
 *   vfork, whose child shares the memory: it closes, replaces, makes a socket
 *   and sends; then it runs a program, or ends
 *   posix_spawn, with actions that close and replace the descriptors
 *   clone, whose child shares the memory (and it alone is waited for)
 *   clone, whose child shares the memory and the descriptors, as a process of
 *   its own or as a thread that libc knows nothing of: it closes a connection
 *   and opens another one, which the parent goes on with
 *   clone and _Fork, whose children have a file each for what they say
 *   system, popen
 */

#include "prog.h"

#include <sched.h>
#include <spawn.h>

extern char **environ;

static int fd, copy;
static char stack[65536] __attribute__((aligned(16)));

static void
say(const char *what)
{
	send_all(fd, what, 4);
	send_all(copy, what, 4);
}

static void
wait_for(pid_t child, int options)
{
	int status;

	MUST(child > 0);
	MUST(waitpid(child, &status, options) == child && status == 0);
}

/* All of it in the memory of the parent. */
static void
play_with_descriptors(void)
{
	int null = open("/dev/null", O_RDWR), other;

	close(copy);
	dup2(null, fd);
	other = socket(AF_INET, SOCK_STREAM, 0);
	dup2(other, copy);
	if (write(fd, "none", 4) != 4)
		_exit(1);
	closefrom(3);
}

static void
by_vfork(int then_exec)
{
	pid_t child = vfork();

	if (!child) {
		play_with_descriptors();
		if (then_exec)
			execl("/bin/true", "true", (char *)NULL);
		_exit(0);
	}
	wait_for(child, 0);
	say("vfor");
}

static void
by_spawn(void)
{
	char *argv[] = {(char *)"true", NULL};
	posix_spawn_file_actions_t actions;
	pid_t child;

	MUST(!posix_spawn_file_actions_init(&actions));
	MUST(!posix_spawn_file_actions_addclose(&actions, copy));
	MUST(!posix_spawn_file_actions_adddup2(&actions, fd, 0));
	MUST(!posix_spawn_file_actions_adddup2(&actions, 1, fd));
#ifdef __GLIBC__
	MUST(!posix_spawn_file_actions_addclosefrom_np(&actions, 3));
#endif
	MUST(!posix_spawn(&child, "/bin/true", &actions, NULL, argv, environ));
	posix_spawn_file_actions_destroy(&actions);
	wait_for(child, 0);
	say("spaw");
	MUST(posix_spawn(&child, "/none", NULL, NULL, argv, environ) == ENOENT);
	say("spaw");
}

static int
sharing_child(void *unused)
{
	(void)unused;
	play_with_descriptors();
	return 0;
}

static int
separate_child(void *what)
{
	char buf[5];
	int fds[2];

	MUST(!close(copy));
	MUST(!close(fd));
	pair_of("4", fds);
	send_all(fds[0], what, 5);
	recv_all(fds[1], buf, 5);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
	_exit(0);
}

static int replaced[2];

static int
descriptors_child(void *what)
{
	MUST(!close(replaced[0]) && !close(replaced[1]));
	pair_of("4", replaced);
	send_all(replaced[0], what, 5);
	return 0;
}

/* What the child did to our descriptors, it did. */
static void
by_clone_with_descriptors(int flags)
{
	int before[2];
	pid_t child, tid = -1;
	char buf[9];

	pair_of("4", replaced);
	memcpy(before, replaced, sizeof(before));
	child = clone(descriptors_child, stack + sizeof(stack),
		      CLONE_VM | CLONE_FILES | flags, (void *)"child", &tid,
		      NULL, &tid);
	MUST(child > 0);
	if (flags & CLONE_THREAD)
		while (*(volatile pid_t *)&tid)
			usleep(1000);
	else
		wait_for(child, __WALL);
	MUST(!memcmp(before, replaced, sizeof(before)));
	send_all(replaced[0], "more", 4);
	recv_all(replaced[1], buf, 9);
	MUST(!close(replaced[0]));
	expect_end(replaced[1]);
	MUST(!close(replaced[1]));
}

static void
by_clone(int flags, int (*function)(void *))
{
	wait_for(clone(function, stack + sizeof(stack), flags, (void *)"clone"),
		 __WALL);
	say("clon");
}

static void
by_others(void)
{
	FILE *stream;
	pid_t child = _Fork();

	if (!child)
		separate_child((void *)"_Fork");
	wait_for(child, 0);
	say("_For");
	MUST(system("exec 0</dev/null") == 0);
	say("syst");
	stream = popen("cat >/dev/null", "w");
	MUST(stream && pclose(stream) == 0);
	say("pope");
}

int
main(void)
{
	struct endpoint end;
	pid_t reader;
	int door;

	door = listener("4", 0, &end);
	reader = fork();
	MUST(reader >= 0);
	if (!reader) {
		char byte[64];

		fd = accept(door, NULL, NULL);
		MUST(fd >= 0);
		while (recv(fd, byte, sizeof(byte), 0) > 0)
			;
		_exit(0);
	}
	MUST(!close(door));
	fd = connected(&end, SOCK_STREAM);
	copy = dup(fd);
	MUST(copy >= 0);
	by_vfork(0);
	by_vfork(1);
	by_spawn();
	by_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, sharing_child);
	by_clone_with_descriptors(SIGCHLD);
	by_clone_with_descriptors(CLONE_VFORK | SIGCHLD);
	by_clone_with_descriptors(CLONE_FS | CLONE_SIGHAND | CLONE_THREAD |
				  CLONE_SYSVSEM | CLONE_CHILD_SETTID |
				  CLONE_CHILD_CLEARTID);
	by_clone(SIGCHLD, separate_child);
	by_others();
	MUST(!close(fd));
	MUST(!close(copy));
	wait_for(reader, 0);
	return 0;
}
