/* SPDX-License-Identifier: BSD-2-Clause */

/* The peer, processes, threads, signals and descriptors, of random.c. */

#ifndef TEST_RANDOM_PROCESS_H
#define TEST_RANDOM_PROCESS_H

#include "random-data.h"
#include "random-socket.h"
#include <poll.h>
#include <sys/time.h>

/* One call by chance. */
void run_one(void);

/* To the peer: do one thing; it answers with a number. */
struct order {
	char what; /* 'o': a call by chance; 'd': door; 'a': accept; 'c': connect */
	char family, type;
	int port, step;
	uint64_t chance;
};

static int
ask_peer(struct order order)
{
	int answer = -1;

	order.step = now.step;
	if (raw(SYS_write, now.to_peer, P(&order), sizeof(order), 0, 0, 0) < 0)
		return -1;
	raw(SYS_read, now.from_peer, P(&answer), sizeof(answer), 0, 0, 0);
	return answer;
}

static int
obey(const struct order *order)
{
	static long door = -1;
	struct endpoint end;
	int port = -1;
	long fd = -1;

	now.step = order->step;
	switch (order->what) {
	case 'o':
		now.chance = order->chance;
		run_one();
		return 0;
	case 'd':
		door = make_door(order->family, &port);
		return port;
	case 'a':
		fd = do_accept(door, false, 0);
		do_close((int)door);
		break;
	default:
		fd = open_socket(order->family, order->type, 0);
		end = address(order->family, order->port, false);
		do_connect(fd, &end);
		port = port_of(fd);
	}
	put(free_slot(), fd, order->family, order->type);
	return port;
}

/* Its calls pass the library by, so that only this end tells of them. */
static void
start_peer(void)
{
	int there[2], back[2];
	struct order order;

	if (!(now.features & F_PEER))
		return;
	MUST(!pipe2(there, O_CLOEXEC) && !pipe2(back, O_CLOEXEC));
	if (fork() == 0) {
		peer = true;
		raw(SYS_close, there[1], 0, 0, 0, 0, 0);
		raw(SYS_close, back[0], 0, 0, 0, 0, 0);
		while (raw(SYS_read, there[0], P(&order), sizeof(order), 0, 0,
			   0) == sizeof(order)) {
			int answer = obey(&order);

			raw(SYS_write, back[1], P(&answer), sizeof(answer), 0,
			    0, 0);
		}
		/* Ends after the other one, whose end it would be. */
		usleep(3000);
		raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
	}
	now.to_peer = fcntl(there[1], F_DUPFD, 200);
	now.from_peer = fcntl(back[0], F_DUPFD, 200);
	for (int i = 0; i < 2; i++)
		MUST(!close(there[i]) && !close(back[i]));
}

static void
op_peer(void)
{
	uint64_t seed = now.chance;

	chance(2);
	ask_peer((struct order){.what = 'o', .chance = seed * 3 + 1});
}

/* One end here, the other one the peer's. */
static void
op_link(void)
{
	char family = any_family(), type = any_type();
	bool serve = luck(0, 50);
	int port, slot = free_slot();
	struct endpoint end;
	long door, fd;

	if (family == 'u')
		family = '4';
	if (type == 'u') {
		end = address(family, 0, false);
		fd = do_socket(family, type, 0);
		do_bind(fd, &end);
		port = ask_peer((struct order){.what = 'c',
					       .family = family,
					       .type = type,
					       .port = port_of(fd)});
		end = address(family, port, true);
		if (luck(0, 60))
			do_connect(fd, &end);
	} else if (serve) {
		door = make_door(family, &port);
		ask_peer((struct order){.what = 'c',
					.family = family,
					.type = type,
					.port = port});
		fd = do_accept(door, luck(0, 50), 0);
		do_close((int)door);
	} else {
		port = ask_peer((struct order){.what = 'd', .family = family});
		end = address(family, port, true);
		fd = open_socket(family, type, 0);
		do_connect(fd, &end);
		ask_peer((struct order){
			.what = 'a', .family = family, .type = type});
	}
	put(slot, fd, family, type);
	tell("link", slot, serve, fd < 0 ? -1 : type, "");
}

static void
forget_closed(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (now.slots[i].fd >= 0 &&
		    raw(SYS_fcntl, now.slots[i].fd, F_GETFD, 0, 0, 0, 0) < 0)
			now.slots[i] = (struct slot){.fd = -1};
}

/*
 * Bytes that wait would be sent by the close of one end, and make that of the
 * other one, of the same call, a reset: this nobody sees in time.
 */
static void
uncork(void)
{
	int zero = 0;

	for (int i = 0; i < SLOTS; i++)
		do_setsockopt(now.slots[i].fd, IPPROTO_TCP, TCP_CORK, &zero,
			      sizeof(zero));
}

static void
op_dup(void)
{
	int from = any_slot(), to = any_slot(), first;
	struct slot *a = &now.slots[from], *b = &now.slots[to];
	long ret;

	switch (chance(6)) {
	case 0:
		ret = dup(a->fd);
		break;
	case 1:
		ret = fcntl(a->fd, F_DUPFD, 20 + (int)chance(40));
		break;
	case 2:
		ret = fcntl(a->fd, F_DUPFD_CLOEXEC, 20 + (int)chance(40));
		break;
	case 3:
		ret = dup2(a->fd, b->fd);
		tell("dup2", from, to, ret, "");
		if (ret >= 0)
			*b = *a, b->fd = (int)ret;
		return;
	case 4:
		ret = dup3(a->fd, b->fd, luck(0, 50) ? O_CLOEXEC : 0);
		tell("dup3", from, to, ret, "");
		if (ret >= 0)
			*b = *a, b->fd = (int)ret;
		return;
	default:
		first = 3 + (int)chance(20);
		uncork();
		ret = close_range((unsigned int)first,
				  (unsigned int)first + chance(3),
				  luck(0, 30) ? CLOSE_RANGE_CLOEXEC : 0);
		tell("close_range", first, 0, ret, "");
		forget_closed();
		return;
	}
	tell("dup", from, 0, ret, "");
	if (ret >= 0)
		put(to, ret, a->family, a->type);
}

