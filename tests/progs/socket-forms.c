/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * socket-forms: every name by which a program makes, changes, copies or closes
 * a socket, in vain and then on a connection of its own. The n-th moves 10 + n
 * bytes that the recording must find in that connection and in no other.
 *
 * socket-forms names: which they are, and what the capture has of each, the n
 * being N.
 */

#include "peer.h"
#include <poll.h>
#ifdef __GLIBC__
#include <sys/pidfd.h>
#endif

ANOTHER_NAME(socket, __socket);
ANOTHER_NAME(connect, __connect);
ANOTHER_NAME(bind, __bind);
ANOTHER_NAME(listen, __listen);
ANOTHER_NAME(close, __close);
ANOTHER_NAME(close, __close_nocancel);
ANOTHER_NAME(dup2, __dup2);
ANOTHER_NAME(dup3, __dup3);
ANOTHER_NAME(fcntl, __fcntl);

/* Any of them; what a and address are is the driver's matter. */
typedef long function(int fd, int a, void *address, socklen_t len);

#define COPY 77 /* a free number */

static char buf[100];
static int null, own_pidfd;

static void
say_and_close(int fd, int peer, size_t len)
{
	say(fd, peer, len);
	MUST(!close(fd));
	hear_end(peer);
}

/* Where the peer waits to be connected to. */
static int
door_of_peer(struct endpoint *end)
{
	int door = peer_bound("4", SOCK_STREAM, end);

	MUST(!NSPY_SYS2(SYS_listen, door, 1));
	return door;
}

static int
peer_accept(int door)
{
	int peer = (int)NSPY_SYS4(SYS_accept4, door, NULL, NULL, 0);

	MUST(peer >= 0);
	peer_close(door);
	return peer;
}

static void
make(function *by, size_t len)
{
	struct endpoint end;
	int door = door_of_peer(&end), fd;

	MUST(by(-1, 0, NULL, 0) == -1 && errno == EAFNOSUPPORT);
	fd = (int)by(AF_INET, 0, NULL, 0);
	MUST(fd >= 0);
	MUST(!connect(fd, (struct sockaddr *)&end.address, end.len));
	say_and_close(fd, peer_accept(door), len);
}

static void
open_by(function *by, size_t len)
{
	struct endpoint end;
	int door = door_of_peer(&end), fd = socket(AF_INET, SOCK_STREAM, 0);

	MUST(by(-1, 0, &end.address, end.len) == -1 && errno == EBADF);
	MUST(by(fd, 0, &end.address, 3) == -1 && errno == EINVAL);
	MUST(!by(fd, 0, &end.address, end.len));
	MUST(by(fd, 0, &end.address, end.len) == -1 && errno == EISCONN);
	say_and_close(fd, peer_accept(door), len);
}

/* The program's end is the server's, and the peer speaks. */
static void
serve(int door, function *accept_by, size_t len)
{
	struct endpoint end = {.len = sizeof(end.address)};
	int fd, peer = (int)NSPY_SYS3(SYS_socket, AF_INET, SOCK_STREAM, 0);

	MUST(!getsockname(door, (struct sockaddr *)&end.address, &end.len));
	MUST(!NSPY_SYS3(SYS_connect, peer, &end.address, end.len));
	fd = accept_by ? (int)accept_by(door, 0, NULL, 0)
		       : accept(door, NULL, NULL);
	MUST(fd >= 0 && !close(door));
	peer_send(peer, buf, len);
	recv_all(fd, buf, len);
	MUST(!close(fd));
	hear_end(peer);
}

static void
bind_by(function *by, size_t len)
{
	struct endpoint end = loopback("4", 0);
	int door = socket(AF_INET, SOCK_STREAM, 0);

	MUST(by(-1, 0, &end.address, end.len) == -1 && errno == EBADF);
	MUST(!by(door, 0, &end.address, end.len));
	MUST(by(door, 0, &end.address, end.len) == -1 && errno == EINVAL);
	MUST(!listen(door, 1));
	serve(door, NULL, len);
}

