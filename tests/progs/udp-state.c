/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * udp-state: what a datagram's call does not say by itself: segments, local
 * addresses, lengths that the buffer is too short for, peers that change. A
 * socket named unseen is used past the C library, so that nothing but the
 * other end tells of its datagrams.
 */

#include "prog.h"
#include "../../capture/sys.h"

/* The kit has its own when it is linked in. */
__attribute__((weak)) bool nspy_sys_refused;

#define SEGMENT 103
#define GRO 104

static char big[4000];

static struct sockaddr *
sa(struct endpoint *end)
{
	return (struct sockaddr *)&end->address;
}

/* A bound socket that the recording does not know. */
static int
unseen(const char *family, struct endpoint *end)
{
	int fd;

	*end = loopback(family, 0);
	fd = (int)NSPY_SYS3(SYS_socket, end->address.ss_family, SOCK_DGRAM, 0);
	MUST(fd >= 0 && !NSPY_SYS3(SYS_bind, fd, sa(end), end->len));
	MUST(!NSPY_SYS3(SYS_getsockname, fd, sa(end), &end->len));
	return fd;
}

static void
unseen_send(int fd, size_t len, struct endpoint *to)
{
	MUST(NSPY_SYS6(SYS_sendto, fd, big, len, 0, sa(to), to->len) ==
	     (long)len);
}

static int
wildcard(const char *family, struct endpoint *end, int level, int option)
{
	int one = 1, fd;

	*end = loopback(family, 0);
	if (*family == '4')
		((struct sockaddr_in *)sa(end))->sin_addr.s_addr = 0;
	else
		((struct sockaddr_in6 *)sa(end))->sin6_addr = in6addr_any;
	fd = socket(end->address.ss_family, SOCK_DGRAM, 0);
	MUST(fd >= 0 && !bind(fd, sa(end), end->len));
	MUST(!getsockname(fd, sa(end), &end->len));
	MUST(!setsockopt(fd, level, option, &one, sizeof(one)));
	return fd;
}

/* One control message of size bytes. */
static void
add_control(struct msghdr *msg, void *room, int level, int type,
	    const void *data, size_t size)
{
	struct cmsghdr *header;

	msg->msg_control = room;
	msg->msg_controllen = CMSG_SPACE(size);
	header = CMSG_FIRSTHDR(msg);
	header->cmsg_level = level;
	header->cmsg_type = type;
	header->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(header), data, size);
}

