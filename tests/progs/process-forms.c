/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * process-forms WHAT: every name by which a program makes a process, becomes
 * another program or gives up rights. The n-th sends 10 + n bytes on a
 * connection of its own.
 *
 * process: the new one holds the connection when this one closes it.
 * vain: there is no new process, and this one's close is the end.
 * program: the next one has the connection, and says five bytes more.
 * rights: a child that may not make a file any more makes a connection.
 * terminal: a child has a terminal in the place of the connection.
 * names: which they are, of which kind, and how much they send.
 * The variable "skipped" has the name of one that is left out.
 */

#include "peer.h"
#include <linux/sched.h>
#include <pty.h>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <utmp.h>

ANOTHER_NAME(fork, __fork);
extern int __clone(int (*)(void *), void *, int, void *, ...)
	__attribute__((weak));

enum { RELEASE = 9, NOBODY = 65534 };

extern char **environ;

static char buf[100], stack[65536] __attribute__((aligned(16)));
static int release_end;
static FILE *stream;

/* Holds whatever it has until it is released. */
static int
hold(void *unused UNUSED)
{
	NSPY_SYS3(SYS_read, RELEASE, buf, 1);
	NSPY_SYS1(SYS_exit_group, 0);
	return 0;
}

static long
spawn(int (*function)(pid_t *, const char *, const posix_spawn_file_actions_t *,
		      const posix_spawnattr_t *, char *const *, char *const *),
      const char *name)
{
	char *argv[] = {"sh", "-c", "read x <&9", NULL};
	pid_t pid;

	errno = function(&pid, name, NULL, NULL, argv, environ);
	return errno ? -1 : pid;
}

static long
clone3(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD};

	return syscall(SYS_clone3, &args, sizeof(args));
}

static long
stream_of(const char *command)
{
	stream = popen(command, "w");
	return stream ? 1 : -1;
}

typedef long function(int fd, char **argv);

static void
process(function *by, size_t len)
{
	int peer, fd = connected_to_peer("4", &peer);
	long pid = by(fd, NULL);

	MUST(pid >= 0);
	if (pid == 0)
		hold(NULL);
	say(fd, peer, len);
	MUST(!close(fd));
	MUST(NSPY_SYS6(SYS_recvfrom, peer, buf, 1, MSG_DONTWAIT, 0, 0) < 0);
	MUST(NSPY_SYS3(SYS_write, release_end, "\n", 1) == 1);
	hear_end(peer);
	MUST(!stream || pclose(stream) == 0);
	stream = NULL;
}

static void
in_vain(function *by, size_t len)
{
	int peer, fd = connected_to_peer("4", &peer);

	MUST(by(fd, NULL) == -1);
	say(fd, peer, len);
	MUST(!close(fd));
	hear_end(peer);
}

static void
program(function *by, size_t len)
{
	char *nowhere[] = {"/nowhere/at/all", NULL}, numbers[2][16];
	char *self[] = {"/proc/self/exe", numbers[0], numbers[1], NULL};
	int peer, fd;

	if (fork())
		return;
	fd = connected_to_peer("4", &peer);
	MUST(by(-1, nowhere) == -1);
	say(fd, peer, len);
	snprintf(numbers[0], sizeof(numbers[0]), "%d", fd);
	snprintf(numbers[1], sizeof(numbers[1]), "%d", peer);
	by(open(self[0], O_RDONLY | O_CLOEXEC), self);
	MUST(!"executed");
}

static int
next_program(char **argv)
{
	int fd = atoi(argv[1]), peer = atoi(argv[2]);

	say(fd, peer, 5);
	MUST(!close(fd));
	hear_end(peer);
	return 0;
}

/* Nobody may write to this directory any more, or find it. */
static void
rights(function *by, size_t len)
{
	struct endpoint end;
	int door = peer_bound("4", SOCK_STREAM, &end), peer, fd;

	if (fork())
		return;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(!by(NOBODY, NULL));
	MUST(by(-1, NULL) == -1 || by(0, NULL) == -1);
	MUST(!NSPY_SYS2(SYS_listen, door, 1));
	MUST(!connect(fd, (struct sockaddr *)&end.address, end.len));
	peer = (int)NSPY_SYS4(SYS_accept4, door, NULL, NULL, 0);
	say(fd, peer, len);
	MUST(!close(fd));
	hear_end(peer);
	exit(0);
}

static void
terminal(function *by, size_t len)
{
	int peer, fd, master, slave;

	if (fork())
		return;
	fd = connected_to_peer("4", &peer);
	MUST(dup2(fd, 0) == 0 && !close(fd));
	MUST(by(-1, NULL) == -1);
	say(0, peer, len);
	MUST(!openpty(&master, &slave, NULL, NULL, NULL));
	MUST(!by(slave, NULL));
	hear_end(peer);
	MUST(write(0, buf, 5) == 5);
	_exit(0);
}

