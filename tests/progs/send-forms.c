/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * send-forms: every name by which a program sends bytes, each on a connection
 * of its own. The n-th sends 10 + n bytes; then 200000, of which the kernel
 * takes a part at a time; then some that it does not take at all. And datagrams
 * on one socket: five bytes, and too many.
 *
 * send-forms names: which they are.
 */

#include "forms.h"
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

#define LARGE 200000

ANOTHER_NAME(send, __send);
ANOTHER_NAME(sendto, __sendto);
ANOTHER_NAME(sendmmsg, __sendmmsg);
ANOTHER_NAME(write, __write);
ANOTHER_NAME(writev, __writev);
#ifdef __GLIBC__
int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list list);
#endif

static off_t offset; /* of the bytes in their file */
static off64_t offset64;

/* In a file of their own, as its pages are on their way for long. */
static int
file(char *buf, size_t len)
{
	static int fd = -1;

	offset = offset64 = 1;
	close(fd);
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	MUST(fd >= 0 && pwrite(fd, buf, len, 1) == (ssize_t)len);
	return fd;
}

/* In a pipe, and nothing else there. */
static int
pipe_with(char *buf, size_t len)
{
	static int fds[2] = {-1, -1};

	close(fds[0]);
	close(fds[1]);
	MUST(!pipe(fds) && fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) > 0);
	MUST(write(fds[1], buf, len) == (ssize_t)len);
	return fds[0];
}

static int
formatted(int (*print)(int, const char *, va_list), int fd, const char *format,
	  ...)
{
	va_list list;
	int ret;

	va_start(list, format);
	ret = print(fd, format, list);
	va_end(list);
	return ret;
}

#ifdef __GLIBC__
static int
checked(int fd, const char *format, va_list list)
{
	return __vdprintf_chk(fd, 1, format, list);
}
#endif

#define WAYS(WAY)                                                              \
	WAY(send, send(fd, buf, len, 0))                                       \
	WAY(__send, NAME(send, __send)(fd, buf, len, 0))                       \
	WAY(sendto, sendto(fd, buf, len, 0, NULL, 0))                          \
	WAY(__sendto, OWN(sendto, __sendto)(fd, buf, len, 0, NULL, 0))         \
	WAY(SYS_sendto, syscall(SYS_sendto, fd, buf, len, 0, NULL, 0))         \
	WAY(sendmsg, sendmsg(fd, message(buf, len), 0))                        \
	WAY(SYS_sendmsg, syscall(SYS_sendmsg, fd, message(buf, len), 0))       \
	WAY(sendmmsg, of_messages(sendmmsg(fd, messages(buf, len), 1, 0)))     \
	WAY(__sendmmsg, of_messages(OWN(sendmmsg, __sendmmsg)(                 \
				fd, messages(buf, len), 1, 0)))                \
	WAY(SYS_sendmmsg,                                                      \
	    of_messages(syscall(SYS_sendmmsg, fd, messages(buf, len), 1, 0)))  \
	WAY(write, write(fd, buf, len))                                        \
	WAY(__write, NAME(write, __write)(fd, buf, len))                       \
	WAY(SYS_write, syscall(SYS_write, fd, buf, len))                       \
	WAY(writev, writev(fd, parts(buf, len), 3))                            \
	WAY(__writev, OWN(writev, __writev)(fd, parts(buf, len), 3))           \
	WAY(SYS_writev, syscall(SYS_writev, fd, parts(buf, len), 3))           \
	WAY(SYS_pwritev2,                                                      \
	    syscall(SYS_pwritev2, fd, parts(buf, len), 3, -1L, -1L, 0))        \
	WAY(sendfile, sendfile(fd, file(buf, len), &offset, len))              \
	WAY(SYS_sendfile,                                                      \
	    syscall(SYS_sendfile, fd, file(buf, len), &offset, len))           \
	WAY(splice, splice(pipe_with(buf, len), NULL, fd, NULL, len, 0))       \
	WAY(SYS_splice,                                                        \
	    syscall(SYS_splice, pipe_with(buf, len), NULL, fd, NULL, len, 0L)) \
	WAY(dprintf, dprintf(fd, "%.*s", (int)len, buf))                       \
	WAY(vdprintf, formatted(vdprintf, fd, "%.*s", (int)len, buf))          \
	WAY(aio_write, done(aio_write(request(0, fd, buf, len))))              \
	WAY(lio_listio, LISTED(LIO_WRITE))

