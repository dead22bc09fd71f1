/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring's place in the folder of a run, and whether its command lives. */

#include "wrap/launched.h"

#include "capture/drain.h"
#include "capture/sys.h"
#include "wrap/clock.h"
#include "wrap/file.h"
#include "wrap/identity.h"
#include "wrap/lifecycle.h"
#include "wrap/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>

/* The command looks at least every 50 ms. */
#define SILENCE_NS 1000000000u
/* Where its lock cannot be looked at (chroot), a longer silence decides. */
#define LONG_SILENCE_NS 10000000000u

static char path[PATH_MAX], ready_path[PATH_MAX]; /* of the draining thread */

/* The command holds a lock for as long as it lives. */
static bool
is_locked(bool otherwise)
{
	char lock_path[sizeof(nspy_settings.run) + sizeof(NSPY_RUN_LOCK)];
	struct nspy_text text = {lock_path, sizeof(lock_path), 0};
	long fd, result;

	nspy_text_add(&text, nspy_settings.run);
	nspy_text_add(&text, "/" NSPY_RUN_LOCK);
	fd = NSPY_SYS4(SYS_openat, AT_FDCWD, lock_path, O_RDONLY | O_CLOEXEC,
		       0);
	if (fd < 0)
		return otherwise;
	result = NSPY_SYS2(SYS_flock, fd, LOCK_EX | LOCK_NB);
	NSPY_SYS1(SYS_close, fd);
	return result == -EWOULDBLOCK;
}

bool
nspy_launched_left(const struct nspy_ring *ring, uint64_t now_ns)
{
	uint64_t silence = nspy_ring_silence(ring, now_ns);

	if (atomic_load(&ring->collector) == NSPY_LEFT)
		return true;
	return silence > SILENCE_NS && !is_locked(silence < LONG_SILENCE_NS);
}

/* The name says that it is ready; nothing else has these two numbers. */
static void
name_ring(char *name, const char *suffix, uint64_t now_ns)
{
	struct nspy_text text = {name, PATH_MAX, 0};

	nspy_text_add(&text, nspy_settings.run);
	nspy_text_add(&text, "/");
	nspy_text_add_number(&text, NSPY_SYS0(SYS_getpid));
	nspy_text_add(&text, "-");
	nspy_text_add_number(&text, (int64_t)now_ns);
	nspy_text_add(&text, suffix);
}

void
nspy_launched_announce(void)
{
	struct nspy_text text = {path, PATH_MAX, 0};
	long fd;

	if (!nspy_settings.run[0])
		return;
	nspy_text_add(&text, nspy_settings.run);
	nspy_text_add(&text, "/");
	nspy_text_add(&text, nspy_settings.executable);
	nspy_text_add(&text, NSPY_RUN_LOADED);
	fd = NSPY_SYS4(SYS_openat, AT_FDCWD, path,
		       O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		NSPY_SYS1(SYS_close, fd);
}

struct nspy_ring *
nspy_launched_create(void)
{
	uint64_t now_ns = nspy_now();
	struct nspy_ring *ring;
	int error;

	if (!nspy_settings.run[0] || !is_locked(false) ||
	    nspy_files_size_limit() < sizeof(*ring))
		return NULL;
	name_ring(path, ".new", now_ns);
	name_ring(ready_path, NSPY_RUN_RING, now_ns);
	ring = nspy_files_create_ring(path, &error);
	if (!ring)
		return NULL;
	nspy_identify(&ring->process);
	nspy_ring_init(ring, nspy_settings.snaplen, 0);
	ring->drop = nspy_settings.drop;
	atomic_store(&ring->collector_ns, now_ns);
	atomic_store(&ring->collector, NSPY_COLLECTS);
	if (NSPY_SYS5(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, ready_path, 0) <
	    0) {
		NSPY_SYS2(SYS_munmap, ring, sizeof(*ring));
		NSPY_SYS3(SYS_unlinkat, AT_FDCWD, path, 0);
		return NULL;
	}
	return ring;
}