static void
segments_sent(void)
{
	struct endpoint end, from = { .len = sizeof(from.address) };
	int server = bound("4", SOCK_DGRAM, 0, &end), size = 1000;
	int client = connected(&end, SOCK_DGRAM);
	uint16_t other = 1200;
	struct iovec iov = { big, 2500 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	uint64_t room[8] = { 0 };

	/* recv() on a socket without a peer does not say who sent. */
	MUST(!getsockname(client, sa(&from), &from.len));
	MUST(!connect(server, sa(&from), from.len));
	if (setsockopt(client, IPPROTO_UDP, SEGMENT, &size, sizeof(size)))
		exit(77);
	MUST(send(client, big, 3500, 0) == 3500);
	for (int i = 0; i < 3; i++)
		MUST(recv(server, big, sizeof(big), 0) == 1000);
	MUST(recv(server, big, sizeof(big), 0) == 500);
	/* The message says another size. */
	add_control(&msg, room, IPPROTO_UDP, SEGMENT, &other, sizeof(other));
	MUST(sendmsg(client, &msg, 0) == 2500);
	for (int i = 0; i < 2; i++)
		MUST(recv(server, big, sizeof(big), 0) == 1200);
	MUST(recv(server, big, sizeof(big), 0) == 100);
	/* What fits into one is one. */
	MUST(write(client, big, 1000) == 1000);
	MUST(recv(server, big, sizeof(big), 0) == 1000);
}

static void
segments_received(void)
{
	struct endpoint end, from;
	int server = bound("6", SOCK_DGRAM, 0, &end), one = 1, size = 700;
	int client = unseen("6", &from);
	struct iovec iov = { big, sizeof(big) };
	uint64_t room[8];
	struct msghdr msg = {
		.msg_name = &from.address, .msg_namelen = from.len,
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};

	MUST(!setsockopt(server, IPPROTO_UDP, GRO, &one, sizeof(one)));
	MUST(!NSPY_SYS5(SYS_setsockopt, client, IPPROTO_UDP, SEGMENT, &size,
			sizeof(size)));
	unseen_send(client, 2000, &end);
	MUST(recvmsg(server, &msg, 0) == 2000 && msg.msg_controllen);
}

/* FAMILY's wildcard socket, asked to tell which address a packet came to. */
static void
packet_info(const char *family, const char *address, int level, int option,
	    const void *info, size_t info_len)
{
	struct endpoint end, from, via;
	int server = wildcard(family[0] == 'm' ? "6" : family, &end, level,
			      option);
	int client = unseen(family[0] == 'm' ? "4" : family, &from);
	struct iovec iov = { big, 100 };
	uint64_t room[16];
	struct msghdr msg = {
		.msg_name = &via.address, .msg_namelen = sizeof(via.address),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)sa(&end);
	struct sockaddr_in *four = (struct sockaddr_in *)sa(&end);

	if (from.address.ss_family == AF_INET) {
		four->sin_family = AF_INET;
		end.len = sizeof(*four);
		MUST(inet_pton(AF_INET, address, &four->sin_addr) == 1);
	} else {
		MUST(inet_pton(AF_INET6, address, &six->sin6_addr) == 1);
	}
	unseen_send(client, 100, &end);
	MUST(recvmsg(server, &msg, 0) == 100 && msg.msg_controllen);
	if (!info)
		return;
	iov.iov_len = 50;
	add_control(&msg, room, level,
		    level == IPPROTO_IP ? IP_PKTINFO : IPV6_PKTINFO, info,
		    info_len);
	MUST(sendmsg(server, &msg, 0) == 50);
}

static void
local_addresses(void)
{
	struct in_pktinfo four = { .ipi_ifindex = 0 };
	struct in6_pktinfo six = { .ipi6_ifindex = 0 };

	four.ipi_spec_dst.s_addr = htonl(0x7f000005);
	MUST(inet_pton(AF_INET6, "fd00::5", &six.ipi6_addr) == 1);
	packet_info("4", "127.0.0.5", IPPROTO_IP, IP_PKTINFO, &four,
		    sizeof(four));
	packet_info("6", "fd00::5", IPPROTO_IPV6, IPV6_RECVPKTINFO, &six,
		    sizeof(six));
	packet_info("mapped", "127.0.0.6", IPPROTO_IPV6, IPV6_RECVPKTINFO,
		    NULL, 0);
	packet_info("4", "127.0.0.7", IPPROTO_IP, 20 /* IP_RECVORIGDSTADDR */,
		    NULL, 0);
}

/* A buffer that is too short; the program must see what it always saw. */
static void
cut(void)
{
	struct endpoint end, from, via;
	int server = bound("4", SOCK_DGRAM, 0, &end);
	int client = unseen("4", &from);
	char buf[2][8];
	struct iovec iov[2] = { { buf[0], 3 }, { buf[1], 1 } };
	struct msghdr msg = {
		.msg_name = &via.address, .msg_namelen = sizeof(via.address),
		.msg_iov = iov, .msg_iovlen = 2,
	};
	struct mmsghdr many[2] = { { .msg_hdr = msg }, { .msg_hdr = msg } };

	many[1].msg_hdr.msg_iovlen = 0;
	MUST(!NSPY_SYS3(SYS_connect, client, sa(&end), end.len));
	MUST(!connect(server, sa(&from), from.len));
	for (int i = 0; i < 8; i++)
		unseen_send(client, 10, &end);
	memset(buf, 'Z', sizeof(buf));
	MUST(recv(server, buf[0], 4, 0) == 4 && buf[0][4] == 'Z');
	MUST(recv(server, buf[0], 4, MSG_PEEK) == 4);
	MUST(recv(server, buf[0], 4, MSG_TRUNC) == 10);
	MUST(recvfrom(server, buf[0], 0, MSG_DONTWAIT, NULL, NULL) == 0);
	MUST(recvmsg(server, &msg, 0) == 4 && msg.msg_flags == MSG_TRUNC);
	msg.msg_iovlen = 0;
	MUST(recvmsg(server, &msg, 0) == 0 && msg.msg_flags == MSG_TRUNC);
	MUST(recvmmsg(server, many, 2, 0, NULL) == 2);
	MUST(many[0].msg_len == 4 && many[1].msg_len == 0);
	msg.msg_iovlen = 1;
	iov[0].iov_len = 8;
	MUST(recvmsg(server, &msg, 0) == 8 && msg.msg_flags == MSG_TRUNC);
	MUST(recv(server, buf, 8, MSG_DONTWAIT) == -1 && errno == EAGAIN);
}

/* Nine bytes and ten come; those of the second have an address. */
static void
receive_two(int server, const struct msghdr *msg)
{
	struct sockaddr_storage from;
	struct mmsghdr two[2] = { { .msg_hdr = *msg }, { .msg_hdr = *msg } };
	struct msghdr *second = &two[1].msg_hdr;

	second->msg_name = &from;
	second->msg_namelen = sizeof(from);
	MUST(recvmmsg(server, two, 2, 0, NULL) == 2);
	MUST(two[0].msg_len == 8 && two[1].msg_len == 8);
	MUST(two[0].msg_hdr.msg_flags == MSG_TRUNC && !second->msg_controllen);
	MUST(two[0].msg_hdr.msg_namelen == 77 && !two[0].msg_hdr.msg_name);
	MUST(second->msg_namelen < sizeof(from) && from.ss_family != AF_UNSPEC);
}

/* The program does not ask who sent, and is told nothing but the data. */
static void
many_senders(const char *family)
{
	struct endpoint end, from;
	int server = bound(family, SOCK_DGRAM, 0, &end);
	int clients[2] = { unseen(family, &from), unseen(family, &from) };
	char buf[8] = "";
	struct iovec iov = { buf, 4 };
	uint64_t room[2];
	struct msghdr msg = {
		.msg_namelen = 77, .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};

	for (size_t i = 0; i < 2; i++)
		for (size_t len = 1; len <= 10; len++)
			unseen_send(clients[i], len, &end);
	for (int i = 0; i < 2; i++) {
		MUST(read(server, buf, 0) == 0);
		MUST(readv(server, &iov, 0) == 0);
		MUST(recv(server, buf, 8, 0) == 1);
		MUST(recv(server, buf, 1, MSG_PEEK) == 1);
		MUST(recv(server, buf, 1, MSG_TRUNC) == 2);
		MUST(read(server, buf, 8) == 3);
		MUST(recvfrom(server, buf, 8, 0, NULL, NULL) == 4);
		memset(buf, 'Z', sizeof(buf));
		MUST(recvmsg(server, &msg, 0) == 4 && buf[4] == 'Z');
		MUST(msg.msg_flags == MSG_TRUNC && msg.msg_controllen == 0);
		MUST(msg.msg_namelen == 77 && !msg.msg_name);
		MUST(syscall(SYS_recvfrom, server, buf, 8, 0, NULL, NULL) ==
		     6);
		MUST(syscall(SYS_read, server, buf, 8) == 7);
		iov.iov_len = 8;
		MUST(readv(server, &iov, 1) == 8);
		msg.msg_controllen = sizeof(room);
		receive_two(server, &msg);
		iov.iov_len = 4;
	}
	MUST(recv(server, buf, 8, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	MUST(recv(server, NULL, 8, MSG_DONTWAIT) == -1 && errno == EAGAIN);
}

/* The other end tells of the same datagrams. */
static void
both_seen(void)
{
	struct endpoint end;
	int server = bound("mapped", SOCK_DGRAM, 0, &end);
	int client = connected(&end, SOCK_DGRAM);

	for (int i = 0; i < 3; i++) {
		MUST(send(client, big, 100, 0) == 100);
		MUST(recv(server, big, sizeof(big), 0) == 100);
	}
}

static void
changing_peers(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct endpoint first, own;
	int server = unseen("4", &first);
	int client = socket(AF_INET, SOCK_DGRAM, 0);
	int other = bound("4", SOCK_DGRAM, 0, &own);

	MUST(client >= 0 && server >= 0);
	MUST(!connect(client, sa(&first), first.len));
	MUST(send(client, big, 1, 0) == 1);
	MUST(!connect(client, sa(&own), own.len));
	MUST(send(client, big, 2, 0) == 2 && write(client, "", 0) == 0);
	MUST(!connect(client, &none, sizeof(none)));
	MUST(send(client, big, 3, 0) == -1);
	MUST(sendto(client, big, 4, 0, sa(&first), first.len) == 4);
	MUST(!connect(client, sa(&own), own.len));
	MUST(send(client, big, 5, MSG_CONFIRM) == 5);
	MUST(recvfrom(other, big, sizeof(big), MSG_WAITALL, sa(&first),
		      &first.len) == 2);
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)pattern(i);
	MUST(argc == 2);
	if (!strcmp(argv[1], "segments")) {
		segments_sent();
		segments_received();
	} else if (!strcmp(argv[1], "addresses")) {
		local_addresses();
		changing_peers();
	} else if (!strcmp(argv[1], "senders")) {
		many_senders("4");
		many_senders("6");
		both_seen();
	} else {
		cut();
	}
	return 0;
}
