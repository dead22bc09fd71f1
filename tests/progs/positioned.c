/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * positioned: preadv2 and pwritev2, which move a socket's bytes when their
 * offset is -1; a getsockopt that receives; and a socket taken out of another
 * process by pidfd_getfd.
 */

#include "prog.h"
#include <linux/tcp.h>
#include <sys/mman.h>
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

/* Bytes that getsockopt receives: few, so they come into the buffer. */
static void
zerocopy(int out, int in)
{
	struct tcp_zerocopy_receive receive = { 0 };
	socklen_t len = sizeof(receive);
	char buf[64] = "";

	receive.copybuf_address = (uintptr_t)buf;
	receive.copybuf_len = sizeof(buf);
	receive.address = (uintptr_t)mmap(NULL, 4096, PROT_READ, MAP_SHARED,
					  in, 0);
	MUST(receive.address != (uintptr_t)MAP_FAILED);
	receive.length = 4096;
	send_all(out, "without a copy", 14);
	MUST(!getsockopt(in, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &receive,
			 &len));
	MUST(receive.length == 0 && receive.copybuf_len == 14);
	MUST(!strcmp(buf, "without a copy"));
	MUST(!munmap((void *)(uintptr_t)receive.address, 4096));
	send_all(in, "back", 4);
	recv_all(out, buf, 4);
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
	zerocopy(fds[1], fds[0]);
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
