/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A TCP client and an echo server, in one process or in one each.
 *
 * tcp-pair FAMILY SIZE ROUNDS                 both, in two threads
 * tcp-pair --server FAMILY SIZE ROUNDS PORT   echoes ROUNDS times SIZE bytes
 * tcp-pair --client FAMILY SIZE ROUNDS PORT
 */

#include "prog.h"

static size_t size;
static int rounds;

static void *
serve(void *argument)
{
	int door = *(int *)argument, fd = accept(door, NULL, NULL);
	unsigned char *buf = malloc(size + 1);

	MUST(fd >= 0 && buf);
	for (int i = 0; i < rounds; i++) {
		recv_all(fd, buf, size);
		send_all(fd, buf, size);
	}
	expect_end(fd);
	MUST(!close(fd));
	MUST(!close(door));
	free(buf);
	return NULL;
}

static void *
receive(void *argument)
{
	int fd = *(int *)argument;
	unsigned char *buf = malloc(size + 1);

	MUST(buf);
	for (int i = 0; i < rounds; i++) {
		recv_all(fd, buf, size);
		for (size_t at = 0; at < size; at++)
			MUST(buf[at] == pattern((size_t)i * size + at));
	}
	free(buf);
	return NULL;
}

/* A thread of its own receives: a large echo would fill both directions. */
static void
ask(const struct endpoint *end)
{
	int fd = connected(end, SOCK_STREAM);
	unsigned char *buf = malloc(size + 1);
	pthread_t receiver;

	MUST(buf);
	MUST(!pthread_create(&receiver, NULL, receive, &fd));
	for (int i = 0; i < rounds; i++) {
		fill(buf, size, (size_t)i * size);
		send_all(fd, buf, size);
	}
	MUST(!pthread_join(receiver, NULL));
	MUST(!shutdown(fd, SHUT_WR));
	expect_end(fd);
	MUST(!close(fd));
	free(buf);
}

int
main(int argc, char **argv)
{
	const char *side = argv[1] && argv[1][0] == '-' ? argv[1] : NULL;
	char **arg = side ? argv + 2 : argv + 1;
	struct endpoint end;
	pthread_t server;
	int door;

	MUST(argc == (side ? 6 : 4));
	size = strtoul(arg[1], NULL, 10);
	rounds = atoi(arg[2]);
	if (side && !strcmp(side, "--client")) {
		end = loopback(arg[0], atoi(arg[3]));
		ask(&end);
		return 0;
	}
	door = listener(arg[0], side ? atoi(arg[3]) : 0, &end);
	if (side) {
		serve(&door);
		return 0;
	}
	MUST(!pthread_create(&server, NULL, serve, &door));
	ask(&end);
	MUST(!pthread_join(server, NULL));
	return 0;
}
