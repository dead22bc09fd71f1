/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the parts of random.c share: chance, the table of sockets, the door to
 * the kernel, the log.
 */

#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include "prog.h"
#include "../../capture/sys.h"
#include <stddef.h>
#include <sys/un.h>

/* The kit has its own when it is linked in. */
__attribute__((weak)) bool nspy_sys_refused;

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

#define SLOTS 10
#define PORTS 6
#define PORT 60100
#define ROOM 3000

/* What a run may do beside the plain calls; one bit each. */
enum feature {
	F_FLAGS = 1,	  /* MSG_ of all kinds */
	F_BAD = 2,	  /* arguments that are no good */
	F_DUP = 4,	  /* descriptors that move */
	F_FORK = 8,	  /* children with the same sockets */
	F_URGENT = 16,	  /* MSG_OOB */
	F_UNIX = 32,	  /* AF_UNIX, and descriptors passed */
	F_EXEC = 64,	  /* itself with open sockets */
	F_RACE = 128,	  /* threads that use the same socket */
	F_LARGE = 256,	  /* more than a buffer takes */
	F_SIGNAL = 512,	  /* interrupted calls */
	F_XFER = 1024,	  /* sendfile, splice */
	F_STDIO = 2048,	  /* FILE */
	F_OPTIONS = 4096, /* setsockopt, SO_LINGER */
	F_SIX = 8192,	  /* IPv6 and mapped addresses */
	F_PEER = 16384,	  /* the peer does things too */
	F_UDP = 32768,
	F_ALL = 65535,
};

struct slot {
	int fd;
	char family; /* '4', '6', 'm' or 'u'; 0: none */
	char type;   /* 't', 'u' */
};

struct state {
	uint64_t chance;
	int step, steps;
	unsigned int features;
	int address;	 /* of this run: two bytes of 127.x.y.0 */
	uint32_t serial; /* of the messages sent */
	int to_peer, from_peer, log;
	struct slot slots[SLOTS];
};

static struct state now;
static bool peer;      /* this process is the peer: nothing of it is recorded */
static char *page_end; /* behind ROOM bytes, nothing is mapped */

static uint32_t
chance(uint32_t below)
{
	now.chance ^= now.chance << 13;
	now.chance ^= now.chance >> 7;
	now.chance ^= now.chance << 17;
	return (uint32_t)((now.chance >> 33) % below);
}

/* Of a hundred times; never when the run does not have the feature. */
static bool
luck(unsigned int feature, uint32_t percent)
{
	bool is = chance(100) < percent;

	return is && (!feature || now.features & feature);
}

/* What another process put into a datagram is not recorded: netspy(1). */
static bool
may_cork(void)
{
	return !(now.features & (F_FORK | F_EXEC));
}

static long
raw(long number, long a, long b, long c, long d, long e, long f)
{
	long ret = nspy_sys_call(number, a, b, c, d, e, f);

	if (ret >= 0)
		return ret;
	errno = (int)-ret;
	return -1;
}

#define L(value) ((long)(value))
#define P(pointer) ((long)(uintptr_t)(pointer))

/* The call of the C library, or, for the peer, the same past it. */
#define DOOR(call, number, a, b, c, d, e, f)                                   \
	(peer ? raw(number, a, b, c, d, e, f) : L(call))

static long
do_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return DOOR(setsockopt(fd, level, name, value, len), SYS_setsockopt, fd,
		    level, name, P(value), len, 0);
}

static long
do_send(int fd, const void *buf, size_t len, int flags,
	const struct sockaddr *to, socklen_t tolen)
{
	return DOOR(to ? sendto(fd, buf, len, flags, to, tolen)
		       : send(fd, buf, len, flags),
		    SYS_sendto, fd, P(buf), L(len), flags, P(to), tolen);
}

static long
do_close(int fd)
{
	return DOOR(close(fd), SYS_close, fd, 0, 0, 0, 0, 0);
}

/* One line: what, which, and what came of it. Keeps errno. */
static void
tell(const char *what, int slot, long arg, long ret, const char *more)
{
	int error = ret < 0 ? errno : 0;
	char line[200];
	int len = snprintf(line, sizeof(line), "%d%s %s %d %ld = %ld %s %s\n",
			   now.step, peer ? "p" : "", what, slot, arg, ret,
			   error ? strerrorname_np(error) : "-", more);

	raw(SYS_write, now.log, P(line), len, 0, 0, 0);
	errno = error;
}

static struct sockaddr *
sa(struct endpoint *end)
{
	return (struct sockaddr *)&end->address;
}

/* An address of ours, or of the peer's. */
static struct endpoint
address(char family, int port, bool of_peer)
{
	const char text[] = {family == 'm'   ? 'm'
			     : family == '6' ? '6'
					     : '4',
			     0};
	struct endpoint end = loopback(text, port);
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&end.address;
	struct sockaddr_in *four = (struct sockaddr_in *)&end.address;
	struct sockaddr_un *un = (struct sockaddr_un *)&end.address;
	uint32_t ip = 0x7f000001u + ((uint32_t)now.address << 8) + of_peer;

	switch (family) {
	case '4':
		four->sin_addr.s_addr = htonl(ip);
		break;
	case 'm':
		ip = htonl(ip);
		memcpy(&six->sin6_addr.s6_addr[12], &ip, 4);
		break;
	case '6':
		MUST(inet_pton(AF_INET6, "fd00:fa::", &six->sin6_addr));
		ip = htonl(ip);
		memcpy(&six->sin6_addr.s6_addr[12], &ip, 4);
		break;
	default:
		memset(un, 0, sizeof(*un));
		un->sun_family = AF_UNIX;
		snprintf(un->sun_path + 1, 50, "random %d %d", now.address,
			 port);
		end.len =
			(socklen_t)offsetof(struct sockaddr_un, sun_path) + 25;
	}
	return end;
}

static int
any_slot(void)
{
	return (int)chance(SLOTS);
}

/* One that has a socket of this type, most of the time. */
static int
slot_of(char type)
{
	int slot = any_slot();

	for (int i = 0; i < SLOTS; i++)
		if (now.slots[(slot + i) % SLOTS].type == type)
			return (slot + i) % SLOTS;
	return slot;
}

/* A slot with something to lose gets the new one. */
static void
put(int slot, long fd, char family, char type)
{
	if (fd < 0)
		return;
	if (now.slots[slot].fd >= 0) {
		long ret = do_close(now.slots[slot].fd);

		tell("close", slot, 0, ret, "");
	}
	now.slots[slot] = (struct slot){(int)fd, family, type};
}

static int
free_slot(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (now.slots[i].fd < 0)
			return i;
	return any_slot();
}

#endif
