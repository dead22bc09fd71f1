/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glibc calls read(), write() and close() for a FILE through tables of
 * function pointers. Where libc is a shared library, three pointers of the two
 * tables for files are replaced: data only, and only when all of it looks as
 * expected. In a static program link-static.opts wraps the names behind them.
 */

#include "wrap/stdio.h"

#include "capture/sys.h"
#include "wrap/call.h"
#include "wrap/object.h"
#include "wrap/report.h"
#include "wrap/settings.h"

#ifdef __GLIBC__

#include <gnu/libc-version.h>
#include <link.h>
#include <stdint.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

/* Positions in struct _IO_jump_t, the same since glibc 2.0. */
enum { SLOT_READ = 14, SLOT_WRITE = 15, SLOT_CLOSE = 17, SLOT_COUNT = 21 };

/*
 * All exported since glibc 2.2, by no header. Weak: a static program without
 * stdio has none of them.
 */
#pragma weak _IO_file_jumps
#pragma weak _IO_wfile_jumps
#pragma weak _IO_list_all
#pragma weak _IO_file_read
#pragma weak _IO_file_write
#pragma weak _IO_file_close
#pragma weak _IO_list_lock
#pragma weak _IO_list_unlock
extern void *_IO_file_jumps[SLOT_COUNT];
extern void *_IO_wfile_jumps[SLOT_COUNT];
extern FILE *_IO_list_all;
ssize_t _IO_file_read(FILE *stream, void *buf, ssize_t count);
ssize_t _IO_file_write(FILE *stream, const void *buf, ssize_t count);
int _IO_file_close(FILE *stream);
void _IO_list_lock(void);
void _IO_list_unlock(void);

#ifdef NSPY_BINDING_LINK
/* In a link with link-static.opts these are one. */
#pragma weak __read
ssize_t __read(int fd, void *buf, size_t count);
ssize_t __wrap___read(int fd, void *buf, size_t count);
#endif

static _Atomic int replaceable, replaced;
static bool dprintf_by_stream; /* since 2.37 it calls write() itself */
const int nspy_stdio_dprintf_room = 2048;

static ssize_t
read_slot(FILE *stream, void *buf, ssize_t count)
{
	struct nspy_call call;
	ssize_t ret;

	if (!nspy_begin(&call, "read", stream->_fileno))
		return _IO_file_read(stream, buf, count);
	ret = _IO_file_read(stream, buf, count);
	nspy_enter(&call);
	nspy_on_recv(&call, ret, buf, (size_t)count, 0, NULL, NULL);
	nspy_leave(&call);
	return ret;
}

/* Writes until all is written or a write fails; never returns -1. */
static ssize_t
write_slot(FILE *stream, const void *buf, ssize_t count)
{
	struct nspy_call call;
	ssize_t ret;

	if (!nspy_begin(&call, "write", stream->_fileno))
		return _IO_file_write(stream, buf, count);
	ret = _IO_file_write(stream, buf, count);
	nspy_enter(&call);
	if (ret > 0)
		nspy_on_send(&call, ret, buf, 0, NULL, 0);
	if (ret < count)
		nspy_on_send(&call, -1, NULL, 0, NULL, 0);
	nspy_leave(&call);
	return ret;
}

static int
close_slot(FILE *stream)
{
	struct nspy_call call;
	int ret;

	if (!nspy_begin_close(&call, stream->_fileno))
		return _IO_file_close(stream);
	ret = _IO_file_close(stream);
	nspy_end_close(&call);
	return ret;
}

static bool
familiar(void *const *table)
{
	return table[SLOT_READ] == (void *)_IO_file_read &&
	       table[SLOT_WRITE] == (void *)_IO_file_write &&
	       table[SLOT_CLOSE] == (void *)_IO_file_close;
}

/* Where the tables are, and what dl_iterate_phdr found out. */
struct tables {
	uintptr_t page, low, high; /* the pages that hold both */
	unsigned int objects;
	bool in_main, own, write_protected;
};

/* Whether ld.so has made the pages of the tables read-only, as it rounds. */
static bool
protected_after_start(const struct dl_phdr_info *object,
		      const struct tables *tables)
{
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + segment->p_vaddr;
		uintptr_t end = start + segment->p_memsz;

		if (segment->p_type == PT_GNU_RELRO &&
		    tables->low >= (start & ~(tables->page - 1)) &&
		    tables->high <= (end & ~(tables->page - 1)))
			return true;
	}
	return false;
}

