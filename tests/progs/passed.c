/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * passed: descriptors that come with a message (SCM_RIGHTS), within a process
 * and from another one; the other end of each connection is used past the C
 * library.
 */

#include "prog.h"
#include "../../capture/sys.h"

/* The kit has its own when it is linked in. */
__attribute__((weak)) bool nspy_sys_refused;

static int road[2]; /* between the passer and the receiver */

static struct sockaddr *
sa(struct endpoint *end)
{
	return (struct sockaddr *)&end->address;
}

static int
unseen_connect(struct endpoint *end)
{
	int fd = (int)NSPY_SYS3(SYS_socket, AF_INET, SOCK_STREAM, 0);

	MUST(fd >= 0 && !NSPY_SYS3(SYS_connect, fd, sa(end), end->len));
	return fd;
}

/* A connection; its other end is *unseen. */
static int
half_seen(int *unseen)
{
	struct endpoint end;
	int door = listener("4", 0, &end), fd;

	*unseen = unseen_connect(&end);
	fd = accept(door, NULL, NULL);
	MUST(fd >= 0 && !close(door));
	return fd;
}

/* All of what was sent, and then the end. */
static void
unseen_expect(int fd, const char *what)
{
	char buf[100];
	size_t got = 0, len = strlen(what);
	long ret;

	while ((ret = NSPY_SYS3(SYS_read, fd, buf + got, len + 1 - got)) > 0)
		got += (size_t)ret;
	MUST(ret == 0 && got == len && !memcmp(buf, what, len));
	MUST(!NSPY_SYS1(SYS_close, fd));
}

union room {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(2 * sizeof(int))];
};

static struct msghdr
message(union room *room, struct iovec *iov)
{
	static char byte;

	*iov = (struct iovec){ &byte, 1 };
	return (struct msghdr){
		.msg_iov = iov, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(*room),
	};
}

static void
pass(int first, int second)
{
	union room room = { .header = { .cmsg_level = SOL_SOCKET } };
	struct iovec iov;
	struct msghdr msg = message(&room, &iov);
	int fds[2] = { first, second };

	room.header.cmsg_type = SCM_RIGHTS;
	room.header.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&room.header), fds, sizeof(fds));
	MUST(sendmsg(road[0], &msg, 0) == 1);
}

static void
receive(int *first, int *second, int flags)
{
	union room room;
	struct iovec iov;
	struct msghdr msg = message(&room, &iov);
	int fds[2];

	MUST(recvmsg(road[1], &msg, flags) == 1);
	MUST(room.header.cmsg_len == CMSG_LEN(sizeof(fds)));
	memcpy(fds, CMSG_DATA(&room.header), sizeof(fds));
	*first = fds[0];
	*second = fds[1];
}

/* One connection under many numbers, some of which were another's. */
static void
within(void)
{
	int peers[2], fds[2], looks[2], copies[2], old[2], ends[2];

	for (int i = 0; i < 2; i++) {
		fds[i] = half_seen(&peers[i]);
		old[i] = half_seen(&ends[i]);
		send_all(old[i], "old", 3);
	}
	/* No lower numbers are free than those that end past the C library. */
	while (dup(road[0]) < old[1])
		;
	for (int i = 0; i < 2; i++)
		MUST(!NSPY_SYS1(SYS_close, old[i]));
	pass(fds[0], fds[1]);
	receive(&looks[0], &looks[1], MSG_PEEK);
	receive(&copies[0], &copies[1], 0);
	MUST(looks[0] == old[0] && looks[1] == old[1]);
	for (int i = 0; i < 2; i++) {
		send_all(fds[i], "first ", 6);
		send_all(looks[i], "looked at ", 10);
		MUST(!close(fds[i]) && !close(looks[i]));
		send_all(copies[i], "received", 8);
		MUST(!close(copies[i]));
		unseen_expect(peers[i], "first looked at received");
		unseen_expect(ends[i], "old");
	}
}

/* What waits for its end waits for that of all numbers. */
static void
in_two_parts(void)
{
	struct endpoint end = loopback("4", 0);
	int sink = (int)NSPY_SYS3(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	int fd, copies[2];

	MUST(sink >= 0 && !NSPY_SYS3(SYS_bind, sink, sa(&end), end.len));
	MUST(!NSPY_SYS3(SYS_getsockname, sink, sa(&end), &end.len));
	fd = connected(&end, SOCK_DGRAM);
	MUST(send(fd, "first ", 6, MSG_MORE) == 6);
	pass(fd, fd);
	receive(&copies[0], &copies[1], 0);
	MUST(send(copies[1], "second", 6, 0) == 6);
	MUST(!close(fd) && !close(copies[0]) && !close(copies[1]));
}

/* While they are under way, no process has them. */
static void
on_the_way(void)
{
	struct endpoint end;
	int peer, fd = half_seen(&peer), door = listener("4", 0, &end), taken;

	send_all(fd, "before ", 7);
	pass(fd, door);
	MUST(!close(fd) && !close(door));
	receive(&fd, &door, 0);
	send_all(fd, "after", 5);
	MUST(!close(fd));
	unseen_expect(peer, "before after");
	peer = unseen_connect(&end);
	taken = accept(door, NULL, NULL);
	send_all(taken, "welcome", 7);
	MUST(!close(taken) && !close(door));
	unseen_expect(peer, "welcome");
}

/* A worker that the server hands its connection and its datagrams to. */
static void
to_another(void)
{
	struct endpoint end = { .len = sizeof(end.address) };
	int peer, fd = half_seen(&peer), from, status;
	int talk = bound("4", SOCK_DGRAM, 0, &end);
	int sink = (int)NSPY_SYS3(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	pid_t worker;

	MUST(sink >= 0 && !NSPY_SYS3(SYS_connect, sink, sa(&end), end.len));
	MUST(!NSPY_SYS3(SYS_getsockname, sink, sa(&end), &end.len));
	MUST(!connect(talk, sa(&end), end.len));
	worker = fork();
	MUST(worker >= 0);
	if (worker == 0) {
		MUST(!close(fd) && !close(talk));
		receive(&fd, &from, 0);
		send_all(fd, "worker", 6);
		send_all(from, "hello", 5);
		MUST(!close(fd) && !close(from));
		_exit(0);
	}
	send_all(fd, "server ", 7);
	send_all(talk, "hi", 2);
	pass(fd, talk);
	MUST(!close(fd) && !close(talk));
	unseen_expect(peer, "server worker");
	MUST(waitpid(worker, &status, 0) == worker && status == 0);
}

int
main(int argc, char **argv)
{
	alarm(30);
	MUST(argc == 2 && !socketpair(AF_UNIX, SOCK_STREAM, 0, road));
	if (!strcmp(argv[1], "within")) {
		within();
		in_two_parts();
		on_the_way();
	} else {
		to_another();
	}
	return 0;
}