#ifdef __GLIBC__
#define GNU_WAYS(WAY)                                                          \
	WAY(pwritev2, pwritev2(fd, parts(buf, len), 3, -1, 0))                 \
	WAY(pwritev64v2, pwritev64v2(fd, parts(buf, len), 3, -1, 0))           \
	WAY(sendfile64, sendfile64(fd, file(buf, len), &offset64, len))          \
	WAY(__dprintf_chk, __dprintf_chk(fd, 1, "%.*s", (int)len, buf))        \
	WAY(__vdprintf_chk, formatted(checked, fd, "%.*s", (int)len, buf))     \
	WAY(aio_write64, done(aio_write64(request64(0, fd, buf, len))))        \
	WAY(lio_listio64, LISTED64(LIO_WRITE))
#else
#define GNU_WAYS(WAY)
#endif

/* On i386 alone. */
#if defined(__GLIBC__) && defined(SYS_sendfile64)
ANOTHER_NAME(sendmsg, __sendmsg64);
ANOTHER_NAME(sendmmsg, __sendmmsg64);
#define WIDE_WAYS(WAY)                                                         \
	WAY(__sendmsg64,                                                       \
	    NAME(sendmsg, __sendmsg64)(fd, message(buf, len), 0))              \
	WAY(__sendmmsg64, of_messages(NAME(sendmmsg, __sendmmsg64)(            \
				  fd, messages(buf, len), 1, 0)))              \
	WAY(SYS_sendfile64,                                                    \
	    syscall(SYS_sendfile64, fd, file(buf, len), &offset64, len))
#else
#define WIDE_WAYS(WAY)
#endif

#define ALL(WAY) WAYS(WAY) GNU_WAYS(WAY) WIDE_WAYS(WAY)

ALL(FUNCTION)

static const struct way ways[] = {ALL(ENTRY)};

static char text[LARGE], got[LARGE];

/* All that was sent has come; how much it is. */
static size_t
arrived(int fd, int peer)
{
	int on_the_way;
	size_t len = 0;

	do {
		long ret;

		MUST(!ioctl(fd, TIOCOUTQ, &on_the_way));
		ret = NSPY_SYS6(SYS_recvfrom, peer, got + len, LARGE - len,
				MSG_DONTWAIT, NULL, NULL);
		len += ret > 0 ? (size_t)ret : 0;
	} while (on_the_way);
	return len;
}

/* How much has been sent before the kernel takes no more. */
static size_t
fill_up(const struct way *way, int fd, int peer, size_t sent)
{
	size_t counted = 0;
	ssize_t ret;

	while ((ret = way->move(fd, text + sent + counted,
				LARGE - sent - counted)) > 0)
		counted += (size_t)ret;
	/* dprintf does not say how much of its text was sent. */
	if (strstr(way->name, "dprintf"))
		return arrived(fd, peer);
	MUST(ret == 0 || errno == EAGAIN);
	peer_recv(peer, got, counted);
	return counted;
}

static void
stream(const struct way *way, size_t number)
{
	int peer, small = 4096, fd = connected_to_peer("4", &peer), full = 0;

	MUST(way->move(fd, text, number) == (ssize_t)number);
	peer_recv(peer, got, number);
	MUST(!memcmp(got, text, number));

	MUST(!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	MUST(!fcntl(fd, F_SETFL, O_NONBLOCK));
	for (size_t sent = 0, part; sent < LARGE; sent += part, full++) {
		part = fill_up(way, fd, peer, sent);
		MUST(!memcmp(got, text + sent, part));
	}
	MUST(full > 1);

	MUST(way->move(-1, text, 10) == -1 && errno == EBADF);
	MUST(!shutdown(fd, SHUT_WR));
	MUST(way->move(fd, text, 10) == -1 && errno == EPIPE);
	peer_close(peer);
	MUST(!close(fd));
}

static void
datagrams(void)
{
	struct endpoint end;
	int peer = peer_bound("4", SOCK_DGRAM, &end);
	int fd = connected(&end, SOCK_DGRAM);

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		bool whole = !strstr(ways[i].name, "file") &&
			     !strstr(ways[i].name, "splice") &&
			     !strstr(ways[i].name, "dprintf");

		MUST(ways[i].move(fd, "five.", 5) == 5);
		peer_recv(peer, got, 5);
		/* These send several. */
		if (whole)
			MUST(ways[i].move(fd, text, LARGE) == -1 &&
			     errno == EMSGSIZE);
	}
	MUST(!close(fd));
}

int
main(int argc, char **argv UNUSED)
{
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < LARGE; i++)
		text[i] = (char)('a' + pattern(i) % 26);
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
