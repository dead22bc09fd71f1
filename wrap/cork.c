/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel joins what several calls send on a datagram socket while each has
 * MSG_MORE, or the socket UDP_CORK. What it will send is kept here, and told as
 * one datagram by the call that makes the kernel send it. No locks: each part
 * takes its place in one atomic step.
 */

#include "wrap/cork.h"

#include "capture/sys.h"
#include "wrap/report.h"
#include "wrap/table.h"

#include <netinet/in.h>

#define CORKS 64u
/* The length field of IP, and so the most that is ever joined. */
#define LEN_MAX 65535u
/* Of socket->cork: all places are taken. */
#define NO_PLACE (CORKS + 1)

#ifndef UDP_CORK
#define UDP_CORK 1
#endif
#ifndef MSG_PROBE
#define MSG_PROBE 0x10
#endif

struct cork {
	_Atomic uint32_t taken;
	uint16_t segment_len;		  /* that the first part asked for */
	struct nspy_endpoint peer, local; /* of the first part, too */
	_Atomic size_t len;		  /* bytes of all parts */
	_Atomic size_t kept;		  /* of them, from the first on */
	uint8_t data[LEN_MAX];
};

static struct cork *_Atomic corks;

/* Few programs need any. */
static struct cork *
make_corks(void)
{
	const size_t len = CORKS * sizeof(struct cork);
	struct cork *made = atomic_load(&corks), *none = NULL;

	if (made)
		return made;
	made = nspy_table_reserve(len);
	if (!made || atomic_compare_exchange_strong(&corks, &none, made))
		return made;
	NSPY_SYS2(SYS_munmap, made, len);
	return none;
}

/* Of raw sockets only those for which the kernel makes the IP header. */
static bool
joins(const struct nspy_socket *socket, bool more)
{
	uint32_t flags = atomic_load(&socket->flags);

	if (socket->family != AF_INET && socket->family != AF_INET6)
		return false;
	if (socket->type == SOCK_RAW)
		return more && !(flags & NSPY_HEADER_INCLUDED);
	return (socket->protocol == IPPROTO_UDP ||
		socket->protocol == IPPROTO_UDPLITE) &&
	       (more || flags & NSPY_CORKED);
}

static struct cork *
cork_of(uint32_t number)
{
	return number && number != NO_PLACE ? atomic_load(&corks) + number - 1
					    : NULL;
}

static void
release(uint32_t number)
{
	struct cork *cork = cork_of(number);

	if (cork)
		atomic_store(&cork->taken, 0);
}

/* The number of a free place, for the first part of a datagram. */
static uint32_t
take(const struct nspy_socket *socket, const struct nspy_tell *tell)
{
	static const struct nspy_endpoint none;
	struct cork *cork = make_corks();

	for (uint32_t i = 1; cork && i <= CORKS; i++, cork++) {
		if (atomic_exchange(&cork->taken, 1))
			continue;
		cork->peer = tell->peer ? *tell->peer : socket->peer;
		cork->local = tell->local ? *tell->local : none;
		cork->segment_len = tell->segment_len;
		atomic_store(&cork->len, 0);
		atomic_store(&cork->kept, LEN_MAX);
		return i;
	}
	nspy_report("so many datagrams are corked that one is not recorded",
		    NULL);
	return NO_PLACE;
}

static uint32_t
number_of(struct nspy_socket *socket, const struct nspy_tell *tell)
{
	uint32_t number = atomic_load(&socket->cork), mine;

	if (number)
		return number;
	mine = take(socket, tell);
	/* Another thread may have begun one. */
	if (atomic_compare_exchange_strong(&socket->cork, &number, mine))
		return mine;
	release(mine);
	return number;
}

static void
add(struct cork *cork, const struct nspy_tell *tell)
{
	size_t at = atomic_fetch_add(&cork->len, tell->len);
	size_t room = at < LEN_MAX ? LEN_MAX - at : 0;
	size_t copied = nspy_tell_copy(tell, cork->data + at,
				       tell->len < room ? tell->len : room);

	/* What is behind a hole has no place in a packet. */
	if (copied < tell->len && at + copied < atomic_load(&cork->kept))
		atomic_store(&cork->kept, at + copied);
}

static void
push(const struct nspy_call *call)
{
	uint32_t number = atomic_exchange(&call->socket->cork, 0);
	struct cork *cork = cork_of(number);
	struct iovec iov;
	struct nspy_tell tell = {
		.kind = NSPY_SEND,
		.iov = &iov,
		.iov_count = 1,
	};

	if (!cork)
		return;
	tell.len = atomic_load(&cork->len);
	tell.segment_len = cork->segment_len;
	tell.peer = &cork->peer;
	tell.local = cork->local.version ? &cork->local : NULL;
	iov.iov_base = cork->data;
	iov.iov_len = atomic_load(&cork->kept);
	nspy_emit(call, call->socket, &tell);
	release(number);
}

bool
nspy_cork_add(const struct nspy_call *call, const struct nspy_tell *tell)
{
	struct nspy_socket *socket = call->socket;
	bool waits = joins(socket, tell->more);
	struct cork *cork;

	if (!waits && !atomic_load(&socket->cork))
		return false;
	cork = cork_of(number_of(socket, tell));
	if (cork)
		add(cork, tell);
	if (!waits)
		push(call);
	return true;
}

void
nspy_cork_option(const struct nspy_call *call, int level, int optname,
		 int value)
{
	if (call->socket->type == SOCK_DGRAM && !value && optname == UDP_CORK &&
	    (level == IPPROTO_UDP || level == IPPROTO_UDPLITE))
		push(call);
}

/*
 * A probe sends nothing. While a datagram waits, the kernel does not look at
 * the address, which is no good; otherwise the call fails.
 */
static bool
still_waits(const struct nspy_call *call)
{
	const struct sockaddr_in6 nowhere = {
		.sin6_family = call->socket->family,
	};

	return call->socket->type == SOCK_DGRAM &&
	       NSPY_SYS6(SYS_sendto, call->fd, NULL, 0,
			 MSG_MORE | MSG_PROBE | MSG_DONTWAIT, &nowhere,
			 sizeof(nowhere)) == 0;
}

void
nspy_cork_failed(const struct nspy_call *call)
{
	if (atomic_load(&call->socket->cork) && !still_waits(call))
		nspy_cork_drop(call->socket);
}

void
nspy_cork_drop(struct nspy_socket *socket)
{
	release(atomic_exchange(&socket->cork, 0));
}
