/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Ping sockets and raw sockets on loopback, where a raw socket gets its own
 * packets back. FAMILY is 4 or 6.
 *
 * raw ping FAMILY    echo through a ping socket, which the kernel completes
 * raw echo FAMILY    echo through raw sockets, two of which receive it all
 * raw header FAMILY  the same, with the IP header from here
 * raw own FAMILY     packets of a protocol of our own
 * raw udp FAMILY     UDP whose header is made here
 *
 * Several such pairs of words are done one after the other.
 */

#include "prog.h"

#define OWN_PROTOCOL 253 /* RFC 3692: for experiments */

static unsigned char buf[65536];
static struct endpoint end;
static bool six;
static size_t ip_len; /* raw IPv4 sockets receive the IP header, too */

static int
open_socket(int type, int protocol)
{
	int fd = socket(end.address.ss_family, type, protocol);

	if (fd < 0 && (errno == EPERM || errno == EACCES))
		exit(77);
	MUST(fd >= 0);
	return fd;
}

static unsigned int
sum16(const unsigned char *data, size_t len)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (unsigned int)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* An echo request of SIZE bytes; for ICMPv6 the kernel has the checksum. */
static void
make_echo(unsigned char *to, size_t size, int sequence)
{
	unsigned int sum;

	fill(to, size, (size_t)sequence);
	memset(to, 0, 8);
	to[0] = six ? 128 : 8;
	to[4] = 0x4e; /* the id, which a ping socket's kernel replaces */
	to[7] = (unsigned char)sequence;
	sum = six ? 0xbad : sum16(to, size);
	to[2] = (unsigned char)(sum >> 8);
	to[3] = (unsigned char)sum;
}

static void
send_to(int fd, const void *data, size_t size)
{
	MUST(sendto(fd, data, size, 0, (struct sockaddr *)&end.address,
		    end.len) == (ssize_t)size);
}

/* COUNT packets of LEN bytes. */
static void
receive(int fd, int count, size_t len)
{
	while (count--) {
		struct endpoint from = { .len = sizeof(from.address) };

		MUST(recvfrom(fd, buf, sizeof(buf), 0,
			      (struct sockaddr *)&from.address, &from.len) ==
		     (ssize_t)len);
	}
}

static void
ping(void)
{
	int fd = open_socket(SOCK_DGRAM, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	for (int i = 0; i < 4; i++) {
		size_t size = i == 3 ? 40000 : 8 + (size_t)i * 7;

		if (i == 2)
			MUST(!connect(fd, (struct sockaddr *)&end.address,
				      end.len));
		make_echo(buf, size, i);
		buf[3] ^= 0x55; /* nor is the checksum ours */
		if (i < 2)
			send_to(fd, buf, size);
		else
			MUST(send(fd, buf, size, 0) == (ssize_t)size);
		if (i < 2)
			receive(fd, 1, size);
		else
			MUST(recv(fd, buf, sizeof(buf), 0) == (ssize_t)size);
		MUST(buf[0] == (six ? 129 : 0) && buf[7] == i);
	}
}

static void
echo(void)
{
	int protocol = six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	int fds[2] = { open_socket(SOCK_RAW, protocol),
		       open_socket(SOCK_RAW, protocol) };

	for (int i = 0; i < 3; i++) {
		make_echo(buf, 56, i);
		send_to(fds[i % 2], buf, 56);
		receive(fds[0], 2, 56 + ip_len);
	}
	/* Nothing differs: two packets all the same. */
	for (int i = 0; i < 2; i++) {
		make_echo(buf, 100, 9);
		send_to(fds[0], buf, 100);
		receive(fds[0], 2, 100 + ip_len);
	}
	receive(fds[1], 6, 56 + ip_len);
	receive(fds[1], 4, 100 + ip_len);
}

/* An IP header with all that the kernel would fill in left out. */
static size_t
make_header(unsigned char *to, unsigned char protocol, size_t payload)
{
	const void *address =
		six ? (void *)&((struct sockaddr_in6 *)&end.address)->sin6_addr
		    : (void *)&((struct sockaddr_in *)&end.address)->sin_addr;

	memset(to, 0, 40);
	if (!six) {
		to[0] = 0x45;
		to[8] = 33;
		to[9] = protocol;
		memcpy(to + 16, address, 4);
		return 20;
	}
	to[0] = 0x60;
	to[4] = (unsigned char)(payload >> 8);
	to[5] = (unsigned char)payload;
	to[6] = protocol;
	to[7] = 33;
	memcpy(to + 8, address, 16);
	memcpy(to + 24, address, 16);
	return 40;
}

static void
header(void)
{
	int one = 1, fd = open_socket(SOCK_RAW, OWN_PROTOCOL);
	int out = open_socket(SOCK_RAW, IPPROTO_RAW);
	size_t len = make_header(buf, OWN_PROTOCOL, 64);

	fill(buf + len, 64, 0);
	send_to(out, buf, len + 64);
	receive(fd, 1, 64 + ip_len);
	/* The same by an option. */
	MUST(!setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP,
			 six ? 36 /* IPV6_HDRINCL */ : IP_HDRINCL, &one,
			 sizeof(one)));
	len = make_header(buf, OWN_PROTOCOL, 32);
	fill(buf + len, 32, 7);
	send_to(fd, buf, len + 32);
	receive(fd, 1, 32 + ip_len);
}

static void
own(void)
{
	static const size_t sizes[] = { 0, 1, 9, 1200, 60000 };
	int fd = open_socket(SOCK_RAW, OWN_PROTOCOL);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill(buf, sizes[i], i);
		send_to(fd, buf, sizes[i]);
		receive(fd, 1, sizes[i] + ip_len);
	}
	MUST(!connect(fd, (struct sockaddr *)&end.address, end.len));
	fill(buf, 50, 3);
	MUST(write(fd, buf, 50) == 50);
	MUST(read(fd, buf, sizeof(buf)) == (ssize_t)(50 + ip_len));
}

static void
udp(void)
{
	static unsigned char datagram[30] = {
		[0] = 0xee, 0x01, 0xee, 0x02, [5] = sizeof(datagram),
	};
	int fd = open_socket(SOCK_RAW, IPPROTO_UDP), at = 6;
	struct endpoint own_end;

	/* Somebody must be there, or the kernel answers by itself. */
	MUST(bound(six ? "6" : "4", SOCK_DGRAM, 0xee02, &own_end) >= 0);

	/* In IPv4 a checksum of 0 is none. */
	if (six)
		MUST(!setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &at,
				 sizeof(at)));
	send_to(fd, datagram, sizeof(datagram));
	receive(fd, 1, sizeof(datagram) + ip_len);
}

static void
use(const char *what, const char *family)
{
	six = family[0] == '6';
	ip_len = six ? 0 : 20;
	end = loopback(family, 0);
	if (!strcmp(what, "ping"))
		ping();
	if (!strcmp(what, "echo"))
		echo();
	if (!strcmp(what, "header"))
		header();
	if (!strcmp(what, "own"))
		own();
	if (!strcmp(what, "udp"))
		udp();
}

int
main(int argc, char **argv)
{
	MUST(argc >= 3 && argc % 2);
	for (; argc > 2; argc -= 2, argv += 2) {
		use(argv[1], argv[2]);
		/* A raw socket would hear the next ones, too. */
		for (int fd = 3; argc > 3 && fd < 64; fd++)
			close(fd);
	}
	return 0;
}
