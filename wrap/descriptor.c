/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The descriptor table: one word for each number, in a mapping whose pages
 * come on demand, so that there is no limit but the kernel's. No locks: each
 * word and the free list change in one atomic step.
 */

#include "wrap/descriptor.h"

#include "capture/sys_wide.h"
#include "wrap/cork.h"
#include "wrap/protocol.h"
#include "wrap/stdio.h"
#include "wrap/table.h"
#include "wrap/unrecorded.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>

#define DESCRIPTORS_MIN (1u << 20)
#ifdef __LP64__
#define DESCRIPTORS_MAX (1u << 26)
#else
/* The program needs the addresses for itself. */
#define DESCRIPTORS_MAX (1u << 22)
#endif
/* Mapped some at a time: the program's limits of memory count them all. */
#define SOCKETS_CHUNK 1024u
#define SOCKETS_CHUNKS 256u
#define SOCKETS_MAX (SOCKETS_CHUNK * SOCKETS_CHUNKS)

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

_Atomic uint32_t *nspy_descriptors;
_Atomic uint32_t nspy_descriptor_count;
_Atomic uint32_t nspy_forks;
struct nspy_socket nspy_socket_gone;
bool nspy_descriptors_shared;

static struct nspy_socket *_Atomic chunks[SOCKETS_CHUNKS];
static _Atomic uint32_t descriptor_limit;
static _Atomic uint32_t sockets_used;
/* The program ends, and the ends of its sockets are told. */
static _Atomic bool ended;
/* Head of the free list: index + 1, and a count against the ABA problem. */
static _Atomic uint64_t sockets_free;

int
nspy_descriptors_init(void)
{
	uint64_t limits[2] = {0, 0};
	size_t count = DESCRIPTORS_MIN;

	nspy_sys_limits(RLIMIT_NOFILE, limits);
	if (limits[1] > count)
		count = limits[1] < DESCRIPTORS_MAX ? (size_t)limits[1]
						    : DESCRIPTORS_MAX;
	nspy_descriptors =
		nspy_table_reserve(count * sizeof(*nspy_descriptors));
	if (!nspy_descriptors)
		return -ENOMEM;
	atomic_store(&nspy_descriptor_count, (uint32_t)count);
	return 0;
}

uint32_t
nspy_descriptor_limit(void)
{
	return atomic_load(&descriptor_limit);
}

static void
raise_limit(int fd)
{
	uint32_t limit = atomic_load(&descriptor_limit);

	while (limit <= (uint32_t)fd &&
	       !atomic_compare_exchange_weak(&descriptor_limit, &limit,
					     (uint32_t)fd + 1))
		;
}

void
nspy_descriptor_set(int fd, uint32_t word)
{
	if ((uint32_t)fd >= nspy_descriptor_count)
		return;
	atomic_store(&nspy_descriptors[fd], word);
	raise_limit(fd);
}

/*
 * What was looked at may be closed by now, and the number be that of another
 * socket, which the thread that made it has put here: then false.
 */
static bool
set_found(int fd, uint32_t word)
{
	uint32_t unknown = NSPY_UNKNOWN;

	if (!atomic_compare_exchange_strong(&nspy_descriptors[fd], &unknown,
					    word))
		return false;
	raise_limit(fd);
	return true;
}

static struct nspy_socket *
socket_at(uint32_t index)
{
	struct nspy_socket *chunk = atomic_load_explicit(
		&chunks[index / SOCKETS_CHUNK], memory_order_acquire);

	return &chunk[index % SOCKETS_CHUNK];
}

static bool
make_chunk(struct nspy_socket *_Atomic *chunk)
{
	const size_t len = SOCKETS_CHUNK * sizeof(struct nspy_socket);
	struct nspy_socket *none = NULL, *made;

	if (atomic_load(chunk))
		return true;
	made = nspy_table_reserve(len);
	if (made && !atomic_compare_exchange_strong(chunk, &none, made))
		NSPY_SYS2(SYS_munmap, made, len);
	return made;
}

