/* SPDX-License-Identifier: BSD-2-Clause */
/* Mapping, reading and giving back the ring of a process. */

#include "config.h"

#include "cli/source.h"

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

struct nspy_source *
nspy_source_open(const char *path)
{
	struct nspy_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->ring = map_ring(path);
	source->path = strdup(path);
	if (!source->ring || !source->path) {
		free(source->path);
		free(source);
		return NULL;
	}
	source->tail = atomic_load(&source->ring->consumed);
	return source;
}

void
nspy_source_peek(struct nspy_source *source)
{
	if (source->event)
		return;
	source->event_tail = source->tail;
	source->event = nspy_ring_next(source->ring, &source->event_tail,
				       source->dead, &source->lost);
	/* What a dead process left uncommitted may be all there is. */
	if (!source->event)
		source->tail = source->event_tail;
}

void
nspy_source_take(struct nspy_source *source)
{
	source->tail = source->event_tail;
	source->event = NULL;
}

void
nspy_source_consume(struct nspy_source *source)
{
	atomic_store(&source->ring->consumed, source->tail);
}

bool
nspy_source_is_alive(const struct nspy_source *source)
{
	const struct nspy_process *process = &source->ring->process;

	return process->start &&
	       nspy_process_start_of(process->pid) == process->start;
}

void
nspy_source_close(struct nspy_source *source)
{
	unlink(source->path);
	munmap(source->ring, sizeof(*source->ring));
	free(source->path);
	free(source);
}
