/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * non-socket: the wrapped calls on files, pipes, a Unix pair and nothing at
 * all return what the kernel returns, errno included.
 */

#include "prog.h"

static void
pipes(void)
{
	struct iovec part = { "abc", 3 };
	char buf[8];
	int fds[2], copy;

	MUST(!pipe(fds));
	MUST(write(fds[1], "x", 1) == 1);
	MUST(writev(fds[1], &part, 1) == 3);
	MUST(read(fds[0], buf, 8) == 4 && !memcmp(buf, "xabc", 4));
	copy = dup(fds[1]);
	MUST(copy > fds[1]);
	MUST(fcntl(copy, F_GETFL) == O_WRONLY);
	MUST(fcntl(copy, F_SETFD, FD_CLOEXEC) == 0);
	MUST(fcntl(copy, F_GETFD) == FD_CLOEXEC);
	MUST(send(copy, "x", 1, 0) == -1 && errno == ENOTSOCK);
	MUST(shutdown(copy, SHUT_WR) == -1 && errno == ENOTSOCK);
	MUST(!close(copy) && !close(fds[0]) && !close(fds[1]));
}

static void
nothing(void)
{
	struct iovec part = { "abc", 3 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	struct sockaddr address = { .sa_family = AF_INET };
	char buf[8];

	MUST(read(-1, buf, 1) == -1 && errno == EBADF);
	MUST(write(999, buf, 1) == -1 && errno == EBADF);
	MUST(readv(-1, &part, 1) == -1 && errno == EBADF);
	MUST(writev(-1, &part, 1) == -1 && errno == EBADF);
	MUST(send(-1, buf, 1, 0) == -1 && errno == EBADF);
	MUST(recv(999, buf, 1, 0) == -1 && errno == EBADF);
	MUST(sendmsg(999, &msg, 0) == -1 && errno == EBADF);
	MUST(recvmsg(999, &msg, 0) == -1 && errno == EBADF);
	MUST(connect(-1, &address, sizeof(address)) == -1 && errno == EBADF);
	MUST(bind(-1, &address, sizeof(address)) == -1 && errno == EBADF);
	MUST(listen(-1, 1) == -1 && errno == EBADF);
	MUST(accept(-1, NULL, NULL) == -1 && errno == EBADF);
	MUST(close(-1) == -1 && errno == EBADF);
	MUST(close(1 << 30) == -1 && errno == EBADF);
	MUST(dup(-1) == -1 && errno == EBADF);
	MUST(dup2(-1, 5) == -1 && errno == EBADF);
	MUST(dup3(0, 0, 0) == -1 && errno == EINVAL);
	MUST(fcntl(-1, F_DUPFD, 0) == -1 && errno == EBADF);
	MUST(socket(AF_INET, 99, 0) == -1 && errno == EINVAL);
}

int
main(void)
{
	char buf[8] = "";
	int fds[2], file;

	pipes();
	nothing();
	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	errno = EXDEV;
	MUST(send(fds[0], "hi", 2, 0) == 2);
	MUST(recv(fds[1], buf, 8, 0) == 2);
	file = open("/dev/null", O_WRONLY);
	MUST(write(file, buf, 8) == 8);
	MUST(!close(file) && !close(fds[0]) && !close(fds[1]));
	/* Calls that succeed leave errno alone. */
	MUST(errno == EXDEV);
	return 0;
}