/* One that was never used, or SOCKETS_MAX. */
static uint32_t
take_new(void)
{
	uint32_t index = atomic_load(&sockets_used);

	do
		if (index >= SOCKETS_MAX ||
		    !make_chunk(&chunks[index / SOCKETS_CHUNK]))
			return SOCKETS_MAX;
	while (!atomic_compare_exchange_weak(&sockets_used, &index, index + 1));
	return index;
}

static uint32_t
take_socket(void)
{
	uint64_t head = atomic_load(&sockets_free);

	while ((uint32_t)head) {
		uint32_t next = socket_at((uint32_t)head - 1)->next_free;
		uint64_t after = ((head >> 32) + 1) << 32 | next;

		if (atomic_compare_exchange_weak(&sockets_free, &head, after))
			return (uint32_t)head - 1;
	}
	return take_new();
}

void
nspy_socket_free(struct nspy_socket *socket)
{
	uint64_t head = atomic_load(&sockets_free), after;

	nspy_cork_drop(socket);
	do {
		socket->next_free = (uint32_t)head;
		after = ((head >> 32) + 1) << 32 | (socket->index + 1);
	} while (!atomic_compare_exchange_weak(&sockets_free, &head, after));
}

static struct nspy_socket *
socket_of(uint32_t word)
{
	return word >= NSPY_SOCKET ? socket_at(word - NSPY_SOCKET) : NULL;
}

struct nspy_socket *
nspy_descriptor_known(int fd)
{
	if ((uint32_t)fd >= nspy_descriptor_count)
		return NULL;
	return socket_of(atomic_load(&nspy_descriptors[fd]));
}

static int
ask(int fd, int option, void *value, socklen_t len)
{
	return (int)NSPY_SYS5(SYS_getsockopt, fd, SOL_SOCKET, option, value,
			      &len);
}

/* A socket with one descriptor, which is not in the table yet; or NULL. */
static struct nspy_socket *
make_socket(int fd, int domain, int type, int protocol)
{
	struct nspy_socket described = {.cookie = 0}, *socket;
	uint32_t index = SOCKETS_MAX;

	/* Which socket it is cannot be asked for in a sandbox. */
	if (!nspy_sys_refused &&
	    nspy_protocol_describe(&described, domain, type, protocol))
		index = take_socket();
	if (index == SOCKETS_MAX) {
		if (domain != AF_UNSPEC)
			nspy_unrecorded_add(domain, protocol);
		return NULL;
	}
	nspy_stdio_use();
	socket = socket_at(index);
	memset(socket, 0, sizeof(*socket));
	socket->index = index;
	ask(fd, SO_COOKIE, &socket->cookie, sizeof(socket->cookie));
	socket->protocol = described.protocol;
	socket->family = described.family;
	socket->type = described.type;
	socket->checksum = described.checksum;
	atomic_store(&socket->flags, atomic_load(&described.flags));
	socket->forks = atomic_load(&nspy_forks);
	atomic_store(&socket->descriptors, 1);
	return socket;
}

static uint32_t
word_of(const struct nspy_socket *socket)
{
	return socket ? socket->index + NSPY_SOCKET : (uint32_t)NSPY_OTHER;
}

struct nspy_socket *
nspy_descriptor_add(int fd, int domain, int type, int protocol)
{
	struct nspy_socket *socket;

	if ((uint32_t)fd >= nspy_descriptor_count)
		return NULL;
	socket = make_socket(fd, domain, type, protocol);
	nspy_descriptor_set(fd, word_of(socket));
	return socket;
}

void
nspy_descriptors_end(bool now)
{
	atomic_store(&ended, now);
}

/* In a sandbox it cannot be asked for, and is taken for the same. */
static bool
is_still(int fd, uint64_t cookie)
{
	uint64_t now = 0;
	int err = ask(fd, SO_COOKIE, &now, sizeof(now));

	return err < 0 ? err == -EPERM : now == cookie;
}

void
nspy_descriptor_forget_closed(int fd, uint64_t cookie)
{
	uint32_t word = atomic_load(&nspy_descriptors[fd]);
	struct nspy_socket *socket = socket_of(word);

	if (socket && socket->cookie == cookie &&
	    atomic_compare_exchange_strong(&nspy_descriptors[fd], &word,
					   NSPY_UNKNOWN) &&
	    atomic_fetch_sub(&socket->descriptors, 1) == 1)
		nspy_socket_free(socket);
}

