/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tcp-state WHAT: what a stream's call does not say by itself. The other end
 * of most connections is used past the C library, so that nothing but this
 * one tells of it.
 *
 * fastopen, urgent, flags, resets, tls (with TLS keys that a stub takes).
 */

#include "prog.h"
#include "../../capture/sys.h"
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

/* The kit has its own when it is linked in. */
__attribute__((weak)) bool nspy_sys_refused;

#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif
#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif
#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif

static char buf[100000];

static struct sockaddr *
sa(struct endpoint *end)
{
	return (struct sockaddr *)&end->address;
}

static int
unseen_listener(struct endpoint *end)
{
	int queue = 16, fd;

	*end = loopback("4", 0);
	fd = (int)NSPY_SYS3(SYS_socket, AF_INET, SOCK_STREAM, 0);
	MUST(fd >= 0 && !NSPY_SYS3(SYS_bind, fd, sa(end), end->len));
	MUST(!NSPY_SYS3(SYS_getsockname, fd, sa(end), &end->len));
	MUST(!NSPY_SYS5(SYS_setsockopt, fd, IPPROTO_TCP, TCP_FASTOPEN, &queue,
			sizeof(queue)));
	MUST(!NSPY_SYS2(SYS_listen, fd, 8));
	return fd;
}

static int
unseen_accept(int door)
{
	long fd = NSPY_SYS4(SYS_accept4, door, NULL, NULL, 0);

	MUST(fd >= 0);
	return (int)fd;
}

static void
unseen_read(int fd, size_t len)
{
	size_t got = 0;

	while (got < len) {
		long ret = NSPY_SYS3(SYS_read, fd, buf, len - got);

		MUST(ret > 0);
		got += (size_t)ret;
	}
}

static void
unseen_close(int fd)
{
	MUST(!NSPY_SYS1(SYS_close, fd));
}

static int
half_seen(int *unseen)
{
	struct endpoint end;
	int door = unseen_listener(&end), fd = connected(&end, SOCK_STREAM);

	*unseen = unseen_accept(door);
	unseen_close(door);
	return fd;
}

/* The connection has been opened by a send of len bytes. */
static void
answer_and_end(int fd, int door, size_t len)
{
	int peer = unseen_accept(door);

	unseen_read(peer, len);
	MUST(NSPY_SYS3(SYS_write, peer, "answer", 6) == 6);
	recv_all(fd, buf, 6);
	MUST(!close(fd));
	MUST(NSPY_SYS3(SYS_read, peer, buf, 1) == 0);
	unseen_close(peer);
}

static int
connect_later(struct endpoint *end)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	MUST(fd >= 0 && !setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT,
				    &one, sizeof(one)));
	MUST(!connect(fd, sa(end), end->len));
	return fd;
}

