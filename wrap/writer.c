/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of this process, and who writes what is in it to the capture. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/writer.h"

#include "capture/drain.h"
#include "capture/sys_wide.h"
#include "wrap/clock.h"
#include "wrap/file.h"
#include "wrap/launched.h"
#include "wrap/lifecycle.h"
#include "wrap/names.h"
#include "wrap/report.h"
#include "wrap/settings.h"
#include "wrap/signals.h"

#include <errno.h>

/* Draining takes at most one part in this many of the time. */
#define DRAIN_SHARE 50
/* How long a full ring waits for a record that nobody finishes. */
#define ABANDONED_NS 1000000000u
/* How often the end waits for threads in the middle of an event, 100 us each. */
#define FINISH_TRIES 20000

static struct nspy_ring *_Atomic ring;
static _Atomic uint64_t last_drain_ns, drain_pause_ns;
static _Atomic int finished; /* the ring file is gone: write at once */
/* Since when the ring is full, and which tail it had: see is_stuck. */
static _Atomic uint64_t full_since, full_at;
/* Held by the one thread that drains, with all signals blocked. */
static _Atomic int draining;
static struct nspy_files files; /* guarded by draining */
static struct nspy_drain drain; /* guarded by draining */
/* What the command has left in a ring of its own; guarded by draining. */
static struct nspy_ring *left;

/* rest: what there is to do about it, or "". */
void
nspy_writer_stop(const char *what, int error, const char *rest)
{
	if (!nspy_stop())
		return;
	nspy_report(what, files.path[0] ? " " : "", files.path, ": ",
		    nspy_error_name(-error), "; recording stops", rest, NULL);
}

void
nspy_writer_leave_parent(void)
{
	struct nspy_ring *old = atomic_exchange(&ring, NULL);

	if (old) {
		/*
		 * Not unmapped: the fork may have been in a signal handler,
		 * over a thread that is about to write an event there.
		 */
		nspy_sys_map(old, sizeof(*old),
			     MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS |
				     MAP_NORESERVE,
			     -1);
		nspy_files_close(&files);
	}
	left = NULL;
	files.path[0] = '\0';
	atomic_store(&finished, 0);
	atomic_store(&draining, 0);
	atomic_store(&drain_pause_ns, 0);
	atomic_store(&full_since, 0);
}

/* Signals wait, so that no handler leaves a drain half done for ever. */
static bool
lock_drain(uint64_t *mask)
{
	int expected = 0;

	nspy_block_signals(mask);
	if (atomic_compare_exchange_strong(&draining, &expected, 1))
		return true;
	nspy_restore_signals(mask);
	return false;
}

static void
unlock_drain(const uint64_t *mask)
{
	nspy_files_rest(&files);
	atomic_store(&draining, 0);
	nspy_restore_signals(mask);
}

/* A ring and a capture of our own; the drain's lock is held. */
static struct nspy_ring *
create_own(void)
{
	int error;
	struct nspy_ring *created = nspy_files_create(&files, &error);

	if (created) {
		drain.ring = created;
		drain.grow = nspy_files_grow;
		drain.grow_context = &files;
		drain.secrets.wanted = nspy_settings.tls_keys;
		nspy_drain_forget(&drain);
	} else {
		nspy_writer_stop(
			"cannot create a capture", error,
			error == -EACCES && nspy_settings.run[0]
				? "; netspy was started by another user: "
				  "start it as this one"
				: "");
	}
	return created;
}

static struct nspy_ring *
create_ring(void)
{
	struct nspy_ring *created;
	uint64_t mask;

	while (!lock_drain(&mask)) {
		nspy_wait_briefly();
		if (atomic_load(&ring) || nspy_stopped())
			return atomic_load(&ring);
	}
	created = atomic_load(&ring);
	if (!created) {
		created = nspy_launched_create();
		if (!created)
			created = create_own();
		if (created)
			nspy_names_publish(created, &ring);
	}
	unlock_drain(&mask);
	return created;
}

/* The command drains the ring; if it has gone, we do from now on. */
static bool
is_collected(struct nspy_ring *r, uint64_t now_ns)
{
	uint64_t mask;

	if (!atomic_load(&r->collector))
		return false;
	if (!nspy_launched_left(r, now_ns))
		return true;
	if (nspy_sys_refused)
		return false;
	if (lock_drain(&mask)) {
		if (atomic_load(&ring) == r) {
			struct nspy_ring *own = create_own();

			if (own) {
				left = r;
				nspy_names_publish(own, &ring);
			}
		}
		unlock_drain(&mask);
	}
	return false;
}

