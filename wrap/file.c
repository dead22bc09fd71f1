/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, creation and identity of the capture file and its ring. */

#include "wrap/file.h"

#include "capture/drain.h"
#include "capture/sys_wide.h"
#include "wrap/clock.h"
#include "wrap/identity.h"
#include "wrap/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/resource.h>

#define RING_SUFFIX ".ring"
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
/* Descriptors below this are the program's. */
#define HIGH_DESCRIPTOR 1000

/* Only the draining thread names files: these need no stack of the program. */
static char scratch[PATH_MAX];
static struct statx status;

int
nspy_keep_high(int fd)
{
	long high = NSPY_SYS3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);

	if (high < 0)
		return fd;
	NSPY_SYS1(SYS_close, fd);
	return (int)high;
}

static long
create(const char *path, int access)
{
	return nspy_sys_open(
		path, access | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static uint8_t header[NSPY_FILE_HEADER_MAX];
static size_t header_len;

static long
write_header(long fd)
{
	long result = NSPY_SYS3(SYS_write, fd, header, header_len);

	if (result >= 0 && (size_t)result != header_len)
		result = -ENOSPC;
	return result < 0 ? result : 0;
}

/*
 * A capture is there with its header or not at all: a file without a name is
 * given one when the header is in it. Where a file system has no such files,
 * a kill between two system calls may leave an empty one.
 */
static long
create_capture(const char *path)
{
	char link[14 + NSPY_DECIMAL_MAX] = "/proc/self/fd/";
	long fd = nspy_sys_open(nspy_settings.directory,
				O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	long result = fd;

	if (fd >= 0) {
		nspy_decimal(link + strlen(link), fd);
		result = write_header(fd);
		if (result >= 0)
			result = NSPY_SYS5(SYS_linkat, AT_FDCWD, link, AT_FDCWD,
					   path, AT_SYMLINK_FOLLOW);
		if (result >= 0)
			return fd;
		NSPY_SYS1(SYS_close, fd);
		if (result == -EEXIST || result == -ENOSPC)
			return result;
	}
	fd = create(path, O_WRONLY);
	result = fd < 0 ? fd : write_header(fd);
	if (result >= 0)
		return fd;
	if (fd >= 0) {
		NSPY_SYS1(SYS_close, fd);
		NSPY_SYS3(SYS_unlinkat, AT_FDCWD, path, 0);
	}
	return result;
}

static const char *
ring_path(const struct nspy_files *files)
{
	struct nspy_text text = {scratch, sizeof(scratch), 0};

	nspy_text_add(&text, files->path);
	nspy_text_add(&text, RING_SUFFIX);
	return scratch;
}

static int
identify(struct nspy_files *files, int fd)
{
	int err = (int)NSPY_SYS5(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO,
				 &status);

	if (err < 0)
		return err;
	files->dev =
		(uint64_t)status.stx_dev_major << 32 | status.stx_dev_minor;
	files->ino = status.stx_ino;
	return 0;
}

static bool
is_capture(const struct nspy_files *files, long fd)
{
	if (fd < 0 ||
	    NSPY_SYS5(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &status) < 0)
		return false;
	return files->ino == status.stx_ino &&
	       files->dev == ((uint64_t)status.stx_dev_major << 32 |
			      status.stx_dev_minor);
}

/* Blocks on the disk, so that a full one is an error here, not a SIGBUS. */
static int
allocate(int fd, uint64_t offset, uint64_t len)
{
	long result = nspy_sys_allocate(fd, offset, len);

	if (result != -EOPNOTSUPP && result != -ENOSYS)
		return (int)result;
	memset(scratch, 0, sizeof(scratch));
	for (uint64_t end = offset + len; offset < end; offset += 4096) {
		size_t rest =
			end - offset < 4096 ? (size_t)(end - offset) : 4096;

		result = nspy_sys_pwrite(fd, scratch, rest, offset);
		if (result < 0)
			return (int)result;
	}
	return 0;
}

uint64_t
nspy_files_size_limit(void)
{
	uint64_t limits[2];

	return nspy_sys_limits(RLIMIT_FSIZE, limits) < 0 ? UINT64_MAX
							 : limits[0];
}

static struct nspy_ring *
map_ring(int fd, int *error)
{
	long result = nspy_sys_truncate(fd, sizeof(struct nspy_ring));

	if (result >= 0)
		result = allocate(fd, 0, NSPY_RING_FIXED);
	if (result >= 0)
		result = nspy_sys_map(NULL, sizeof(struct nspy_ring),
				      MAP_SHARED, fd);
	if (nspy_sys_failed(result)) {
		*error = (int)result;
		return NULL;
	}
	return (struct nspy_ring *)result;
}

struct nspy_ring *
nspy_files_create_ring(const char *path, int *error)
{
	long fd = create(path, O_RDWR);
	struct nspy_ring *ring = NULL;

	*error = fd < 0 ? (int)fd : 0;
	if (fd < 0)
		return NULL;
	ring = map_ring((int)fd, error);
	NSPY_SYS1(SYS_close, fd);
	if (!ring)
		NSPY_SYS3(SYS_unlinkat, AT_FDCWD, path, 0);
	return ring;
}

/* A ring for events of this process; the header of its capture is ready. */
static void
init_ring(struct nspy_ring *ring)
{
	nspy_identify(&ring->process);
	ring->format = nspy_settings.format;
	header_len = nspy_drain_header(header, ring->format,
				       nspy_settings.snaplen, &ring->process);
	nspy_ring_init(ring, nspy_settings.snaplen, header_len);
}

struct nspy_ring *
nspy_files_create(struct nspy_files *files, int *error)
{
	/* NETSPY_DIR/NETSPY_FILENAME; the ring's suffix has to fit, too. */
	const struct nspy_template template = {
		.directory = nspy_settings.directory,
		.name = nspy_settings.filename,
		.executable = nspy_settings.executable,
		.pid = NSPY_SYS0(SYS_getpid),
		.time_s = (int64_t)(nspy_now() / 1000000000u),
	};
	struct nspy_ring *ring;
	long fd;

	/* A file beyond the limit would bring SIGXFSZ: it ends the program. */
	*error = nspy_files_size_limit() < sizeof(*ring) ? -EFBIG : 0;
	for (long n = 1; n <= NSPY_NUMBER_MAX && !*error; n++) {
		nspy_template_expand(&template, n, files->path,
				     sizeof(files->path) - sizeof(RING_SUFFIX));
		ring = nspy_files_create_ring(ring_path(files), error);
		if (*error == -EEXIST)
			*error = 0;
		if (!ring)
			continue;
		/* A kill from here on leaves a ring that can be recovered. */
		init_ring(ring);
		fd = create_capture(files->path);
		*error = fd < 0 ? (int)fd : identify(files, (int)fd);
		if (!*error) {
			files->fd = nspy_keep_high((int)fd);
			return ring;
		}
		NSPY_SYS2(SYS_munmap, ring, sizeof(*ring));
		nspy_files_remove_ring(files);
		if (*error == -EEXIST)
			*error = 0;
	}
	if (!*error)
		*error = -EEXIST;
	return NULL;
}

int
nspy_files_capture(struct nspy_files *files)
{
	long fd;

	if (is_capture(files, files->fd))
		return files->fd;
	fd = nspy_sys_open(files->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return (int)fd;
	if (!is_capture(files, fd)) {
		NSPY_SYS1(SYS_close, fd);
		return -ESTALE;
	}
	files->fd = nspy_keep_high((int)fd);
	return files->fd;
}

void
nspy_files_close(struct nspy_files *files)
{
	if (is_capture(files, files->fd))
		NSPY_SYS1(SYS_close, files->fd);
	files->fd = -1;
}

void
nspy_files_rest(struct nspy_files *files)
{
	if (files->path[0] && files->fd < HIGH_DESCRIPTOR)
		nspy_files_close(files);
}

void
nspy_files_remove_ring(const struct nspy_files *files)
{
	NSPY_SYS3(SYS_unlinkat, AT_FDCWD, ring_path(files), 0);
}

void
nspy_files_remove(const struct nspy_files *files)
{
	long fd = nspy_sys_open(files->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC,
				0);

	/* The name may lead elsewhere by now: chroot, or another's doing. */
	if (is_capture(files, fd)) {
		NSPY_SYS3(SYS_unlinkat, AT_FDCWD, files->path, 0);
		nspy_files_remove_ring(files);
	}
	if (fd >= 0)
		NSPY_SYS1(SYS_close, fd);
}

int
nspy_files_grow(void *context, struct nspy_ring *ring)
{
	const size_t chunk =
		NSPY_CONVERSATIONS_CHUNK * sizeof(struct nspy_conversation);
	struct nspy_files *files = context;
	void *pages = &ring->conversations[ring->allocated];
	/* No descriptor, and the ring may have lost its name already. */
	long result = NSPY_SYS3(SYS_madvise, pages, chunk, MADV_POPULATE_WRITE);

	if (result == -EINVAL) {
		/* Linux before 5.14. */
		long fd = nspy_sys_open(ring_path(files),
					O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);

		if (fd < 0)
			return (int)fd;
		result = allocate((int)fd,
				  (uint64_t)((char *)pages - (char *)ring),
				  chunk);
		NSPY_SYS1(SYS_close, fd);
	}
	if (result >= 0)
		ring->allocated += NSPY_CONVERSATIONS_CHUNK;
	return result < 0 ? (int)result : 0;
}
