/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * splice: bytes from a pipe to a socket and from a socket to a pipe, in whole,
 * in part and not at all; and bytes that nobody could look at.
 */

#include "prog.h"
#include <dirent.h>
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

/* Writes to a pipe when the first thread waits for it in splice. */
static void *
write_late(void *arg)
{
	char path[64], text[64], wanted[16];

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", getpid());
	snprintf(wanted, sizeof(wanted), "%d ", SYS_splice);
	do {
		FILE *file = fopen(path, "r");

		MUST(file && fgets(text, sizeof(text), file));
		fclose(file);
	} while (strncmp(text, wanted, strlen(wanted)));
	MUST(write(*(int *)arg, "late", 4) == 4);
	return NULL;
}

static void
unknown(void)
{
	int fds[2], pipes[2];
	char buf[16];
	pthread_t writer;

	pair_of("4", fds);
	MUST(!pipe(pipes));
	send_all(fds[0], "before", 6);
	MUST(!pthread_create(&writer, NULL, write_late, &pipes[1]));
	MUST(splice(pipes[0], NULL, fds[0], NULL, 9, 0) == 4);
	MUST(!pthread_join(writer, NULL));
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
	} else {
		unknown();
	}
	return 0;
}
