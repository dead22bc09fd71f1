/* SPDX-License-Identifier: BSD-2-Clause */
/* Control messages: addresses, segment sizes, passed descriptors. */

#include "wrap/control.h"

#include "wrap/descriptor.h"
#include "wrap/lifecycle.h"

#include <netinet/in.h>
#include <string.h>

#ifndef IP_ORIGDSTADDR
#define IP_ORIGDSTADDR 20
#endif
#ifndef IPV6_ORIGDSTADDR
#define IPV6_ORIGDSTADDR 74
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#define SCM_PIDFD_NUMBER 4 /* since Linux 6.5 */

/* The first, or the one behind header; NULL behind the last whole one. */
static struct cmsghdr *
next(const struct msghdr *msg, struct cmsghdr *header)
{
	char *start = msg->msg_control;
	size_t at = 0, end = start ? msg->msg_controllen : 0;

	if (header)
		at = (size_t)((char *)header - start) +
		     CMSG_ALIGN(header->cmsg_len);
	if (at + sizeof(*header) > end)
		return NULL;
	header = (struct cmsghdr *)(void *)(start + at);
	if (header->cmsg_len < CMSG_LEN(0) || header->cmsg_len > end - at)
		return NULL;
	return header;
}

/* Copy size bytes of its data; false: it has fewer. */
static bool
take(const struct cmsghdr *header, void *to, size_t size)
{
	if (header->cmsg_len < CMSG_LEN(size))
		return false;
	memcpy(to, CMSG_DATA(header), size);
	return true;
}

static bool
is(const struct cmsghdr *header, int level, int type)
{
	return header->cmsg_level == level && header->cmsg_type == type;
}

/*
 * Received: where the packet was sent to, be it a group. Sent: what it is sent
 * from; there ipi_addr means nothing.
 */
static struct nspy_endpoint
packet_address(const struct cmsghdr *header, bool sent)
{
	struct nspy_endpoint end = {.version = 0};
	struct in6_pktinfo six;
	struct in_pktinfo four;
	struct sockaddr_in6 addr;

	if (is(header, IPPROTO_IP, IP_PKTINFO) &&
	    take(header, &four, sizeof(four)))
		return nspy_endpoint_of_ipv4(sent ? &four.ipi_spec_dst
						  : &four.ipi_addr);
	if (is(header, IPPROTO_IPV6, IPV6_PKTINFO) &&
	    take(header, &six, sizeof(six)))
		return nspy_endpoint_of_ipv6(&six.ipi6_addr);
	if (sent)
		return end;
	if (is(header, IPPROTO_IP, IP_ORIGDSTADDR) &&
	    take(header, &addr, sizeof(struct sockaddr_in)))
		return nspy_endpoint_of(&addr, sizeof(struct sockaddr_in));
	if (is(header, IPPROTO_IPV6, IPV6_ORIGDSTADDR) &&
	    take(header, &addr, sizeof(addr)))
		return nspy_endpoint_of(&addr, sizeof(addr));
	return end;
}

/* The kernel gives GRO's size as an int, and takes GSO's as 16 bits. */
static void
read_segment_len(struct nspy_control *control, const struct cmsghdr *header)
{
	uint16_t segment_len;
	int size;

	if (is(header, SOL_UDP, UDP_SEGMENT) &&
	    take(header, &segment_len, sizeof(segment_len)))
		control->segment_len = segment_len;
	else if (is(header, SOL_UDP, UDP_GRO) &&
		 take(header, &size, sizeof(size)) && size > 0 &&
		 size <= UINT16_MAX)
		control->segment_len = (uint16_t)size;
}

void
nspy_control_read(struct nspy_control *control, const struct msghdr *msg,
		  bool sent)
{
	struct cmsghdr *header = NULL;

	while ((header = next(msg, header))) {
		struct nspy_endpoint end = packet_address(header, sent);

		if (end.version && !nspy_endpoint_is_wildcard(&end))
			control->local = end;
		read_segment_len(control, header);
	}
}

/* struct sock_extended_err of <linux/errqueue.h>, which musl does not have. */
struct extended_error {
	uint32_t error;
	uint8_t origin, type, code, pad;
	uint32_t info, data;
};
#define ORIGIN_ICMP 2
#define ORIGIN_ICMP6 3

bool
nspy_control_error(struct nspy_unreachable *message, int *error,
		   const struct msghdr *msg)
{
	struct cmsghdr *header = NULL;
	struct {
		struct extended_error error;
		uint8_t offender[sizeof(struct sockaddr_in6)];
	} queued;

	while ((header = next(msg, header))) {
		size_t len = header->cmsg_len - CMSG_LEN(0);

		memset(&queued, 0, sizeof(queued));
		if (!is(header, IPPROTO_IP, IP_RECVERR) &&
		    !is(header, IPPROTO_IPV6, IPV6_RECVERR))
			continue;
		if (len > sizeof(queued))
			len = sizeof(queued);
		memcpy(&queued, CMSG_DATA(header), len);
		memset(message, 0, sizeof(*message));
		message->from = nspy_endpoint_of(queued.offender,
						 sizeof(queued.offender));
		message->type = queued.error.type;
		message->code = queued.error.code;
		message->info = queued.error.info;
		*error = (int)queued.error.error;
		return message->from.version &&
		       (queued.error.origin == ORIGIN_ICMP ||
			queued.error.origin == ORIGIN_ICMP6);
	}
	return false;
}

size_t
nspy_room(const struct iovec *iov, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += iov[i].iov_len;
	return sum;
}

static void
each_descriptor(const struct msghdr *msg, void (*tell)(int fd))
{
	struct cmsghdr *header = NULL;

	while ((header = next(msg, header))) {
		size_t len = header->cmsg_len - CMSG_LEN(0);

		if (!is(header, SOL_SOCKET, SCM_RIGHTS) &&
		    !is(header, SOL_SOCKET, SCM_PIDFD_NUMBER))
			continue;
		for (size_t at = 0; at + sizeof(int) <= len;
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + at, sizeof(fd));
			tell(fd);
		}
	}
}

static void
got(int fd)
{
	if ((uint32_t)fd >= nspy_descriptor_count || !nspy_recording())
		return;
	if (!nspy_in_vfork_child())
		nspy_descriptor_received(fd);
	else if (atomic_load(&nspy_descriptors[fd]) == NSPY_OTHER)
		atomic_store(&nspy_descriptors[fd], NSPY_UNKNOWN);
}

static void
gave(int fd)
{
	struct nspy_socket *socket = nspy_descriptor_known(fd);

	if (socket)
		atomic_fetch_or(&socket->flags, NSPY_FOREIGN);
}

void
nspy_control_got(const struct msghdr *msg)
{
	each_descriptor(msg, got);
}

void
nspy_control_gave(const struct msghdr *msg)
{
	each_descriptor(msg, gave);
}
