/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads again, after the call, what the kernel moved by itself. */

#include "wrap/source.h"

#include "capture/sys_wide.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <sys/stat.h>

#define STATUS_MASK                                                            \
	(STATX_TYPE | STATX_MODE | STATX_CTIME | STATX_SIZE | STATX_BLOCKS)

/*
 * Whether a file holds its contents, rather than making them up when read:
 * those in /proc have no size, those in /sys a page and no blocks.
 */
static bool
holds_contents(const struct statx *status)
{
	return S_ISREG(status->stx_mode) &&
	       (status->stx_blocks || status->stx_size != 4096);
}

/* False: not a file, or not one that would read the same twice. */
static bool
look(int fd, uint64_t *changed_ns, uint64_t *size)
{
	struct statx status;

	if (NSPY_SYS5(SYS_statx, fd, "", AT_EMPTY_PATH, STATUS_MASK, &status) <
		    0 ||
	    !holds_contents(&status))
		return false;
	*changed_ns = (uint64_t)status.stx_ctime.tv_sec * 1000000000u +
		      status.stx_ctime.tv_nsec;
	*size = status.stx_size;
	return true;
}

void
nspy_source_begin(struct nspy_source *source, int fd)
{
	uint64_t size;

	source->offset = 0;
	source->stash = NULL;
	source->fd = look(fd, &source->changed_ns, &size) ? fd : -1;
}

/* From Linux 6.13 on the time tells of every change after a look at it. */
static bool
unchanged(const struct nspy_source *source, size_t len)
{
	uint64_t changed_ns, size;

	return look(source->fd, &changed_ns, &size) &&
	       changed_ns == source->changed_ns &&
	       (uint64_t)source->offset + len <= size;
}

size_t
nspy_source_read(struct nspy_source *source, void *to, size_t len)
{
	size_t done = 0;

	if (source->stash)
		return nspy_stash_read(source->stash, to, len);
	while (source->fd >= 0 && done < len) {
		long got = nspy_sys_pread(source->fd, (char *)to + done,
					  len - done,
					  source->offset + (int64_t)done);

		if (got > 0)
			done += (size_t)got;
		else if (got != -EINTR)
			source->fd = -1;
	}
	if (source->fd >= 0 && !unchanged(source, len))
		source->fd = -1;
	if (source->fd < 0)
		return 0;
	source->offset += (int64_t)len;
	return len;
}

void
nspy_source_skip(struct nspy_source *source, size_t len)
{
	if (source->stash)
		nspy_stash_skip(source->stash, len);
	else
		source->offset += (int64_t)len;
}
