/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nonblocking-connect HOW: a connect that returns EINPROGRESS or succeeds at
 * once is learnt of by HOW: getsockopt (SO_ERROR after poll), again (a second
 * connect), or send (the first bytes).
 */

#include "prog.h"
#include <poll.h>

int
main(int argc, char **argv)
{
	struct endpoint end;
	struct pollfd ready = { .events = POLLOUT };
	int door = listener("4", 0, &end), client, server, error = -1, ret;
	socklen_t len = sizeof(error);
	char buf[16];

	MUST(argc == 2);
	client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	MUST(client >= 0);
	ret = connect(client, (struct sockaddr *)&end.address, end.len);
	MUST(ret == 0 || errno == EINPROGRESS);
	ready.fd = client;
	MUST(poll(&ready, 1, 5000) == 1);
	if (!strcmp(argv[1], "getsockopt")) {
		MUST(!getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &len));
		MUST(error == 0);
	} else if (!strcmp(argv[1], "again")) {
		ret = connect(client, (struct sockaddr *)&end.address,
			      end.len);
		MUST(ret == 0 || errno == EISCONN);
	}
	send_all(client, "hello", 5);
	server = accept4(door, NULL, NULL, SOCK_CLOEXEC);
	MUST(server >= 0);
	recv_all(server, buf, 5);
	MUST(!memcmp(buf, "hello", 5));
	send_all(server, "goodbye", 7);
	MUST(poll(&(struct pollfd){ client, POLLIN, 0 }, 1, 5000) == 1);
	recv_all(client, buf, 7);
	MUST(!close(client));
	expect_end(server);
	MUST(!close(server));
	MUST(!close(door));
	return 0;
}
