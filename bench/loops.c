/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The loops that bench.py times, each on one CPU with both ends in the process.
 *
 * loops NAME TIMES: pingpong (64 bytes to a thread and back), udp (200 bytes),
 * bulk (64 KiB), churn (connect, accept, close both), files (read and write of
 * descriptors that are no sockets) or start (nothing at all). With LOOPS_SAVE in
 * the environment, what is sent is also written to the file of that name.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char buf[65536];
static struct sockaddr_in address;
static int saved = -1;

static void
must(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

static int
server(int type)
{
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type, 0);

	must(fd >= 0, "socket");
	address.sin_family = AF_INET;
	/* Addresses in turn, or the ports of closed connections run out. */
	address.sin_addr.s_addr =
		htonl(INADDR_LOOPBACK + 9 + (unsigned int)getpid() % 50);
	must(!bind(fd, (struct sockaddr *)&address, len), "bind");
	must(type == SOCK_DGRAM || !listen(fd, 16), "listen");
	must(!getsockname(fd, (struct sockaddr *)&address, &len),
	     "getsockname");
	return fd;
}

static int
client(int type)
{
	int fd = socket(AF_INET, type, 0);

	must(fd >= 0, "socket");
	must(!connect(fd, (struct sockaddr *)&address, sizeof(address)),
	     "connect");
	return fd;
}

static void
pair(int fds[2])
{
	int one = 1, door = server(SOCK_STREAM);

	fds[0] = client(SOCK_STREAM);
	fds[1] = accept(door, NULL, NULL);
	must(fds[1] >= 0, "accept");
	for (int i = 0; i < 2; i++)
		must(!setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one,
				 sizeof(one)), "setsockopt");
	close(door);
}

static void
put(int to, const void *message, size_t len)
{
	must(send(to, message, len, 0) == (ssize_t)len, "send");
	must(saved < 0 || write(saved, message, len) == (ssize_t)len, "write");
}

/* One message of LEN bytes from one socket to the other. */
static void
move(int from, int to, size_t len)
{
	ssize_t ret;

	put(from, buf, len);
	for (; len; len -= (size_t)ret) {
		ret = recv(to, buf, len, 0);
		must(ret > 0, "recv");
	}
}

static void *
echo(void *argument)
{
	int fd = *(int *)argument;
	char message[64];

	while (recv(fd, message, sizeof(message), 0) == sizeof(message))
		put(fd, message, sizeof(message));
	return NULL;
}

static void
pingpong(long times)
{
	pthread_t thread;
	int fds[2];

	pair(fds);
	must(!pthread_create(&thread, NULL, echo, &fds[1]), "pthread_create");
	while (times--) {
		put(fds[0], buf, 64);
		must(recv(fds[0], buf, 64, 0) == 64, "recv");
	}
	must(!shutdown(fds[0], SHUT_WR), "shutdown");
	must(!pthread_join(thread, NULL), "pthread_join");
}

static void
udp(long times)
{
	int to = server(SOCK_DGRAM), from = client(SOCK_DGRAM);

	while (times--)
		move(from, to, 200);
}

static void
bulk(long times)
{
	int fds[2], size = 1 << 20;

	pair(fds);
	must(!setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
	     "setsockopt");
	while (times--)
		move(fds[0], fds[1], sizeof(buf));
}

static void
churn(long times)
{
	int door = server(SOCK_STREAM);

	while (times--) {
		int from = client(SOCK_STREAM), to = accept(door, NULL, NULL);

		must(to >= 0, "accept");
		close(from);
		close(to);
	}
}

static void
files(long times)
{
	int fds[2];

	must(!pipe(fds), "pipe");
	while (times--) {
		must(write(fds[1], buf, 64) == 64, "write");
		must(read(fds[0], buf, 64) == 64, "read");
	}
}

static void
start(long times)
{
	(void)times;
}

static const struct {
	const char *name;
	void (*run)(long times);
} loops[] = {
	{ "pingpong", pingpong }, { "udp", udp }, { "bulk", bulk },
	{ "churn", churn }, { "files", files }, { "start", start },
};

/* The last CPU that we may use: the first one serves most interrupts. */
static void
pin(void)
{
	cpu_set_t may, one;
	int cpu = CPU_SETSIZE - 1;

	must(!sched_getaffinity(0, sizeof(may), &may), "sched_getaffinity");
	while (cpu > 0 && !CPU_ISSET(cpu, &may))
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	must(!sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
}

int
main(int argc, char **argv)
{
	const char *path = getenv("LOOPS_SAVE");

	if (path) {
		saved = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		must(saved >= 0, path);
	}
	for (size_t i = 0; argc == 3 && i < sizeof(loops) / sizeof(*loops);
	     i++) {
		if (strcmp(argv[1], loops[i].name))
			continue;
		if (strcmp(argv[1], "start"))
			pin();
		loops[i].run(atol(argv[2]));
		return 0;
	}
	fprintf(stderr, "usage: loops NAME TIMES\n");
	return 2;
}
