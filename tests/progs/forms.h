/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What programs share that do the same by every name there is: a list of ways,
 * WAYS(WAY) with WAY(NAME, call of it with fd, buf and len), from which
 * FUNCTION and ENTRY make a table.
 */

#ifndef TEST_FORMS_H
#define TEST_FORMS_H

#include "peer.h"
#include <aio.h>

struct way {
	const char *name;
	ssize_t (*move)(int fd, char *buf, size_t len);
};

#define FUNCTION(name, call)                                                   \
	static ssize_t by_##name(int fd, char *buf, size_t len)                \
	{                                                                      \
		return call;                                                   \
	}
#define ENTRY(name, call) {#name, by_##name},

/* The bytes in two buffers, and an empty one between them. */
static UNUSED const struct iovec *
parts(char *buf, size_t len)
{
	static struct iovec iov[3];

	iov[0] = (struct iovec){buf, len / 3};
	iov[2] = (struct iovec){buf + len / 3, len - len / 3};
	return iov;
}

static UNUSED struct msghdr *
message(char *buf, size_t len)
{
	static struct msghdr msg;

	msg.msg_iov = (struct iovec *)parts(buf, len);
	msg.msg_iovlen = 3;
	return &msg;
}

static UNUSED struct mmsghdr *
messages(char *buf, size_t len)
{
	static struct mmsghdr one;

	one.msg_hdr = *message(buf, len);
	return &one;
}

/* How much of the first of them moved, as the other calls say it. */
static UNUSED ssize_t
of_messages(long ret)
{
	MUST(ret == 1 || ret == -1);
	return ret == 1 ? (ssize_t)messages(NULL, 0)->msg_len : -1;
}

static UNUSED struct aiocb control, *list[] = {&control};

/* OPCODE is for lists. */
static UNUSED struct aiocb *
request(int opcode, int fd, char *buf, size_t len)
{
	control = (struct aiocb){
		.aio_fildes = fd,
		.aio_buf = buf,
		.aio_nbytes = len,
		.aio_lio_opcode = opcode,
		.aio_sigevent.sigev_notify = SIGEV_NONE,
	};
	return &control;
}

/* What became of the request that was made; a list says EIO for others. */
static UNUSED ssize_t
done(int ret)
{
	if (ret && errno != EIO)
		return -1;
	while (aio_error(&control) == EINPROGRESS)
		MUST(!aio_suspend((const struct aiocb **)list, 1, NULL) ||
		     errno == EINTR);
	errno = aio_error(&control);
	return aio_return(&control);
}

#define LISTED(opcode)                                                         \
	(request(opcode, fd, buf, len),                                        \
	 done(lio_listio(LIO_WAIT, list, 1, NULL)))

#ifdef __GLIBC__
/* The same structure, by its other name. */
static UNUSED struct aiocb64 *
request64(int opcode, int fd, char *buf, size_t len)
{
	_Static_assert(sizeof(struct aiocb64) == sizeof(struct aiocb), "");
	return (struct aiocb64 *)request(opcode, fd, buf, len);
}

#define LISTED64(opcode)                                                       \
	(request(opcode, fd, buf, len),                                        \
	 done(lio_listio64(LIO_WAIT, (struct aiocb64 **)list, 1, NULL)))
#endif

#endif
