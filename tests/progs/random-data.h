/* SPDX-License-Identifier: BSD-2-Clause */

/* Calls that move bytes, of random.c. */

#ifndef TEST_RANDOM_DATA_H
#define TEST_RANDOM_DATA_H

#include "random.h"
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#define BAD ((void *)8)

/* Bytes in up to four parts, the last of which ends where memory ends. */
struct shape {
	struct iovec iov[4];
	size_t count, len;
	union {
		struct cmsghdr align;
		char bytes[200];
	} control;
	struct sockaddr_storage name;
	struct msghdr msg;
};

/* Messages differ from each other, so that none is taken for another. */
static void
fill_message(char *buf, size_t len)
{
	uint32_t serial = ++now.serial * 2 + peer;

	fill((unsigned char *)buf, len, (size_t)serial * 7919);
	memcpy(buf, &serial, len < sizeof(serial) ? len : sizeof(serial));
}

static size_t
length(void)
{
	static const size_t lengths[] = {0, 1, 2, 7, 100, 536, 1400, ROOM};

	return luck(0, 50) ? lengths[chance(8)] : chance(ROOM);
}

static void
make_shape(struct shape *shape, size_t len)
{
	char *at = page_end - len;

	memset(shape, 0, sizeof(*shape));
	shape->len = len;
	shape->count = 1 + chance(4);
	for (size_t i = 0; i < shape->count; i++) {
		size_t part = i + 1 == shape->count ? len
			      : luck(0, 30)	    ? 0
						    : chance((uint32_t)len + 1);

		shape->iov[i] = (struct iovec){at, part};
		at += part;
		len -= part;
	}
	if (luck(F_BAD, 4))
		shape->iov[chance((uint32_t)shape->count)].iov_base = BAD;
	if (luck(F_BAD, 4))
		shape->iov[shape->count - 1].iov_len += 50;
	if (luck(F_BAD, 2))
		shape->count = 0;
	shape->msg.msg_iov = shape->iov;
	shape->msg.msg_iovlen = shape->count;
}

static int
send_flags(void)
{
	int flags = 0;

	if (luck(F_FLAGS, 20))
		flags |= MSG_DONTWAIT;
	if (luck(F_FLAGS, 20))
		flags |= MSG_NOSIGNAL;
	if (luck(F_FLAGS, 15) && may_cork())
		flags |= MSG_MORE;
	if (luck(F_URGENT, 10))
		flags |= MSG_OOB;
	if (luck(F_FLAGS, 2))
		flags |= MSG_CONFIRM | MSG_DONTROUTE;
	if (luck(F_BAD, 2))
		flags |= MSG_PEEK | MSG_TRUNC;
	return flags;
}

static int
recv_flags(void)
{
	int flags = 0;

	if (luck(F_FLAGS, 30))
		flags |= MSG_DONTWAIT;
	if (luck(F_FLAGS, 15))
		flags |= MSG_PEEK;
	if (luck(F_FLAGS, 10))
		flags |= MSG_TRUNC;
	if (luck(F_FLAGS, 15))
		flags |= MSG_WAITALL;
	if (luck(F_URGENT, 15))
		flags |= MSG_OOB;
	if (luck(F_FLAGS, 5))
		flags |= MSG_ERRQUEUE;
	return flags;
}

/* Where datagrams go: mostly to somebody. */
static struct endpoint
target(const struct slot *slot)
{
	struct endpoint end = address(slot->family, PORT + (int)chance(PORTS),
				      !peer && luck(F_PEER, 50));

	if (luck(F_BAD, 4))
		end.len = chance(sizeof(end.address));
	if (luck(F_BAD, 2))
		end.address.ss_family = (sa_family_t)chance(40);
	return end;
}

static void
send_message(int number, const struct slot *slot, struct shape *shape,
	     struct endpoint *to, int flags)
{
	struct mmsghdr many[3];
	long ret;

	shape->msg.msg_name = to ? sa(to) : NULL;
	shape->msg.msg_namelen = to ? to->len : 0;
	if (luck(0, 60)) {
		ret = DOOR(sendmsg(slot->fd, &shape->msg, flags), SYS_sendmsg,
			   slot->fd, P(&shape->msg), flags, 0, 0, 0);
		tell("sendmsg", number, L(shape->len), ret, "");
		return;
	}
	memset(many, 0, sizeof(many));
	for (int i = 0; i < 3; i++)
		many[i].msg_hdr = shape->msg;
	if (luck(F_BAD, 10))
		many[1].msg_hdr.msg_iov = BAD;
	ret = DOOR(sendmmsg(slot->fd, many, 1 + chance(3), flags), SYS_sendmmsg,
		   slot->fd, P(many), 3, flags, 0, 0);
	tell("sendmmsg", number, L(shape->len), ret, "");
}