static void
fast_open(void)
{
	struct endpoint end, none = loopback("4", 1);
	int door = unseen_listener(&end), fd, one = 1;
	struct iovec iov[2] = { { buf, 3 }, { buf + 3, 4 } };
	struct msghdr msg = {
		.msg_name = sa(&end), .msg_namelen = end.len,
		.msg_iov = iov, .msg_iovlen = 2,
	};

	/* The first has no cookie yet: its bytes come behind the handshake. */
	for (size_t len = 1; len <= 2; len++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		MUST(sendto(fd, buf, len, MSG_FASTOPEN, sa(&end), end.len) ==
		     (ssize_t)len);
		answer_and_end(fd, door, len);
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	MUST(sendmsg(fd, &msg, MSG_FASTOPEN | MSG_DONTWAIT) == 7);
	MUST(!fcntl(fd, F_SETFL, 0));
	answer_and_end(fd, door, 7);
	/* More than fits into a SYN. */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(sendto(fd, buf, 90000, MSG_FASTOPEN, sa(&end), end.len) == 90000);
	answer_and_end(fd, door, 90000);
	fd = connect_later(&end);
	MUST(write(fd, buf, 11) == 11);
	answer_and_end(fd, door, 11);
	/* Never used: nothing was sent. */
	MUST(!close(connect_later(&end)));
	/* Nobody is there. */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(sendto(fd, buf, 5, MSG_FASTOPEN, sa(&none), none.len) == -1);
	MUST(errno == ECONNREFUSED && !close(fd));
	unseen_close(door);
	/* The server's side: accept() returns with the first bytes. */
	door = listener("4", 0, &end);
	MUST(!setsockopt(door, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one,
			 sizeof(one)));
	fd = (int)NSPY_SYS3(SYS_socket, AF_INET, SOCK_STREAM, 0);
	MUST(!NSPY_SYS3(SYS_connect, fd, sa(&end), end.len));
	MUST(NSPY_SYS3(SYS_write, fd, "deferred", 8) == 8);
	one = accept(door, NULL, NULL);
	recv_all(one, buf, 8);
	unseen_close(fd);
	expect_end(one);
	MUST(!close(one) && !close(door));
}

/* Bytes in the SYN of a client that is recorded, or is not. */
static void
fast_accept(bool seen)
{
	struct endpoint end;
	int door = listener("4", 0, &end), queue = 16, fd, peer;

	MUST(!setsockopt(door, IPPROTO_TCP, TCP_FASTOPEN, &queue,
			 sizeof(queue)));
	if (seen) {
		peer = socket(AF_INET, SOCK_STREAM, 0);
		MUST(sendto(peer, buf, 9, MSG_FASTOPEN, sa(&end), end.len) ==
		     9);
	} else {
		peer = (int)NSPY_SYS3(SYS_socket, AF_INET, SOCK_STREAM, 0);
		MUST(NSPY_SYS6(SYS_sendto, peer, buf, 9, MSG_FASTOPEN,
			       sa(&end), end.len) == 9);
	}
	fd = accept(door, NULL, NULL);
	MUST(fd >= 0 && !close(door));
	recv_all(fd, buf, 9);
	MUST(!(seen ? close(peer) : (int)NSPY_SYS1(SYS_close, peer)));
	expect_end(fd);
	MUST(!close(fd));
}

static void
wait_for(int fd, short what)
{
	struct pollfd poll_fd = { .fd = fd, .events = what };

	MUST(poll(&poll_fd, 1, 5000) == 1);
}

static void
urgent_bytes(void)
{
	int fd, other, one = 1, mark = 0;

	/* Sent. */
	fd = half_seen(&other);
	MUST(send(fd, "before", 6, 0) == 6 && send(fd, "x!", 2, MSG_OOB) == 2);
	MUST(send(fd, "after", 5, 0) == 5 && !close(fd));
	unseen_close(other);

	/* Received at once, though three others are in front of it. */
	fd = half_seen(&other);
	MUST(NSPY_SYS3(SYS_write, other, "abc", 3) == 3);
	MUST(NSPY_SYS6(SYS_sendto, other, "!", 1, MSG_OOB, NULL, 0) == 1);
	MUST(NSPY_SYS3(SYS_write, other, "def", 3) == 3);
	wait_for(fd, POLLPRI);
	MUST(recv(fd, buf, 10, MSG_OOB | MSG_PEEK) == 1);
	MUST(recv(fd, buf, 10, MSG_OOB) == 1 && buf[0] == '!');
	MUST(recv(fd, buf, 2, MSG_PEEK) == 2 && recv(fd, buf, 2, 0) == 2);
	MUST(recv(fd, buf, 10, 0) == 1 && buf[0] == 'c');
	recv_all(fd, buf, 3);
	unseen_close(other);
	expect_end(fd);
	MUST(!close(fd));

	/* Received at the mark, and inline. */
	for (int in_line = 0; in_line < 2; in_line++) {
		fd = half_seen(&other);
		MUST(!setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &in_line,
				 sizeof(in_line)));
		MUST(NSPY_SYS3(SYS_write, other, "12", 2) == 2);
		MUST(NSPY_SYS6(SYS_sendto, other, "3", 1, MSG_OOB, NULL, 0) ==
		     1);
		wait_for(fd, POLLPRI);
		MUST(recv(fd, buf, 10, 0) == 2);
		MUST(!ioctl(fd, SIOCATMARK, &mark) && mark);
		MUST(recv(fd, buf, 10, in_line ? 0 : MSG_OOB) == one);
		MUST(NSPY_SYS3(SYS_write, other, "45", 2) == 2);
		recv_all(fd, buf, 2);
		unseen_close(other);
		expect_end(fd);
		MUST(!close(fd));
	}
}

