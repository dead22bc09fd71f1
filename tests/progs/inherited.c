/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * inherited HOW: a super-server that hands sockets to a program, which is this
 * one, and a client; neither is recorded, as both pass the C library by.
 *
 *   systemd  listeners for TCP and UDP from descriptor 3 on (sd_listen_fds(3))
 *   wait     a UDP socket as standard input (inetd.conf(5), "wait")
 *   accept   a listener as standard input
 *   nowait   a connection as standard input and output
 */

#include "prog.h"
#include "../../capture/sys.h"

/* The kit has its own when it is linked in. */
__attribute__((weak)) bool nspy_sys_refused;

static struct sockaddr *
sa(struct endpoint *end)
{
	return (struct sockaddr *)&end->address;
}

static int
unseen(int type, struct endpoint *end)
{
	int fd;

	*end = loopback("6", 0);
	fd = (int)NSPY_SYS3(SYS_socket, AF_INET6, type, 0);
	MUST(fd >= 0 && !NSPY_SYS3(SYS_bind, fd, sa(end), end->len));
	MUST(!NSPY_SYS3(SYS_getsockname, fd, sa(end), &end->len));
	if (type == SOCK_STREAM)
		MUST(!NSPY_SYS2(SYS_listen, fd, 8));
	return fd;
}

/* Sends a word, and gets it back with another one. */
static void
ask(int type, struct endpoint *end)
{
	char buf[16];
	int fd = (int)NSPY_SYS3(SYS_socket, AF_INET6, type, 0);
	size_t got = 0;

	MUST(fd >= 0 && !NSPY_SYS3(SYS_connect, fd, sa(end), end->len));
	MUST(NSPY_SYS3(SYS_write, fd, "question", 8) == 8);
	while (got < 14) {
		long ret = NSPY_SYS3(SYS_read, fd, buf + got, 16 - got);

		MUST(ret > 0);
		got += (size_t)ret;
	}
	MUST(!memcmp(buf, "answerquestion", 14));
	if (type == SOCK_STREAM)
		MUST(NSPY_SYS3(SYS_read, fd, buf, 1) == 0);
	MUST(!NSPY_SYS1(SYS_close, fd));
}

static void
answer_stream(int in, int out)
{
	char buf[8];

	recv_all(in, buf, sizeof(buf));
	send_all(out, "answer", 6);
	send_all(out, buf, sizeof(buf));
}

static void
answer_all(int door)
{
	int fd = accept(door, NULL, NULL);

	MUST(fd >= 0);
	answer_stream(fd, fd);
	MUST(!close(fd) && !close(door));
}

static void
answer_datagram(int fd)
{
	struct endpoint from = { .len = sizeof(from.address) };
	char buf[20] = "answer";

	MUST(recvfrom(fd, buf + 6, 14, 0, sa(&from), &from.len) == 8);
	MUST(sendto(fd, buf, 14, 0, sa(&from), from.len) == 14);
	MUST(!close(fd));
}

static int
serve(const char *how)
{
	const char *count = getenv("LISTEN_FDS");

	if (!strcmp(how, "systemd")) {
		MUST(count && atoi(count) == 2);
		answer_all(3);
		answer_datagram(4);
	} else if (!strcmp(how, "wait")) {
		answer_datagram(0);
	} else if (!strcmp(how, "accept")) {
		answer_all(0);
	} else {
		answer_stream(0, 1);
	}
	return 0;
}

/* What the program finds open. */
static void
hand_over(int fd, int number)
{
	MUST(NSPY_SYS3(SYS_dup3, fd, number, 0) == number);
}

static void
super_serve(const char *self, const char *how)
{
	struct endpoint stream, datagrams;
	int first = unseen(SOCK_STREAM, &stream);
	int second = unseen(SOCK_DGRAM, &datagrams);
	bool both = !strcmp(how, "systemd");

	/* Out of the way of what is handed over. */
	first = fcntl(first, F_DUPFD_CLOEXEC, 10);
	second = fcntl(second, F_DUPFD_CLOEXEC, 10);
	if (fork() == 0) {
		if (strcmp(how, "wait"))
			ask(SOCK_STREAM, &stream);
		if (both || !strcmp(how, "wait"))
			ask(SOCK_DGRAM, &datagrams);
		_exit(0);
	}
	if (!strcmp(how, "nowait")) {
		first = (int)NSPY_SYS4(SYS_accept4, first, NULL, NULL, 0);
		hand_over(first, 0);
		hand_over(first, 1);
		NSPY_SYS1(SYS_close, first);
	} else if (both) {
		hand_over(first, 3);
		hand_over(second, 4);
		MUST(!setenv("LISTEN_FDS", "2", 1));
	} else {
		hand_over(strcmp(how, "wait") ? first : second, 0);
	}
	execl("/proc/self/exe", self, how, "serve", NULL);
	MUST(!"exec");
}

int
main(int argc, char **argv)
{
	alarm(30);
	if (argc > 2)
		return serve(argv[1]);
	super_serve(argv[0], argv[1]);
	return 1;
}
