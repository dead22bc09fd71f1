/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * refused-connect FAMILY HOW: connect to a port where nobody listens; HOW is
 * blocking or nonblocking.  The program sees ECONNREFUSED either way.
 */

#include "prog.h"
#include <poll.h>

int
main(int argc, char **argv)
{
	struct endpoint end;
	socklen_t len = sizeof(int);
	int nobody, fd, ret, error = 0;

	MUST(argc == 3);
	nobody = bound(argv[1], SOCK_STREAM, 0, &end);
	fd = socket(end.address.ss_family, SOCK_STREAM, 0);
	MUST(fd >= 0);
	if (!strcmp(argv[2], "nonblocking"))
		MUST(!fcntl(fd, F_SETFL, O_NONBLOCK));
	ret = connect(fd, (struct sockaddr *)&end.address, end.len);
	MUST(ret == -1);
	if (errno == EINPROGRESS) {
		MUST(poll(&(struct pollfd){ fd, POLLOUT, 0 }, 1, 5000) == 1);
		MUST(!getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
		errno = error;
	}
	MUST(errno == ECONNREFUSED);
	MUST(!close(fd));
	MUST(!close(nobody));
	return 0;
}
