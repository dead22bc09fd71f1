/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * exchange ADDRESS: some bytes over TCP and a datagram, to itself at ADDRESS.
 * C and C++. With -DMAIN the program, without it the function that does it,
 * which may be in a library.
 */

#ifdef __cplusplus
#include <string>
extern "C"
#endif
int exchange(const char *address);

#ifdef MAIN

int
main(int argc, char **argv)
{
	return argc == 2 ? exchange(argv[1]) : 2;
}

#else

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
meet(int type, const char *address, int fds[2])
{
	struct sockaddr_in end;
	struct sockaddr *any = (struct sockaddr *)&end;
	socklen_t len = sizeof(end);
	int door = socket(AF_INET, type, 0);

	memset(&end, 0, sizeof(end));
	end.sin_family = AF_INET;
	end.sin_addr.s_addr = inet_addr(address);
	fds[0] = socket(AF_INET, type, 0);
	if (bind(door, any, len) || bind(fds[0], any, len) ||
	    getsockname(door, any, &len) ||
	    (type == SOCK_STREAM && listen(door, 1)) ||
	    connect(fds[0], any, len))
		return -1;
	fds[1] = type == SOCK_STREAM ? accept(door, NULL, NULL) : door;
	return door == fds[1] || !close(door) ? 0 : -1;
}

int
exchange(const char *address)
{
#ifdef __cplusplus
	std::string word("from C++");
	const char *text = word.c_str();
#else
	const char *text = "from C";
#endif
	ssize_t len = (ssize_t)strlen(text);
	char buf[64];
	int fds[2];

	if (meet(SOCK_STREAM, address, fds) ||
	    send(fds[0], text, (size_t)len, 0) != len ||
	    recv(fds[1], buf, sizeof(buf), 0) != len ||
	    write(fds[1], "back", 4) != 4 ||
	    read(fds[0], buf, sizeof(buf)) != 4 || close(fds[0]) ||
	    recv(fds[1], buf, sizeof(buf), 0) != 0 || close(fds[1]))
		return 3;
	if (meet(SOCK_DGRAM, address, fds) ||
	    send(fds[0], "datagram", 8, 0) != 8 ||
	    recv(fds[1], buf, sizeof(buf), 0) != 8 || close(fds[0]) ||
	    close(fds[1]))
		return 4;
	return 0;
}

#endif
