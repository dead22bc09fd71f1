/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing the events of a run to a file, and looking at them all. */

#include "config.h"

#include "cli/spool.h"

#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BUFFER_LEN (1u << 20)

struct nspy_spool {
	int fd, error; /* a negative errno */
	uint64_t size; /* of the file, with what is in the buffer */
	const uint8_t *map;
	struct nspy_process *processes;
	uint32_t process_count;
	size_t buffered;
	uint8_t buffer[BUFFER_LEN];
};

struct nspy_spool *
nspy_spool_create(const char *folder)
{
	struct nspy_spool *spool = calloc(1, sizeof(*spool));

	if (spool) {
		spool->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		/* Not all file systems have files without a name. */
		if (spool->fd < 0)
			spool->fd = memfd_create("netspy", MFD_CLOEXEC);
	}
	if (!spool || spool->fd < 0) {
		nspy_say("room for the events of the run: %s", strerror(errno));
		free(spool);
		return NULL;
	}
	return spool;
}

uint32_t
nspy_spool_process(struct nspy_spool *spool, const struct nspy_process *process)
{
	struct nspy_process *grown = reallocarray(
		spool->processes, spool->process_count + 1, sizeof(*grown));

	if (!grown) {
		spool->error = -ENOMEM;
		return 0;
	}
	spool->processes = grown;
	grown[spool->process_count] = *process;
	return ++spool->process_count;
}

static void
flush(struct nspy_spool *spool)
{
	const uint8_t *p = spool->buffer;

	while (spool->buffered && !spool->error) {
		ssize_t written = write(spool->fd, p, spool->buffered);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			spool->error = written < 0 ? -errno : -ENOSPC;
			break;
		}
		p += written;
		spool->buffered -= (size_t)written;
	}
	spool->buffered = 0;
}

static void
append(struct nspy_spool *spool, const void *data, size_t len)
{
	memcpy(spool->buffer + spool->buffered, data, len);
	spool->buffered += len;
	spool->size += len;
}

void
nspy_spool_add(struct nspy_spool *spool, uint32_t process,
	       const struct nspy_event *event)
{
	static const uint8_t zeros[8];
	const size_t head_len = offsetof(struct nspy_spooled, event);
	/* The ring that it is in may change. */
	struct nspy_event copy = *(const volatile struct nspy_event *)event;
	size_t len = head_len + sizeof(copy) + copy.data_len;
	size_t padding = (8 - len % 8) % 8;
	const uint32_t head[2] = {(uint32_t)(len + padding), process};

	if (copy.data_len > NSPY_DATAGRAM_MAX) /* the ring is damaged */
		return;
	if (spool->buffered + len + padding > sizeof(spool->buffer))
		flush(spool);
	append(spool, head, sizeof(head));
	append(spool, &copy, sizeof(copy));
	append(spool, nspy_event_data(event), copy.data_len);
	append(spool, zeros, padding);
}

int
nspy_spool_map(struct nspy_spool *spool)
{
	void *map;

	flush(spool);
	if (spool->error || !spool->size)
		return spool->error;
	map = mmap(NULL, spool->size, PROT_READ, MAP_SHARED, spool->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	spool->map = map;
	return 0;
}

const struct nspy_spooled *
nspy_spool_next(const struct nspy_spool *spool, uint64_t *offset)
{
	const struct nspy_spooled *spooled;

	if (*offset >= spool->size)
		return NULL;
	spooled = (const void *)(spool->map + *offset);
	*offset += spooled->len;
	return spooled;
}

const struct nspy_process *
nspy_spool_processes(const struct nspy_spool *spool, uint32_t *count)
{
	*count = spool->process_count;
	return spool->processes;
}

void
nspy_spool_free(struct nspy_spool *spool)
{
	if (!spool)
		return;
	if (spool->map)
		munmap((void *)(uintptr_t)spool->map, spool->size);
	close(spool->fd);
	free(spool->processes);
	free(spool);
}