static void
op_send(void)
{
	int number = any_slot(), flags = send_flags();
	const struct slot *slot = &now.slots[number];
	struct shape shape;
	struct endpoint to = target(slot);
	bool named = luck(0, slot->type == 'u' ? 70 : 10);
	long ret, len;

	make_shape(&shape, length());
	fill_message(page_end - shape.len, shape.len);
	len = L(shape.len);
	switch (chance(5)) {
	case 0:
		ret = do_send(slot->fd, page_end - len, (size_t)len, flags,
			      named ? sa(&to) : NULL, named ? to.len : 0);
		tell("send", number, len, ret, named ? "to" : "");
		break;
	case 1:
		ret = DOOR(write(slot->fd, page_end - len, (size_t)len),
			   SYS_write, slot->fd, P(page_end - len), len, 0, 0,
			   0);
		tell("write", number, len, ret, "");
		break;
	case 2:
		ret = DOOR(writev(slot->fd, shape.iov, (int)shape.count),
			   SYS_writev, slot->fd, P(shape.iov), L(shape.count),
			   0, 0, 0);
		tell("writev", number, len, ret, "");
		break;
	default:
		send_message(number, slot, &shape, named ? &to : NULL, flags);
	}
}

/* A number that stands for the bytes. */
static const char *
hash_of(const struct shape *shape, long ret)
{
	static char text[20];
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < shape->count && ret > 0; i++)
		for (size_t at = 0; at < shape->iov[i].iov_len && ret > 0;
		     at++, ret--)
			hash = (hash ^
				((uint8_t *)shape->iov[i].iov_base)[at]) *
			       16777619u;
	snprintf(text, sizeof(text), "%08x", hash);
	return now.features & F_RACE ? "" : text;
}

static void
receive_message(int number, const struct slot *slot, struct shape *shape,
		int flags)
{
	struct mmsghdr many[3];
	struct iovec parts[3];
	long ret;

	shape->msg.msg_name = luck(0, 50) ? &shape->name : NULL;
	shape->msg.msg_namelen = chance(sizeof(shape->name));
	shape->msg.msg_control = luck(0, 50) ? &shape->control : NULL;
	shape->msg.msg_controllen =
		shape->msg.msg_control ? sizeof(shape->control) : 0;
	if (luck(0, 60)) {
		ret = DOOR(recvmsg(slot->fd, &shape->msg, flags), SYS_recvmsg,
			   slot->fd, P(&shape->msg), flags, 0, 0, 0);
		tell("recvmsg", number, flags, ret, hash_of(shape, ret));
		return;
	}
	memset(many, 0, sizeof(many));
	for (int i = 0; i < 3; i++) {
		parts[i] = (struct iovec){page_end - ROOM + 900 * i, 900};
		many[i].msg_hdr.msg_iov = &parts[i];
		many[i].msg_hdr.msg_iovlen = 1;
	}
	many[chance(3)].msg_hdr.msg_name = shape->msg.msg_name;
	if (luck(F_BAD, 10))
		many[1].msg_hdr.msg_iov = BAD;
	/* The first that would wait ends it. */
	flags |= MSG_WAITFORONE;
	ret = DOOR(recvmmsg(slot->fd, many, 3, flags, NULL), SYS_recvmmsg,
		   slot->fd, P(many), 3, flags, 0, 0);
	tell("recvmmsg", number, flags, ret, "");
}

