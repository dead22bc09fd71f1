/* SPDX-License-Identifier: BSD-2-Clause */

/* What the test programs share: addresses, patterns, calls that must work. */

#ifndef TEST_PROG_H
#define TEST_PROG_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

/* The condition must hold; otherwise say which one did not, and end with 1. */
#define MUST(condition)							\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__,	\
				__LINE__, #condition, strerror(errno));	\
			exit(1);					\
		}							\
	} while (0)

struct endpoint {
	struct sockaddr_storage address;
	socklen_t len;
};

/* FAMILY is 4, 6 or mapped (IPv4 through an IPv6 socket). */
static UNUSED struct endpoint
loopback(const char *family, int port)
{
	struct endpoint end = { .len = sizeof(struct sockaddr_in6) };
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&end.address;
	struct sockaddr_in *four = (struct sockaddr_in *)&end.address;

	if (!strcmp(family, "4")) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		end.len = sizeof(*four);
		return end;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	MUST(inet_pton(AF_INET6, *family == 'm' ? "::ffff:127.0.0.1" : "::1",
		       &six->sin6_addr) == 1);
	return end;
}

/* A socket bound to loopback; PORT 0 takes a free one. END tells which. */
static UNUSED int
bound(const char *family, int type, int port, struct endpoint *end)
{
	int one = 1, fd;

	*end = loopback(family, port);
	fd = socket(end->address.ss_family, type, 0);
	MUST(fd >= 0);
	/* With it, two sockets may get the same one of the free ones. */
	if (port)
		MUST(!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
				 sizeof(one)));
	MUST(!bind(fd, (struct sockaddr *)&end->address, end->len));
	end->len = sizeof(end->address);
	MUST(!getsockname(fd, (struct sockaddr *)&end->address, &end->len));
	return fd;
}

static UNUSED int
listener(const char *family, int port, struct endpoint *end)
{
	int fd = bound(family, SOCK_STREAM, port, end);

	MUST(!listen(fd, 64));
	return fd;
}

static UNUSED int
connected(const struct endpoint *end, int type)
{
	int fd = socket(end->address.ss_family, type, 0);

	MUST(fd >= 0);
	MUST(!connect(fd, (const struct sockaddr *)&end->address, end->len));
	return fd;
}

/* A connection with both ends in this process: fds[0] is the client's. */
static UNUSED void
pair_of(const char *family, int fds[2])
{
	struct endpoint end;
	int door = listener(family, 0, &end);

	fds[0] = connected(&end, SOCK_STREAM);
	fds[1] = accept(door, NULL, NULL);
	MUST(fds[1] >= 0);
	MUST(!close(door));
}

/* Byte AT of a stream that never repeats soon, so that a shift is seen. */
static UNUSED unsigned char
pattern(size_t at)
{
	return (unsigned char)((at * 2654435761u) >> 13);
}

static UNUSED void
fill(unsigned char *buf, size_t len, size_t at)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = pattern(at + i);
}

static UNUSED void
send_all(int fd, const void *buf, size_t len)
{
	const char *from = buf;

	while (len) {
		ssize_t ret = send(fd, from, len, MSG_NOSIGNAL);

		if (ret < 0 && errno == EINTR)
			continue;
		MUST(ret > 0);
		from += ret;
		len -= (size_t)ret;
	}
}

static UNUSED void
recv_all(int fd, void *buf, size_t len)
{
	char *to = buf;

	while (len) {
		ssize_t ret = recv(fd, to, len, 0);

		if (ret < 0 && errno == EINTR)
			continue;
		MUST(ret > 0);
		to += ret;
		len -= (size_t)ret;
	}
}

static UNUSED void
expect_end(int fd)
{
	char byte;

	MUST(recv(fd, &byte, 1, 0) == 0);
}

#endif