/* A descriptor goes through a socket of this process. */
static void
op_pass(void)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	char byte = 'p';
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	int from = any_slot(), to = any_slot(), fds[2], got = -1;
	long ret;

	MUST(!socketpair(AF_UNIX, luck(0, 50) ? SOCK_STREAM : SOCK_SEQPACKET, 0,
			 fds));
	memcpy(CMSG_DATA(&control.header), &now.slots[from].fd, sizeof(int));
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	ret = sendmsg(fds[0], &msg, 0);
	if (ret == 1 && recvmsg(fds[1], &msg, 0) == 1 && msg.msg_controllen)
		memcpy(&got, CMSG_DATA(&control.header), sizeof(int));
	tell("pass", from, to, got >= 0 ? 0 : -1, "");
	close(fds[0]);
	close(fds[1]);
	put(to, got, now.slots[from].family, now.slots[from].type);
}

static volatile sig_atomic_t handler_fd;

static void
on_alarm(int number)
{
	(void)number;
	send(handler_fd, "from a handler", 14, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
op_signal(void)
{
	const struct itimerval soon = {{0, 0}, {0, 1500}},
			       never = {{0, 0}, {0, 0}};
	const struct sigaction action = {.sa_handler = on_alarm,
					 .sa_flags =
						 luck(0, 30) ? SA_RESTART : 0};
	int number = any_slot();
	char buf[100];
	long ret;

	handler_fd = now.slots[any_slot()].fd;
	MUST(!sigaction(SIGALRM, &action, NULL));
	MUST(!setitimer(ITIMER_REAL, &soon, NULL));
	ret = recv(now.slots[number].fd, buf, sizeof(buf), 0);
	tell("interrupted", number, 0, ret, "");
	MUST(!setitimer(ITIMER_REAL, &never, NULL));
}

static int race_fd;

static bool
is_race_socket(int fd)
{
	uint64_t cookies[2] = {0, 0};
	socklen_t len = sizeof(cookies[0]);

	for (int i = 0; i < 2; i++)
		raw(SYS_getsockopt, i ? fd : race_fd, SOL_SOCKET, SO_COOKIE,
		    P(&cookies[i]), P(&len), 0);
	return cookies[0] == cookies[1];
}

static void *
race(void *argument)
{
	char buf[200] = "";

	for (int i = 0; i < 6; i++)
		if (argument)
			send(race_fd, buf, 10 + 30 * (size_t)i, MSG_NOSIGNAL);
		else
			recv(race_fd, buf, sizeof(buf), 0);
	return NULL;
}

/* One thread moves bytes while another one does something else. */
static void
op_race(void)
{
	int number = any_slot();
	void *sends = luck(0, 50) ? "" : NULL;
	pthread_t thread;

	race_fd = now.slots[number].fd;
	MUST(!pthread_create(&thread, NULL, race, sends));
	for (uint32_t i = chance(5); i > 0; i--)
		switch (chance(4)) {
		case 0:
			/* Two that do the same: nobody knows the order. */
			if (sends)
				op_receive();
			break;
		case 1:
			op_shutdown();
			break;
		case 2:
			op_close();
			break;
		default:
			number = any_slot();
			if (!is_race_socket(now.slots[number].fd))
				send(now.slots[number].fd, "race", 4,
				     MSG_NOSIGNAL);
		}
	MUST(!pthread_join(thread, NULL));
	tell("race", 0, 0, 0, "");
}

/* A child has the same sockets, and its own after that. */
static void
op_fork(void)
{
	uint32_t calls = chance(12), how = chance(3);
	pid_t child;
	int status = 0;

	tell("fork", 0, L(calls), 0, "");
	child = fork();
	MUST(child >= 0);
	if (child == 0) {
		now.features &= ~(unsigned int)(F_FORK | F_EXEC);
		while (calls--)
			run_one();
		uncork();
		tell("child ends", 0, L(how), 0, "");
		if (how == 0)
			exit(0);
		_exit(0);
	}
	MUST(waitpid(child, &status, 0) == child);
	tell("child", 0, 0, status, "");
}

static void
op_exec(void)
{
	char state[2 * sizeof(now) + 1];
	char *argv[] = {"random", state, NULL};

	tell("exec", 0, 0, 0, "");
	now.features &= ~(unsigned int)F_EXEC;
	if (luck(0, 30))
		now.features |= F_EXEC;
	for (size_t i = 0; i < sizeof(now); i++)
		snprintf(state + 2 * i, 3, "%02x", ((uint8_t *)&now)[i]);
	execv("/proc/self/exe", argv);
	MUST(false);
}

static void
resume(const char *state)
{
	for (size_t i = 0; i < sizeof(now); i++) {
		unsigned int byte;

		MUST(sscanf(state + 2 * i, "%2x", &byte) == 1);
		((uint8_t *)&now)[i] = (uint8_t)byte;
	}
	forget_closed();
}

#endif