static void
listen_by(function *by, size_t len)
{
	struct endpoint end;
	int door = bound("4", SOCK_STREAM, 0, &end);

	MUST(by(-1, 0, NULL, 0) == -1 && errno == EBADF);
	MUST(!by(door, 0, NULL, 0));
	serve(door, NULL, len);
}

static void
accept_by(function *by, size_t len)
{
	struct endpoint end;
	int door = listener("4", 0, &end);

	MUST(!fcntl(door, F_SETFL, O_NONBLOCK));
	MUST(by(door, 0, NULL, 0) == -1 && errno == EAGAIN);
	MUST(by(-1, 0, NULL, 0) == -1 && errno == EBADF);
	serve(door, by, len);
}

/* The number of a connection that has ended is a file's afterwards. */
static void
close_by(function *by, size_t len)
{
	int peer, low = connected_to_peer("4", &peer);
	int fd = fcntl(low, F_DUPFD, 100);

	/* Nothing, or what has no number, is closed. */
	MUST(fd >= 100 && !close(low));
	MUST(by(-1, 1, NULL, 0) == -1);
	say(fd, peer, len);
	MUST(by(fd, 0, NULL, 0) >= 0);
	hear_end(peer);
	MUST(NSPY_SYS3(SYS_dup3, null, fd, 0) == fd);
	MUST(write(fd, buf, 5) == 5 && !close(fd));
}

/* It ends with its last number. */
static void
copy_by(function *by, size_t len)
{
	int peer, fd = connected_to_peer("4", &peer), copy;

	MUST(by(-1, 0, NULL, 0) == -1 && errno == EBADF);
	copy = (int)by(fd, 0, NULL, 0);
	MUST(copy >= 0 && !close(fd));
	say_and_close(copy, peer, len);
}

