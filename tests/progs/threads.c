/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * threads ROUNDS: 8 threads, each with a connection of its own and all with
 * one shared TCP and one shared UDP socket; a signal handler that sends on the
 * shared connection; a fork in the middle, whose child talks too.
 *
 * Everything sent on the shared sockets is the same MESSAGE, so that the
 * streams are known although the order of the threads is not.
 */

#include "prog.h"
#include <stdatomic.h>
#include <sys/time.h>

#define THREADS 8
#define MESSAGE "the same sixty-four bytes from every thread " \
	"and every handler .\n"

static int rounds, shared[2], udp, udp_server;
static atomic_ulong stream_len;

static void
on_alarm(int number UNUSED)
{
	int kept = errno;
	ssize_t ret =
		send(shared[0], MESSAGE, 64, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (ret > 0)
		atomic_fetch_add(&stream_len, (unsigned long)ret);
	/* ThreadSanitizer hands a signal on late: after the shutdown, too. */
	else if (errno != EAGAIN && errno != EPIPE)
		abort();
	errno = kept;
}

static void
own_connection(int count)
{
	unsigned char buf[512];
	int fds[2];

	pair_of("4", fds);
	for (int i = 0; i < count; i++) {
		size_t len = 1 + (size_t)i % sizeof(buf);

		fill(buf, len, (size_t)i * 7);
		send_all(fds[i % 2], buf, len);
		recv_all(fds[!(i % 2)], buf, len);
	}
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
}

static void *
busy(void *unused UNUSED)
{
	for (int i = 0; i < rounds; i++) {
		send_all(shared[0], MESSAGE, 64);
		atomic_fetch_add(&stream_len, 64);
		MUST(send(udp, MESSAGE, 64, 0) == 64);
		if (i % 50 == 0)
			own_connection(100);
	}
	return NULL;
}

static void *
drain_stream(void *len)
{
	char buf[4096];
	ssize_t ret;

	while ((ret = read(shared[1], buf, sizeof(buf))) > 0)
		*(unsigned long *)len += (unsigned long)ret;
	MUST(ret == 0);
	return NULL;
}

static void *
drain_datagrams(void *unused UNUSED)
{
	struct endpoint from;
	char buf[100];

	do {
		from.len = sizeof(from.address);
	} while (recvfrom(udp_server, buf, sizeof(buf), 0,
			  (struct sockaddr *)&from.address, &from.len) > 0);
	return NULL;
}

static void
signals(int microseconds)
{
	struct itimerval every = { { 0, microseconds }, { 0, microseconds } };

	MUST(!setitimer(ITIMER_REAL, &every, NULL));
}

static void
fork_in_the_middle(void)
{
	int status;
	pid_t child = fork();

	MUST(child >= 0);
	if (!child) {
		own_connection(20);
		_exit(0);
	}
	while (waitpid(child, &status, 0) != child)
		MUST(errno == EINTR);
	MUST(status == 0);
}

int
main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm,
				    .sa_flags = SA_RESTART };
	pthread_t thread[THREADS], reader[2];
	unsigned long received = 0;
	struct endpoint end;

	MUST(argc == 2);
	rounds = atoi(argv[1]);
	pair_of("4", shared);
	udp_server = bound("4", SOCK_DGRAM, 0, &end);
	udp = connected(&end, SOCK_DGRAM);
	MUST(!pthread_create(&reader[0], NULL, drain_stream, &received));
	MUST(!pthread_create(&reader[1], NULL, drain_datagrams, NULL));
	MUST(!sigaction(SIGALRM, &action, NULL));
	signals(700);
	for (int i = 0; i < THREADS; i++)
		MUST(!pthread_create(&thread[i], NULL, busy, NULL));
	fork_in_the_middle();
	for (int i = 0; i < THREADS; i++)
		MUST(!pthread_join(thread[i], NULL));
	signals(0);
	MUST(!shutdown(shared[0], SHUT_WR));
	MUST(!pthread_join(reader[0], NULL));
	MUST(received == atomic_load(&stream_len));
	/* An empty datagram ends the reader. */
	MUST(send(udp, "", 0, 0) == 0);
	MUST(!pthread_join(reader[1], NULL));
	MUST(!close(shared[1]) && !close(shared[0]));
	return 0;
}
