/* SPDX-License-Identifier: BSD-2-Clause */

/* Calls that make, name and end sockets, of random.c. */

#ifndef TEST_RANDOM_SOCKET_H
#define TEST_RANDOM_SOCKET_H

#include "random.h"
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>

/* No call waits for long. */
static void
hurry(long fd)
{
	const struct timeval soon = {0, 5000};

	do_setsockopt((int)fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	do_setsockopt((int)fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
}

static char
any_family(void)
{
	if (luck(F_UNIX, 15))
		return 'u';
	return luck(F_SIX, 50) ? luck(0, 50) ? '6' : 'm' : '4';
}

static char
any_type(void)
{
	return luck(F_UDP, 40) ? 'u' : 't';
}

static long
do_socket(char family, char type, int flags)
{
	int domain = family == 'u'   ? AF_UNIX
		     : family == '4' ? AF_INET
				     : AF_INET6;
	int kind = (type == 't' ? SOCK_STREAM : SOCK_DGRAM) | flags;
	long fd = DOOR(socket(domain, kind, 0), SYS_socket, domain, kind, 0, 0,
		       0, 0);

	if (fd >= 0)
		hurry(fd);
	return fd;
}

static long
do_bind(long fd, struct endpoint *end)
{
	return DOOR(bind((int)fd, sa(end), end->len), SYS_bind, fd, P(sa(end)),
		    end->len, 0, 0, 0);
}

static long
do_connect(long fd, struct endpoint *end)
{
	return DOOR(connect((int)fd, sa(end), end->len), SYS_connect, fd,
		    P(sa(end)), end->len, 0, 0, 0);
}

static long
do_listen(long fd, int backlog)
{
	return DOOR(listen((int)fd, backlog), SYS_listen, fd, backlog, 0, 0, 0,
		    0);
}

/*
 * The peer's sockets have its address from the start; and with IPv6, where the
 * kernel would choose that of the other end, ours.
 */
static long
open_socket(char family, char type, int flags)
{
	long fd = do_socket(family, type, flags);
	struct endpoint end = address(family, 0, peer);

	if (fd >= 0 && (family == '6' || (peer && family != 'u')))
		do_bind(fd, &end);
	return fd;
}

static void
op_open(void)
{
	int slot = luck(0, 80) ? free_slot() : any_slot();
	char family = any_family(), type = any_type();
	long fd;

	if (peer && family == 'u')
		family = '4';
	fd = open_socket(family, type, luck(0, 20) ? SOCK_NONBLOCK : 0);
	put(slot, fd, family, type);
	tell("socket", slot, type, fd >= 0 ? 0 : -1, "");
}

/* The port of a socket, or -1. */
static int
port_of(long fd)
{
	struct endpoint end = {.len = sizeof(end.address)};

	if (raw(SYS_getsockname, fd, P(sa(&end)), P(&end.len), 0, 0, 0) < 0)
		return -1;
	return ntohs(((struct sockaddr_in *)&end.address)->sin_port);
}

static void
op_bind(void)
{
	int number = any_slot();
	struct slot *slot = &now.slots[number];
	struct endpoint end =
		address(slot->family,
			luck(0, 70) ? PORT + (int)chance(PORTS) : 0, peer);
	long ret;

	if (!peer && luck(F_SIX, 10))
		memset((char *)&end.address + 2 + 2, 0, end.len - 4);
	if (luck(F_BAD, 5))
		end.len = chance(30);
	ret = do_bind(slot->fd, &end);
	tell("bind", number, 0, ret, "");
}

static void
op_listen(void)
{
	int number = slot_of('t');
	long ret = do_listen(now.slots[number].fd, (int)chance(4));

	tell("listen", number, 0, ret, "");
}

static void
op_connect(void)
{
	int number = any_slot();
	struct slot *slot = &now.slots[number];
	struct endpoint end = address(slot->family, PORT + (int)chance(PORTS),
				      !peer && luck(F_PEER, 40));
	long ret;

	/* Connected to itself, it says things that tshark finds odd. */
	if (port_of(slot->fd) ==
	    ntohs(((struct sockaddr_in *)&end.address)->sin_port))
		end = address(slot->family, PORT + PORTS, false);
	if (luck(0, 15))
		end.address.ss_family = AF_UNSPEC;
	if (luck(F_BAD, 4))
		end.len = chance(30);
	if (luck(F_BAD, 2))
		ret = DOOR(connect(slot->fd, (void *)8, end.len), SYS_connect,
			   slot->fd, 8, end.len, 0, 0, 0);
	else
		ret = do_connect(slot->fd, &end);
	tell("connect", number, end.address.ss_family, ret, "");
}

/* Note for the judge: what the peer began, and we know of. */
static void
note_accepted(long fd)
{
	struct endpoint end = {.len = sizeof(end.address)};
	char text[30];

	if (peer ||
	    raw(SYS_getpeername, fd, P(sa(&end)), P(&end.len), 0, 0, 0) < 0)
		return;
	snprintf(text, sizeof(text), "# accepted %d\n",
		 ntohs(((struct sockaddr_in *)&end.address)->sin_port));
	raw(SYS_write, now.log, P(text), L(strlen(text)), 0, 0, 0);
}

static long
do_accept(long fd, bool named, int flags)
{
	struct endpoint end = {.len = sizeof(end.address)};
	long ret;

	if (named)
		ret = DOOR(accept4((int)fd, sa(&end), &end.len, flags),
			   SYS_accept4, fd, P(sa(&end)), P(&end.len), flags, 0,
			   0);
	else
		ret = DOOR(accept((int)fd, NULL, NULL), SYS_accept, fd, 0, 0, 0,
			   0, 0);
	if (ret >= 0) {
		hurry(ret);
		note_accepted(ret);
	}
	return ret;
}

static void
op_accept(void)
{
	int number = slot_of('t'), slot = free_slot();
	char family = now.slots[number].family;
	long fd;

	fd = do_accept(now.slots[number].fd, luck(0, 50),
		       luck(0, 20) ? SOCK_NONBLOCK : 0);
	tell("accept", number, slot, fd >= 0 ? 0 : -1, "");
	put(slot, fd, family, 't');
}

/* A listener on a port of its own. */
static long
make_door(char family, int *port)
{
	struct endpoint end = address(family, family == 'u' ? 99 : 0, peer);
	long door = do_socket(family, 't', 0);

	if (do_bind(door, &end) || do_listen(door, 2))
		*port = -1;
	else
		*port = family == 'u' ? 99 : port_of(door);
	return door;
}

/* Both ends here. */
static void
op_pair(void)
{
	char family = any_family(), type = any_type();
	int port, a = free_slot(), b;
	struct endpoint end;
	long door, fds[2] = {-1, -1};

	if (type == 'u') {
		end = address(family, 0, false);
		for (int i = 0; i < 2 && family != 'u'; i++) {
			fds[i] = do_socket(family, type, 0);
			do_bind(fds[i], &end);
		}
		end = address(family, port_of(fds[0]), false);
		do_connect(fds[1], &end);
	} else {
		door = make_door(family, &port);
		end = address(family, port, false);
		fds[0] = do_socket(family, type, 0);
		do_connect(fds[0], &end);
		fds[1] = do_accept(door, luck(0, 50), 0);
		do_close((int)door);
	}
	put(a, fds[0], family, type);
	b = free_slot();
	put(b, fds[1], family, type);
	tell("pair", a, b, fds[1] < 0 ? -1 : type, "");
}

static void
op_shutdown(void)
{
	int number = any_slot(), how = (int)chance(luck(F_BAD, 10) ? 5 : 3);
	long ret = DOOR(shutdown(now.slots[number].fd, how), SYS_shutdown,
			now.slots[number].fd, how, 0, 0, 0, 0);

	tell("shutdown", number, how, ret, "");
}

static void
op_close(void)
{
	int number = any_slot();
	long ret = do_close(now.slots[number].fd);

	now.slots[number] = (struct slot){.fd = -1};
	tell("close", number, 0, ret, "");
}

static void
op_names(void)
{
	int number = any_slot(), value = 0;
	struct endpoint end = {.len = sizeof(end.address)};
	socklen_t len = sizeof(value);
	struct pollfd poll_fd = {now.slots[number].fd, POLLIN | POLLOUT, 0};
	long ret;

	switch (chance(3)) {
	case 0:
		ret = DOOR(getpeername(poll_fd.fd, sa(&end), &end.len),
			   SYS_getpeername, poll_fd.fd, P(sa(&end)),
			   P(&end.len), 0, 0, 0);
		tell("getpeername", number, 0, ret, "");
		break;
	case 1:
		ret = DOOR(getsockopt(poll_fd.fd, SOL_SOCKET, SO_ERROR, &value,
				      &len),
			   SYS_getsockopt, poll_fd.fd, SOL_SOCKET, SO_ERROR,
			   P(&value), P(&len), 0);
		tell("SO_ERROR", number, value, ret, "");
		break;
	default:
		ret = DOOR(poll(&poll_fd, 1, 2), SYS_poll, P(&poll_fd), 1, 2, 0,
			   0, 0);
		tell("poll", number, poll_fd.revents, ret, "");
	}
}

static void
op_options(void)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},	 {IPPROTO_TCP, TCP_CORK, 1},
		{IPPROTO_TCP, TCP_CORK, 0},	 {IPPROTO_UDP, UDP_CORK, 1},
		{IPPROTO_UDP, UDP_CORK, 0},	 {IPPROTO_IP, IP_RECVERR, 1},
		{IPPROTO_IPV6, IPV6_RECVERR, 1}, {IPPROTO_IP, IP_PKTINFO, 1},
		{SOL_SOCKET, SO_REUSEADDR, 1},	 {SOL_SOCKET, SO_REUSEPORT, 1},
		{SOL_SOCKET, SO_RCVBUF, 4000},	 {SOL_SOCKET, SO_SNDBUF, 4000},
		{SOL_SOCKET, SO_OOBINLINE, 1},	 {SOL_SOCKET, SO_RCVLOWAT, 30},
	};
	const struct linger linger = {1, 0};
	int number = any_slot(), fd = now.slots[number].fd, value;
	uint32_t which = chance(16);
	long ret;

	if (which == 14) {
		ret = do_setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
				    sizeof(linger));
	} else if (which == 15) {
		value = luck(0, 50) ? O_NONBLOCK : 0;
		ret = DOOR(fcntl(fd, F_SETFL, value), SYS_fcntl, fd, F_SETFL,
			   value, 0, 0, 0);
	} else {
		value = options[which].value;
		if (options[which].level == IPPROTO_UDP && !may_cork())
			value = 0;
		ret = do_setsockopt(fd, options[which].level,
				    options[which].name, &value, sizeof(value));
	}
	tell("option", number, which, ret, "");
}

#endif
