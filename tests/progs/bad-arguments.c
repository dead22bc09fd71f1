/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bad-arguments: what the kernel refuses, for memory that is not there or for
 * numbers that are too large, on a connection and on datagram sockets with and
 * without a peer. For each call a line with its result and errno, and what
 * there was to receive then.
 */

#include "peer.h"

#include <limits.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

static const char *kind;
static int fd, peer;
static char buf[100];
/* No memory, memory for reading, and the last bytes before no memory. */
static char *none, *constant, *edge;

static void
map(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	none = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(none != MAP_FAILED);
	constant = none + 2 * page;
	edge = none + page;
	none = edge;
	MUST(!mprotect(none, page, PROT_NONE));
	MUST(!mprotect(constant, page, PROT_READ));
}

/* Three bytes wait. */
static void
feed(void)
{
	long ret;

	do
		ret = NSPY_SYS6(SYS_recvfrom, fd, buf, sizeof(buf),
				MSG_DONTWAIT, NULL, NULL);
	while (ret > 0);
	peer_send(peer, "abc", 3);
}

static void
tell(const char *call, long ret)
{
	int error = ret < 0 ? errno : 0, left = 0;

	MUST(!ioctl(fd, FIONREAD, &left));
	printf("%s %s = %ld %d, %d left\n", kind, call, ret, error, left);
	fflush(stdout);
}

#define TRY(call) (feed(), errno = 0, tell(#call, (long)(call)))

static struct iovec iov[2];
static struct sockaddr_in from;
static socklen_t len;

static struct iovec *
part(void *base, size_t size)
{
	iov[0] = (struct iovec){base, size};
	return iov;
}

static struct iovec *
whole(void)
{
	return part(buf, sizeof(buf));
}

static struct msghdr *
message(void *name, socklen_t name_len, void *parts, size_t count)
{
	static struct msghdr msg;

	msg = (struct msghdr){
		.msg_name = name,
		.msg_namelen = name_len,
		.msg_iov = parts,
		.msg_iovlen = count,
	};
	return &msg;
}

/* One message, as the last thing before no memory. */
static struct mmsghdr *
last_message(void)
{
	struct mmsghdr *one = (struct mmsghdr *)(void *)edge - 1;

	memset(one, 0, sizeof(*one));
	one->msg_hdr = *message(NULL, 0, whole(), 1);
	return one;
}

static void
receive(void)
{
	struct msghdr *bad = (struct msghdr *)none;
	struct iovec *last = (struct iovec *)(void *)edge - 1;
	struct sockaddr *addr = (struct sockaddr *)&from;

	TRY(recv(fd, none, 3, 0));
	TRY(recv(fd, constant, 3, 0));
	TRY(recv(fd, edge - 2, 3, 0));
	TRY(recv(fd, NULL, 0, 0));
	TRY(recv(fd, buf, SIZE_MAX, 0));
	TRY(recv(fd, buf, SSIZE_MAX, 0));
	TRY(recv(fd, buf, 1, 0));
	TRY(read(fd, none, 3));
	TRY(read(fd, buf, SIZE_MAX));
	TRY(read(fd, buf, SSIZE_MAX));
	TRY(read(fd, NULL, 0));
	TRY(recvfrom(fd, buf, 3, 0, (struct sockaddr *)none, &len));
	len = sizeof(from);
	TRY(recvfrom(fd, buf, 3, 0, (struct sockaddr *)none, &len));
	TRY(recvfrom(fd, buf, 3, 0, addr, (socklen_t *)none));
	TRY(recvfrom(fd, buf, 3, 0, addr, NULL));
	TRY(recvfrom(fd, buf, 3, 0, NULL, (socklen_t *)none));
	len = -1;
	TRY(recvfrom(fd, buf, 3, 0, addr, &len));
	TRY(recvmsg(fd, NULL, 0));
	TRY(recvmsg(fd, bad, 0));
	TRY(recvmsg(fd, (struct msghdr *)-1, 0));
	TRY(recvmsg(fd, message(NULL, 0, none, 1), 0));
	TRY(recvmsg(fd, message(NULL, 0, part(none, 3), 1), 0));
	TRY(recvmsg(fd, message(NULL, 0, NULL, 0), 0));
	TRY(recvmsg(fd, message(NULL, 0, iov, 1025), 0));
	TRY(recvmsg(fd, message(NULL, 0, iov, SIZE_MAX), 0));
	TRY(recvmsg(fd, message(none, sizeof(from), whole(), 1), 0));
	TRY(recvmsg(fd, message(&from, -1, whole(), 1), 0));
	TRY(recvmsg(fd, message(&from, 3, whole(), 1), 0));
	TRY(readv(fd, (struct iovec *)none, 1));
	TRY(readv(fd, iov, -1));
	TRY(readv(fd, iov, 1025));
	TRY(readv(fd, iov, 0));
	TRY(readv(fd, NULL, 0));
	TRY(readv(fd, part(none, 3), 1));
	TRY(readv(fd, part(none, 0), 1));
	TRY(readv(fd, part(buf, SIZE_MAX), 1));
	*last = (struct iovec){buf, 3};
	TRY(readv(fd, last, 1));
	TRY(readv(fd, last, 2));
}

