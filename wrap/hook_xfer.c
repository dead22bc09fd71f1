/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls that move bytes past the program's memory. */

#include "capture/sys_wide.h"
#include "wrap/call.h"
#include "wrap/clock.h"
#include "wrap/connect.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

void
nspy_before_sendfile(struct nspy_call *call, int in, const void *offset)
{
	nspy_source_begin(&call->source, in);
	if (call->source.fd >= 0 && !offset)
		call->source.offset = nspy_sys_position(in);
}

/* end: of what was sent, or -1 where it is the position of the file. */
void
nspy_on_file_sent(struct nspy_call *call, ssize_t ret, int in, int64_t end)
{
	struct nspy_source source = call->source;
	struct nspy_tell tell = {.kind = NSPY_SEND, .source = &source};

	if (ret > 0 && end >= 0)
		source.offset = end - ret;
	/* Another thread moves the same position: whose bytes were these? */
	else if (ret > 0 && source.fd >= 0 &&
		 nspy_sys_position(in) != source.offset + ret)
		source.fd = -1;
	nspy_tell_moved(call, ret, &tell);
}

/* Bytes that are in a pipe, or -1. */
static long
waiting(int pipe)
{
	int count = 0;

	return NSPY_SYS3(SYS_ioctl, pipe, FIONREAD, &count) < 0 ? -1 : count;
}

/* False: the wait for bytes was interrupted, as the call would have been. */
bool
nspy_before_splice(struct nspy_call *call, int in, const off64_t *in_offset,
		   int out, const off64_t *out_offset, size_t len,
		   unsigned int flags)
{
	bool wait = !(flags & SPLICE_F_NONBLOCK) && !in_offset && !out_offset;

	nspy_source_none(&call->source);
	if (call->fd != out) {
		call->source.offset = waiting(out);
		return true;
	}
	if (nspy_stash_copy(in, len, wait && len, &call->source.stash) ==
		    -EINTR &&
	    wait) {
		errno = EINTR;
		return false;
	}
	call->begin_ns = nspy_now();
	return true;
}

/*
 * What came into the pipe stands behind the bytes that were there, and can be
 * copied unless somebody reads them away.
 */
static void
copy_received(struct nspy_source *source, int pipe, size_t len)
{
	size_t before = (size_t)source->offset;
	bool opened;
	int reader;
	long copied;

	if (source->offset < 0 || waiting(pipe) != source->offset + (long)len)
		return;
	reader = nspy_stash_open_reader(pipe, &opened);
	copied = nspy_stash_copy(reader, before + len, false, &source->stash);
	if (opened && reader >= 0)
		NSPY_SYS1(SYS_close, reader);
	if (!source->stash)
		return;
	if (copied == (long)(before + len) &&
	    waiting(pipe) == source->offset + (long)len)
		nspy_stash_skip(source->stash, before);
	else
		nspy_stash_skip(source->stash, SIZE_MAX);
}

void
nspy_on_splice(struct nspy_call *call, ssize_t ret, int out, size_t len,
	       unsigned int flags)
{
	struct nspy_source source = call->source;
	struct nspy_tell tell = {
		.kind = NSPY_SEND,
		.more = flags & SPLICE_F_MORE,
		.source = &source,
	};

	call->result = ret;
	if (call->fd != out) {
		tell.kind = NSPY_RECV;
		if (ret > 0)
			copy_received(&source, out, (size_t)ret);
	}
	if (ret || len)
		nspy_tell_moved(call, ret, &tell);
	if (source.stash)
		nspy_stash_release(source.stash);
}

/* The start of Linux's struct tcp_zerocopy_receive, which libc may not have. */
struct zerocopy {
	uint64_t address;
	uint32_t length, skip_hint, in_queue;
	int32_t error;
	uint64_t copy_address;
	int32_t copy_len;
};

void
nspy_tell_mapped(struct nspy_call *call, const void *optval, socklen_t optlen)
{
	struct zerocopy got = {.length = 0};
	struct iovec iov[2];
	struct nspy_tell tell = {
		.kind = NSPY_RECV,
		.iov = iov,
		.iov_count = 2,
	};

	memcpy(&got, optval, optlen < sizeof(got) ? optlen : sizeof(got));
	if (optlen < offsetof(struct zerocopy, copy_len) + sizeof(int32_t) ||
	    got.copy_len < 0)
		got.copy_len = 0;
	iov[0].iov_base = (void *)(uintptr_t)got.address;
	iov[0].iov_len = got.length;
	iov[1].iov_base = (void *)(uintptr_t)got.copy_address;
	iov[1].iov_len = (size_t)got.copy_len;
	if (iov[0].iov_len + iov[1].iov_len)
		nspy_tell_moved(call,
				(ssize_t)(iov[0].iov_len + iov[1].iov_len),
				&tell);
}

void
nspy_on_pidfd_getfd(struct nspy_call *call, int ret)
{
	(void)call;
	if (ret >= 0 && nspy_recording() && !nspy_in_vfork_child())
		nspy_descriptor_received(ret);
}
