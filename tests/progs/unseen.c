/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * unseen WHAT: bytes of connections that pass the C library by.
 *
 * both: written and read by bare system calls, at the end of connections of
 * which nothing else was missed; the last one is open when the program ends.
 * none: everything that could look like it, and is not.
 */

#include "peer.h"

static char buf[100000];

static void
bytes_missed(void)
{
	int fds[2], fd, other;

	/* Sent: the gap stands before the FIN of the close. */
	fd = connected_to_peer("4", &other);
	MUST(send(fd, "seen", 4, 0) == 4);
	peer_send(fd, "unseen!", 7);
	peer_recv(other, buf, 11);
	MUST(!close(fd));
	peer_close(other);

	/* Received: it is found at the end of the stream. */
	fd = connected_to_peer("6", &other);
	peer_send(other, buf, 30000);
	recv_all(fd, buf, 10000);
	peer_recv(fd, buf, 20000);
	peer_close(other);
	expect_end(fd);
	MUST(!close(fd));

	/* A half-close comes first, and both ends are ours. */
	pair_of("4", fds);
	MUST(send(fds[0], "seen", 4, 0) == 4);
	peer_send(fds[0], buf, 3);
	MUST(!shutdown(fds[0], SHUT_WR));
	MUST(read(fds[1], buf, 4) == 4);
	peer_recv(fds[1], buf, 3);
	expect_end(fds[1]);
	MUST(write(fds[1], "back", 4) == 4 && !close(fds[1]));
	recv_all(fds[0], buf, 4);
	expect_end(fds[0]);
	MUST(!close(fds[0]));

	fd = connected_to_peer("4", &other);
	peer_send(fd, buf, 5);
}

/* What the kernel counts and the program never had, and the reverse. */
static void
nothing_missed(void)
{
	struct linger now = {.l_onoff = 1};
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	struct endpoint end;
	int fds[2], fd, other, door;

	/* Never read; the close is a reset. */
	fd = connected_to_peer("4", &other);
	peer_send(other, buf, 1000);
	recv_all(fd, buf, 10);
	MUST(recv(fd, buf, 500, MSG_PEEK) == 500);
	MUST(!close(fd));
	peer_close(other);

	/* Not sent yet when the program closes: the peer does not read. */
	fd = connected_to_peer("4", &other);
	while (send(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	MUST(!shutdown(fd, SHUT_WR));
	MUST(!close(fd));
	peer_recv(other, buf, 100000);
	peer_close(other);

	/* The peer's FIN is in the kernel, and the program does not look. */
	fd = connected_to_peer("6", &other);
	peer_send(other, "x", 1);
	recv_all(fd, buf, 1);
	peer_close(other);
	MUST(!close(fd));
	pair_of("4", fds);
	MUST(!shutdown(fds[0], SHUT_WR) && !close(fds[1]) && !close(fds[0]));

	/* The peer's RST, and the program does not look. */
	fd = connected_to_peer("4", &other);
	MUST(send(fd, "", 1, 0) == 1);
	peer_recv(other, buf, 1);
	MUST(!NSPY_SYS5(SYS_setsockopt, other, SOL_SOCKET, SO_LINGER, &now,
			sizeof(now)));
	peer_close(other);
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
