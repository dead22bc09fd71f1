/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of sockets: asked when they are made, kept for every packet. */

#include "capture/sys.h"
#include "wrap/descriptor.h"
#include "wrap/unix.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

#define SCOPE_MAX 8191u

struct nspy_endpoint
nspy_endpoint_of_ipv4(const void *addr)
{
	struct nspy_endpoint end = {.version = 4};

	memcpy(end.addr, addr, 4);
	return end;
}

struct nspy_endpoint
nspy_endpoint_of_ipv6(const void *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct nspy_endpoint end = {.version = 6};

	memcpy(end.addr, addr, 16);
	/* On the wire it is IPv4. */
	if (memcmp(end.addr, mapped, sizeof(mapped)) == 0)
		return nspy_endpoint_of_ipv4(end.addr + 12);
	return end;
}

struct nspy_endpoint
nspy_endpoint_of(const void *addr, socklen_t len)
{
	struct nspy_endpoint end = {.version = 0};
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (len >= sizeof(sa_family_t) && addr) {
		const struct sockaddr *any = addr;

		if (any->sa_family == AF_UNIX)
			return nspy_unix_named(addr, len);
	}
	if (len < sizeof(four) || !addr)
		return end;
	memcpy(&four, addr, sizeof(four));
	if (four.sin_family == AF_INET) {
		end = nspy_endpoint_of_ipv4(&four.sin_addr);
		end.port = ntohs(four.sin_port);
		return end;
	}
	if (four.sin_family != AF_INET6 || len < sizeof(six) - 4)
		return end;
	memcpy(&six, addr, sizeof(six) - 4);
	end = nspy_endpoint_of_ipv6(&six.sin6_addr);
	end.port = ntohs(six.sin6_port);
	if (len >= sizeof(six)) {
		memcpy(&six, addr, sizeof(six));
		if (six.sin6_scope_id <= SCOPE_MAX)
			end.scope = six.sin6_scope_id & SCOPE_MAX;
	}
	return end;
}

struct nspy_endpoint
nspy_endpoint_sent_to(const struct nspy_socket *socket, const void *addr,
		      socklen_t len)
{
	struct sockaddr_in four = {.sin_family = AF_UNSPEC};

	if (socket->family == AF_INET && len >= sizeof(four)) {
		memcpy(&four, addr, sizeof(four));
		if (four.sin_family == AF_UNSPEC) {
			four.sin_family = AF_INET;
			return nspy_endpoint_of(&four, sizeof(four));
		}
	}
	return nspy_endpoint_of(addr, len);
}

static struct nspy_endpoint
ask_name(long number, int fd)
{
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);
	struct nspy_endpoint end;

	memset(&addr, 0, sizeof(addr));
	if (NSPY_SYS3(number, fd, &addr, &len) < 0)
		len = 0;
	end = nspy_endpoint_of(&addr, len);
	if (len && addr.sun_family == AF_UNIX && !end.version)
		end = number == SYS_getsockname ? nspy_unix_own(fd)
						: nspy_unix_peer(fd);
	return end;
}

void
nspy_socket_ask_local(int fd, struct nspy_socket *socket)
{
	socket->local = ask_name(SYS_getsockname, fd);
	if (socket->local.port)
		atomic_fetch_or(&socket->flags, NSPY_LOCAL_KNOWN);
}

void
nspy_socket_ask_peer(int fd, struct nspy_socket *socket)
{
	socket->peer = ask_name(SYS_getpeername, fd);
}

void
nspy_socket_ask_former_peer(int fd, struct nspy_socket *socket)
{
	struct sockaddr_in6 addr = {.sin6_family = AF_UNSPEC};
	socklen_t len = socket->family == AF_INET ? sizeof(struct sockaddr_in)
						  : sizeof(addr);

	/* It takes no more room than the address needs. */
	if ((socket->family == AF_INET || socket->family == AF_INET6) &&
	    NSPY_SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERNAME, &addr,
		      &len) >= 0)
		socket->peer = nspy_endpoint_of(&addr, len);
}

bool
nspy_endpoint_is_wildcard(const struct nspy_endpoint *end)
{
	static const uint8_t none[16];

	return memcmp(end->addr, none, sizeof(none)) == 0;
}

static struct sockaddr_in6
sockaddr_of(const struct nspy_endpoint *end, socklen_t *len)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};

	if (end->version == 6) {
		memcpy(&six.sin6_addr, end->addr, 16);
		six.sin6_port = htons(end->port);
		six.sin6_scope_id = end->scope;
		*len = sizeof(six);
		return six;
	}
	memcpy(&four.sin_addr, end->addr, 4);
	four.sin_port = htons(end->port);
	memcpy(&six, &four, sizeof(four));
	*len = sizeof(four);
	return six;
}

/* Connecting a UDP socket sends nothing, but makes the kernel choose. */
static struct nspy_endpoint
ask_route(const struct nspy_endpoint *peer)
{
	struct nspy_endpoint local = {.version = 0};
	socklen_t len;
	struct sockaddr_in6 addr = sockaddr_of(peer, &len);
	long fd = NSPY_SYS3(SYS_socket, peer->version == 6 ? AF_INET6 : AF_INET,
			    SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return local;
	if (NSPY_SYS3(SYS_connect, fd, &addr, len) == 0)
		local = ask_name(SYS_getsockname, (int)fd);
	NSPY_SYS1(SYS_close, fd);
	return local;
}

struct nspy_endpoint
nspy_socket_local(struct nspy_socket *socket, const struct nspy_endpoint *peer)
{
	struct nspy_endpoint local = socket->local, route;
	bool cached = false;

	if (socket->family == AF_UNIX || !nspy_endpoint_is_wildcard(&local) ||
	    !peer->version || nspy_endpoint_is_wildcard(peer))
		return local;
	/* Another thread, or the code under a signal handler, may be here. */
	if (atomic_exchange(&socket->route_busy, 1) == 0) {
		cached = memcmp(socket->route_peer.addr, peer->addr, 16) == 0 &&
			 socket->route_peer.version == peer->version &&
			 socket->route_peer.scope == peer->scope;
		route = socket->route_local;
		atomic_store(&socket->route_busy, 0);
	}
	if (!cached) {
		route = ask_route(peer);
		if (atomic_exchange(&socket->route_busy, 1) == 0) {
			socket->route_peer = *peer;
			socket->route_local = route;
			atomic_store(&socket->route_busy, 0);
		}
	}
	if (route.version) {
		memcpy(local.addr, route.addr, sizeof(local.addr));
		local.version = route.version;
	}
	return local;
}