static void
receive_many(void)
{
	struct mmsghdr *bad = (struct mmsghdr *)none;

	TRY(recvmmsg(fd, bad, 1, 0, NULL));
	TRY(recvmmsg(fd, NULL, 1, 0, NULL));
	TRY(recvmmsg(fd, bad, 0, 0, NULL));
	TRY(recvmmsg(fd, last_message(), 1, 0, NULL));
	TRY(recvmmsg(fd, last_message(), UINT_MAX, MSG_DONTWAIT, NULL));
	TRY(recvmmsg(fd, last_message(), 5, MSG_WAITFORONE, NULL));
	TRY(recvmmsg(fd, last_message(), 1, 0, (struct timespec *)none));
}

/* The addresses are looked at by some protocols alone. */
static void
send_badly(void)
{
	struct sockaddr *bad = (struct sockaddr *)none;
	struct sockaddr *addr = (struct sockaddr *)&from;
	off_t *offset = (off_t *)(void *)none;

	TRY(send(fd, none, 3, 0));
	TRY(send(fd, NULL, 0, 0));
	TRY(send(fd, edge - 2, 3, 0));
	TRY(write(fd, none, 3));
	TRY(write(fd, buf, SIZE_MAX));
	TRY(sendto(fd, "x", 1, 0, bad, sizeof(from)));
	TRY(sendto(fd, "x", 1, 0, addr, -1));
	TRY(sendto(fd, "x", 1, 0, addr, 1));
	TRY(sendto(fd, "x", 1, MSG_FASTOPEN, bad, sizeof(from)));
	TRY(sendmsg(fd, NULL, 0));
	TRY(sendmsg(fd, (struct msghdr *)none, 0));
	TRY(sendmsg(fd, (struct msghdr *)none, MSG_FASTOPEN));
	TRY(sendmsg(fd, message(none, sizeof(from), whole(), 1), 0));
	TRY(sendmsg(fd, message(NULL, 0, none, 1), 0));
	TRY(sendmsg(fd, message(NULL, 0, part(none, 3), 1), 0));
	TRY(sendmsg(fd, message(NULL, 0, iov, SIZE_MAX), 0));
	TRY(sendmmsg(fd, (struct mmsghdr *)none, 1, 0));
	TRY(sendmmsg(fd, NULL, 0, 0));
	TRY(writev(fd, (struct iovec *)none, 1));
	TRY(writev(fd, iov, -1));
	TRY(writev(fd, iov, 1025));
	TRY(writev(fd, part(none, 3), 1));
	TRY(writev(fd, NULL, 0));
	TRY(sendfile(fd, -1, NULL, 1));
	TRY(sendfile(fd, 0, offset, 1));
	TRY(splice(-1, NULL, fd, NULL, 1, 0));
	TRY(splice(fd, NULL, -1, NULL, 1, 0));
}

static void
ask_badly(void)
{
	struct sockaddr *bad = (struct sockaddr *)none;
	struct sockaddr *addr = (struct sockaddr *)&from;

	TRY(connect(fd, bad, sizeof(from)));
	TRY(connect(fd, bad, -1));
	TRY(connect(fd, bad, 1000));
	TRY(connect(fd, NULL, 0));
	TRY(connect(fd, addr, 1));
	TRY(bind(fd, bad, sizeof(from)));
	TRY(accept(fd, bad, (socklen_t *)none));
	TRY(accept4(fd, NULL, NULL, -1));
	TRY(listen(-1, 1));
	TRY(shutdown(fd, 99));
	TRY(getsockopt(fd, SOL_SOCKET, SO_ERROR, bad, &len));
	TRY(getsockopt(fd, SOL_SOCKET, SO_ERROR, buf, (socklen_t *)none));
	len = 1;
	TRY(getsockopt(fd, SOL_SOCKET, SO_ERROR, edge - 1, &len));
	TRY(setsockopt(fd, SOL_SOCKET, SO_LINGER, bad, sizeof(int)));
	TRY(setsockopt(fd, IPPROTO_IP, IP_TOS, bad, 0));
	TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)(void *)none));
	TRY(socket(-1, -1, -1));
	TRY(close(-1));
	TRY(close(INT_MAX));
	TRY(dup(-1));
	TRY(dup2(fd, -1));
	TRY(dup2(fd, fd));
	TRY(dup2(-1, fd));
	TRY(dup3(fd, fd, 0));
	TRY(fcntl(fd, F_DUPFD, -1));
	TRY(fcntl(fd, F_DUPFD, INT_MAX));
	TRY(close_range(10, 5, 0));
	TRY(close_range(fd, fd, 1 << 20));
}

/* Then all is as it was. */
static void
all(const char *name)
{
	kind = name;
	receive();
	receive_many();
	send_badly();
	ask_badly();
	feed();
	MUST(recv(fd, buf, sizeof(buf), 0) == 3 && !memcmp(buf, "abc", 3));
	MUST(!close(fd));
	peer_close(peer);
}

int
main(void)
{
	struct endpoint end, own;
	int one = 1;

	map();
	MUST(!close(0));
	fd = connected_to_peer("4", &peer);
	MUST(!NSPY_SYS5(SYS_setsockopt, peer, IPPROTO_TCP, TCP_NODELAY, &one,
			sizeof(one)));
	all("stream");

	peer = peer_bound("4", SOCK_DGRAM, &end);
	fd = bound("4", SOCK_DGRAM, 0, &own);
	MUST(!NSPY_SYS3(SYS_connect, peer, &own.address, own.len));
	all("datagrams of all");

	peer = peer_bound("4", SOCK_DGRAM, &end);
	fd = bound("4", SOCK_DGRAM, 0, &own);
	MUST(!NSPY_SYS3(SYS_connect, peer, &own.address, own.len));
	MUST(!connect(fd, (struct sockaddr *)&end.address, end.len));
	all("datagrams");

	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(fd >= 0);
	return 0;
}
