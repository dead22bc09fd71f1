/* SPDX-License-Identifier: BSD-2-Clause */
/* sock_diag(7): one look-up by addresses and cookie, for which no right is
 * needed. */

#include "wrap/diag.h"

#include "capture/sys.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

struct question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 request;
};

/* Of the attributes behind it nothing is read. */
struct answer {
	struct nlmsghdr header;
	union {
		struct nlmsgerr error;
		struct inet_diag_msg socket;
	};
};

void
nspy_diag_prepare(int fd, struct nspy_socket *socket)
{
	int device = 0;
	socklen_t len = sizeof(device);

	/* A look-up without the device does not find a bound socket. */
	NSPY_SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_BINDTOIFINDEX, &device,
		  &len);
	socket->device = (uint32_t)device;
}

static void
fill(struct question *question, const struct nspy_socket *socket)
{
	struct inet_diag_sockid *id = &question->request.id;

	memset(question, 0, sizeof(*question));
	question->header.nlmsg_len = sizeof(*question);
	question->header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	question->header.nlmsg_flags = NLM_F_REQUEST;
	question->request.sdiag_family =
		socket->local.version == 4 ? AF_INET : AF_INET6;
	question->request.sdiag_protocol = IPPROTO_TCP;
	question->request.idiag_states = ~0u;
	id->idiag_sport = htons(socket->local.port);
	id->idiag_dport = htons(socket->peer.port);
	memcpy(id->idiag_src, socket->local.addr, sizeof(id->idiag_src));
	memcpy(id->idiag_dst, socket->peer.addr, sizeof(id->idiag_dst));
	id->idiag_if = socket->device;
	id->idiag_cookie[0] = (uint32_t)socket->cookie;
	id->idiag_cookie[1] = (uint32_t)(socket->cookie >> 32);
}

static enum nspy_diag
judge(const struct answer *answer, long len)
{
	if (len < (long)(sizeof(answer->header) + sizeof(answer->error.error)))
		return NSPY_DIAG_UNKNOWN;
	if (answer->header.nlmsg_type == NLMSG_ERROR) {
		int error = answer->error.error;

		/* ESTALE: another socket has the addresses now. */
		return error == -ENOENT || error == -ESTALE ? NSPY_DIAG_GONE
							    : NSPY_DIAG_UNKNOWN;
	}
	if (answer->header.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    len < (long)sizeof(*answer))
		return NSPY_DIAG_UNKNOWN;
	/* A socket without an inode is the kernel's alone. */
	return answer->socket.idiag_inode ? NSPY_DIAG_HELD : NSPY_DIAG_ENDING;
}

enum nspy_diag
nspy_diag_ask(const struct nspy_socket *socket)
{
	struct question question;
	struct answer answer;
	long fd, len;

	fd = NSPY_SYS3(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
		       NETLINK_SOCK_DIAG);
	if (fd < 0)
		return NSPY_DIAG_UNKNOWN;
	fill(&question, socket);
	len = NSPY_SYS6(SYS_sendto, fd, &question, sizeof(question), 0, NULL,
			0);
	/* The kernel has answered before sendto returns. */
	if (len >= 0)
		len = NSPY_SYS6(SYS_recvfrom, fd, &answer, sizeof(answer),
				MSG_DONTWAIT, NULL, NULL);
	NSPY_SYS1(SYS_close, fd);
	return judge(&answer, len);
}