static void
ask_all(int fd, struct nspy_socket *socket)
{
	atomic_fetch_or(&socket->flags, NSPY_FOREIGN);
	nspy_protocol_ask(fd, socket);
	nspy_socket_ask_local(fd, socket);
	nspy_socket_ask_peer(fd, socket);
	if (socket->peer.version)
		atomic_fetch_or(&socket->flags, NSPY_CONNECTED);
	else if (socket->type == SOCK_STREAM)
		nspy_socket_ask_former_peer(fd, socket);
}

/* A socket that was there before us, or that came by a way we do not see. */
static struct nspy_socket *
inspect(int fd)
{
	struct nspy_socket *socket;
	int domain = AF_UNSPEC, type = 0, protocol = 0;
	uint64_t cookie = 0;
	int err;

	if (atomic_load(&ended))
		return NULL;
	err = ask(fd, SO_DOMAIN, &domain, sizeof(domain));
	if (err == -EBADF)
		return NULL;
	if (err == 0) {
		ask(fd, SO_TYPE, &type, sizeof(type));
		ask(fd, SO_PROTOCOL, &protocol, sizeof(protocol));
	}
	socket = make_socket(fd, domain, type, protocol);
	if (socket) {
		cookie = socket->cookie;
		ask_all(fd, socket);
	}
	if (!set_found(fd, word_of(socket)) && socket) {
		nspy_socket_free(socket);
		return NULL;
	}
	/* A thread that closes it just now looked for it before it was here. */
	if (socket && !is_still(fd, cookie)) {
		nspy_descriptor_forget_closed(fd, cookie);
		return NULL;
	}
	return socket;
}

bool
nspy_descriptor_forget(int fd, struct nspy_socket **socket)
{
	uint32_t word;

	*socket = NULL;
	if ((uint32_t)fd >= nspy_descriptor_count)
		return false;
	word = atomic_exchange(&nspy_descriptors[fd], NSPY_UNKNOWN);
	*socket = socket_of(word);
	return *socket && atomic_fetch_sub(&(*socket)->descriptors, 1) == 1;
}

void
nspy_descriptor_forget_stale(int fd)
{
	struct nspy_socket *socket;

	if (nspy_descriptor_forget(fd, &socket))
		nspy_socket_free(socket);
}

struct nspy_socket *
nspy_descriptor_find(int fd)
{
	uint32_t word;

	if ((uint32_t)fd >= nspy_descriptor_count)
		return NULL;
	word = atomic_load(&nspy_descriptors[fd]);
	if (nspy_descriptors_shared && word >= NSPY_SOCKET &&
	    !is_still(fd, socket_of(word)->cookie)) {
		nspy_descriptor_forget_stale(fd);
		word = NSPY_UNKNOWN;
	}
	return word == NSPY_UNKNOWN ? inspect(fd) : socket_of(word);
}

void
nspy_descriptor_copy(int fd, struct nspy_socket *socket)
{
	if ((uint32_t)fd >= nspy_descriptor_count)
		return;
	atomic_fetch_add(&socket->descriptors, 1);
	nspy_descriptor_set(fd, word_of(socket));
}

void
nspy_descriptor_received(int fd)
{
	uint64_t cookie = 0;

	nspy_descriptor_forget_stale(fd);
	if (ask(fd, SO_COOKIE, &cookie, sizeof(cookie)) < 0)
		return;
	for (uint32_t other = 0; other < nspy_descriptor_limit(); other++) {
		struct nspy_socket *socket = nspy_descriptor_known((int)other);

		if (socket && socket->cookie == cookie) {
			nspy_descriptor_copy(fd, socket);
			return;
		}
	}
}

bool
nspy_socket_shared(const struct nspy_socket *socket)
{
	return nspy_sys_refused || socket->forks != atomic_load(&nspy_forks) ||
	       (atomic_load(&socket->flags) & NSPY_FOREIGN);
}
