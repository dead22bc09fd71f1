/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * positioned: preadv2 and pwritev2, which move a socket's bytes when their
 * offset is -1, and a socket taken out of another process by pidfd_getfd.
 */

#include "prog.h"
#include <sys/syscall.h>

static void
vectors(int out, int in, struct iovec *send_iov, struct iovec *recv_iov)
{
	MUST(pwritev2(out, send_iov, 2, -1, 0) == 9);
	MUST(preadv2(in, recv_iov, 2, -1, 0) == 9);
	MUST(pwritev64v2(out, send_iov, 1, -1, RWF_NOWAIT) == 4);
	MUST(preadv64v2(in, recv_iov, 1, -1, RWF_NOWAIT) == 4);
	/* These fail, and move nothing. */
	MUST(preadv2(in, recv_iov, 1, -1, RWF_NOWAIT) == -1);
	MUST(errno == EAGAIN);
	MUST(preadv2(in, recv_iov, 1, 0, 0) == -1 && errno == ESPIPE);
	MUST(pwritev2(out, send_iov, 1, 0, 0) == -1 && errno == ESPIPE);
	MUST(pwritev2(-1, send_iov, 1, -1, 0) == -1 && errno == EBADF);
	MUST(pwritev2(out, send_iov, -1, -1, 0) == -1 && errno == EINVAL);
}

int
main(void)
{
	char a[4], b[20], out[] = "read and ", text[] = "write";
	struct iovec send_iov[2] = { { out, 4 }, { text, 5 } };
	struct iovec recv_iov[2] = { { a, 4 }, { b, sizeof(b) } };
	struct endpoint end;
	int fds[2], server, pidfd, taken;

	pair_of("4", fds);
	vectors(fds[0], fds[1], send_iov, recv_iov);
	/* Out of this process too, and in place of what was there. */
	pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	MUST(pidfd >= 0);
	taken = pidfd_getfd(pidfd, fds[0], 0);
	MUST(taken >= 0);
	send_all(taken, "taken", 5);
	MUST(!close(fds[0]));
	send_all(taken, "over", 4);
	recv_all(fds[1], b, 9);
	MUST(!close(taken));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
	MUST(pidfd_getfd(pidfd, 9999, 0) == -1 && errno == EBADF);

	server = bound("6", SOCK_DGRAM, 0, &end);
	fds[0] = connected(&end, SOCK_DGRAM);
	end.len = sizeof(end.address);
	MUST(!getsockname(fds[0], (struct sockaddr *)&end.address, &end.len));
	MUST(!connect(server, (struct sockaddr *)&end.address, end.len));
	vectors(fds[0], server, send_iov, recv_iov);
	return 0;
}