static void
all_flags(void)
{
	char part[3];
	struct iovec iov[3] = { { buf, 2 }, { NULL, 0 }, { part, 3 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 0 };
	uint64_t room[16];
	int fd = half_seen(&(int){ 0 }), other, one = 1;

	/* Its other end stays open, so the program's end is a plain FIN. */
	MUST(send(fd, "", 0, 0) == 0 && !close(fd));

	fd = half_seen(&other);
	MUST(NSPY_SYS3(SYS_write, other, "0123456789", 10) == 10);
	wait_for(fd, POLLIN);
	/* None of these takes anything, nor is it the end. */
	MUST(recvmsg(fd, &msg, 0) == 0 && recv(fd, buf, 0, 0) == 0);
	MUST(recv(fd, buf, 4, MSG_PEEK) == 4);
	msg.msg_iovlen = 3;
	MUST(recvmsg(fd, &msg, MSG_PEEK | MSG_WAITALL) == 5);
	MUST(recv(fd, NULL, 3, MSG_TRUNC) == 3);
	/* The vectors are longer than what there is. */
	MUST(readv(fd, iov, 3) == 5 && readv(fd, iov, 3) == 2);
	MUST(recvmsg(fd, &msg, MSG_ERRQUEUE) == -1 && errno == EAGAIN);
	MUST(NSPY_SYS3(SYS_write, other, "all of", 6) == 6);
	MUST(recv(fd, buf, 6, MSG_WAITALL) == 6);

	MUST(!setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)));
	MUST(send(fd, buf, 50000, MSG_ZEROCOPY) == 50000);
	unseen_read(other, 50000);
	wait_for(fd, 0);
	msg.msg_control = room;
	msg.msg_controllen = sizeof(room);
	MUST(recvmsg(fd, &msg, MSG_ERRQUEUE) == 0 && msg.msg_controllen);
	MUST(send(fd, buf, 20000, MSG_DONTWAIT | MSG_MORE) == 20000);
	MUST(!close(fd));
	unseen_read(other, 20000);
	unseen_close(other);
}

/* Who sent the RST, and that none is seen where none was sent. */
static void
resets(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int fd, other, error = 0;
	socklen_t len = sizeof(error);

	/* Bytes that nobody reads. */
	fd = half_seen(&other);
	MUST(NSPY_SYS3(SYS_write, other, "unread", 6) == 6);
	wait_for(fd, POLLIN);
	MUST(!close(fd));
	unseen_close(other);

	/* The peer's, for what is sent to a closed end: EPIPE comes later. */
	fd = half_seen(&other);
	unseen_close(other);
	expect_end(fd);
	MUST(send(fd, "?", 1, MSG_NOSIGNAL) == 1);
	wait_for(fd, POLLERR);
	MUST(send(fd, "!", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	MUST(!close(fd));

	/* ECONNRESET is taken by a look, and the end that follows is none. */
	fd = half_seen(&other);
	MUST(send(fd, "unread", 6, 0) == 6);
	unseen_close(other);
	wait_for(fd, POLLERR);
	MUST(recv(fd, buf, 1, MSG_PEEK) == -1 && errno == ECONNRESET);
	MUST(recv(fd, buf, 1, 0) == 0);
	MUST(!close(fd));

	/* It is taken by SO_ERROR. */
	fd = half_seen(&other);
	MUST(send(fd, "unread", 6, 0) == 6);
	unseen_close(other);
	wait_for(fd, POLLERR);
	MUST(!getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
	MUST(error == ECONNRESET && !close(fd));

	/* Ours, for a connection that is dissolved. */
	fd = half_seen(&other);
	MUST(!connect(fd, &none, sizeof(none)) && !close(fd));
	unseen_close(other);

	/* EPIPE after our own end of the stream is no reset. */
	fd = half_seen(&other);
	MUST(!shutdown(fd, SHUT_WR));
	MUST(send(fd, "!", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	unseen_close(other);
	expect_end(fd);
	MUST(!close(fd));
}

static void
kernel_tls(void)
{
	int fd, other;

	fd = half_seen(&other);
	MUST(send(fd, "handshake", 9, 0) == 9);
	MUST(!setsockopt(fd, IPPROTO_TCP, 31 /* TCP_ULP */, "tls", 3));
	MUST(send(fd, "last plain", 10, 0) == 10);
	MUST(!setsockopt(fd, 282, 1, buf, 40));
	MUST(send(fd, "secret", 6, 0) == 6);
	MUST(NSPY_SYS3(SYS_write, other, "plain", 5) == 5);
	recv_all(fd, buf, 5);
	MUST(!setsockopt(fd, 282, 2, buf, 40));
	MUST(NSPY_SYS3(SYS_write, other, "hidden", 6) == 6);
	recv_all(fd, buf, 6);
	unseen_read(other, 25);
	unseen_close(other);
	expect_end(fd);
	MUST(!close(fd));
}

int
main(int argc, char **argv)
{
	MUST(argc == 2);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)pattern(i);
	if (!strcmp(argv[1], "fastopen")) {
		fast_open();
		fast_accept(false);
		fast_accept(true);
	} else if (!strcmp(argv[1], "urgent")) {
		urgent_bytes();
	} else if (!strcmp(argv[1], "flags")) {
		all_flags();
	} else if (!strcmp(argv[1], "resets")) {
		resets();
	} else {
		kernel_tls();
	}
	return 0;
}
