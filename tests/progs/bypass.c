/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bypass WAY: four bytes of a connection by send, and six by a WAY past netspy.
 *
 * instruction: a system call of the program's own
 * ring: io_uring
 * next, handle, version: libc's send, found by dlsym with RTLD_NEXT, dlsym in
 * libc itself, dlvsym
 * child: a child that has the connection, too, by an instruction
 * datagrams: four and six bytes, both by an instruction
 */

#include "peer.h"
#include <dlfcn.h>
#include <linux/io_uring.h>
#include <sys/mman.h>

static const char text[] = "unseen";

static void
by_instruction(int fd)
{
	peer_send(fd, text, 6);
}

static void *
ring_part(int ring, size_t len, off_t offset)
{
	void *part = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
			  offset);

	MUST(part != MAP_FAILED);
	return part;
}

static void
by_ring(int fd)
{
	struct io_uring_params params = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	struct io_uring_sqe *request;
	char *queue;

	if (ring < 0)
		exit(77);
	queue = ring_part(ring, params.sq_off.array + sizeof(uint32_t),
			  IORING_OFF_SQ_RING);
	request = ring_part(ring, sizeof(*request), IORING_OFF_SQES);
	request->opcode = IORING_OP_SEND;
	request->fd = fd;
	request->addr = (uintptr_t)text;
	request->len = 6;
	*(uint32_t *)(queue + params.sq_off.array) = 0;
	*(uint32_t *)(queue + params.sq_off.tail) += 1;
	MUST(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS,
		     NULL, 0) == 1);
	MUST(!close(ring));
}

static void
by_function(void *function, int fd)
{
	__typeof__(send) *send_there;

	MUST(function);
	*(void **)&send_there = function;
	MUST(send_there(fd, text, 6, 0) == 6);
}

static void *
in_libc(void)
{
#ifdef __GLIBC__
	return dlopen("libc.so.6", RTLD_LAZY);
#else
	return dlopen("libc.so", RTLD_LAZY);
#endif
}

static void
by_version(int fd)
{
#ifdef __GLIBC__
	/* What it was in the first version of this machine's libc. */
	static const char *const versions[] = {"GLIBC_2.2.5", "GLIBC_2.17"};
	void *function = NULL;

	for (size_t i = 0; !function && i < 2; i++)
		function = dlvsym(RTLD_DEFAULT, "send", versions[i]);
	by_function(function, fd);
#else
	(void)fd;
	exit(77);
#endif
}

static void
by_child(int fd)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		peer_send(fd, text, 6);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0) == pid && status == 0);
}

static void
by_datagrams(void)
{
	struct endpoint end;
	int peer = peer_bound("4", SOCK_DGRAM, &end);
	int fd = connected(&end, SOCK_DGRAM);

	peer_send(fd, "seen", 4);
	peer_send(fd, text, 6);
	MUST(!close(fd));
	peer_close(peer);
}

int
main(int argc, char **argv)
{
	char buf[10];
	int peer, fd;

	MUST(argc == 2);
	if (!strcmp(argv[1], "datagrams")) {
		by_datagrams();
		return 0;
	}
	fd = connected_to_peer("4", &peer);
	MUST(send(fd, "seen", 4, 0) == 4);
	if (!strcmp(argv[1], "instruction"))
		by_instruction(fd);
	else if (!strcmp(argv[1], "ring"))
		by_ring(fd);
	else if (!strcmp(argv[1], "next"))
		by_function(dlsym(RTLD_NEXT, "send"), fd);
	else if (!strcmp(argv[1], "handle"))
		by_function(dlsym(in_libc(), "send"), fd);
	else if (!strcmp(argv[1], "version"))
		by_version(fd);
	else
		by_child(fd);
	peer_recv(peer, buf, 10);
	MUST(!close(fd));
	peer_close(peer);
	return 0;
}