/* What the peer says behind our end is ours still. */
static void
shut_by(function *by, size_t len)
{
	int peer, fd = connected_to_peer("4", &peer);

	MUST(by(-1, SHUT_WR, NULL, 0) == -1 && errno == EBADF);
	MUST(by(fd, 9, NULL, 0) == -1 && errno == EINVAL);
	say(fd, peer, len);
	MUST(!by(fd, SHUT_WR, NULL, 0));
	peer_send(peer, buf, len);
	recv_all(fd, buf, len);
	MUST(send(fd, buf, 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	hear_end(peer);
	MUST(!close(fd));
}

/* A connection that is complete when the program hears of it. */
static void
ask_by(function *by, size_t len)
{
	struct endpoint end;
	int door = door_of_peer(&end), error = -1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd ready = {fd, POLLOUT, 0};

	MUST(by(-1, SO_ERROR, &error, sizeof(error)) == -1 && errno == EBADF);
	MUST(by(fd, 9999, &error, sizeof(error)) == -1);
	MUST(errno == ENOPROTOOPT);
	MUST(connect(fd, (struct sockaddr *)&end.address, end.len) == -1);
	MUST(errno == EINPROGRESS && poll(&ready, 1, -1) == 1);
	MUST(!by(fd, SO_ERROR, &error, sizeof(error)) && error == 0);
	say_and_close(fd, peer_accept(door), len);
}

static void
set_by(function *by, size_t len)
{
	struct linger now = {1, 0};
	int peer, fd = connected_to_peer("4", &peer);

	MUST(by(-1, SO_LINGER, &now, sizeof(now)) == -1 && errno == EBADF);
	MUST(by(fd, SO_LINGER, &now, 1) == -1 && errno == EINVAL);
	say(fd, peer, len);
	MUST(!by(fd, SO_LINGER, &now, sizeof(now)) && !close(fd));
	peer_close(peer);
}

/* What is between two sockets of this machine is not on the connection. */
static void
pair_by(function *by, size_t len)
{
	int fds[2], peer, fd = connected_to_peer("4", &peer);

	MUST(by(AF_INET, 0, fds, 0) == -1 && errno == EOPNOTSUPP);
	say(fd, peer, len);
	MUST(!by(AF_UNIX, 0, fds, 0));
	MUST(send(fds[0], buf, 5, 0) == 5 && recv(fds[1], buf, 5, 0) == 5);
	MUST(!close(fds[0]) && !close(fds[1]) && !close(fd));
	hear_end(peer);
}

static long
close_stream(int fd)
{
	FILE *stream = fdopen(fd, "w");

	return stream ? fclose(stream) : -1;
}

typedef FILE *freopen_function(const char *, const char *, FILE *);

/* The number stays, with another file. */
static long
replace_stream(freopen_function *replace, int fd)
{
	FILE *stream = fdopen(fd, "w");

	return stream && replace("/dev/null", "r", stream) ? 0 : -1;
}

#define SOCK SOCK_STREAM | SOCK_CLOEXEC
#define WAYS(WAY)                                                              \
	WAY(make, socket, socket(fd, SOCK, 0))                                 \
	WAY(make, __socket, OWN(socket, __socket)(fd, SOCK, 0))                \
	WAY(make, SYS_socket, syscall(SYS_socket, fd, SOCK, 0))                \
	WAY(open_by, connect, connect(fd, address, len))                       \
	WAY(open_by, __connect, NAME(connect, __connect)(fd, address, len))    \
	WAY(open_by, SYS_connect, syscall(SYS_connect, fd, address, len))      \
	WAY(bind_by, bind, bind(fd, address, len))                             \
	WAY(bind_by, __bind, OWN(bind, __bind)(fd, address, len))              \
	WAY(bind_by, SYS_bind, syscall(SYS_bind, fd, address, len))            \
	WAY(listen_by, listen, listen(fd, 1))                                  \
	WAY(listen_by, __listen, OWN(listen, __listen)(fd, 1))                 \
	WAY(listen_by, SYS_listen, syscall(SYS_listen, fd, 1))                 \
	WAY(accept_by, accept, accept(fd, NULL, NULL))                         \
	WAY(accept_by, accept4, accept4(fd, NULL, NULL, SOCK_CLOEXEC))         \
	WAY(accept_by, SYS_accept4,                                            \
	    syscall(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC))                \
	WAY(close_by, close, close(fd))                                        \
	WAY(close_by, __close, NAME(close, __close)(fd))                       \
	WAY(close_by, __close_nocancel, OWN(close, __close_nocancel)(fd))      \
	WAY(close_by, SYS_close, syscall(SYS_close, fd))                       \
	WAY(close_by, SYS_close_range, syscall(SYS_close_range, fd, fd, a))    \
	WAY(close_by, over_dup2, dup2(null, fd))                               \
	WAY(close_by, over_dup3, dup3(null, fd, O_CLOEXEC))                    \
	WAY(close_by, fclose, close_stream(fd))                                \
	WAY(close_by, freopen, replace_stream(freopen, fd))                    \
	WAY(copy_by, dup, dup(fd))                                             \
	WAY(copy_by, SYS_dup, syscall(SYS_dup, fd))                            \
	WAY(copy_by, dup2, dup2(fd, COPY))                                     \
	WAY(copy_by, __dup2, NAME(dup2, __dup2)(fd, COPY))                     \
	WAY(copy_by, dup3, dup3(fd, COPY, O_CLOEXEC))                          \
	WAY(copy_by, __dup3, OWN(dup3, __dup3)(fd, COPY, O_CLOEXEC))           \
	WAY(copy_by, SYS_dup3, syscall(SYS_dup3, fd, COPY, O_CLOEXEC))         \
	WAY(copy_by, fcntl, fcntl(fd, F_DUPFD, COPY))                          \
	WAY(copy_by, __fcntl, NAME(fcntl, __fcntl)(fd, F_DUPFD_CLOEXEC, COPY)) \
	WAY(copy_by, SYS_fcntl, syscall(SYS_fcntl, fd, F_DUPFD, COPY))         \
	WAY(copy_by, SYS_pidfd_getfd,                                          \
	    syscall(SYS_pidfd_getfd, own_pidfd, fd, 0))                        \
	WAY(shut_by, shutdown, shutdown(fd, a))                                \
	WAY(shut_by, SYS_shutdown, syscall(SYS_shutdown, fd, a))               \
	WAY(ask_by, getsockopt, getsockopt(fd, SOL_SOCKET, a, address, &len))  \
	WAY(ask_by, SYS_getsockopt,                                            \
	    syscall(SYS_getsockopt, fd, SOL_SOCKET, a, address, &len))         \
	WAY(set_by, setsockopt, setsockopt(fd, SOL_SOCKET, a, address, len))   \
	WAY(set_by, SYS_setsockopt,                                            \
	    syscall(SYS_setsockopt, fd, SOL_SOCKET, a, address, len))          \
	WAY(pair_by, socketpair, socketpair(fd, SOCK_STREAM, 0, address))      \
	WAY(pair_by, SYS_socketpair,                                           \
	    syscall(SYS_socketpair, fd, SOCK_STREAM, 0, address))

#ifdef __GLIBC__
#define GNU_WAYS(WAY)                                                          \
	WAY(close_by, closefrom, fd < 0 ? -1 : (closefrom(fd), 0))             \
	WAY(close_by, close_range,                                             \
	    close_range((unsigned int)fd, (unsigned int)fd, a))                \
	WAY(close_by, freopen64, replace_stream(freopen64, fd))                \
	WAY(copy_by, fcntl64, fcntl64(fd, F_DUPFD, COPY))                      \
	WAY(copy_by, pidfd_getfd, pidfd_getfd(own_pidfd, fd, 0))
#else
#define GNU_WAYS(WAY)
#endif

#ifdef SYS_dup2
#define OLD_WAYS(WAY) WAY(copy_by, SYS_dup2, syscall(SYS_dup2, fd, COPY))
#else
#define OLD_WAYS(WAY)
#endif

/* Not on i386. */
#ifdef SYS_accept
#define ACCEPT_WAYS(WAY)                                                       \
	WAY(accept_by, SYS_accept, syscall(SYS_accept, fd, NULL, NULL))
#else
#define ACCEPT_WAYS(WAY)
#endif

/* On i386 alone. */
#ifdef SYS_fcntl64
#define WIDE_WAYS(WAY)                                                         \
	WAY(copy_by, SYS_fcntl64, syscall(SYS_fcntl64, fd, F_DUPFD, COPY))
#else
#define WIDE_WAYS(WAY)
#endif

#define ALL(WAY)                                                               \
	WAYS(WAY) GNU_WAYS(WAY) OLD_WAYS(WAY) ACCEPT_WAYS(WAY) WIDE_WAYS(WAY)

#define FUNCTION(driver, name, call)                                           \
	static long by_##name(int fd UNUSED, int a UNUSED,                     \
			      void *address UNUSED, socklen_t len UNUSED)      \
	{                                                                      \
		return call;                                                   \
	}
ALL(FUNCTION)

#define ENTRY(driver, name, call) {#name, driver, by_##name},
static const struct {
	const char *name;
	void (*drive)(function *by, size_t len);
	function *by;
} ways[] = {ALL(ENTRY)};

/* The connection in the capture. */
static const struct {
	void (*drive)(function *by, size_t len);
	const char *line;
} lines[] = {
	{bind_by, "N sent, 0 received, fin<"},
	{listen_by, "N sent, 0 received, fin<"},
	{accept_by, "N sent, 0 received, fin<"},
	{shut_by, "N sent, N received, fin> fin<"},
	{set_by, "N sent, 0 received, rst>"},
	{NULL, "N sent, 0 received, fin>"},
};

int
main(int argc, char **argv UNUSED)
{
	null = open("/dev/null", O_WRONLY);
	own_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		size_t kind = 0;

		while (lines[kind].drive && lines[kind].drive != ways[i].drive)
			kind++;
		if (argc > 1)
			printf("%s %s\n", ways[i].name, lines[kind].line);
		else
			ways[i].drive(ways[i].by, 10 + i);
	}
	return 0;
}
