/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * udp-errors: datagrams to a port that nobody has, and each way to learn that;
 * with a queue of errors and without.
 */

#include "prog.h"
#include "../../capture/sys.h"
#include <poll.h>

/* The kit has its own when it is linked in. */
__attribute__((weak)) bool nspy_sys_refused;

static char buf[100];

static struct sockaddr *
sa(struct endpoint *end)
{
	return (struct sockaddr *)&end->address;
}

/* A port that somebody had, and a socket that is connected to it. */
static int
client(const char *family, struct endpoint *end)
{
	int fd, door;

	*end = loopback(family, 0);
	door = (int)NSPY_SYS3(SYS_socket, end->address.ss_family, SOCK_DGRAM,
			      0);
	MUST(door >= 0 && !NSPY_SYS3(SYS_bind, door, sa(end), end->len));
	MUST(!NSPY_SYS3(SYS_getsockname, door, sa(end), &end->len));
	fd = connected(end, SOCK_DGRAM);
	MUST(!NSPY_SYS1(SYS_close, door));
	return fd;
}

static int
error_of(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);

	MUST(!getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	return error;
}

static void
send_and_wait(int fd, size_t len, struct endpoint *to)
{
	struct pollfd poll_fd = { .fd = fd };

	MUST(sendto(fd, buf, len, 0, to ? sa(to) : NULL, to ? to->len : 0) ==
	     (ssize_t)len);
	MUST(poll(&poll_fd, 1, 20000) == 1 && poll_fd.revents & POLLERR);
}

static void
refused(const char *family)
{
	struct endpoint end;
	int fd = client(family, &end);
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	send_and_wait(fd, 10, NULL);
	MUST(recv(fd, buf, 10, MSG_DONTWAIT) == -1 && errno == ECONNREFUSED);
	MUST(recv(fd, buf, 10, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	send_and_wait(fd, 20, NULL);
	MUST(write(fd, buf, 1) == -1 && errno == ECONNREFUSED);
	send_and_wait(fd, 0, NULL);
	MUST(error_of(fd) == ECONNREFUSED && error_of(fd) == 0);
	send_and_wait(fd, 30, NULL);
	MUST(recvmsg(fd, &msg, MSG_DONTWAIT) == -1 && errno == ECONNREFUSED);
	MUST(!close(fd));
}

static ssize_t
take_error(int fd, struct endpoint *to)
{
	uint64_t room[32];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_name = to ? &to->address : NULL,
		.msg_namelen = to ? sizeof(to->address) : 0,
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};

	return recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
}

/* The error is told by a call, too, but only the queue knows what it was. */
static void
queued(const char *family, int level, int option)
{
	struct endpoint end, to;
	int one = 1, fd;

	MUST(!close(client(family, &end)));
	fd = socket(end.address.ss_family, SOCK_DGRAM, 0);
	MUST(fd >= 0 && !setsockopt(fd, level, option, &one, sizeof(one)));
	send_and_wait(fd, 50, &end);
	MUST(recv(fd, buf, 1, MSG_DONTWAIT) == -1 && errno == ECONNREFUSED);
	MUST(take_error(fd, &to) == 50 && take_error(fd, &to) == -1);
	send_and_wait(fd, 60, &end);
	MUST(take_error(fd, NULL) == 60 && take_error(fd, NULL) == -1);
	MUST(!close(fd));
}

/* The queue has the datagram once more, with the time when it was sent. */
static void
timestamped(void)
{
	struct endpoint end;
	int door = bound("4", SOCK_DGRAM, 0, &end), fd;
	int send_time = 1 << 1 | 1 << 4; /* of <linux/net_tstamp.h> */

	fd = connected(&end, SOCK_DGRAM);
	MUST(!setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &send_time,
			 sizeof(send_time)));
	send_and_wait(fd, 80, NULL);
	MUST(take_error(fd, NULL) >= 80 && take_error(fd, NULL) == -1);
	MUST(!close(fd) && !close(door));
}

int
main(void)
{
	struct endpoint end;
	int fd;

	alarm(30);
	refused("4");
	refused("6");
	refused("mapped");
	queued("4", IPPROTO_IP, IP_RECVERR);
	queued("6", IPPROTO_IPV6, IPV6_RECVERR);
	queued("mapped", IPPROTO_IP, IP_RECVERR);
	timestamped();
	/* Nobody asks for this one. */
	fd = client("4", &end);
	send_and_wait(fd, 70, NULL);
	MUST(!close(fd));
	return 0;
}
