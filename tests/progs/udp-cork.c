/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * udp-cork: datagrams that several calls make, with MSG_MORE and UDP_CORK; and
 * some that are never sent. udp-cork FD: the rest of one, inherited.
 */

#include "prog.h"
#include "../../capture/sys.h"
#include <sys/sendfile.h>

/* The kit has its own when it is linked in. */
__attribute__((weak)) bool nspy_sys_refused;

#define CORK 1
#define PROBE 0x10
#define UDPLITE 136

static char big[70000];

static struct sockaddr *
sa(struct endpoint *end)
{
	return (struct sockaddr *)&end->address;
}

/* A connected socket whose peer the recording does not know. */
static int
client(const char *family, int protocol, struct endpoint *end)
{
	int fd, peer;

	*end = loopback(family, 0);
	peer = (int)NSPY_SYS3(SYS_socket, end->address.ss_family, SOCK_DGRAM,
			      protocol);
	MUST(peer >= 0 && !NSPY_SYS3(SYS_bind, peer, sa(end), end->len));
	MUST(!NSPY_SYS3(SYS_getsockname, peer, sa(end), &end->len));
	fd = socket(end->address.ss_family, SOCK_DGRAM, protocol);
	MUST(fd >= 0 && !connect(fd, sa(end), end->len));
	return fd;
}

static void
cork(int fd, int value)
{
	MUST(!setsockopt(fd, IPPROTO_UDP, CORK, &value, sizeof(value)));
}

static void
part(int fd, size_t len, int flags)
{
	MUST(send(fd, big, len, flags) == (ssize_t)len);
}

/* Each way to send a part, and each way to end a datagram. */
static void
parts(const char *family, int protocol)
{
	struct endpoint end, other;
	int fd = client(family, protocol, &end);
	struct iovec iov[2] = { { big, 7 }, { big + 7, 3 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct mmsghdr many[2] = { { .msg_hdr = msg }, { .msg_hdr = msg } };

	part(fd, 1000, MSG_MORE);
	MUST(sendmmsg(fd, many, 2, MSG_MORE) == 2);
	MUST(sendmsg(fd, &msg, MSG_MORE) == 10);
	/* An option of another name ends nothing. */
	MUST(!setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &(int){ 0 }, 4));
	MUST(write(fd, big, 81) == 81);
	/*
	 * Too long for any datagram: IPv4 refuses it, IPv6 throws away what
	 * waits. The first part of what is left tells where to.
	 */
	MUST(!close(client(family, protocol, &other)));
	cork(fd, 1);
	cork(fd, 1);
	part(fd, 1000, 0);
	MUST(send(fd, big, sizeof(big), 0) == -1 && errno == EMSGSIZE);
	MUST(sendto(fd, big, 101, 0, sa(&other), other.len) == 101);
	MUST(writev(fd, iov, 2) == 10);
	cork(fd, 0);
	cork(fd, 0);
	MUST(!close(fd));
}

/* What the kernel throws away, and what it keeps. */
static void
thrown_away(void)
{
	struct endpoint end;
	int fd = client("4", 0, &end), copy = dup(fd);

	part(fd, 60000, MSG_MORE);
	MUST(send(fd, big, 6000, 0) == -1 && errno == EMSGSIZE);
	part(fd, 1, 0);
	/* This sends nothing. */
	part(fd, 100, PROBE);
	part(fd, 200, MSG_MORE);
	MUST(!close(fd));
	/* It is the same socket, so what waits is still there. */
	part(copy, 1, 0);
	part(copy, 300, MSG_MORE);
	MUST(!close(copy));
}

/* Both ends are recorded: each datagram is there once. */
static void
both_ends(void)
{
	struct endpoint end, own = { .len = sizeof(own.address) };
	int server = bound("6", SOCK_DGRAM, 0, &end);
	int fd = connected(&end, SOCK_DGRAM);

	MUST(!getsockname(fd, sa(&own), &own.len));
	MUST(!connect(server, sa(&own), own.len));
	for (int i = 0; i < 2; i++) {
		part(fd, 30000, MSG_MORE);
		part(fd, 35000, 0);
		part(fd, 5, MSG_MORE);
		part(fd, 0, MSG_MORE);
		part(fd, 0, 0);
		MUST(recv(server, big, sizeof(big), 0) == 65000);
		MUST(recv(server, big, sizeof(big), 0) == 5);
	}
	MUST(!close(fd) && !close(server));
}

/* Bytes that no buffer of the program holds. */
static void
moved(const char *self)
{
	struct endpoint end;
	int fd = client("4", 0, &end), file = open(self, O_RDONLY), ends[2];

	MUST(file >= 0 && !pipe(ends) && write(ends[1], big, 500) == 500);
	MUST(splice(ends[0], NULL, fd, NULL, 300, SPLICE_F_MORE) == 300);
	MUST(splice(ends[0], NULL, fd, NULL, 200, 0) == 200);
	cork(fd, 1);
	MUST(sendfile(fd, file, NULL, 400) == 400);
	part(fd, 100, 0);
	cork(fd, 0);
	MUST(!close(fd));
}

static void
raw(void)
{
	struct endpoint end = loopback("4", 0);
	int fd = socket(AF_INET, SOCK_RAW, 253);

	MUST(fd >= 0 && !connect(fd, sa(&end), end.len));
	part(fd, 30, MSG_MORE);
	part(fd, 40, 0);
	part(fd, 50, 0);
	MUST(!close(fd));
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)pattern(i);
	if (argc == 2 && strcmp(argv[1], "inherit")) {
		int fd = atoi(argv[1]);

		part(fd, 10, 0);
		part(fd, 20, 0);
		cork(fd, 0);
	} else if (argc == 2) {
		struct endpoint end;
		char number[16];
		int fd = client("4", 0, &end);

		cork(fd, 1);
		snprintf(number, sizeof(number), "%d", fd);
		execl("/proc/self/exe", argv[0], number, NULL);
		MUST(!"exec");
	} else {
		parts("4", 0);
		parts("6", 0);
		parts("mapped", 0);
		parts("4", UDPLITE);
		thrown_away();
		both_ends();
		moved(argv[0]);
		raw();
	}
	return 0;
}
