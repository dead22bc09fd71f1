/* SPDX-License-Identifier: BSD-2-Clause */

/* echo-server PORT: echoes on TCP and UDP port PORT of 127.0.0.1, for ever. */

#include "prog.h"

static void *
echo_stream(void *argument)
{
	int fd = (int)(intptr_t)argument;
	char buf[65536];
	ssize_t ret;

	while ((ret = read(fd, buf, sizeof(buf))) > 0)
		if (send(fd, buf, (size_t)ret, MSG_NOSIGNAL) != ret)
			break;
	close(fd);
	return NULL;
}

static void *
echo_datagrams(void *argument)
{
	int fd = *(int *)argument;
	struct endpoint from;
	char buf[65536];

	for (;;) {
		ssize_t ret;

		from.len = sizeof(from.address);
		ret = recvfrom(fd, buf, sizeof(buf), 0,
			       (struct sockaddr *)&from.address, &from.len);
		if (ret >= 0)
			sendto(fd, buf, (size_t)ret, 0,
			       (struct sockaddr *)&from.address, from.len);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	struct endpoint end;
	pthread_attr_t detached;
	pthread_t thread;
	int door, udp;

	MUST(argc == 2);
	udp = bound("4", SOCK_DGRAM, atoi(argv[1]), &end);
	door = listener("4", atoi(argv[1]), &end);
	MUST(!pthread_attr_init(&detached));
	MUST(!pthread_attr_setdetachstate(&detached,
					  PTHREAD_CREATE_DETACHED));
	MUST(!pthread_create(&thread, &detached, echo_datagrams, &udp));
	for (;;) {
		int fd = accept(door, NULL, NULL);

		MUST(fd >= 0);
		MUST(!pthread_create(&thread, &detached, echo_stream,
				     (void *)(intptr_t)fd));
	}
}
