/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * vectors: every call of several buffers or messages: readv, writev, sendmsg,
 * recvmsg with MSG_PEEK, sendmmsg and recvmmsg, over TCP and UDP.
 */

#include "prog.h"

static void
stream(void)
{
	char a[4], b[60];
	struct iovec out[3] = { { "one ", 4 }, { "", 0 }, { "two", 3 } };
	struct iovec in[2] = { { a, sizeof(a) }, { b, sizeof(b) } };
	struct msghdr msg = { .msg_iov = out, .msg_iovlen = 3 };
	int fds[2];

	pair_of("6", fds);
	MUST(writev(fds[0], out, 3) == 7);
	MUST(readv(fds[1], in, 2) == 7);
	MUST(sendmsg(fds[0], &msg, MSG_NOSIGNAL) == 7);
	msg.msg_iov = in;
	msg.msg_iovlen = 2;
	/* Looked at, not taken: the same bytes must not count twice. */
	MUST(recvmsg(fds[1], &msg, MSG_PEEK) == 7);
	MUST(recvmsg(fds[1], &msg, 0) == 7);
	MUST(write(fds[1], "three", 5) == 5);
	MUST(read(fds[0], b, sizeof(b)) == 5);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
}

static void
datagrams(void)
{
	char buf[4][100];
	struct sockaddr_in from[4];
	struct iovec part[4];
	struct mmsghdr out[3] = { 0 }, in[4] = { 0 };
	struct endpoint end;
	int server = bound("4", SOCK_DGRAM, 0, &end);
	int client = connected(&end, SOCK_DGRAM);

	for (int i = 0; i < 3; i++) {
		part[i] = (struct iovec){ "datagram", (size_t)i * 4 };
		out[i].msg_hdr.msg_iov = &part[i];
		out[i].msg_hdr.msg_iovlen = 1;
	}
	MUST(sendmmsg(client, out, 3, 0) == 3);
	for (int i = 0; i < 4; i++) {
		part[i] = (struct iovec){ buf[i], sizeof(buf[i]) };
		in[i].msg_hdr.msg_iov = &part[i];
		in[i].msg_hdr.msg_iovlen = 1;
		in[i].msg_hdr.msg_name = &from[i];
		in[i].msg_hdr.msg_namelen = sizeof(from[i]);
	}
	MUST(recvmmsg(server, in, 4, MSG_DONTWAIT, NULL) == 3);
	MUST(in[0].msg_len == 0 && in[1].msg_len == 4 && in[2].msg_len == 8);
	/* A failure of such a call changes nothing, and says so. */
	MUST(recvmmsg(server, in, 4, MSG_DONTWAIT, NULL) == -1);
	MUST(errno == EAGAIN);
}

int
main(void)
{
	stream();
	datagrams();
	return 0;
}
