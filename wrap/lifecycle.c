/* SPDX-License-Identifier: BSD-2-Clause */
/* Start, fork, drain and end of the recording of one process. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/lifecycle.h"

#include "capture/drain.h"
#include "capture/sys.h"
#include "wrap/descriptor.h"
#include "wrap/file.h"
#include "wrap/hook.h"
#include "wrap/note.h"
#include "wrap/report.h"
#include "wrap/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>

/* Draining takes at most one part in this many of the time. */
#define DRAIN_SHARE 50
/* How long a full ring waits for a record that nobody finishes. */
#define ABANDONED_NS 1000000000u
/* How often the end waits for threads in the middle of an event. */
#define FINISH_TRIES 1000

enum { NOT_STARTED, STARTING, STARTED, OFF };

static _Atomic int state;
/* A page that fork gives to the child as zeros: the process it is for. */
static _Atomic uint32_t *process;
static struct nspy_ring *_Atomic ring;
static _Atomic uint64_t last_drain_ns, drain_pause_ns;
static _Atomic int finished; /* the ring file is gone: write at once */
/* Held by the one thread that drains, with all signals blocked. */
static _Atomic int draining;
static struct nspy_files files; /* guarded by draining */
static struct nspy_drain drain; /* guarded by draining */

uint64_t
nspy_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* For durations: CLOCK_REALTIME may be set while they pass. */
static uint64_t
monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t
get_pid(void)
{
	return (uint32_t)NSPY_SYS0(SYS_getpid);
}

uint32_t
nspy_process(void)
{
	return atomic_load_explicit(process, memory_order_relaxed);
}

/* rest: what there is to do about it, or "". */
static void
stop(const char *what, int error, const char *rest)
{
	if (atomic_exchange(&state, OFF) == OFF)
		return;
	nspy_report(what, files.path[0] ? " " : "", files.path, ": ",
		    nspy_error_name(-error), "; recording stops", rest, NULL);
}

