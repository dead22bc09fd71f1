/* SPDX-License-Identifier: BSD-2-Clause */
/* Endpoints for AF_UNIX sockets: of their name, or else of their inode. */

#include "wrap/unix.h"

#include "capture/sys.h"
#include "wrap/names.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/stat.h>
#include <linux/unix_diag.h>
#include <stddef.h>
#include <string.h>

/* Ports that Wireshark takes for no protocol: it looks at the data then. */
#define NAMED_PORT 28275
#define UNNAMED_PORT_MIN 61000
#define UNNAMED_PORTS 4000

enum { UNNAMED = 0, NAMED = 1 };

static struct nspy_endpoint
endpoint(uint8_t kind, uint64_t number, uint16_t port)
{
	struct nspy_endpoint end = {
		.addr = {0xfd, 0, 'n', 's', 'p', 'y', 0, kind},
		.port = port,
		.version = 6,
	};

	for (int i = 15; i >= 8; i--) {
		end.addr[i] = (uint8_t)number;
		number >>= 8;
	}
	return end;
}

struct nspy_endpoint
nspy_unix_named(const struct sockaddr_un *addr, socklen_t len)
{
	size_t head = offsetof(struct sockaddr_un, sun_path);
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
	size_t name_len = len > head ? len - head : 0;

	if (name_len > sizeof(addr->sun_path))
		name_len = sizeof(addr->sun_path);
	/* A path ends with NUL; an abstract name begins with it. */
	if (name_len && addr->sun_path[0])
		name_len = strnlen(addr->sun_path, name_len);
	if (!name_len)
		return (struct nspy_endpoint){.version = 0};
	for (size_t i = 0; i < name_len; i++)
		hash = (hash ^ (uint8_t)addr->sun_path[i]) * 0x100000001b3u;
	return endpoint(NAMED, hash, NAMED_PORT);
}

void
nspy_unix_tell_name(const struct nspy_call *call, int fd, bool peer)
{
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);
	struct nspy_endpoint end;
	char text[sizeof(addr.sun_path) + 1] = "";

	memset(&addr, 0, sizeof(addr));
	if (NSPY_SYS3(peer ? SYS_getpeername : SYS_getsockname, fd, &addr,
		      &len) < 0)
		return;
	end = nspy_unix_named(&addr, len);
	memcpy(text, addr.sun_path, sizeof(addr.sun_path));
	if (!text[0])
		text[0] = '@'; /* as ss and netstat write it */
	if (end.version)
		nspy_name_add(call, text, &end);
}

/* Decimal digits as hexadecimal ones, so that they can be read. */
static struct nspy_endpoint
unnamed(uint64_t inode)
{
	uint64_t digits = 0, rest = inode;

	for (int shift = 0; rest && shift < 64; shift += 4) {
		digits |= rest % 10 << shift;
		rest /= 10;
	}
	return endpoint(UNNAMED, digits,
			(uint16_t)(UNNAMED_PORT_MIN + inode % UNNAMED_PORTS));
}

static uint64_t
inode_of(int fd)
{
	struct statx status;

	return NSPY_SYS5(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &status) <
			       0
		       ? 0
		       : status.stx_ino;
}

struct nspy_endpoint
nspy_unix_own(int fd)
{
	return unnamed(inode_of(fd));
}

/* The peer's inode out of the attributes of an answer, or 0. */
static uint32_t
find_peer(const uint8_t *answer, size_t len)
{
	size_t at = NLMSG_ALIGN(sizeof(struct nlmsghdr)) +
		    NLMSG_ALIGN(sizeof(struct unix_diag_msg));
	struct nlmsghdr header;
	struct nlattr attribute;
	uint32_t inode = 0;

	if (len < sizeof(header))
		return 0;
	memcpy(&header, answer, sizeof(header));
	if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	while (at + sizeof(attribute) + sizeof(inode) <= len) {
		memcpy(&attribute, answer + at, sizeof(attribute));
		if (attribute.nla_type == UNIX_DIAG_PEER) {
			memcpy(&inode, answer + at + sizeof(attribute),
			       sizeof(inode));
			return inode;
		}
		if (attribute.nla_len < sizeof(attribute))
			return 0;
		at += NLMSG_ALIGN((size_t)attribute.nla_len);
	}
	return 0;
}

/* sock_diag(7): one look-up by inode, for which no right is needed. */
static uint32_t
ask_peer(uint64_t inode)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} question = {
		.header = {.nlmsg_len = sizeof(question),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST},
		.request = {.sdiag_family = AF_UNIX,
			    .udiag_ino = (uint32_t)inode,
			    .udiag_show = UDIAG_SHOW_PEER,
			    .udiag_cookie = {~0u, ~0u}},
	};
	uint8_t answer[128];
	long fd, len;

	fd = NSPY_SYS3(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
		       NETLINK_SOCK_DIAG);
	if (fd < 0)
		return 0;
	len = NSPY_SYS6(SYS_sendto, fd, &question, sizeof(question), 0, NULL,
			0);
	if (len >= 0)
		len = NSPY_SYS6(SYS_recvfrom, fd, answer, sizeof(answer),
				MSG_DONTWAIT, NULL, NULL);
	NSPY_SYS1(SYS_close, fd);
	return len > 0 ? find_peer(answer, (size_t)len) : 0;
}

struct nspy_endpoint
nspy_unix_peer(int fd)
{
	return unnamed(ask_peer(inode_of(fd)));
}
