/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * syscalls: what libc's functions do, done by number through syscall(2), to
 * the end of the process.
 */

#include "prog.h"
#include <sys/mman.h>
#include <sys/syscall.h>
#ifndef SYS_dup2
#define SYS_dup2 SYS_dup3
#endif

static void
calls_of_streams(int fds[2])
{
	char buf[64];
	struct iovec iov[2] = { { "six, ", 5 }, { "seven", 5 } };
	struct iovec in = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	MUST(syscall(SYS_write, fds[0], "one, ", 5) == 5);
	MUST(syscall(SYS_read, fds[1], buf, 5) == 5);
	MUST(syscall(SYS_sendto, fds[0], "two, three", 10, MSG_NOSIGNAL, NULL,
		     0) == 10);
	MUST(syscall(SYS_recvfrom, fds[1], buf, 64, MSG_PEEK, NULL, NULL) ==
	     10);
	MUST(syscall(SYS_recvfrom, fds[1], buf, 64, 0, NULL, NULL) == 10);
	MUST(syscall(SYS_writev, fds[1], iov, 2) == 10);
	MUST(syscall(SYS_readv, fds[0], &in, 1) == 10);
	MUST(syscall(SYS_sendmsg, fds[1], &msg, 0) == 10);
	msg.msg_iov = &in;
	msg.msg_iovlen = 1;
	MUST(syscall(SYS_recvmsg, fds[0], &msg, 0) == 10);
	MUST(syscall(SYS_pwritev2, fds[0], iov, 1, -1L, 0L, 0) == 5);
	MUST(syscall(SYS_preadv2, fds[1], &in, 1, -1L, 0L, 0) == 5);
	/* What fails gives errno, and moves nothing. */
	MUST(syscall(SYS_recvfrom, fds[1], buf, 64, MSG_DONTWAIT, NULL,
		     NULL) == -1 && errno == EAGAIN);
	MUST(syscall(SYS_write, -1, buf, 5) == -1 && errno == EBADF);
	MUST(syscall(SYS_pwritev2, fds[0], iov, 1, 0L, 0L, 0) == -1);
	MUST(errno == ESPIPE);
}

/* Descriptors that are numbers of other sockets the next time. */
static void
descriptors(int fds[2])
{
	int copy = (int)syscall(SYS_dup, fds[0]), other, number;

	MUST(syscall(SYS_close, fds[0]) == 0);
	MUST(syscall(SYS_write, copy, "copy", 4) == 4);
	fds[0] = (int)syscall(SYS_fcntl, copy, F_DUPFD_CLOEXEC, 40);
	MUST(fds[0] == 40);
	MUST(syscall(SYS_dup3, fds[0], 50, O_CLOEXEC) == 50);
	MUST(syscall(SYS_close_range, 50, 60, 0) == 0);
	MUST(syscall(SYS_write, fds[0], "high", 4) == 4);
	other = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	/* Closes a socket that was never connected. */
	if (SYS_dup2 == SYS_dup3)
		MUST(syscall(SYS_dup3, copy, other, 0) == other);
	else
		MUST(syscall(SYS_dup2, copy, other) == other);
	MUST(syscall(SYS_write, other, "over", 4) == 4);
	MUST(syscall(SYS_close, copy) == 0);
	MUST(syscall(SYS_close, other) == 0);
	MUST(syscall(SYS_shutdown, fds[0], SHUT_WR) == 0);
	MUST(syscall(SYS_close, fds[0]) == 0);
	number = open("/dev/null", O_WRONLY);
	MUST(dup2(number, fds[0]) == fds[0]);
	/* The same number, and not a socket any more. */
	MUST(syscall(SYS_write, fds[0], "never", 5) == 5);
}

static void
stream(void)
{
	char buf[64];
	struct endpoint end;
	int door = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0), fds[2];

	end = loopback("4", 0);
	MUST(!syscall(SYS_bind, door, &end.address, end.len));
	MUST(!syscall(SYS_listen, door, 1));
	MUST(!getsockname(door, (struct sockaddr *)&end.address, &end.len));
	fds[0] = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	MUST(!syscall(SYS_connect, fds[0], &end.address, end.len));
	fds[1] = (int)syscall(SYS_accept4, door, NULL, NULL, SOCK_CLOEXEC);
	MUST(fds[1] >= 0 && !syscall(SYS_close, door));
	calls_of_streams(fds);
	descriptors(fds);
	MUST(syscall(SYS_recvfrom, fds[1], buf, 64, MSG_WAITALL, NULL,
		     NULL) == 12);
	expect_end(fds[1]);
	MUST(syscall(SYS_write, fds[1], "last", 4) == 4);
}

static void
datagrams(void)
{
	char buf[2][16];
	struct endpoint end, from = { .len = sizeof(from.address) };
	int server = bound("6", SOCK_DGRAM, 0, &end);
	int client = (int)syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0);
	struct iovec iov[2] = { { "by number", 9 }, { "six", 3 } };
	struct mmsghdr msgs[2] = { 0 };
	struct sockaddr_in6 names[2];

	for (int i = 0; i < 2; i++) {
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_name = &end.address;
		msgs[i].msg_hdr.msg_namelen = end.len;
	}
	MUST(syscall(SYS_sendmmsg, client, msgs, 2, 0) == 2);
	for (int i = 0; i < 2; i++) {
		iov[i] = (struct iovec){ buf[i], sizeof(buf[i]) };
		msgs[i].msg_hdr.msg_name = &names[i];
	}
	MUST(syscall(SYS_recvmmsg, server, msgs, 2, 0, NULL) == 2);
	MUST(msgs[0].msg_len == 9 && msgs[1].msg_len == 3);
	MUST(syscall(SYS_sendto, client, "with all six", 12, 0, &end.address,
		     end.len) == 12);
	MUST(syscall(SYS_recvfrom, server, buf, 16, 0, &from.address,
		     &from.len) == 12);
	MUST(from.len == sizeof(struct sockaddr_in6));
}

/* What is none of these goes to the kernel as it is. */
static void
others(void)
{
	void *page;
	int status;
	pid_t pid;

	MUST(syscall(SYS_getpid) == getpid());
	page = (void *)syscall(SYS_mmap, NULL, 4096L, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
	MUST(page != MAP_FAILED && *(char *)page == 0);
	MUST(syscall(SYS_munmap, page, 4096L) == 0);
	MUST(syscall(-1) == -1 && errno == ENOSYS);
	MUST(syscall(100000) == -1 && errno == ENOSYS);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		syscall(SYS_exit_group, 7);
	MUST(pid > 0 && syscall(SYS_wait4, pid, &status, 0, NULL) == pid);
	MUST(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

int
main(void)
{
	others();
	stream();
	datagrams();
	/* The accepted end is open still: its FIN is told all the same. */
	syscall(SYS_exit_group, 0);
	return 1;
}
