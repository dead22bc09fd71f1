/* SPDX-License-Identifier: BSD-2-Clause */
/* `netspy recover FILE`: the drain that the killed process did not come to. */

#include "config.h"

#include "cli/recover.h"

#include "capture/drain.h"
#include "capture/pcap.h"
#include "capture/pcapng.h"
#include "capture/text.h"
#include "cli/clock.h"
#include "cli/journal.h"
#include "cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct recovery {
	char capture[PATH_MAX], ring_path[PATH_MAX + sizeof(NSPY_RUN_RING)];
	int capture_fd, ring_fd;
	struct nspy_ring *ring;
};

static int
complain(const char *path, const char *what)
{
	fprintf(stderr, "netspy: recover: %s: %s\n", path, what);
	return 1;
}

/* FILE may be the capture or its ring. */
static int
name_files(struct recovery *r, const char *file)
{
	size_t len = strlen(file);

	if (len > strlen(NSPY_RUN_RING) &&
	    nspy_text_ends_with(file, NSPY_RUN_RING))
		len -= strlen(NSPY_RUN_RING);
	if (len == 0 || len >= sizeof(r->capture))
		return complain(file, "not a file name");
	memcpy(r->capture, file, len);
	r->capture[len] = '\0';
	snprintf(r->ring_path, sizeof(r->ring_path), "%s" NSPY_RUN_RING,
		 r->capture);
	return 0;
}

