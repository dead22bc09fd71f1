/* SPDX-License-Identifier: BSD-2-Clause */

/* netlink: asks the kernel for the loopback interface, and for one too many. */

#include "prog.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

static char buf[65536];

/* The type of the answer. */
static int
ask(int fd, int index)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} question = {
		.header = { .nlmsg_len = sizeof(question),
			    .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST,
			    .nlmsg_seq = (unsigned int)index },
		.info = { .ifi_index = index },
	};
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct nlmsghdr answer;

	MUST(sendto(fd, &question, sizeof(question), 0,
		    (struct sockaddr *)&kernel, sizeof(kernel)) ==
	     sizeof(question));
	/* As libnl does: how long is it? */
	MUST(recvmsg(fd, &msg, MSG_PEEK | MSG_TRUNC) > 0);
	MUST(recvmsg(fd, &msg, 0) >= (ssize_t)sizeof(answer));
	memcpy(&answer, buf, sizeof(answer));
	return answer.nlmsg_type;
}

int
main(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	MUST(fd >= 0);
	MUST(ask(fd, 1) == RTM_NEWLINK);
	MUST(ask(fd, 1 << 30) == NLMSG_ERROR);
	return 0;
}
