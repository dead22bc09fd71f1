/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * unseen WHAT: bytes of connections that pass the C library by.
 *
 * both: written and read by bare system calls, at the end of connections of
 * which nothing else was missed; the last one is open when the program ends.
 * none: everything that could look like it, and is not.
 */

#include "prog.h"
#include "../../capture/sys.h"

/* The kit has its own when it is linked in. */
__attribute__((weak)) bool nspy_sys_refused;

static char buf[70000];

static void
raw_write(int fd, const void *data, size_t len)
{
	MUST(NSPY_SYS3(SYS_write, fd, data, len) == (long)len);
}

static void
raw_read(int fd, size_t len)
{
	size_t got = 0;

	while (got < len) {
		size_t room = len - got < sizeof(buf) ? len - got : sizeof(buf);
		long ret = NSPY_SYS3(SYS_read, fd, buf, room);

		MUST(ret > 0);
		got += (size_t)ret;
	}
}

/* A connection whose other end is not recorded; end is where it waits. */
static int
half_seen(const char *family, int *unseen)
{
	struct endpoint end = loopback(family, 0);
	struct sockaddr *address = (struct sockaddr *)&end.address;
	int fd, door = (int)NSPY_SYS3(SYS_socket, end.address.ss_family,
				      SOCK_STREAM, 0);

	MUST(door >= 0 && !NSPY_SYS3(SYS_bind, door, address, end.len));
	MUST(!NSPY_SYS2(SYS_listen, door, 1));
	MUST(!NSPY_SYS3(SYS_getsockname, door, address, &end.len));
	fd = connected(&end, SOCK_STREAM);
	*unseen = (int)NSPY_SYS3(SYS_accept, door, NULL, NULL);
	MUST(*unseen >= 0 && !NSPY_SYS1(SYS_close, door));
	return fd;
}

static void
bytes_missed(void)
{
	int fds[2], fd, other;

	/* Sent: the gap stands before the FIN of the close. */
	fd = half_seen("4", &other);
	MUST(send(fd, "seen", 4, 0) == 4);
	raw_write(fd, "unseen!", 7);
	raw_read(other, 11);
	MUST(!close(fd));
	MUST(!NSPY_SYS1(SYS_close, other));

	/* Received: it is found at the end of the stream. */
	fd = half_seen("6", &other);
	raw_write(other, buf, 30000);
	recv_all(fd, buf, 10000);
	raw_read(fd, 20000);
	MUST(!NSPY_SYS1(SYS_close, other));
	expect_end(fd);
	MUST(!close(fd));

	/* A half-close comes first, and both ends are ours. */
	pair_of("4", fds);
	MUST(send(fds[0], "seen", 4, 0) == 4);
	raw_write(fds[0], buf, 3);
	MUST(!shutdown(fds[0], SHUT_WR));
	MUST(read(fds[1], buf, 4) == 4);
	raw_read(fds[1], 3);
	expect_end(fds[1]);
	MUST(write(fds[1], "back", 4) == 4 && !close(fds[1]));
	recv_all(fds[0], buf, 4);
	expect_end(fds[0]);
	MUST(!close(fds[0]));

	fd = half_seen("4", &other);
	raw_write(fd, buf, 5);
}

/* What the kernel counts and the program never had, and the reverse. */
static void
nothing_missed(void)
{
	struct linger now = { .l_onoff = 1 };
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct endpoint end;
	int fds[2], fd, other, door;

	/* Never read; the close is a reset. */
	fd = half_seen("4", &other);
	raw_write(other, buf, 1000);
	recv_all(fd, buf, 10);
	MUST(recv(fd, buf, 500, MSG_PEEK) == 500);
	MUST(!close(fd));
	MUST(!NSPY_SYS1(SYS_close, other));

	/* Not sent yet when the program closes: the peer does not read. */
	fd = half_seen("4", &other);
	while (send(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	MUST(!shutdown(fd, SHUT_WR));
	MUST(!close(fd));
	raw_read(other, 100000);
	MUST(!NSPY_SYS1(SYS_close, other));

	/* The peer's FIN is in the kernel, and the program does not look. */
	fd = half_seen("6", &other);
	raw_write(other, "x", 1);
	recv_all(fd, buf, 1);
	MUST(!NSPY_SYS1(SYS_close, other));
	MUST(!close(fd));
	pair_of("4", fds);
	MUST(!shutdown(fds[0], SHUT_WR) && !close(fds[1]) && !close(fds[0]));

	/* The peer's RST, and the program does not look. */
	fd = half_seen("4", &other);
	MUST(send(fd, "", 1, 0) == 1);
	raw_read(other, 1);
	MUST(!NSPY_SYS5(SYS_setsockopt, other, SOL_SOCKET, SO_LINGER, &now,
			sizeof(now)));
	MUST(!NSPY_SYS1(SYS_close, other));
	MUST(!close(fd));

	/* A socket that is used twice: the kernel counts anew. */
	pair_of("4", fds);
	MUST(send(fds[0], buf, 100, 0) == 100);
	recv_all(fds[1], buf, 100);
	MUST(!connect(fds[0], &none, sizeof(none)) && !close(fds[1]));
	end = loopback("4", 0);
	door = listener("4", 0, &end);
	MUST(!connect(fds[0], (struct sockaddr *)&end.address, end.len));
	fds[1] = accept(door, NULL, NULL);
	MUST(fds[1] >= 0 && send(fds[0], buf, 50, 0) == 50);
	recv_all(fds[1], buf, 50);
	MUST(!close(fds[0]) && !close(fds[1]) && !close(door));
}

int
main(int argc, char **argv)
{
	MUST(argc == 2);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)pattern(i);
	if (!strcmp(argv[1], "both"))
		bytes_missed();
	else
		nothing_missed();
	return 0;
}
