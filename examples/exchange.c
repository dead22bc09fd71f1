/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the examples build and test: a client and its server in one.
 *
 *	exchange QUESTION
 *
 * The server answers "yes" to "right" and "no" to all else; anything but "yes"
 * is a failure.
 */

#include "ask.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_NETSPY
#include <netspy.h>
#else
#define netspy_mark(text) ((void)(text))
#endif

static void
serve(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char question[32] = "";

	recv(fd, question, sizeof(question) - 1, 0);
	if (strcmp(question, "right") == 0)
		send(fd, "yes", 3, 0);
	else
		send(fd, "no", 2, 0);
	close(fd);
}

int
main(int argc, char **argv)
{
	const char *question = argc > 1 ? argv[1] : "right";
	struct sockaddr_in own = {.sin_family = AF_INET};
	socklen_t len = sizeof(own);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char answer[32] = "";

	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&own, len) != 0 ||
	    listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&own, &len) != 0) {
		perror("exchange");
		return 2;
	}
	if (fork() == 0) {
		serve(listener);
		return 0;
	}
	netspy_mark(question);
	ask(ntohs(own.sin_port), question, answer, sizeof(answer));
	wait(NULL);
	printf("%s: %s\n", question, answer);
	return strcmp(answer, "yes") == 0 ? 0 : 1;
}