#define WAYS(WAY)                                                              \
	WAY(process, fork, fork())                                             \
	WAY(process, __fork, NAME(fork, __fork)())                             \
	WAY(process, _Fork, _Fork())                                           \
	WAY(process, SYS_clone, syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L))   \
	WAY(process, SYS_clone3, clone3())                                     \
	WAY(process, clone, clone(hold, stack + sizeof(stack), SIGCHLD, NULL)) \
	WAY(process, __clone,                                                  \
	    NAME(clone, __clone)(hold, stack + sizeof(stack), SIGCHLD, NULL))  \
	WAY(process, forkpty, forkpty(&fd, NULL, NULL, NULL))                  \
	WAY(process, posix_spawn, spawn(posix_spawn, "/bin/sh"))               \
	WAY(process, posix_spawnp, spawn(posix_spawnp, "sh"))                  \
	WAY(process, popen, stream_of("read x <&9"))                           \
	WAY(process, system, system("read x <&9 &") ? -1 : 1)                  \
	WAY(program, execve, execve(*argv, argv, environ))                     \
	WAY(program, SYS_execve, syscall(SYS_execve, *argv, argv, environ))    \
	WAY(program, execv, execv(*argv, argv))                                \
	WAY(program, execvp, execvp(*argv, argv))                              \
	WAY(program, execl, execl(*argv, *argv, argv[1], argv[2], NULL))       \
	WAY(program, execlp, execlp(*argv, *argv, argv[1], argv[2], NULL))     \
	WAY(program, execle,                                                   \
	    execle(*argv, *argv, argv[1], argv[2], NULL, environ))             \
	WAY(program, execvpe, execvpe(*argv, argv, environ))                   \
	WAY(program, fexecve, fexecve(fd, argv, environ))                      \
	WAY(program, SYS_execveat,                                             \
	    syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH))       \
	WAY(rights, chroot, chroot(fd < 0 ? "/nowhere/at/all" : "."))          \
	WAY(rights, SYS_chroot,                                                \
	    syscall(SYS_chroot, fd < 0 ? "/nowhere/at/all" : "."))             \
	WAY(rights, setuid, setuid((uid_t)fd))                                 \
	WAY(rights, SYS_setuid, syscall(SYS_setuid, fd))                       \
	WAY(rights, seteuid, seteuid((uid_t)fd))                               \
	WAY(rights, setreuid, setreuid((uid_t)fd, (uid_t)fd))                  \
	WAY(rights, SYS_setreuid, syscall(SYS_setreuid, fd, fd))               \
	WAY(rights, setresuid, setresuid((uid_t)fd, (uid_t)fd, (uid_t)fd))     \
	WAY(rights, SYS_setresuid, syscall(SYS_setresuid, fd, fd, fd))         \
	WAY(terminal, login_tty, login_tty(fd))

#ifdef __GLIBC__
#define GNU_WAYS(WAY)                                                          \
	WAY(program, execveat, execveat(fd, "", argv, environ, AT_EMPTY_PATH))
#else
#define GNU_WAYS(WAY)
#endif

#ifdef SYS_fork
#define OLD_WAYS(WAY) WAY(process, SYS_fork, syscall(SYS_fork))
#else
#define OLD_WAYS(WAY)
#endif

#define ALL(WAY) WAYS(WAY) GNU_WAYS(WAY) OLD_WAYS(WAY)

#define FUNCTION(driver, name, call)                                           \
	static long by_##name(int fd UNUSED, char **argv UNUSED)               \
	{                                                                      \
		return call;                                                   \
	}
ALL(FUNCTION)

#define ENTRY(driver, name, call) {#name, #driver, driver, by_##name},
static const struct {
	const char *name, *kind;
	void (*drive)(function *by, size_t len);
	function *by;
} ways[] = {ALL(ENTRY)};

/* Until all that are waited for have ended well. */
static void
wait_for_all(void)
{
	int status;

	while (wait(&status) > 0)
		MUST(status == 0);
}

static void
allow_no_process(void)
{
	const struct rlimit none = {0, 0};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	/* Whom the limit is for; in a user namespace that is us already. */
	MUST(!setresuid(NOBODY, NOBODY, NOBODY) || errno == EINVAL);
	MUST(!setrlimit(RLIMIT_NPROC, &none) && !close(fd));
}

int
main(int argc, char **argv)
{
	bool vain = argc == 2 && !strcmp(argv[1], "vain");
	const char *skipped = getenv("skipped");
	int pipes[2];

	if (argc == 3)
		return next_program(argv);
	MUST(argc == 2 && !pipe(pipes));
	release_end = fcntl(pipes[1], F_DUPFD, 20);
	MUST(dup2(pipes[0], RELEASE) == RELEASE);
	if (vain)
		allow_no_process();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!strcmp(argv[1], "names"))
			printf("%s %s %zu\n", ways[i].kind, ways[i].name,
			       10 + i);
		else if (skipped && !strcmp(skipped, ways[i].name))
			continue;
		else if (vain && ways[i].drive == process)
			in_vain(ways[i].by, 10 + i);
		else if (!strcmp(argv[1], ways[i].kind))
			ways[i].drive(ways[i].by, 10 + i);
	}
	wait_for_all();
	return 0;
}
