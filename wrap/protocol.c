/* SPDX-License-Identifier: BSD-2-Clause */
/* Which sockets are recorded, and what the kernel adds to their data. */

#include "wrap/protocol.h"

#include "capture/sys.h"
#include "wrap/settings.h"

#include <netinet/in.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36
#endif
/* <linux/udp.h> and <netinet/udp.h> do not go together. */
#define UDPLITE_SEND_COVERAGE 10
#define UDPLITE_HEADER 8
#define UDP_CORK 1
/* ICMP and ICMPv6 have their checksum behind type and code. */
#define ICMP_CHECKSUM 2

static bool
describe_datagram(struct nspy_socket *socket, int protocol)
{
	bool ping = protocol ==
		    (socket->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	if (ping)
		socket->checksum = ICMP_CHECKSUM + 1;
	return ping || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE;
}

static bool
describe_raw(struct nspy_socket *socket, int protocol)
{
	if (protocol == IPPROTO_RAW)
		atomic_store(&socket->flags, NSPY_HEADER_INCLUDED);
	if (socket->family == AF_INET6 && protocol == IPPROTO_ICMPV6)
		socket->checksum = ICMP_CHECKSUM + 1;
	/* IP has no more numbers; the kernel's own are for streams. */
	return protocol > 0 && protocol <= UINT8_MAX;
}

/* As TCP or UDP between addresses of their own: see unix.h. */
static bool
describe_unix(struct nspy_socket *socket, int base)
{
	bool stream = base == SOCK_STREAM;

	socket->family = AF_UNIX;
	socket->type = (uint8_t)(stream ? SOCK_STREAM : SOCK_DGRAM);
	socket->protocol = (uint8_t)(stream ? IPPROTO_TCP : IPPROTO_UDP);
	if (base == SOCK_SEQPACKET)
		atomic_store(&socket->flags, NSPY_SEQUENCED);
	return nspy_settings.unix_sockets;
}

static bool
describe_netlink(struct nspy_socket *socket, int protocol)
{
	socket->family = AF_NETLINK;
	socket->type = SOCK_DGRAM;
	socket->protocol = (uint8_t)protocol;
	return nspy_settings.netlink;
}

bool
nspy_protocol_describe(struct nspy_socket *socket, int domain, int type,
		       int protocol)
{
	int base = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (domain == AF_UNIX)
		return describe_unix(socket, base);
	if (domain == AF_NETLINK)
		return describe_netlink(socket, protocol);
	if (domain != AF_INET && domain != AF_INET6)
		return false;
	if (protocol == IPPROTO_MPTCP)
		atomic_fetch_or(&socket->flags, NSPY_MPTCP);
	if (protocol == IPPROTO_MPTCP || (protocol == 0 && base == SOCK_STREAM))
		protocol = IPPROTO_TCP;
	if (protocol == 0 && base == SOCK_DGRAM)
		protocol = IPPROTO_UDP;
	socket->family = (uint8_t)domain;
	socket->type = (uint8_t)base;
	socket->protocol = (uint8_t)protocol;
	switch (base) {
	case SOCK_STREAM:
		return protocol == IPPROTO_TCP;
	case SOCK_DGRAM:
		return describe_datagram(socket, protocol);
	case SOCK_RAW:
		return describe_raw(socket, protocol);
	default:
		return false;
	}
}

/* The kernel's reading of the option: the header is always covered. */
static uint16_t
coverage_of(int value)
{
	if (value > 0 && value < UDPLITE_HEADER)
		return UDPLITE_HEADER;
	return value < 0 || value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

static void
set_flag(struct nspy_socket *socket, uint32_t flag, bool on)
{
	if (on)
		atomic_fetch_or(&socket->flags, flag);
	else
		atomic_fetch_and(&socket->flags, ~flag);
}

void
nspy_protocol_option(struct nspy_socket *socket, int level, int optname,
		     int value)
{
	bool raw = socket->type == SOCK_RAW;
	bool ipv6 = socket->family == AF_INET6;

	if (socket->family == AF_NETLINK) {
		return;
	} else if (level == IPPROTO_IP && optname == IP_RECVERR) {
		set_flag(socket, NSPY_QUEUES_4, value);
	} else if (level == IPPROTO_IPV6 && optname == IPV6_RECVERR) {
		set_flag(socket, NSPY_QUEUES_6, value);
	} else if (optname == UDP_CORK && !raw &&
		   (level == IPPROTO_UDP || level == IPPROTO_UDPLITE)) {
		set_flag(socket, NSPY_CORKED, value);
	} else if (socket->protocol == IPPROTO_UDPLITE && !raw) {
		if (level == IPPROTO_UDPLITE &&
		    optname == UDPLITE_SEND_COVERAGE)
			socket->checksum = coverage_of(value);
	} else if (raw && !ipv6 && level == IPPROTO_IP) {
		if (optname == IP_HDRINCL)
			set_flag(socket, NSPY_HEADER_INCLUDED, value);
	} else if (raw && ipv6) {
		if (level == IPPROTO_IPV6 && optname == IPV6_HDRINCL)
			set_flag(socket, NSPY_HEADER_INCLUDED, value);
		if ((level == IPPROTO_IPV6 || level == IPPROTO_RAW) &&
		    optname == IPV6_CHECKSUM)
			socket->checksum = (uint16_t)(value + 1);
	}
}

void
nspy_protocol_ask(int fd, struct nspy_socket *socket)
{
	static const int options[][2] = {
		{IPPROTO_IP, IP_RECVERR},
		{IPPROTO_IPV6, IPV6_RECVERR},
		{IPPROTO_UDP, UDP_CORK},
		{IPPROTO_UDPLITE, UDPLITE_SEND_COVERAGE},
		{IPPROTO_IP, IP_HDRINCL},
		{IPPROTO_IPV6, IPV6_HDRINCL},
		{IPPROTO_IPV6, IPV6_CHECKSUM},
	};

	if (socket->family == AF_NETLINK || socket->type == SOCK_STREAM)
		return;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const int *option = options[i];
		socklen_t len = sizeof(int);
		int value = 0;

		if (NSPY_SYS5(SYS_getsockopt, fd, option[0], option[1], &value,
			      &len) >= 0)
			nspy_protocol_option(socket, option[0], option[1],
					     value);
	}
}

void
nspy_protocol_complete(const struct nspy_socket *socket,
		       struct nspy_event *event)
{
	bool sent = event->kind == NSPY_SEND;
	bool raw = socket->type == SOCK_RAW;

	if (sent)
		event->checksum = socket->checksum;
	if (raw) {
		bool included = sent ? atomic_load(&socket->flags) &
						NSPY_HEADER_INCLUDED
				     : socket->family == AF_INET;

		event->flags |= NSPY_RAW | (included ? NSPY_IP_HEADER : 0);
		event->local.port = event->peer.port = 0;
	} else if (event->family != AF_NETLINK &&
		   (socket->protocol == IPPROTO_ICMP ||
		    socket->protocol == IPPROTO_ICMPV6)) {
		event->flags |= NSPY_RAW | NSPY_PING;
	}
}