/* The first object is the program itself. */
static int
look(struct dl_phdr_info *object, size_t size, void *data)
{
	struct tables *tables = data;

	(void)size;
	if (tables->objects++ == 0)
		tables->in_main = nspy_object_holds(object, &replaced);
	if (!nspy_object_holds(object, _IO_file_jumps))
		return 0;
	tables->own = nspy_object_holds(object, &replaced);
	tables->write_protected =
		nspy_object_holds(object, _IO_wfile_jumps) &&
		nspy_object_holds(object, (void *)_IO_file_read) &&
		nspy_object_holds(object, (void *)_IO_file_write) &&
		nspy_object_holds(object, (void *)_IO_file_close) &&
		protected_after_start(object, tables);
	return 0;
}

static struct tables found;

static void
replace(void **table)
{
	__atomic_store_n(&table[SLOT_READ], (void *)read_slot,
			 __ATOMIC_RELEASE);
	__atomic_store_n(&table[SLOT_WRITE], (void *)write_slot,
			 __ATOMIC_RELEASE);
	__atomic_store_n(&table[SLOT_CLOSE], (void *)close_slot,
			 __ATOMIC_RELEASE);
}

/* Two system calls, of which a process without a socket has no use. */
void
nspy_stdio_use(void)
{
	size_t len = found.high - found.low;

	if (!atomic_load_explicit(&replaceable, memory_order_relaxed) ||
	    !atomic_exchange(&replaceable, false) ||
	    !familiar(_IO_file_jumps) || !familiar(_IO_wfile_jumps) ||
	    NSPY_SYS3(SYS_mprotect, found.low, len, PROT_READ | PROT_WRITE) < 0)
		return;
	replace(_IO_file_jumps);
	replace(_IO_wfile_jumps);
	NSPY_SYS3(SYS_mprotect, found.low, len, PROT_READ);
	atomic_store(&replaced, true);
}

static void
find(void)
{
	uintptr_t narrow = (uintptr_t)_IO_file_jumps;
	uintptr_t wide = (uintptr_t)_IO_wfile_jumps;
	uintptr_t last =
		(narrow > wide ? narrow : wide) + sizeof(_IO_file_jumps);

	found.page = getauxval(AT_PAGESZ);
	found.low = (narrow < wide ? narrow : wide) & ~(found.page - 1);
	found.high = (last + found.page - 1) & ~(found.page - 1);
	dl_iterate_phdr(look, &found);
}

/* Streams that are there from the start are known by no other call. */
static bool
starts_with_socket(void)
{
	int domain;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		socklen_t len = sizeof(domain);

		if (NSPY_SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_DOMAIN,
			      &domain, &len) == 0)
			return true;
	}
	return false;
}

void
nspy_stdio_start(void)
{
	if (_IO_file_jumps && _IO_wfile_jumps && _IO_file_read &&
	    _IO_file_write && _IO_file_close) {
		find();
		if (found.own)
			return;
#ifndef NSPY_BINDING_PRELOAD
		/*
		 * In a plug-in: it sees its own calls only, and the slots
		 * would outlive it.
		 */
		if (!found.in_main)
			return;
#endif
		replaceable = found.write_protected &&
			      familiar(_IO_file_jumps) &&
			      familiar(_IO_wfile_jumps);
	}
	dprintf_by_stream =
		replaceable && strverscmp(gnu_get_libc_version(), "2.37") < 0;
	if (!replaceable && nspy_settings.debug)
		nspy_report("the stdio of this libc looks unfamiliar: what "
			    "goes through it is not recorded",
			    NULL);
	if (starts_with_socket())
		nspy_stdio_use();
}

static bool
names_are_wrapped(void)
{
#ifdef NSPY_BINDING_LINK
	return __read == __wrap___read;
#else
	return false;
#endif
}

/* All streams share the tables. */
void
nspy_stdio_adopt(FILE *stream, int fd)
{
	(void)stream;
	(void)fd;
}

bool
nspy_stdio_seen(FILE *stream)
{
	(void)stream;
	return replaced || names_are_wrapped();
}

bool
nspy_stdio_dprintf_seen(void)
{
	return (replaced && dprintf_by_stream) || names_are_wrapped();
}

/*
 * As exit() does it: with the lock of the list, but not of the streams, for
 * another thread may be reading from one for ever.
 */
void
nspy_stdio_flush(void)
{
	if (!&_IO_list_all || !_IO_list_lock || !_IO_list_unlock)
		return;
	_IO_list_lock();
	for (FILE *stream = _IO_list_all; stream; stream = stream->_chain)
		if (stream->_fileno >= 0 && __fpending(stream) > 0 &&
		    nspy_descriptor_find(stream->_fileno))
			fflush_unlocked(stream);
	_IO_list_unlock();
}

#endif /* __GLIBC__ */