bool
nspy_is_capture(const char *path)
{
	uint8_t found[NSPY_PCAP_HEADER_LEN], expected[NSPY_FILE_HEADER_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = fd < 0 ? -1 : read(fd, found, sizeof(found));

	if (fd >= 0)
		close(fd);
	if (len != sizeof(found))
		return false;
	nspy_pcapng_section(expected, "", "");
	/* Of a section the length, bytes 4 to 7, depends on the version. */
	if (memcmp(found, expected, 4) == 0 &&
	    memcmp(found + 8, expected + 8, 16) == 0)
		return true;
	nspy_pcap_header(expected, 0);
	/* All but the snaplen, bytes 16 to 19. */
	return memcmp(found, expected, 16) == 0 &&
	       memcmp(found + 20, expected + 20, 4) == 0;
}

static bool
read_words(int fd, uint64_t at, uint32_t *words, size_t count)
{
	ssize_t size = (ssize_t)(count * sizeof(*words));

	return pread(fd, words, (size_t)size, (off_t)at) == size;
}

/* The length of a block stands at its end, too. */
static bool
block_ends_at(int fd, uint64_t size)
{
	uint32_t last, first;

	return read_words(fd, size - sizeof(last), &last, 1) && last >= 12 &&
	       last <= size && read_words(fd, size - last + 4, &first, 1) &&
	       first == last;
}

static bool
record_ends_at(int fd, uint64_t size)
{
	uint64_t at = NSPY_PCAP_HEADER_LEN;
	uint32_t head[4];

	while (at < size && read_words(fd, at, head, 4))
		at += sizeof(head) + head[2];
	return at == size;
}

bool
nspy_capture_has_end(int fd, uint64_t size)
{
	struct stat status;
	uint32_t type;

	if (fstat(fd, &status) < 0 || (uint64_t)status.st_size < size ||
	    size < NSPY_PCAP_HEADER_LEN || !read_words(fd, 0, &type, 1))
		return false;
	return type == NSPY_BLOCK_SECTION ? block_ends_at(fd, size)
					  : record_ends_at(fd, size);
}

/* A process that ended in order has removed its ring. */
static bool
is_complete(const struct recovery *r)
{
	return nspy_is_capture(r->capture) && access(r->ring_path, F_OK) < 0 &&
	       errno == ENOENT;
}

static int
open_files(struct recovery *r)
{
	struct stat status;

	r->ring_fd = open(r->ring_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (r->ring_fd < 0 && errno == ENOENT)
		return complain(r->capture, strerror(errno));
	if (r->ring_fd < 0)
		return complain(r->ring_path, strerror(errno));
	if (fstat(r->ring_fd, &status) < 0)
		return complain(r->ring_path, strerror(errno));
	if (status.st_size != (off_t)sizeof(struct nspy_ring))
		return complain(r->ring_path,
				"not a ring file of this version of netspy");
	r->ring = mmap(NULL, sizeof(*r->ring), PROT_READ | PROT_WRITE,
		       MAP_SHARED, r->ring_fd, 0);
	if (r->ring == MAP_FAILED)
		return complain(r->ring_path, strerror(errno));
	if (!nspy_ring_valid(r->ring, (uint64_t)status.st_size))
		return complain(r->ring_path,
				"not a ring file of this version of netspy");
	r->capture_fd = open(r->capture, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (r->capture_fd < 0 && errno == ENOENT)
		return complain(r->capture, "the capture of this ring is gone; "
					    "remove the ring yourself");
	if (r->capture_fd < 0)
		return complain(r->capture, strerror(errno));
	if (!nspy_is_capture(r->capture) ||
	    !nspy_capture_has_end(r->capture_fd,
				  nspy_ring_progress(r->ring)->file_size))
		return complain(r->capture,
				"not the capture that its ring belongs to, or "
				"the ring is damaged; it is left as it is");
	return 0;
}

static int
grow(void *context, struct nspy_ring *ring)
{
	const struct recovery *r = context;

	return nspy_ring_file_grow(r->ring_fd, 0, ring);
}

void
nspy_recover_report(const char *path, const struct nspy_recovered *done)
{
	printf("%s: complete, %" PRIu64 " packets, %" PRIu64 " of them "
	       "recovered\n",
	       path, done->packets, done->recovered);
	if (done->missing.dropped)
		printf("%s: %" PRIu64 " calls found no room in the ring\n",
		       path, done->missing.dropped);
	if (done->missing.lost)
		printf("%s: %" PRIu64 " calls were cut off by the kill\n", path,
		       done->missing.lost);
	if (done->missing.unseen_sockets)
		printf("%s: %" PRIu64 " bytes of %" PRIu64 " socket%s were "
		       "not seen and are missing in it\n",
		       path, done->missing.unseen_bytes,
		       done->missing.unseen_sockets,
		       done->missing.unseen_sockets == 1 ? "" : "s");
}

static int
finish(struct recovery *r)
{
	struct nspy_drain *drain = calloc(1, sizeof(*drain));
	struct nspy_progress before, *after;
	struct nspy_recovered done = {0};
	int err;

	if (!drain)
		return complain(r->capture, strerror(ENOMEM));
	nspy_ring_rollback(r->ring);
	before = *nspy_ring_progress(r->ring);
	/* What a killed write left behind the valid part is written again. */
	if (ftruncate(r->capture_fd, (off_t)before.file_size) < 0) {
		free(drain);
		return complain(r->capture, strerror(errno));
	}
	drain->ring = r->ring;
	drain->grow = grow;
	drain->grow_context = r;
	drain->size_limit = UINT64_MAX;
	drain->secrets.wanted = true; /* if there are any */
	err = nspy_drain_run(drain, r->capture_fd, true);
	if (!err)
		err = nspy_drain_state(drain, r->capture_fd,
				       nspy_clock_ns(CLOCK_REALTIME));
	free(drain);
	if (err)
		return complain(r->capture, strerror(-err));
	if (nspy_ring_progress(r->ring)->tail != atomic_load(&r->ring->head))
		return complain(r->ring_path, "damaged; what could be read of "
					      "it is in the capture");
	if (fsync(r->capture_fd) < 0 || unlink(r->ring_path) < 0)
		return complain(r->capture, strerror(errno));
	after = nspy_ring_progress(r->ring);
	done.packets = after->packets;
	done.recovered = after->packets - before.packets;
	done.missing.lost = after->lost;
	nspy_missing_add(&done.missing, r->ring, &r->ring->process);
	nspy_recover_report(r->capture, &done);
	return 0;
}

static bool
is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* FILE.ring leads to the folder of a run. */
static int
recover_link(const char *link)
{
	char folder[PATH_MAX];

	if (!realpath(link, folder))
		return complain(link, strerror(errno));
	return nspy_recover_run(folder);
}

int
nspy_recover(const char *file)
{
	struct recovery r = {.capture_fd = -1, .ring_fd = -1};
	int status = name_files(&r, file);

	if (is_folder(file))
		return nspy_recover_run(file);
	if (!status && is_folder(r.ring_path))
		return recover_link(r.ring_path);
	if (!status && is_complete(&r)) {
		printf("%s: nothing to recover, there is no %s\n", r.capture,
		       r.ring_path);
		return 0;
	}
	if (!status)
		status = open_files(&r);
	if (!status && r.ring->process.start &&
	    nspy_process_start_of(r.ring->process.pid) ==
		    r.ring->process.start) {
		fprintf(stderr,
			"netspy: recover: %s: process %" PRIu32
			" is alive and still writes it\n",
			r.capture, r.ring->process.pid);
		status = 1;
	}
	if (!status)
		status = finish(&r);
	if (r.ring && r.ring != MAP_FAILED)
		munmap(r.ring, sizeof(*r.ring));
	if (r.ring_fd >= 0)
		close(r.ring_fd);
	if (r.capture_fd >= 0)
		close(r.capture_fd);
	return status;
}
