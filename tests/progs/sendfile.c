/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * sendfile: files sent by the kernel, from an offset and from the position,
 * in part and not at all; and files whose contents cannot be looked at again.
 */

#include "prog.h"
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

/* More than the buffers of a connection take: its end is sent later. */
#define UNQUEUED 2000000
#define LARGE 100000

static int
file_of(size_t len)
{
	unsigned char *buf = malloc(len);
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	MUST(fd >= 0 && buf);
	fill(buf, len, 0);
	MUST(write(fd, buf, len) == (ssize_t)len);
	MUST(lseek(fd, 0, SEEK_SET) == 0);
	free(buf);
	return fd;
}

static void
take(int fd, size_t at, size_t len)
{
	unsigned char *buf = malloc(len);

	recv_all(fd, buf, len);
	for (size_t i = 0; i < len; i++)
		MUST(buf[i] == pattern(at + i));
	free(buf);
}

static void
known(void)
{
	int fds[2], file = file_of(LARGE), room = 1 << 20;
	off_t offset = 100;

	pair_of("4", fds);
	MUST(!setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)));
	MUST(sendfile(fds[0], file, &offset, 1000) == 1000 && offset == 1100);
	take(fds[1], 100, 1000);
	MUST(sendfile(fds[0], file, NULL, 10) == 10);
	MUST(sendfile64(fds[0], file, NULL, 20) == 20);
	take(fds[1], 0, 30);
	/* Less than asked for: the file ends. */
	offset = LARGE - 7;
	MUST(sendfile(fds[0], file, &offset, 1000) == 7);
	MUST(sendfile(fds[0], file, &offset, 1000) == 0);
	take(fds[1], LARGE - 7, 7);
	/* In several parts of the recording. */
	offset = 0;
	MUST(sendfile(fds[0], file, &offset, LARGE) == LARGE);
	take(fds[1], 0, LARGE);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
	MUST(!close(file));
}

static void
partial(void)
{
	int fds[2], file = file_of(LARGE), small = 4096, full = 0;
	off_t offset = 0, taken = 0;

	pair_of("6", fds);
	MUST(!setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	MUST(!fcntl(fds[0], F_SETFL, O_NONBLOCK));
	while (offset < LARGE) {
		if (sendfile(fds[0], file, &offset, LARGE) > 0)
			continue;
		MUST(errno == EAGAIN);
		full++;
		take(fds[1], (size_t)taken, (size_t)(offset - taken));
		taken = offset;
	}
	MUST(full);
	take(fds[1], (size_t)taken, (size_t)(offset - taken));
	/* What fails sends nothing. */
	MUST(sendfile(fds[0], -1, NULL, 1) == -1 && errno == EBADF);
	MUST(sendfile(fds[0], fds[1], NULL, 1) == -1 && errno == EINVAL);
	offset = -1;
	MUST(sendfile(fds[0], file, &offset, 1) == -1 && errno == EINVAL);
	MUST(sendfile(-1, file, NULL, 1) == -1 && errno == EBADF);
	MUST(!close(fds[1]));
	offset = 0;
	MUST(sendfile(fds[0], file, &offset, 1) == 1);
	MUST(sendfile(fds[0], file, &offset, 1) == -1);
	MUST(errno == EPIPE || errno == ECONNRESET);
	MUST(!close(fds[0]));
	MUST(!close(file));
}

static void
datagram(void)
{
	struct endpoint end;
	int server = bound("4", SOCK_DGRAM, 0, &end);
	int client = connected(&end, SOCK_DGRAM), file = file_of(5000);
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char buf[5000];

	MUST(sendfile(client, file, NULL, 5000) == 5000);
	MUST(recvfrom(server, buf, sizeof(buf), 0, (struct sockaddr *)&from,
		      &len) == 5000);
	MUST(!close(file));
}

/* Files that are read differently, or not at all, the next time. */
static void
unknown(void)
{
	int fds[2], file = open("/dev/urandom", O_RDONLY);
	char buf[1000];
	off_t offset = 0;

	pair_of("4", fds);
	send_all(fds[0], "before", 6);
	MUST(sendfile(fds[0], file, NULL, 600) == 600);
	MUST(!close(file));
	file = open("/proc/uptime", O_RDONLY);
	MUST(sendfile(fds[0], file, &offset, 8) == 8);
	send_all(fds[0], "behind", 6);
	recv_all(fds[1], buf, 620);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
	MUST(!close(file));
}

/*
 * A file that changes while it is on its way, so that nobody can say later
 * what was sent of it. The other end belongs to a child.
 */
static void
changing(void)
{
	int fds[2], file = file_of(UNQUEUED), small = 4096, writer, waiting;
	char byte = 'x', buf[4096];

	pair_of("4", fds);
	MUST(!setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	if (fork() == 0) {
		do
			MUST(!ioctl(fds[1], FIONREAD, &waiting));
		while (!waiting);
		MUST(!close(fds[0]));
		MUST(pwrite(file, &byte, 1, UNQUEUED - 1) == 1);
		while (read(fds[1], buf, sizeof(buf)) > 0)
			;
		_exit(0);
	}
	writer = fds[0];
	MUST(!close(fds[1]));
	MUST(sendfile(writer, file, NULL, UNQUEUED) == UNQUEUED);
	MUST(!shutdown(writer, SHUT_WR));
	MUST(wait(NULL) > 0);
	MUST(!close(writer));
	MUST(!close(file));
}

int
main(int argc, char **argv)
{
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1) {
		unknown();
		changing();
		return 0;
	}
	known();
	partial();
	datagram();
	return 0;
}
