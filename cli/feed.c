/* SPDX-License-Identifier: BSD-2-Clause */
/* Mapping, reading and giving back the ring of a process. */

#include "config.h"

#include "cli/feed.h"

#include "cli/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct nspy_ring *
map_ring(const char *path)
{
	struct nspy_ring *ring = MAP_FAILED;
	struct stat status;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 && fstat(fd, &status) == 0 &&
	    status.st_size == (off_t)sizeof(*ring))
		ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (ring != MAP_FAILED && nspy_ring_valid(ring, sizeof(*ring)))
		return ring;
	if (ring != MAP_FAILED)
		munmap(ring, sizeof(*ring));
	return NULL;
}

struct nspy_feed *
nspy_feed_open(const char *path)
{
	struct nspy_feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		return NULL;
	feed->ring = map_ring(path);
	feed->path = strdup(path);
	if (!feed->ring || !feed->path) {
		free(feed->path);
		free(feed);
		return NULL;
	}
	feed->tail = atomic_load(&feed->ring->consumed);
	feed->process = feed->ring->process;
	/* The copy may be of another moment than what was found valid. */
	feed->process.executable[NSPY_EXECUTABLE_MAX - 1] = '\0';
	feed->process.arguments[NSPY_ARGUMENTS_MAX - 1] = '\0';
	return feed;
}

void
nspy_feed_peek(struct nspy_feed *feed)
{
	bool skip;

	if (feed->event)
		return;
	skip = feed->dead || atomic_load(&feed->ring->abandoned) == ~feed->tail;
	feed->event_tail = feed->tail;
	feed->event = nspy_ring_next(feed->ring, &feed->event_tail, skip,
				     &feed->lost);
	/* What a dead process left uncommitted may be all there is. */
	if (!feed->event)
		feed->tail = feed->event_tail;
}

void
nspy_feed_take(struct nspy_feed *feed)
{
	feed->tail = feed->event_tail;
	feed->event = NULL;
}

void
nspy_feed_consume(struct nspy_feed *feed)
{
	atomic_store(&feed->ring->consumed, feed->tail);
}

uint64_t
nspy_feed_time_left(struct nspy_feed *feed, uint64_t elapsed_ns)
{
	const uint64_t half = NSPY_RING_DATA / 2;
	uint64_t head = nspy_position(atomic_load(&feed->ring->head));
	uint64_t made = head - feed->head;
	uint64_t waiting = head - nspy_position(feed->tail);

	feed->head = head;
	/* It may have waited for us, and would fill faster. */
	if (waiting >= half || made >= half)
		return 0;
	return made ? elapsed_ns * (half - waiting) / made : UINT64_MAX;
}

void
nspy_feed_save(struct nspy_feed *feed, uint64_t generation)
{
	struct nspy_progress *progress = &feed->ring->progress[generation % 2];

	progress->tail = feed->tail;
	progress->lost = feed->lost;
	progress->packets = feed->packets;
	progress->interfaces = feed->described ? feed->interface + 1 : 0;
}

void
nspy_feed_restore(struct nspy_feed *feed, uint64_t generation)
{
	struct nspy_progress *progress = &feed->ring->progress[generation % 2];

	if (nspy_position(progress->tail) > nspy_position(feed->tail))
		feed->tail = progress->tail;
	feed->lost = progress->lost;
	feed->packets = progress->packets;
	feed->described = progress->interfaces;
	feed->interface = progress->interfaces - 1;
}

bool
nspy_feed_is_alive(const struct nspy_feed *feed)
{
	const struct nspy_process *process = &feed->process;

	return process->start &&
	       nspy_process_start_of(process->pid) == process->start;
}

void
nspy_feed_close(struct nspy_feed *feed)
{
	unlink(feed->path);
	munmap(feed->ring, sizeof(*feed->ring));
	free(feed->path);
	free(feed);
}