static void
op_receive(void)
{
	int number = any_slot(), flags = recv_flags();
	const struct slot *slot = &now.slots[number];
	struct shape shape;
	socklen_t room = chance(sizeof(shape.name));
	bool named = luck(0, 50);
	long ret;

	make_shape(&shape, length());
	switch (chance(6)) {
	case 0:
		ret = DOOR(read(slot->fd, shape.iov[0].iov_base, shape.len),
			   SYS_read, slot->fd, P(shape.iov[0].iov_base),
			   L(shape.len), 0, 0, 0);
		tell("read", number, L(shape.len), ret, "");
		break;
	case 1:
		ret = DOOR(readv(slot->fd, shape.iov, (int)shape.count),
			   SYS_readv, slot->fd, P(shape.iov), L(shape.count), 0,
			   0, 0);
		tell("readv", number, L(shape.len), ret, hash_of(&shape, ret));
		break;
	case 2:
		ret = DOOR(named ? recvfrom(slot->fd, page_end - shape.len,
					    shape.len, flags,
					    (struct sockaddr *)&shape.name,
					    &room)
				 : recv(slot->fd, page_end - shape.len,
					shape.len, flags),
			   SYS_recvfrom, slot->fd, P(page_end - shape.len),
			   L(shape.len), flags, 0, 0);
		tell("recv", number, flags, ret, "");
		break;
	default:
		receive_message(number, slot, &shape, flags);
	}
}

/* All that there is, so that streams go on. */
static void
op_drain(void)
{
	int number = any_slot();
	long sum = 0, ret;
	char buf[ROOM];

	do {
		ret = DOOR(recv(now.slots[number].fd, buf, sizeof(buf),
				MSG_DONTWAIT),
			   SYS_recvfrom, now.slots[number].fd, P(buf),
			   sizeof(buf), MSG_DONTWAIT, 0, 0);
		sum += ret > 0 ? ret : 0;
	} while (ret > 0);
	tell("drain", number, sum, ret, "");
}

/* More than the buffers take: how much of it is the kernel's affair. */
static void
op_flood(void)
{
	int number = slot_of('t');
	size_t len = 20000 + chance(200000);
	char *buf = calloc(1, len);
	long ret;

	MUST(buf);
	fill((unsigned char *)buf, len, now.serial++);
	ret = do_send(now.slots[number].fd, buf, len, MSG_DONTWAIT, NULL, 0);
	free(buf);
	tell("flood", number, 0, ret > 0 ? 1 : ret, "");
}

/* Pages of a file become datagrams in ways of their own. */
static bool
is_stream(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	raw(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, P(&type), P(&len), 0);
	return type == SOCK_STREAM;
}

static void
op_sendfile(void)
{
	int number = slot_of('t'), file = memfd_create("random", MFD_CLOEXEC);
	size_t len = length();
	off_t offset = (off_t)chance(100);
	int fd;
	long ret;

	MUST(file >= 0);
	fd = is_stream(now.slots[number].fd) ? now.slots[number].fd : -1;
	fill_message(page_end - len, len);
	MUST(raw(SYS_pwrite64, file, P(page_end - len), L(len), 0, 0, 0) ==
	     L(len));
	ret = luck(0, 50) ? sendfile(fd, file, &offset, len)
			  : sendfile(fd, file, NULL, len);
	tell("sendfile", number, L(len), ret, "");
	raw(SYS_close, file, 0, 0, 0, 0, 0);
}

static void
op_splice(void)
{
	int number = slot_of('t'), fds[2], fd = now.slots[number].fd;
	size_t len = length();
	long ret;

	if (!is_stream(fd))
		fd = -1;
	MUST(!pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	fill_message(page_end - len, len);
	if (luck(0, 50)) {
		MUST(write(fds[1], page_end - len, len) == L(len));
		ret = splice(fds[0], NULL, fd, NULL, len + chance(10),
			     SPLICE_F_NONBLOCK);
		tell("splice to", number, L(len), ret, "");
	} else {
		ret = splice(fd, NULL, fds[1], NULL, len, SPLICE_F_NONBLOCK);
		tell("splice from", number, L(len), ret, "");
	}
	MUST(!close(fds[0]) && !close(fds[1]));
}

static void
op_stdio(void)
{
	int number = any_slot(), fd = dup(now.slots[number].fd);
	FILE *file = fd < 0 ? NULL : fdopen(fd, luck(0, 50) ? "r+" : "w");
	long ret;

	if (!file) {
		tell("fdopen", number, 0, -1, "");
		return;
	}
	ret = fprintf(file, "serial %u of %d\n", now.serial++, number);
	tell("fprintf", number, 0, ret, "");
	ret = luck(0, 50) ? fflush(file) : 0;
	tell("fflush", number, 0, ret, "");
	ret = fclose(file);
	tell("fclose", number, 0, ret, "");
}

#endif
