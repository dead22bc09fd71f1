/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * splice: bytes from a pipe to a socket and from a socket to a pipe, in whole,
 * in part and not at all; and bytes that nobody could look at.
 */

#include "prog.h"
#include <dirent.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define LARGE 150000

static void
put(int pipe, size_t at, size_t len)
{
	unsigned char *buf = malloc(len);

	fill(buf, len, at);
	MUST(write(pipe, buf, len) == (ssize_t)len);
	free(buf);
}

/* From a socket or a pipe: the pattern of a stream. */
static void
take(int fd, size_t at, size_t len)
{
	unsigned char buf[4096];

	while (len) {
		size_t part = len < sizeof(buf) ? len : sizeof(buf);
		ssize_t got = read(fd, buf, part);

		MUST(got > 0);
		for (ssize_t i = 0; i < got; i++)
			MUST(buf[i] == pattern(at + (size_t)i));
		at += (size_t)got;
		len -= (size_t)got;
	}
}

static int
open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* What haproxy does: from one connection to another, by a pipe of its own. */
static void
forward(int from, int to, int end, int pipes[2], size_t at, size_t len)
{
	while (len) {
		ssize_t in = splice(from, NULL, pipes[1], NULL, len,
				    SPLICE_F_MOVE);

		MUST(in > 0);
		for (ssize_t out = 0; out < in;) {
			ssize_t ret = splice(pipes[0], NULL, to, NULL,
					     (size_t)(in - out),
					     SPLICE_F_MORE);

			MUST(ret > 0);
			take(end, at, (size_t)ret);
			at += (size_t)ret;
			out += ret;
		}
		len -= (size_t)in;
	}
}

static void
known(void)
{
	int fds[2], pipes[2], small = 4096, files;
	size_t sent = 0, taken = 0;
	ssize_t ret;

	pair_of("4", fds);
	MUST(!pipe(pipes) && fcntl(pipes[0], F_SETPIPE_SZ, 1 << 20) > 0);
	put(pipes[1], 0, 3000);
	MUST(splice(pipes[0], NULL, fds[0], NULL, 1000, 0) == 1000);
	files = open_files();
	MUST(syscall(SYS_splice, pipes[0], NULL, fds[0], NULL, 9000L,
		     SPLICE_F_MOVE) == 2000);
	take(fds[1], 0, 3000);
	/* Ours are gone, and made anew when they are needed. */
	MUST(!close_range(900, ~0u, 0));
	put(pipes[1], 3000, LARGE);
	MUST(!setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	MUST(!fcntl(fds[0], F_SETFL, O_NONBLOCK));
	while (taken < LARGE) {
		ret = splice(pipes[0], NULL, fds[0], NULL, LARGE, 0);
		MUST(ret > 0 || errno == EAGAIN);
		if (ret > 0)
			sent += (size_t)ret;
		if (ret > 0 && sent < LARGE)
			continue;
		take(fds[1], 3000 + taken, sent - taken);
		taken = sent;
	}

	send_all(fds[1], "back", 4);
	MUST(splice(fds[0], NULL, pipes[1], NULL, 100, 0) == 4);
	MUST(open_files() <= files);
	/* The end. */
	MUST(!shutdown(fds[1], SHUT_WR));
	MUST(splice(fds[0], NULL, pipes[1], NULL, 0, 0) == 0);
	MUST(splice(fds[0], NULL, pipes[1], NULL, 100, 0) == 0);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
}

/* The sender is a child: this process alone tells of what it receives. */
static void
received(void)
{
	int fds[2], on[2], pipes[2], gate[2], far;
	char byte;

	pair_of("4", fds);
	pair_of("6", on);
	MUST(!pipe(pipes) && !pipe(gate));
	/* Each connection has one holder before it ends. */
	if (fork() == 0) {
		MUST(!close(fds[0]) && !close(on[0]) && !close(on[1]));
		MUST(read(gate[0], &byte, 1) == 1);
		put(fds[1], 0, 20008);
		_exit(0);
	}
	MUST(!close(fds[1]) && write(gate[1], "", 1) == 1);
	/* Behind what the pipe holds already. */
	MUST(recv(fds[0], &far, 1, MSG_PEEK) == 1);
	MUST(splice(fds[0], NULL, pipes[1], NULL, 5, 0) == 5);
	MUST(splice(fds[0], NULL, pipes[1], NULL, 3, 0) == 3);
	MUST(splice(pipes[0], NULL, on[0], NULL, 100, 0) == 8);
	take(on[1], 0, 8);
	/* An end whose other one has a number far from it. */
	far = fcntl(pipes[1], F_DUPFD, 60);
	MUST(far >= 60 && !close(pipes[1]));
	pipes[1] = far;
	forward(fds[0], on[0], on[1], pipes, 8, 20000);
	MUST(splice(fds[0], NULL, pipes[1], NULL, 0, 0) == 0);
	MUST(splice(fds[0], NULL, pipes[1], NULL, 100, 0) == 0);
	MUST(!close(fds[0]) && !close(on[0]));
	expect_end(on[1]);
	MUST(!close(on[1]));
	MUST(wait(NULL) > 0);
}

static void
failures(void)
{
	int fds[2], pipes[2], file = open("/dev/zero", O_RDONLY);
	off64_t offset = 0;

	pair_of("4", fds);
	MUST(!pipe(pipes));
	MUST(splice(pipes[0], NULL, fds[0], NULL, 9, SPLICE_F_NONBLOCK) == -1);
	MUST(errno == EAGAIN);
	MUST(splice(file, NULL, fds[0], NULL, 9, 0) == -1 && errno == EINVAL);
	MUST(splice(fds[1], NULL, fds[0], NULL, 9, 0) == -1);
	MUST(errno == EINVAL);
	MUST(splice(-1, NULL, fds[0], NULL, 9, 0) == -1 && errno == EBADF);
	MUST(splice(fds[0], NULL, -1, NULL, 9, 0) == -1 && errno == EBADF);
	put(pipes[1], 0, 9);
	MUST(splice(pipes[0], &offset, fds[0], NULL, 9, 0) == -1);
	MUST(errno == ESPIPE);
	MUST(!close(fds[1]));
	MUST(splice(pipes[0], NULL, fds[0], NULL, 4, 0) == 4);
	MUST(splice(pipes[0], NULL, fds[0], NULL, 5, 0) == -1);
	MUST(errno == EPIPE || errno == ECONNRESET);
	MUST(!close(fds[0]));
}

/* Until the first thread waits for the pipe. */
static void
wait_for_waiter(void)
{
	char path[64], text[64];
	int number;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", getpid());
	do {
		FILE *file = fopen(path, "r");

		MUST(file && fgets(text, sizeof(text), file));
		fclose(file);
		number = atoi(text);
	} while (number != SYS_splice && number != SYS_tee);
}

static int ends[2];
static pthread_t waiter;
static _Atomic int handled;

static void
handle(int signal UNUSED)
{
	handled = 1;
}

/* Interrupts the waiter, then writes. */
static void *
disturb(void *arg UNUSED)
{
	wait_for_waiter();
	MUST(!pthread_kill(waiter, SIGUSR1));
	while (!handled)
		;
	wait_for_waiter();
	MUST(write(ends[1], "late", 4) == 4);
	return NULL;
}

static void
with_handler(int flags)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = flags};

	handled = 0;
	MUST(!sigaction(SIGUSR1, &action, NULL));
}

