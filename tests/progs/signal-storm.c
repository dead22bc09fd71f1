/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * signal-storm SIZE: a handler leaves every 150 microseconds what the program
 * is at, which is send, until SIZE bytes have arrived. Says how many they were.
 */

#include "prog.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <sys/time.h>

static sigjmp_buf back;
static _Atomic size_t received;

static void
leave(int number UNUSED)
{
	siglongjmp(back, 1);
}

static void *
reader(void *fd)
{
	static char buf[65536];
	ssize_t len;

	while ((len = recv(*(int *)fd, buf, sizeof(buf), 0)) > 0)
		received += (size_t)len;
	MUST(len == 0);
	return NULL;
}

static void
storm(int fd, size_t size)
{
	const struct itimerval every = {{0, 150}, {0, 150}};
	const struct sigaction action = {.sa_handler = leave};
	static char message[1000];
	static volatile int started;

	MUST(!sigaction(SIGALRM, &action, NULL));
	if (!sigsetjmp(back, 1))
		started = 0;
	if (!started) {
		started = 1;
		MUST(!setitimer(ITIMER_REAL, &every, NULL));
	}
	while (received < size)
		send(fd, message, sizeof(message), MSG_NOSIGNAL);
}

int
main(int argc, char **argv)
{
	const struct itimerval never = {{0, 0}, {0, 0}};
	pthread_t thread;
	sigset_t set;
	int fds[2];

	MUST(argc == 2);
	pair_of("4", fds);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	MUST(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	MUST(!pthread_create(&thread, NULL, reader, &fds[1]));
	MUST(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	storm(fds[0], (size_t)atol(argv[1]));
	MUST(!setitimer(ITIMER_REAL, &never, NULL));
	MUST(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	send_all(fds[0], "end", 3);
	MUST(!close(fds[0]) && !pthread_join(thread, NULL));
	MUST(!close(fds[1]));
	printf("%zu\n", (size_t)received);
	return 0;
}
