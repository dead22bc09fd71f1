/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The other end of a connection, used by bare system calls: the recording does
 * not know it, so that this end alone tells of what moves between them.
 */

#ifndef TEST_PEER_H
#define TEST_PEER_H

#include "prog.h"
#include "../../capture/sys.h"
#include <sys/auxv.h>

/* The kit has its own when it is linked in. */
__attribute__((weak)) bool nspy_sys_refused;

static UNUSED void
peer_send(int peer, const void *data, size_t len)
{
	MUST(NSPY_SYS3(SYS_write, peer, data, len) == (long)len);
}

static UNUSED void
peer_recv(int peer, void *buf, size_t len)
{
	for (size_t got = 0; got < len;) {
		long ret =
			NSPY_SYS3(SYS_read, peer, (char *)buf + got, len - got);

		MUST(ret > 0);
		got += (size_t)ret;
	}
}

static UNUSED void
peer_close(int peer)
{
	MUST(!NSPY_SYS1(SYS_close, peer));
}

/* A bound socket of the peer's; END tells its address. */
static UNUSED int
peer_bound(const char *family, int type, struct endpoint *end)
{
	struct sockaddr *address = (struct sockaddr *)&end->address;
	int fd;

	*end = loopback(family, 0);
	fd = (int)NSPY_SYS3(SYS_socket, end->address.ss_family, type, 0);
	MUST(fd >= 0 && !NSPY_SYS3(SYS_bind, fd, address, end->len));
	MUST(!NSPY_SYS3(SYS_getsockname, fd, address, &end->len));
	return fd;
}

/* A connection of which the other end is the peer's. */
static UNUSED int
connected_to_peer(const char *family, int *peer)
{
	struct endpoint end;
	int fd, door = peer_bound(family, SOCK_STREAM, &end);

	MUST(!NSPY_SYS2(SYS_listen, door, 1));
	fd = connected(&end, SOCK_STREAM);
	*peer = (int)NSPY_SYS4(SYS_accept4, door, NULL, NULL, 0);
	MUST(*peer >= 0);
	peer_close(door);
	return fd;
}

/*
 * Another name of a function. Where the C library has none, or has it for
 * itself alone, it is the function: OWN names are libc's in static programs.
 */
#define ANOTHER_NAME(function, name)                                           \
	extern __typeof__(function) name __attribute__((weak))
#define NAME(function, name) (name ? name : function)
#define OWN(function, name) (name && !getauxval(AT_BASE) ? name : function)

/* The peer hears len bytes, 100 at most. */
static UNUSED void
say(int fd, int peer, size_t len)
{
	char buf[100] = "";

	MUST(len <= sizeof(buf));
	MUST(send(fd, buf, len, 0) == (ssize_t)len);
	peer_recv(peer, buf, len);
}

/* The peer finds that this end has sent its last byte. */
static UNUSED void
hear_end(int peer)
{
	char byte;

	MUST(NSPY_SYS3(SYS_read, peer, &byte, 1) == 0);
	peer_close(peer);
}

#endif
