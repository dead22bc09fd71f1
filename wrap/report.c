/* SPDX-License-Identifier: BSD-2-Clause */
/* One line on stderr with one writev: no stdio, no malloc, no lock. */

#include "wrap/report.h"

#include "capture/sys_wide.h"
#include "wrap/settings.h"
#include "wrap/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#define PARTS_MAX 12

/* What standard error was. */
static struct {
	uint64_t dev, ino;
} at_start;

static uint64_t
device(const struct statx *status)
{
	return (uint64_t)status->stx_dev_major << 32 | status->stx_dev_minor;
}

/*
 * A server may have made its connection the standard error of its child: there
 * a line of ours would stand in the middle of the protocol. A Unix socket is
 * more likely the system's log. Asked in two steps, for sandboxes kill the one
 * who asks for a socket option.
 */
static bool
is_connection(const struct statx *status)
{
	int domain = AF_UNIX;
	socklen_t len = sizeof(domain);

	if (S_ISSOCK(status->stx_mode))
		NSPY_SYS5(SYS_getsockopt, 2, SOL_SOCKET, SO_DOMAIN, &domain,
			  &len);
	return domain != AF_UNIX;
}

/* Beyond its limit a file takes nothing, and SIGXFSZ ends the program. */
static bool
is_full(const struct statx *status, uint64_t len)
{
	uint64_t end = status->stx_size, limits[2];
	int64_t position;

	if (!S_ISREG(status->stx_mode) ||
	    nspy_sys_limits(RLIMIT_FSIZE, limits) < 0)
		return false;
	position = nspy_sys_position(2);
	if (position > 0 && (uint64_t)position > end)
		end = (uint64_t)position;
	return end + len > limits[0];
}

/*
 * A program that has closed its standard error gets the number for the next
 * file that it opens, with data of its own: unlike that, a log is appended to.
 */
static bool
is_data(const struct statx *status)
{
	if (!S_ISREG(status->stx_mode) && !S_ISBLK(status->stx_mode))
		return false;
	return (status->stx_ino != at_start.ino ||
		device(status) != at_start.dev) &&
	       !(NSPY_SYS2(SYS_fcntl, 2, F_GETFL) & O_APPEND);
}

static bool
look(struct statx *status)
{
	return NSPY_SYS5(SYS_statx, 2, "", AT_EMPTY_PATH, STATX_BASIC_STATS,
			 status) >= 0;
}

void
nspy_report_start(void)
{
	struct statx status;

	if (!look(&status))
		return;
	at_start.dev = device(&status);
	at_start.ino = status.stx_ino;
}

/* Its stack is free again when the line is written. */
__attribute__((noinline)) static bool
stderr_takes(uint64_t len)
{
	struct statx status;

	return look(&status) && !is_connection(&status) && !is_data(&status) &&
	       !is_full(&status, len);
}

/* A pipe that is full would hold the program up; one without a reader, ... */
static bool
is_ready(void)
{
	struct pollfd poll = {.fd = 2, .events = POLLOUT};
	const struct timespec now = {0, 0};

	return NSPY_SYS5(SYS_ppoll, &poll, 1, &now, NULL, 0) == 1 &&
	       poll.revents == POLLOUT;
}

/* ... which may go at any time, and a terminal send signals that end it. */
static void
write_line(const struct iovec *iov, int count, uint64_t len)
{
	const uint64_t broken = (uint64_t)1 << (SIGPIPE - 1);
	const struct timespec now = {0, 0};
	uint64_t mask;

	if (!stderr_takes(len) || !is_ready())
		return;
	nspy_block_signals(&mask);
	if (NSPY_SYS3(SYS_writev, 2, iov, count) == -EPIPE)
		NSPY_SYS4(SYS_rt_sigtimedwait, &broken, NULL, &now, 8);
	nspy_restore_signals(&mask);
}

void
nspy_report(const char *part, ...)
{
	struct iovec iov[PARTS_MAX + 2];
	uint64_t len = 9;
	int count = 0;
	va_list parts;

	if (nspy_settings.quiet)
		return;
	iov[count].iov_base = (void *)"netspy: ";
	iov[count++].iov_len = 8;
	va_start(parts, part);
	while (part && count <= PARTS_MAX) {
		iov[count].iov_base = (void *)(unsigned long)part;
		iov[count].iov_len = strlen(part);
		len += iov[count++].iov_len;
		part = va_arg(parts, const char *);
	}
	va_end(parts);
	iov[count].iov_base = (void *)"\n";
	iov[count++].iov_len = 1;
	write_line(iov, count, len);
}

const char *
nspy_error_name(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{EACCES, "permission denied (EACCES)"},
		{EPERM, "operation not permitted (EPERM)"},
		{ENOENT, "no such directory (ENOENT)"},
		{ENOTDIR, "not a directory (ENOTDIR)"},
		{ENOSPC, "no space left on the disk (ENOSPC)"},
		{EDQUOT, "disk quota exceeded (EDQUOT)"},
		{EROFS, "read-only file system (EROFS)"},
		{EFBIG, "file size limit, see ulimit -f (EFBIG)"},
		{EMFILE, "too many open files (EMFILE)"},
		{ENFILE, "too many open files (ENFILE)"},
		{ENOMEM, "out of memory (ENOMEM)"},
		{ENAMETOOLONG, "name too long (ENAMETOOLONG)"},
		{EEXIST, "9999 files of that name exist (EEXIST)"},
		{ELOOP, "a symbolic link is in the way (ELOOP)"},
		{EIO, "input/output error (EIO)"},
		{ESTALE, "the capture file was removed or replaced (ESTALE)"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].error == error)
			return names[i].name;
	return "an error without a name here";
}

void
nspy_report_call(const char *name, int fd, long result, int error)
{
	char pid[NSPY_DECIMAL_MAX], fd_text[NSPY_DECIMAL_MAX];
	char result_text[NSPY_DECIMAL_MAX], error_text[NSPY_DECIMAL_MAX];

	nspy_decimal(pid, NSPY_SYS0(SYS_getpid));
	nspy_decimal(fd_text, fd);
	nspy_decimal(result_text, result);
	nspy_decimal(error_text, error);
	if (result < 0)
		nspy_report(pid, " ", name, "(", fd_text, ") = ", result_text,
			    " errno ", error_text, NULL);
	else
		nspy_report(pid, " ", name, "(", fd_text, ") = ", result_text,
			    NULL);
}
