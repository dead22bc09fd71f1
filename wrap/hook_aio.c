/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hooks of aio(7). A thread of libc moves the bytes; what it moved is known
 * when the program asks with aio_return. Until then a table keeps which socket
 * each request is for: the descriptor may be another one's by then, and musl
 * does not note what kind of request it is.
 */

#include "wrap/call.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"

#include <aio.h>
#include <errno.h>
#include <sys/auxv.h>

/* More at a time are not recorded. */
#define REQUESTS_MAX 256

struct request {
	const void *_Atomic control; /* the program's struct aiocb, or NULL */
	struct nspy_socket *socket;
	uint64_t cookie;
	int fd;
	uint16_t kind;
};

static struct request requests[REQUESTS_MAX];
static _Atomic int request_count;

static struct request *
find(const void *control)
{
	if (!atomic_load(&request_count))
		return NULL;
	for (int i = 0; i < REQUESTS_MAX; i++)
		if (atomic_load(&requests[i].control) == control)
			return &requests[i];
	return NULL;
}

static struct request *
make(const void *control)
{
	struct request *request = find(control);

	/* One that nobody asked for: its memory is used again. */
	if (request)
		return request;
	for (int i = 0; i < REQUESTS_MAX; i++) {
		const void *expected = NULL;

		if (atomic_compare_exchange_strong(&requests[i].control,
						   &expected, control)) {
			atomic_fetch_add(&request_count, 1);
			return &requests[i];
		}
	}
	return NULL;
}

static void
forget(struct request *request)
{
	if (!request)
		return;
	atomic_store(&request->control, NULL);
	atomic_fetch_sub(&request_count, 1);
}

static void
keep(const struct aiocb *control, uint16_t kind)
{
	struct nspy_socket *socket;
	struct request *request;

	/* In a program without ld.so we see the thread's read and write. */
	if (!control || !getauxval(AT_BASE) || !nspy_recording() ||
	    nspy_in_vfork_child())
		return;
	socket = nspy_descriptor_find(control->aio_fildes);
	if (!socket)
		return;
	request = make(control);
	if (!request)
		return;
	request->socket = socket;
	request->cookie = socket->cookie;
	request->fd = control->aio_fildes;
	request->kind = kind;
}

void
nspy_before_aio_read(const void *control)
{
	keep(control, NSPY_RECV);
}

void
nspy_before_aio_write(const void *control)
{
	keep(control, NSPY_SEND);
}

void
nspy_on_aio(struct nspy_call *call, int ret, const void *control)
{
	(void)call;
	if (ret < 0)
		forget(find(control));
}

void
nspy_before_lio_listio(const void *list, int count)
{
	const struct aiocb *const *controls = list;

	for (int i = 0; i < count; i++) {
		if (!controls[i])
			continue;
		if (controls[i]->aio_lio_opcode == LIO_READ)
			keep(controls[i], NSPY_RECV);
		else if (controls[i]->aio_lio_opcode == LIO_WRITE)
			keep(controls[i], NSPY_SEND);
	}
}

void
nspy_on_aio_return(struct nspy_call *call, ssize_t ret, const void *control)
{
	const struct aiocb *done = control;
	struct request *request = find(control);
	struct iovec iov;
	struct nspy_tell tell = {.iov = &iov, .iov_count = 1};

	if (!request || (ret < 0 && call->error == EINPROGRESS))
		return;
	tell.kind = request->kind;
	call->fd = request->fd;
	call->cookie = request->cookie;
	call->begin_ns = call->end_ns;
	/* Closed in the meantime: its end is told already. */
	if (nspy_descriptor_known(request->fd) == request->socket &&
	    request->socket->cookie == request->cookie)
		call->socket = request->socket;
	forget(request);
	if (!call->socket || (ret == 0 && !done->aio_nbytes))
		return;
	iov.iov_base = (void *)(uintptr_t)done->aio_buf;
	iov.iov_len = ret > 0 ? (size_t)ret : 0;
	nspy_tell_moved(call, ret, &tell);
}
