/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What splice moves from a pipe to a socket nobody can look at afterwards; so
 * tee copies it before the call to a pipe of ours. There are
 * a few, made when they are needed and used again, and no lock: a call that a
 * signal handler leaves by longjmp keeps its stash for ever, and when all are
 * taken the bytes are not recorded, only their number.
 */

#include "wrap/stash.h"

#include "capture/sys.h"
#include "wrap/file.h"
#include "wrap/lifecycle.h"
#include "wrap/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>

#define STASHES 16
/* How far the two ends of a pipe are apart, as numbers, in most programs. */
#define NEIGHBOURS 4

struct nspy_stash {
	_Atomic uint32_t process; /* that uses it; 0: free */
	int ends[2];		  /* to read and to write */
	long size;
	uint64_t ino; /* 0: the descriptors are not open */
	uint32_t of_process;
};

static struct nspy_stash stashes[STASHES];
static char nowhere[4096]; /* nobody reads it */

/*
 * Programs close descriptors that they did not open, and then the numbers are
 * theirs: what is behind them is checked before each use.
 */
static uint64_t
pipe_number(int fd)
{
	struct statx status;

	if (NSPY_SYS5(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_INO,
		      &status) < 0 ||
	    (status.stx_mode & S_IFMT) != S_IFIFO)
		return 0;
	return status.stx_ino ^ (uint64_t)status.stx_dev_minor << 48;
}

static bool
is_open(const struct nspy_stash *stash, int end)
{
	return stash->ino && pipe_number(stash->ends[end]) == stash->ino;
}

static bool
open_ends(struct nspy_stash *stash)
{
	if (NSPY_SYS2(SYS_pipe2, stash->ends, O_CLOEXEC) < 0)
		return false;
	for (int i = 0; i < 2; i++)
		stash->ends[i] = nspy_keep_high(stash->ends[i]);
	/* tee waits unless one of its two ends must not. */
	NSPY_SYS3(SYS_fcntl, stash->ends[0], F_SETFL, O_NONBLOCK);
	stash->ino = pipe_number(stash->ends[0]);
	stash->size = NSPY_SYS2(SYS_fcntl, stash->ends[0], F_GETPIPE_SZ);
	stash->of_process = nspy_process();
	return stash->ino != 0;
}

/* A pipe that came from the parent is the parent's too. */
static bool
make_ready(struct nspy_stash *stash)
{
	bool open[2] = {is_open(stash, 0), is_open(stash, 1)};

	if (open[0] && open[1] && stash->of_process == nspy_process())
		return true;
	for (int i = 0; i < 2; i++)
		if (open[i])
			NSPY_SYS1(SYS_close, stash->ends[i]);
	stash->ino = 0;
	return open_ends(stash);
}

/* Whether fd reads from that pipe. */
static bool
reads(int fd, uint64_t number)
{
	return fd >= 0 && pipe_number(fd) == number &&
	       (NSPY_SYS2(SYS_fcntl, fd, F_GETFL) & O_ACCMODE) != O_WRONLY;
}

int
nspy_stash_open_reader(int pipe, bool *opened)
{
	char path[14 + NSPY_DECIMAL_MAX] = "/proc/self/fd/";
	uint64_t number = pipe_number(pipe);

	*opened = false;
	if (!number)
		return -1;
	for (int i = 0; i <= NEIGHBOURS; i++) {
		if (reads(pipe - i, number))
			return pipe - i;
		if (reads(pipe + i, number))
			return pipe + i;
	}
	*opened = true;
	nspy_decimal(path + strlen(path), pipe);
	return (int)NSPY_SYS4(SYS_openat, AT_FDCWD, path,
			      O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
}

static struct nspy_stash *
take(void)
{
	uint32_t own = nspy_process();

	for (int i = 0; i < STASHES; i++) {
		struct nspy_stash *stash = &stashes[i];
		uint32_t user = atomic_load(&stash->process);

		if (user != own && atomic_compare_exchange_strong(
					   &stash->process, &user, own)) {
			if (make_ready(stash))
				return stash;
			atomic_store(&stash->process, 0);
			return NULL;
		}
	}
	return NULL;
}

/*
 * Waits for bytes as splice does: libc's tee, so that a handler's return starts
 * it again or not, and a cancelled thread ends.
 */
static long
tee_later(int pipe, int to, size_t len)
{
	int error = errno;
	long got = tee(pipe, to, len, 0);

	if (got < 0)
		got = -errno;
	errno = error;
	return got;
}

long
nspy_stash_copy(int pipe, size_t len, bool wait, struct nspy_stash **copy)
{
	/* Anything but a pipe ends here. */
	long size = NSPY_SYS2(SYS_fcntl, pipe, F_GETPIPE_SZ), got;
	struct nspy_stash *stash = size > 0 ? take() : NULL;

	*copy = NULL;
	if (!stash)
		return -EINVAL;
	if (size > stash->size &&
	    NSPY_SYS3(SYS_fcntl, stash->ends[1], F_SETPIPE_SZ, size) >= 0)
		stash->size = size;
	got = NSPY_SYS4(SYS_tee, pipe, stash->ends[1], len, SPLICE_F_NONBLOCK);
	if (got == -EAGAIN && wait)
		got = tee_later(pipe, stash->ends[1], len);
	if (got > 0)
		*copy = stash;
	else
		atomic_store(&stash->process, 0);
	return got;
}

size_t
nspy_stash_read(const struct nspy_stash *stash, void *to, size_t len)
{
	size_t done = 0;

	while (done < len && is_open(stash, 0)) {
		long got = NSPY_SYS3(SYS_read, stash->ends[0],
				     (char *)to + done, len - done);

		if (got > 0)
			done += (size_t)got;
		else if (got != -EINTR)
			break;
	}
	return done;
}

size_t
nspy_stash_skip(const struct nspy_stash *stash, size_t len)
{
	struct iovec iov[8];
	size_t done = 0;

	while (done < len && is_open(stash, 0)) {
		size_t rest = len - done, count = 0;
		long got;

		for (; count < 8 && rest; count++) {
			size_t part =
				rest < sizeof(nowhere) ? rest : sizeof(nowhere);

			iov[count] = (struct iovec){nowhere, part};
			rest -= part;
		}
		got = NSPY_SYS3(SYS_readv, stash->ends[0], iov, count);
		if (got > 0)
			done += (size_t)got;
		else if (got != -EINTR)
			break;
	}
	return done;
}

void
nspy_stash_release(struct nspy_stash *stash)
{
	nspy_stash_skip(stash, SIZE_MAX);
	atomic_store(&stash->process, 0);
}