static int
map_process_page(void)
{
	long page = NSPY_SYS6(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long result;

	if (page < 0 && page > -4096)
		return (int)page;
	result = NSPY_SYS3(SYS_madvise, page, 4096, MADV_WIPEONFORK);
	if (result < 0)
		return (int)result;
	process = (void *)page;
	atomic_store(process, get_pid());
	return 0;
}

static void
start(void)
{
	int expected = NOT_STARTED, err;

	if (!atomic_compare_exchange_strong(&state, &expected, STARTING))
		return;
	/* A setuid program's traffic is not for its caller's eyes. */
	if (getauxval(AT_SECURE)) {
		atomic_store(&state, OFF);
		return;
	}
#ifdef NSPY_BINDING_LINK
	if (nspy_note_preloaded()) {
		atomic_store(&state, OFF);
		return;
	}
#endif
	nspy_settings_read();
	err = map_process_page();
	if (!err)
		err = nspy_descriptors_init();
	if (err)
		stop("cannot start recording", err, "");
	else
		atomic_store(&state, STARTED);
}

static void
block_signals(uint64_t *mask)
{
	uint64_t all = ~(uint64_t)0;

	NSPY_SYS4(SYS_rt_sigprocmask, SIG_SETMASK, &all, mask, 8);
}

static void
restore_signals(const uint64_t *mask)
{
	NSPY_SYS4(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, 8);
}

/* In a forked child: nothing of the parent's recording is ours. */
static void
leave_parent(void)
{
	struct nspy_ring *old = atomic_exchange(&ring, NULL);

	if (old) {
		/*
		 * Not unmapped: the fork may have been in a signal handler,
		 * over a thread that is about to write an event there.
		 */
		NSPY_SYS6(SYS_mmap, old, sizeof(*old), PROT_READ | PROT_WRITE,
			  MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS |
				  MAP_NORESERVE,
			  -1, 0);
		nspy_files_close(&files);
	}
	files.path[0] = '\0';
	atomic_store(&finished, 0);
	atomic_store(&draining, 0);
	atomic_store(&drain_pause_ns, 0);
	nspy_forks++;
	atomic_store(process, get_pid());
}

static void
start_again(void)
{
	uint64_t mask;

	/* A handler with traffic of its own may have done it just now. */
	block_signals(&mask);
	if (atomic_load(process) == 0)
		leave_parent();
	restore_signals(&mask);
}

bool
nspy_recording(void)
{
	int now = atomic_load_explicit(&state, memory_order_relaxed);

	if (now == NOT_STARTED) {
		start();
		now = atomic_load(&state);
	}
	if (now != STARTED)
		return false;
	if (atomic_load_explicit(process, memory_order_relaxed) == 0)
		start_again();
	return true;
}

bool
nspy_in_vfork_child(void)
{
	return atomic_load(process) != get_pid();
}

/* Signals wait, so that no handler leaves a drain half done for ever. */
static bool
lock_drain(uint64_t *mask)
{
	int expected = 0;

	block_signals(mask);
	if (atomic_compare_exchange_strong(&draining, &expected, 1))
		return true;
	restore_signals(mask);
	return false;
}

static void
unlock_drain(const uint64_t *mask)
{
	atomic_store(&draining, 0);
	restore_signals(mask);
}

static struct nspy_ring *
create_ring(void)
{
	struct nspy_ring *created;
	uint64_t mask;
	int error = 0;

	while (!lock_drain(&mask)) {
		NSPY_SYS0(SYS_sched_yield);
		if (atomic_load(&ring) || atomic_load(&state) != STARTED)
			return atomic_load(&ring);
	}
	created = atomic_load(&ring);
	if (!created) {
		created = nspy_files_create(&files, &error);
		if (created) {
			drain.ring = created;
			drain.grow = nspy_files_grow;
			drain.grow_context = &files;
			atomic_store(&ring, created);
		}
	}
	if (error)
		stop("cannot create a capture", error, "");
	unlock_drain(&mask);
	return created;
}

/* False: another thread is at it. */
static bool
drain_now(bool skip)
{
	uint64_t mask, begin;
	int fd, err;

	if (!lock_drain(&mask))
		return false;
	begin = monotonic();
	drain.size_limit = nspy_files_size_limit();
	fd = nspy_files_capture(&files);
	err = fd < 0 ? fd : nspy_drain_run(&drain, fd, skip);
	if (err)
		stop("cannot write", err,
		     "; netspy recover can complete the capture");
	if (!atomic_load(&finished)) {
		atomic_store(&drain_pause_ns,
			     (monotonic() - begin) * DRAIN_SHARE);
		atomic_store(&last_drain_ns, nspy_now());
	}
	unlock_drain(&mask);
	return true;
}

void
nspy_drain_when_due(uint64_t now_ns)
{
	struct nspy_ring *r = atomic_load(&ring);
	uint64_t pending;

	if (!r)
		return;
	pending = nspy_ring_pending(r);
	/* When the clock was set back the difference is huge, and it is due. */
	if (pending > NSPY_RING_DATA / 2 ||
	    (pending && now_ns - atomic_load(&last_drain_ns) >=
				atomic_load(&drain_pause_ns)))
		drain_now(false);
}

bool
nspy_reserve(uint32_t len, struct nspy_place *place)
{
	struct nspy_ring *r = atomic_load(&ring);
	uint64_t since = 0;

	if (!r) {
		r = create_ring();
		if (!r)
			return false;
	}
	while (!nspy_ring_reserve(r, len, place)) {
		uint64_t now = monotonic();

		if (!since)
			since = now;
		if (atomic_load(&state) != STARTED)
			return false;
		/*
		 * A thread that was cancelled, or left by longjmp, between
		 * reserve and publish holds up all behind it.
		 */
		if (!drain_now(now - since > ABANDONED_NS))
			NSPY_SYS0(SYS_sched_yield);
	}
	return true;
}

static void
report_lost(uint64_t lost)
{
	char text[NSPY_DECIMAL_MAX];

	if (!lost)
		return;
	nspy_decimal(text, (long)lost);
	nspy_report(files.path, ": ", text, " calls are missing in it", NULL);
}

void
nspy_finish(void)
{
	bool first;
	struct nspy_ring *r;
	uint64_t mask;

	if (!nspy_recording() || nspy_in_vfork_child())
		return;
	r = atomic_load(&ring);
	if (!r)
		return;
	first = !atomic_exchange(&finished, 1);
	atomic_store(&drain_pause_ns, 0);
	/* Other threads may be between reserve and publish: let them finish. */
	for (int i = 0; i < FINISH_TRIES; i++) {
		if (drain_now(false) && !nspy_ring_pending(r))
			break;
		if (atomic_load(&state) != STARTED)
			break;
		NSPY_SYS0(SYS_sched_yield);
	}
	if (first)
		report_lost(nspy_ring_progress(r)->lost);
	/* A ring that is not empty stays, for `netspy recover`. */
	if (atomic_load(&state) == STARTED && !nspy_ring_pending(r) &&
	    lock_drain(&mask)) {
		nspy_files_remove_ring(&files);
		unlock_drain(&mask);
	}
}

__attribute__((constructor)) static void
start_with_program(void)
{
	start();
}

__attribute__((destructor)) static void
finish_with_program(void)
{
	nspy_before_exit();
}
