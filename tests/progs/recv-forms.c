/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * recv-forms: every name by which a program receives bytes, each on a
 * connection of its own. The n-th receives 10 + n bytes; then 7 when it asks
 * for more, and 30 in parts; then nothing, as there is nothing; then the end.
 * And datagrams on one socket: five bytes.
 *
 * recv-forms names: which they are.
 */

#include "forms.h"
#include <sys/ioctl.h>

#define ROOM 100

ANOTHER_NAME(recv, __recv);
ANOTHER_NAME(recvfrom, __recvfrom);
ANOTHER_NAME(recvmsg, __recvmsg);
ANOTHER_NAME(read, __read);
ANOTHER_NAME(readv, __readv);
#ifdef __GLIBC__
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
		       struct sockaddr *from, socklen_t *fromlen);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
#endif

static int pipes[2];

/* What is in the pipe goes to buf. */
static ssize_t
out_of_pipe(ssize_t ret, char *buf)
{
	MUST(ret <= 0 || read(pipes[0], buf, (size_t)ret) == ret);
	return ret;
}

#define WAYS(WAY)                                                              \
	WAY(recv, recv(fd, buf, len, 0))                                       \
	WAY(__recv, OWN(recv, __recv)(fd, buf, len, 0))                        \
	WAY(recvfrom, recvfrom(fd, buf, len, 0, NULL, NULL))                   \
	WAY(__recvfrom,                                                        \
	    OWN(recvfrom, __recvfrom)(fd, buf, len, 0, NULL, NULL))            \
	WAY(SYS_recvfrom, syscall(SYS_recvfrom, fd, buf, len, 0, NULL, NULL))  \
	WAY(recvmsg, recvmsg(fd, message(buf, len), 0))                        \
	WAY(__recvmsg, OWN(recvmsg, __recvmsg)(fd, message(buf, len), 0))      \
	WAY(SYS_recvmsg, syscall(SYS_recvmsg, fd, message(buf, len), 0))       \
	WAY(recvmmsg,                                                          \
	    of_messages(recvmmsg(fd, messages(buf, len), 1, 0, NULL)))         \
	WAY(SYS_recvmmsg,                                                      \
	    of_messages(syscall(SYS_recvmmsg, fd, messages(buf, len), 1, 0,    \
				NULL)))                                        \
	WAY(read, read(fd, buf, len))                                          \
	WAY(__read, NAME(read, __read)(fd, buf, len))                          \
	WAY(SYS_read, syscall(SYS_read, fd, buf, len))                         \
	WAY(readv, readv(fd, parts(buf, len), 3))                              \
	WAY(__readv, OWN(readv, __readv)(fd, parts(buf, len), 3))              \
	WAY(SYS_readv, syscall(SYS_readv, fd, parts(buf, len), 3))             \
	WAY(SYS_preadv2,                                                       \
	    syscall(SYS_preadv2, fd, parts(buf, len), 3, -1L, -1L, 0))         \
	WAY(splice,                                                            \
	    out_of_pipe(splice(fd, NULL, pipes[1], NULL, len, 0), buf))        \
	WAY(SYS_splice, out_of_pipe(syscall(SYS_splice, fd, NULL, pipes[1],    \
					    NULL, len, 0L),                    \
				    buf))                                      \
	WAY(aio_read, done(aio_read(request(0, fd, buf, len))))                \
	WAY(lio_listio, LISTED(LIO_READ))

#ifdef __GLIBC__
#define GNU_WAYS(WAY)                                                          \
	WAY(__recv_chk, __recv_chk(fd, buf, len, ROOM, 0))                     \
	WAY(__recvfrom_chk, __recvfrom_chk(fd, buf, len, ROOM, 0, NULL, NULL)) \
	WAY(__read_chk, __read_chk(fd, buf, len, ROOM))                        \
	WAY(preadv2, preadv2(fd, parts(buf, len), 3, -1, 0))                   \
	WAY(preadv64v2, preadv64v2(fd, parts(buf, len), 3, -1, 0))             \
	WAY(aio_read64, done(aio_read64(request64(0, fd, buf, len))))          \
	WAY(lio_listio64, LISTED64(LIO_READ))
#else
#define GNU_WAYS(WAY)
#endif

/* On i386 alone. */
#if defined(__GLIBC__) && defined(SYS_recvmmsg_time64)
ANOTHER_NAME(recvmsg, __recvmsg64);
ANOTHER_NAME(recvmmsg, __recvmmsg64);
#define WIDE_WAYS(WAY)                                                         \
	WAY(__recvmsg64,                                                       \
	    NAME(recvmsg, __recvmsg64)(fd, message(buf, len), 0))              \
	WAY(__recvmmsg64, of_messages(NAME(recvmmsg, __recvmmsg64)(            \
				  fd, messages(buf, len), 1, 0, NULL)))        \
	WAY(SYS_recvmmsg_time64,                                               \
	    of_messages(syscall(SYS_recvmmsg_time64, fd, messages(buf, len),   \
				1, 0, NULL)))
#else
#define WIDE_WAYS(WAY)
#endif

#define ALL(WAY) WAYS(WAY) GNU_WAYS(WAY) WIDE_WAYS(WAY)

ALL(FUNCTION)

static const struct way ways[] = {ALL(ENTRY)};

static char text[ROOM], got[ROOM];

/* The peer sends some bytes, all of which are there; so many come. */
static void
some(const struct way *way, int fd, int peer, size_t sent, size_t asked)
{
	int there;
	size_t len = asked < sent ? asked : sent;

	peer_send(peer, text, sent);
	do
		MUST(!ioctl(fd, FIONREAD, &there));
	while (there < (int)sent);
	memset(got, 0, ROOM);
	MUST(way->move(fd, got, asked) == (ssize_t)len);
	MUST(!memcmp(got, text, len) && got[len] == 0);
}

static void
stream(const struct way *way, size_t number)
{
	int peer, fd = connected_to_peer("4", &peer);

	some(way, fd, peer, number, number);
	some(way, fd, peer, 7, ROOM);
	some(way, fd, peer, 30, 20);
	MUST(way->move(fd, got, ROOM) == 10 && !memcmp(got, text + 20, 10));

	MUST(!fcntl(fd, F_SETFL, O_NONBLOCK));
	MUST(way->move(fd, got, ROOM) == -1 && errno == EAGAIN);
	MUST(way->move(-1, got, ROOM) == -1 && errno == EBADF);
	peer_close(peer);
	MUST(!fcntl(fd, F_SETFL, 0));
	MUST(way->move(fd, got, ROOM) == 0);
	MUST(!close(fd));
}

static void
datagrams(void)
{
	struct endpoint end, own;
	int peer = peer_bound("4", SOCK_DGRAM, &end);
	int fd = bound("4", SOCK_DGRAM, 0, &own);

	MUST(!connect(fd, (struct sockaddr *)&end.address, end.len));
	MUST(!NSPY_SYS3(SYS_connect, peer, &own.address, own.len));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		some(&ways[i], fd, peer, 5, ROOM);
	MUST(!close(fd));
}

int
main(int argc, char **argv UNUSED)
{
	fill((unsigned char *)text, ROOM, 1);
	MUST(!pipe(pipes));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (argc > 1)
			puts(ways[i].name);
		else
			stream(&ways[i], 10 + i);
	}
	if (argc == 1)
		datagrams();
	return 0;
}
