/* SPDX-License-Identifier: BSD-2-Clause */
/* Joining captures that we wrote: block by block, in host byte order. */

#include "config.h"

#include "cli/join.h"

#include "capture/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct part {
	uint8_t *data;
	size_t len;
	uint64_t packets;
	uint32_t interfaces;
	uint64_t first_ns; /* of its first packet */
};

void
nspy_join_part(const char *path, unsigned int number, char *part, size_t size)
{
	snprintf(part, size, "%s.%u", path, 2 + number % 2);
}

static uint32_t
get32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static int
read_part(const char *path, struct part *part)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;
	ssize_t got;

	memset(part, 0, sizeof(*part));
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0)
		part->data = malloc((size_t)status.st_size + 1);
	if (!part->data) {
		close(fd);
		return -ENOMEM;
	}
	while ((got = read(fd, part->data + part->len,
			   (size_t)status.st_size - part->len)) > 0)
		part->len += (size_t)got;
	close(fd);
	return got < 0 ? -EIO : 0;
}

/* The block at offset at; NULL: there is none. */
static uint8_t *
block_at(const struct part *part, size_t at, uint32_t *type, uint32_t *len)
{
	uint8_t *block = part->data + at;

	if (at + 12 > part->len)
		return NULL;
	*type = get32(block);
	*len = get32(block + 4);
	return *len >= 12 && at + *len <= part->len ? block : NULL;
}

/*
 * Count what is in it. The numbers of its interfaces become those behind the
 * first base ones.
 */
static void
renumber(struct part *part, uint32_t base)
{
	uint32_t type, len;
	uint8_t *block;

	for (size_t at = 0; (block = block_at(part, at, &type, &len));
	     at += len) {
		uint32_t number = get32(block + 8) + base;

		if (type == NSPY_BLOCK_INTERFACE)
			part->interfaces++;
		if (type != NSPY_BLOCK_PACKET && type != NSPY_BLOCK_STATISTICS)
			continue;
		memcpy(block + 8, &number, sizeof(number));
		if (type == NSPY_BLOCK_PACKET && part->packets++ == 0)
			part->first_ns = (uint64_t)get32(block + 12) << 32 |
					 get32(block + 16);
	}
}

static int
append(int fd, const void *data, size_t len)
{
	ssize_t written = write(fd, data, len);

	return written == (ssize_t)len ? 0 : written < 0 ? -errno : -ENOSPC;
}

/* All but the section header, since the section goes on. */
static int
append_part(int fd, const struct part *part)
{
	uint32_t type, len;

	if (!block_at(part, 0, &type, &len) || type != NSPY_BLOCK_SECTION)
		return 0;
	return append(fd, part->data + len, part->len - len);
}

static int
append_mark(int fd, uint64_t when_ns, uint64_t left_out)
{
	uint8_t block[NSPY_BLOCK_MAX];
	char message[128];

	snprintf(message, sizeof(message),
		 "netspy: %" PRIu64 " packets are left out here, to keep "
		 "to the size limit",
		 left_out);
	return append(fd, block,
		      nspy_pcapng_message(block, when_ns, NULL, message));
}

int
nspy_join(const char *path, unsigned int files, uint64_t packets,
	  uint64_t *left_out)
{
	struct part head, tail[2] = {{0}};
	char name[PATH_MAX + 4];
	unsigned int tails = files > 3 ? 2 : files - 1;
	int err, fd;

	if (files < 2)
		return 0;
	err = read_part(path, &head);
	renumber(&head, 0);
	*left_out = packets - head.packets;
	for (unsigned int i = 0; i < tails && !err; i++) {
		nspy_join_part(path, files - tails + 1 + i, name, sizeof(name));
		err = read_part(name, &tail[i]);
		renumber(&tail[i], head.interfaces + tail[0].interfaces);
		*left_out -= tail[i].packets;
	}
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && !err)
		err = -errno;
	if (!err && *left_out)
		err = append_mark(fd, tail[0].first_ns, *left_out);
	for (unsigned int i = 0; i < tails && !err; i++)
		err = append_part(fd, &tail[i]);
	if (fd >= 0)
		close(fd);
	for (unsigned int i = 0; i < tails; i++)
		free(tail[i].data);
	free(head.data);
	if (!err)
		nspy_join_remove(path);
	return err;
}

void
nspy_join_remove(const char *path)
{
	char name[PATH_MAX + 4];

	for (unsigned int number = 2; number <= 3; number++) {
		nspy_join_part(path, number, name, sizeof(name));
		unlink(name);
	}
}
