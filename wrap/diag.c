/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock_diag(7): one look-up by addresses and cookie, for which no right is
 * needed. It finds what is in the network namespace of the process; of other
 * sockets (vsftpd's processes for the data are in a namespace of their own) an
 * epoll instance tells: it forgets a socket that nobody has open any more.
 */

#include "wrap/diag.h"

#include "capture/sys.h"
#include "wrap/file.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/epoll.h>

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

static enum nspy_diag
look_up(const struct nspy_socket *socket)
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

/* How many of the one socket in it are ready, or a negative errno. */
static long
ready(int poll)
{
	struct epoll_event event;

	return NSPY_SYS6(SYS_epoll_pwait, poll, &event, 1, 0, NULL, 0);
}

/* One that is ready for nothing cannot be told from one that is gone. */
static bool
watch(int fd, struct nspy_socket *socket)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP};
	int poll = (int)NSPY_SYS1(SYS_epoll_create1, EPOLL_CLOEXEC);

	if (poll < 0)
		return false;
	poll = nspy_keep_high(poll);
	if (NSPY_SYS4(SYS_epoll_ctl, poll, EPOLL_CTL_ADD, fd, &event) < 0 ||
	    ready(poll) != 1) {
		NSPY_SYS1(SYS_close, poll);
		return false;
	}
	socket->watch = (uint32_t)poll;
	return true;
}

bool
nspy_diag_begin(int fd, struct nspy_socket *socket)
{
	int device = 0;
	socklen_t len = sizeof(device);

	/* A look-up without the device does not find a bound socket. */
	NSPY_SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_BINDTOIFINDEX, &device,
		  &len);
	socket->device = (uint32_t)device;
	socket->watch = 0;
	return look_up(socket) == NSPY_DIAG_HELD || watch(fd, socket);
}

enum nspy_diag
nspy_diag_end(const struct nspy_socket *socket)
{
	long count;

	if (!socket->watch)
		return look_up(socket);
	count = ready((int)socket->watch);
	/* The program has closed it: close_range takes all that there are. */
	if (count < 0)
		return NSPY_DIAG_UNKNOWN;
	NSPY_SYS1(SYS_close, socket->watch);
	return count ? NSPY_DIAG_HELD : NSPY_DIAG_GONE;
}
