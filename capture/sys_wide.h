/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that a 32-bit kernel has in another form, as a file's position
 * takes two words there; a 64-bit one looks at the first word alone.
 */

#ifndef NETSPY_SYS_WIDE_H
#define NETSPY_SYS_WIDE_H

#include "capture/sys.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file may be larger than the address space. */
static inline long
nspy_sys_open(const char *path, int flags, int mode)
{
	return NSPY_SYS4(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

/* Memory to read and write. Returns its address, or see nspy_sys_failed. */
static inline long
nspy_sys_map(void *at, size_t len, int flags, int fd)
{
#ifdef SYS_mmap2
	const long number = SYS_mmap2;
#else
	const long number = SYS_mmap;
#endif

	return NSPY_SYS6(number, at, len, PROT_READ | PROT_WRITE, flags, fd, 0);
}

/* Addresses may be negative, as errors are. */
static inline bool
nspy_sys_failed(long result)
{
	return result < 0 && result > -4096;
}

static inline long
nspy_sys_pread(int fd, void *buf, size_t len, int64_t offset)
{
	return NSPY_SYS5(SYS_pread64, fd, buf, len, offset, offset >> 32);
}

static inline long
nspy_sys_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
	return NSPY_SYS5(SYS_pwrite64, fd, buf, len, offset, offset >> 32);
}

static inline long
nspy_sys_truncate(int fd, uint64_t size)
{
#ifdef SYS_ftruncate64
	return NSPY_SYS3(SYS_ftruncate64, fd, size, size >> 32);
#else
	return NSPY_SYS2(SYS_ftruncate, fd, size);
#endif
}

static inline long
nspy_sys_allocate(int fd, uint64_t offset, uint64_t len)
{
#ifdef __LP64__
	return NSPY_SYS4(SYS_fallocate, fd, 0, offset, len);
#else
	return NSPY_SYS6(SYS_fallocate, fd, 0, offset, offset >> 32, len,
			 len >> 32);
#endif
}

/* Where a file is read or written next, or a negative errno. */
static inline int64_t
nspy_sys_position(int fd)
{
#ifdef SYS__llseek
	int64_t position = 0;
	long result = NSPY_SYS5(SYS__llseek, fd, 0, 0, &position, SEEK_CUR);

	return result < 0 ? result : position;
#else
	return NSPY_SYS3(SYS_lseek, fd, 0, SEEK_CUR);
#endif
}

/* The soft and the hard limit, each UINT64_MAX for none. */
static inline long
nspy_sys_limits(int resource, uint64_t limits[2])
{
	return NSPY_SYS4(SYS_prlimit64, 0, resource, NULL, limits);
}

#endif
