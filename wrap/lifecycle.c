/* SPDX-License-Identifier: BSD-2-Clause */
/* Start, fork and end of the recording of one process. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/lifecycle.h"

#include "capture/sys_wide.h"
#include "wrap/clock.h"
#include "wrap/descriptor.h"
#include "wrap/hook.h"
#include "wrap/launched.h"
#include "wrap/libraries.h"
#include "wrap/names.h"
#include "wrap/note.h"
#include "wrap/report.h"
#include "wrap/settings.h"
#include "wrap/signals.h"
#include "wrap/stdio.h"
#include "wrap/unrecorded.h"
#include "wrap/writer.h"

#include <linux/kcmp.h>
#include <sys/auxv.h>

enum { NOT_STARTED, STARTING, STARTED, OFF };

static _Atomic int state;
static _Atomic bool paused;
/* A page that fork gives to the child as zeros: the process it is for. */
static _Atomic uint32_t *process;

/* The last look found a child of vfork, which shares this variable too. */
static _Thread_local bool suspected __attribute__((tls_model("initial-exec")));

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

bool
nspy_stopped(void)
{
	return atomic_load(&state) != STARTED;
}

bool
nspy_stop(void)
{
	return atomic_exchange(&state, OFF) != OFF;
}

void
nspy_pause(bool pause)
{
	atomic_store(&paused, pause);
}

bool
nspy_paused(void)
{
	return atomic_load_explicit(&paused, memory_order_relaxed);
}

static int
map_process_page(void)
{
	long page = nspy_sys_map(NULL, 4096, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	long result;

	if (nspy_sys_failed(page))
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
	if (getauxval(AT_SECURE) || nspy_note_before()) {
		atomic_store(&state, OFF);
		return;
	}
	nspy_report_start();
	nspy_settings_read();
	if (nspy_settings.off) {
		atomic_store(&state, OFF);
		return;
	}
	err = map_process_page();
	if (!err)
		err = nspy_descriptors_init();
	if (err) {
		nspy_writer_stop("cannot start recording", err, "");
		return;
	}
	nspy_stdio_start();
	atomic_store(&state, STARTED);
	nspy_launched_announce();
}

/* In a forked child: nothing of the parent's recording is ours. */
static void
start_again(void)
{
	uint64_t mask;

	/* A handler with traffic of its own may have done it just now. */
	nspy_block_signals(&mask);
	if (nspy_settings.alone)
		nspy_stop();
	if (atomic_load(process) == 0) {
		nspy_writer_leave_parent();
		nspy_libraries_start();
		nspy_names_forked();
		nspy_unrecorded_forked();
		nspy_before_fork();
		nspy_descriptors_end(false);
		atomic_store(process, get_pid());
	}
	nspy_restore_signals(&mask);
}

bool
nspy_recording(void)
{
	/* What start() has made ready is behind it. */
	int now = atomic_load_explicit(&state, memory_order_acquire);

	if (now == NOT_STARTED) {
		start();
		now = atomic_load(&state);
	}
	if (now != STARTED)
		return false;
	if (atomic_load_explicit(process, memory_order_relaxed) == 0) {
		start_again();
		return !nspy_stopped();
	}
	return true;
}

bool
nspy_in_guest(void)
{
	/* In a sandbox we cannot ask, and few let a process make another. */
	return !nspy_sys_refused && nspy_process() != get_pid();
}

/* Made by clone with CLONE_FILES. A kernel without kcmp says nothing. */
static bool
shares_descriptors(void)
{
	return NSPY_SYS5(SYS_kcmp, get_pid(), nspy_process(), KCMP_FILES, 0,
			 0) == 0;
}

bool
nspy_in_vfork_child(void)
{
	suspected = nspy_in_guest() && !shares_descriptors();
	return suspected;
}

bool
nspy_changed_by_vfork_child(void)
{
	return suspected && nspy_in_vfork_child();
}

/* Before the program's own, whose handlers at the end are to run before ours. */
__attribute__((constructor(101))) static void
start_with_program(void)
{
	start();
	if (!nspy_stopped()) {
		nspy_clock_start();
		nspy_libraries_start();
		nspy_end_register();
	}
}
