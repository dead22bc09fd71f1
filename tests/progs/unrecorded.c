/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * unrecorded: sockets that are left alone, an inherited one among them; a child
 * with two of its own, and the program once more by exec. unrecorded one N: the
 * N-th kind of socket, whose name it prints.
 */

#include "prog.h"

/* As far as the kernel has them. */
static const struct kind {
	const char *name;
	int domain, type, protocol;
} kinds[] = {
	{ "AF_PACKET", AF_PACKET, SOCK_DGRAM, 0 },
	{ "AF_VSOCK", AF_VSOCK, SOCK_STREAM, 0 },
	{ "AF_ALG", AF_ALG, SOCK_SEQPACKET, 0 },
	{ "AF_BLUETOOTH", AF_BLUETOOTH, SOCK_RAW, 1 },
	{ "AF_CAN", AF_CAN, SOCK_RAW, 1 },
	{ "AF_XDP", 44, SOCK_RAW, 0 },
	{ "SCTP", AF_INET, SOCK_STREAM, 132 },
	{ "SCTP", AF_INET6, SOCK_SEQPACKET, 132 },
	{ "DCCP", AF_INET, 6 /* SOCK_DCCP */, 33 },
	{ "other", AF_TIPC, SOCK_RDM, 0 },
};

static int
open_one(size_t number)
{
	const struct kind *kind = &kinds[number];

	if (socket(kind->domain, kind->type, kind->protocol) < 0)
		return 77;
	puts(kind->name);
	return 0;
}

int
main(int argc, char **argv)
{
	int fds[2], status;
	pid_t child;

	if (argc > 2)
		return open_one((size_t)atoi(argv[2]));
	if (argc > 1) {
		MUST(write(atoi(argv[1]), "x", 1) == 1);
		return 0;
	}
	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	MUST(socket(AF_UNIX, SOCK_DGRAM, 0) >= 0);
	MUST(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	MUST(socket(-1, SOCK_STREAM, 0) < 0);
	child = fork();
	MUST(child >= 0);
	if (child == 0) {
		MUST(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
		MUST(write(fds[1], "x", 1) == 1);
		exit(0);
	}
	MUST(waitpid(child, &status, 0) == child && status == 0);
	char number[16];
	snprintf(number, sizeof(number), "%d", fds[0]);
	execl("/proc/self/exe", argv[0], number, NULL);
	MUST(!"exec");
	return 1;
}
