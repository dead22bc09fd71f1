/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that fail without a packet, then a connection to the host of that
 * name, which is this one.
 *
 * usage: failures [HOST]
 */

#include "prog.h"

#include <netdb.h>

static void
fail_to_look_up(const char *name, int flags)
{
	const struct addrinfo hints = {.ai_flags = flags};
	struct addrinfo *list;

	MUST(getaddrinfo(name, NULL, &hints, &list) != 0);
}

static void
fail_to_connect(int type, const char *address, uint16_t port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6,
				   .sin6_port = htons(port)};
	struct sockaddr_in four = {.sin_family = AF_INET,
				   .sin_port = htons(port)};
	bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
	int fd = socket(is_six ? AF_INET6 : AF_INET, type, 0);

	inet_pton(AF_INET, address, &four.sin_addr);
	MUST(connect(fd, is_six ? (void *)&six : (void *)&four,
		     is_six ? sizeof(six) : sizeof(four)) < 0);
	close(fd);
}

static void
fail_to_send(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "192.0.2.2", &addr.sin_addr);
	MUST(sendto(fd, "hello", 5, 0, (void *)&addr, sizeof(addr)) < 0);
	/* Tried again later: no failure. */
	MUST(recv(fd, &addr, 1, MSG_DONTWAIT) < 0);
	close(fd);
}

static void
talk_to(const char *host)
{
	struct addrinfo hints = {.ai_family = AF_INET,
				 .ai_socktype = SOCK_STREAM};
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, accepted;
	struct addrinfo *list;
	char text[5];

	MUST(bind(listener, (void *)&addr, len) == 0);
	MUST(listen(listener, 1) == 0);
	MUST(getsockname(listener, (void *)&addr, &len) == 0);
	MUST(getaddrinfo(host, NULL, &hints, &list) == 0);
	((struct sockaddr_in *)(void *)list->ai_addr)->sin_port = addr.sin_port;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(connect(fd, list->ai_addr, list->ai_addrlen) == 0);
	freeaddrinfo(list);
	accepted = accept(listener, NULL, NULL);
	MUST(send(fd, "hello", 5, 0) == 5);
	MUST(recv(accepted, text, sizeof(text), MSG_WAITALL) == 5);
	close(fd);
	close(accepted);
	close(listener);
}

int
main(int argc, char **argv)
{
	fail_to_look_up("nosuch.test", 0);
	/* Whether it is a number: no failure of the network's. */
	fail_to_look_up("number.test", AI_NUMERICHOST);
	fail_to_connect(SOCK_STREAM, "192.0.2.1", 80);
	fail_to_connect(SOCK_DGRAM, "192.0.2.1", 53);
	fail_to_connect(SOCK_STREAM, "2001:db8::1:0:0:1", 443);
	fail_to_send();
	if (argc > 1)
		talk_to(argv[1]);
	return 0;
}