/* What is not in the pipe yet when the call begins. */
static void
late(void)
{
	int fds[2];
	char buf[32];
	pthread_t writer;

	pair_of("4", fds);
	MUST(!pipe(ends));
	waiter = pthread_self();
	send_all(fds[0], "before", 6);
	with_handler(0);
	MUST(!pthread_create(&writer, NULL, disturb, NULL));
	MUST(splice(ends[0], NULL, fds[0], NULL, 9, 0) == -1);
	MUST(errno == EINTR);
	errno = EXDEV;
	MUST(splice(ends[0], NULL, fds[0], NULL, 9, 0) == 4 && errno == EXDEV);
	MUST(!pthread_join(writer, NULL));
	with_handler(SA_RESTART);
	MUST(!pthread_create(&writer, NULL, disturb, NULL));
	MUST(syscall(SYS_splice, ends[0], NULL, fds[0], NULL, 3L, 0L) == 3);
	MUST(splice(ends[0], NULL, fds[0], NULL, 9, 0) == 1);
	MUST(!pthread_join(writer, NULL));
	send_all(fds[0], "behind", 6);
	recv_all(fds[1], buf, 20);
	MUST(!memcmp(buf, "beforelatelatebehind", 20));
	/* The writer is gone, and nothing comes. */
	MUST(!close(ends[1]));
	MUST(splice(ends[0], NULL, fds[0], NULL, 9, 0) == 0);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
}

/* There is no descriptor for a copy. */
static void
unknown(void)
{
	struct rlimit limit;
	int fds[2], pipes[2];
	char buf[16];

	pair_of("4", fds);
	MUST(!pipe(pipes));
	send_all(fds[0], "before", 6);
	put(pipes[1], 0, 4);
	MUST(!getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = (rlim_t)pipes[1] + 1;
	MUST(!setrlimit(RLIMIT_NOFILE, &limit));
	MUST(splice(pipes[0], NULL, fds[0], NULL, 9, 0) == 4);
	send_all(fds[0], "behind", 6);
	recv_all(fds[1], buf, 16);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 1) {
		known();
		failures();
	} else if (!strcmp(argv[1], "received")) {
		received();
	} else if (!strcmp(argv[1], "late")) {
		late();
	} else {
		unknown();
	}
	return 0;
}
