/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * busy-client PORT LOG: asks the echo servers on TCP and UDP port PORT until
 * it is killed. After each call has returned it says so in the mapped file
 * LOG, which outlives it: what the log says must be in the capture.
 *
 * LOG is an array of struct entry, one for each socket in order of connect.
 */

#include "prog.h"
#include <sys/mman.h>

#define ENTRIES 8192
#define CONNECTED 1
#define CLOSED 2

struct entry {
	uint32_t local_port;
	uint32_t state;
	uint64_t is_udp;
	uint64_t sent;
	uint64_t received;
};

static volatile struct entry *entries;
static unsigned int used;

static int
opened(int port, int type, volatile struct entry **entry)
{
	struct endpoint end = loopback("4", port), own = { .len = 128 };
	int fd = connected(&end, type);
	uint16_t local;

	MUST(!getsockname(fd, (struct sockaddr *)&own.address, &own.len));
	local = ((struct sockaddr_in *)&own.address)->sin_port;
	MUST(used < ENTRIES);
	*entry = &entries[used++];
	(*entry)->local_port = ntohs(local);
	(*entry)->is_udp = type == SOCK_DGRAM;
	(*entry)->state = CONNECTED;
	return fd;
}

static void
exchange(int fd, volatile struct entry *entry, size_t len)
{
	static unsigned char buf[8192];
	size_t got = 0;

	fill(buf, len, entry->sent);
	MUST(send(fd, buf, len, 0) == (ssize_t)len);
	entry->sent += len;
	while (got < len) {
		ssize_t ret = recv(fd, buf, sizeof(buf), 0);

		MUST(ret > 0);
		got += (size_t)ret;
		entry->received += (size_t)ret;
	}
}

int
main(int argc, char **argv)
{
	volatile struct entry *tcp, *udp;
	int log, port, udp_fd;

	MUST(argc == 3);
	port = atoi(argv[1]);
	log = open(argv[2], O_RDWR | O_CREAT, 0600);
	MUST(log >= 0);
	MUST(!ftruncate(log, ENTRIES * sizeof(*entries)));
	entries = mmap(NULL, ENTRIES * sizeof(*entries),
		       PROT_READ | PROT_WRITE, MAP_SHARED, log, 0);
	MUST(entries != MAP_FAILED);
	udp_fd = opened(port, SOCK_DGRAM, &udp);
	for (size_t size = 1;;) {
		int fd = opened(port, SOCK_STREAM, &tcp);

		for (int i = 0; i < 40; i++) {
			exchange(fd, tcp, size);
			if (i % 4 == 0)
				exchange(udp_fd, udp, 100);
			size = size * 5 % 7993;
		}
		MUST(!close(fd));
		tcp->state = CLOSED;
	}
}