/* False: another thread is at it. */
static bool
drain_now(bool skip)
{
	uint64_t mask, begin;
	int fd, err;

	if (!lock_drain(&mask))
		return false;
	begin = nspy_monotonic();
	drain.size_limit = nspy_files_size_limit();
	fd = nspy_files_capture(&files);
	err = fd < 0 ? fd : 0;
	if (!err && left)
		err = nspy_drain_from(&drain, fd, left);
	if (!err)
		err = nspy_drain_run(&drain, fd, skip);
	if (err)
		nspy_writer_stop("cannot write", err,
				 "; netspy recover can complete the capture");
	if (!atomic_load(&finished)) {
		atomic_store(&drain_pause_ns,
			     (nspy_monotonic() - begin) * DRAIN_SHARE);
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

	if (!r || nspy_sys_refused || is_collected(r, now_ns))
		return;
	pending = nspy_ring_pending(r);
	/* When the clock was set back the difference is huge, and it is due. */
	if (pending > NSPY_RING_DATA / 2 ||
	    (pending && now_ns - atomic_load(&last_drain_ns) >=
				atomic_load(&drain_pause_ns)))
		drain_now(false);
}

/*
 * Nothing has been taken out of a full ring for a while. That is no matter of
 * one call, which a handler may leave by longjmp.
 */
static bool
is_stuck(const struct nspy_ring *r)
{
	uint64_t consumed = atomic_load(&r->consumed), now = nspy_monotonic();

	if (!atomic_load(&full_since) || atomic_load(&full_at) != consumed) {
		atomic_store(&full_at, consumed);
		atomic_store(&full_since, now);
	}
	return now - atomic_load(&full_since) > ABANDONED_NS;
}

/*
 * The ring is full. False: the event is lost. A thread that was left by longjmp
 * between reserve and publish holds up all behind it, so it is skipped in time.
 */
static bool
make_room(struct nspy_ring *r)
{
	bool collected, stuck;

	if (nspy_stopped())
		return false;
	stuck = is_stuck(r);
	collected = is_collected(r, nspy_now());
	if (collected && stuck)
		atomic_store(&r->abandoned, ~atomic_load(&full_at));
	if (collected ? r->drop : nspy_sys_refused) {
		atomic_fetch_add(&r->dropped, 1);
		return false;
	}
	if (collected || (atomic_load(&ring) == r && !drain_now(stuck)))
		nspy_wait_briefly();
	return true;
}

bool
nspy_writer_started(void)
{
	return atomic_load(&ring);
}

struct nspy_ring *
nspy_writer_ring(void)
{
	return atomic_load(&ring);
}

const char *
nspy_writer_path(void)
{
	struct nspy_ring *r = atomic_load(&ring);

	return r && !atomic_load(&r->collector) ? files.path : NULL;
}

void
nspy_drain_all(void)
{
	struct nspy_ring *r = atomic_load(&ring);

	if (!r || nspy_sys_refused || is_collected(r, nspy_now()))
		return;
	/* Another thread may be at it, with what was there before. */
	while (!drain_now(false) && !nspy_stopped())
		nspy_wait_briefly();
}

void
nspy_writer_start(void)
{
	if (!atomic_load(&ring))
		create_ring();
}

void
nspy_writer_seal(void)
{
	struct nspy_ring *r = atomic_load(&ring);

	if (!r || is_collected(r, nspy_now()))
		return;
	/* A limit of 0 bytes is part of some sandboxes. */
	if (nspy_files_size_limit() == UINT64_MAX)
		drain_now(false);
	if (!nspy_stopped())
		nspy_report(files.path,
			    ": the process is in a sandbox from now on; "
			    "netspy recover completes the capture",
			    NULL);
}

bool
nspy_reserve(uint32_t len, struct nspy_place *place)
{
	struct nspy_ring *r = atomic_load(&ring);

	if (!r) {
		r = nspy_sys_refused ? NULL : create_ring();
		if (!r)
			return false;
	}
	/* Nobody will make room. A small event that fits would hide the gap. */
	if (nspy_sys_refused && atomic_load(&r->dropped)) {
		atomic_fetch_add(&r->dropped, 1);
		return false;
	}
	while (!nspy_ring_reserve(r, len, place)) {
		if (!make_room(r))
			return false;
		if (atomic_load(&ring) == r)
			continue;
		/* The command has gone: nobody has waited for this one. */
		r = atomic_load(&ring);
		atomic_store(&full_since, 0);
	}
	if (atomic_load_explicit(&full_since, memory_order_relaxed))
		atomic_store(&full_since, 0);
	return true;
}

/* Threads between reserve and publish finish, or were left there by longjmp. */
static void
drain_to_end(struct nspy_ring *r)
{
	bool stuck = false;

	atomic_store(&full_since, 0);
	for (int i = 0; i < FINISH_TRIES && !stuck && !nspy_stopped(); i++) {
		stuck = is_stuck(r);
		if (drain_now(stuck) && !nspy_ring_pending(r))
			break;
		nspy_wait_briefly();
	}
}

void
nspy_finish(void)
{
	struct nspy_ring *r;
	uint64_t mask;

	if (!nspy_recording() || nspy_in_guest())
		return;
	r = atomic_load(&ring);
	if (!r || nspy_sys_refused || is_collected(r, nspy_now()))
		return;
	r = atomic_load(&ring);
	atomic_store(&finished, 1);
	atomic_store(&drain_pause_ns, 0);
	drain_to_end(r);
	/* A ring that is not empty stays, for `netspy recover`. */
	if (!nspy_stopped() && !nspy_ring_pending(r) && lock_drain(&mask)) {
		if (atomic_load(&r->head)) {
			nspy_drain_state(&drain, nspy_files_capture(&files),
					 nspy_now());
			nspy_files_remove_ring(&files);
		} else {
			/* From nspy_writer_start; what comes gets new ones. */
			nspy_files_remove(&files);
			atomic_store(&ring, NULL);
		}
		unlock_drain(&mask);
	}
}
