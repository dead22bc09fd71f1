/* SPDX-License-Identifier: BSD-2-Clause */

#include "ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
ask(int port, const char *question, char *answer, size_t size)
{
	struct sockaddr_in server = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ssize_t len = -1;

	server.sin_port = htons((uint16_t)port);
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0 &&
	    send(fd, question, strlen(question), 0) >= 0)
		len = recv(fd, answer, size - 1, 0);
	if (len < 0)
		len = -errno;
	else
		answer[len] = '\0';
	close(fd);
	return len < 0 ? (int)len : 0;
}
