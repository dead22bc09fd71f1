/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * musl keeps the functions that read, write and close for a FILE in the FILE.
 * They are replaced in the three standard streams at start and in each stream
 * that fdopen or freopen makes, if the FILE looks as expected.
 */

#include "wrap/stdio.h"

#include "wrap/call.h"
#include "wrap/object.h"
#include "wrap/report.h"
#include "wrap/settings.h"

#ifndef __GLIBC__

/* The begin of musl's FILE, the same from 1.1.0 to 1.2.5. */
struct file {
	unsigned int flags;
	unsigned char *rpos, *rend;
	int (*close)(FILE *stream);
	unsigned char *wend, *wpos, *unused, *wbase;
	size_t (*read)(FILE *stream, unsigned char *buf, size_t len);
	size_t (*write)(FILE *stream, const unsigned char *buf, size_t len);
	off_t (*seek)(FILE *stream, off_t offset, int whence);
	unsigned char *buf;
	size_t buf_size;
	void *previous, *next;
	int fd;
};

const int nspy_stdio_dprintf_room = 80;

/* What stdin and stderr have; NULL: this libc looks unfamiliar. */
static struct file real;
/* Before its first write stdout has a function that looks for a terminal. */
static size_t (*stdout_write)(FILE *stream, const unsigned char *buf,
			      size_t len);

static struct file *
inside(FILE *stream)
{
	return (struct file *)(void *)stream;
}

/*
 * The program's buffer is filled first, but for its last byte when the stream
 * has a buffer; what comes after that is in the stream's.
 */
static size_t
read_slot(FILE *stream, unsigned char *buf, size_t len)
{
	struct file *file = inside(stream);
	int failed = ferror(stream), ended = feof(stream);
	struct iovec iov[2] = {{buf, 0}, {NULL, 0}};
	struct nspy_call call;
	size_t ret;

	if (!nspy_begin(&call, "read", file->fd))
		return real.read(stream, buf, len);
	ret = real.read(stream, buf, len);
	nspy_enter(&call);
	iov[0].iov_len = ret;
	if (ret && ret == len && file->buf_size) {
		iov[0].iov_len = len - 1;
		iov[1].iov_base = file->buf;
		iov[1].iov_len = (size_t)(file->rend - file->buf);
	}
	if (ret)
		nspy_on_recvv(&call, (ssize_t)nspy_room(iov, 2), iov, 2);
	else if (!ended && feof(stream))
		nspy_on_recv(&call, 0, buf, 1, 0, NULL, NULL);
	else if (!failed && ferror(stream))
		nspy_on_recv(&call, -1, buf, 1, 0, NULL, NULL);
	nspy_leave(&call);
	return ret;
}

/* Writes what is in the stream's buffer too, which its result leaves out. */
static size_t
write_slot(FILE *stream, const unsigned char *buf, size_t len)
{
	struct file *file = inside(stream);
	const struct iovec iov[2] = {
		{file->wbase, (size_t)(file->wpos - file->wbase)},
		{(void *)(uintptr_t)buf, len}};
	struct nspy_call call;
	bool recorded = nspy_begin(&call, "write", file->fd);
	size_t ret;

	if (stream == stdout) {
		ret = stdout_write(stream, buf, len);
		stdout_write = real.write;
		file->write = write_slot;
	} else {
		ret = real.write(stream, buf, len);
	}
	if (!recorded)
		return ret;
	nspy_enter(&call);
	/* After a failure it has no room to write into. */
	if (file->wend || ret)
		nspy_on_sendv(&call, (ssize_t)(iov[0].iov_len + ret), iov, 2);
	if (!file->wend)
		nspy_on_send(&call, -1, NULL, 0, NULL, 0);
	nspy_leave(&call);
	return ret;
}

static int
close_slot(FILE *stream)
{
	struct nspy_call call;
	int ret;

	if (!nspy_begin_close(&call, inside(stream)->fd))
		return real.close(stream);
	ret = real.close(stream);
	nspy_end_close(&call);
	return ret;
}

static void
replace(struct file *file)
{
	file->read = read_slot;
	file->write = write_slot;
	file->close = close_slot;
}

/* Each stream has pointers of its own. */
void
nspy_stdio_use(void)
{
}

void
nspy_stdio_adopt(FILE *stream, int fd)
{
	struct file *file = inside(stream);

	if (real.read && file->fd == fd && file->read == real.read &&
	    file->write == real.write && file->close == real.close)
		replace(file);
}

void
nspy_stdio_start(void)
{
	const struct file *in = inside(stdin), *out = inside(stdout),
			  *err = inside(stderr);

#ifndef NSPY_BINDING_PRELOAD
	/* A plug-in sees its own calls only. */
	if (!nspy_in_program())
		return;
#endif
	if (in->fd == 0 && out->fd == 1 && err->fd == 2 && in->read &&
	    in->close == out->close && in->close == err->close) {
		stdout_write = out->write;
		real.write = err->write;
		real.close = err->close;
		real.read = in->read;
		replace(inside(stdin));
		replace(inside(stdout));
		replace(inside(stderr));
	} else if (nspy_settings.debug) {
		nspy_report("the stdio of this libc looks unfamiliar: what "
			    "goes through it is not recorded",
			    NULL);
	}
}

bool
nspy_stdio_seen(FILE *stream)
{
	return inside(stream)->close == close_slot;
}

bool
nspy_stdio_dprintf_seen(void)
{
	return false;
}

/* exit() of musl waits for the locks of the streams as well. */
void
nspy_stdio_flush(void)
{
	fflush(NULL);
}

#endif /* !__GLIBC__ */
