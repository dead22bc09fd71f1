/* SPDX-License-Identifier: BSD-2-Clause */
/* A file in the folder of the run, mapped, and the link that leads to it. */

#include "config.h"

#include "cli/journal.h"

#include "capture/drain.h"
#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "netspyJ1"
#define NAME "journal"

/* The events of the run are in other rings: the room for them stays a hole. */
static int
allocate(int fd)
{
	const size_t ring = offsetof(struct nspy_journal_file, ring);
	const struct {
		size_t begin, end;
	} parts[] = {
		{0, ring + offsetof(struct nspy_ring, slots)},
		{ring + offsetof(struct nspy_ring, undo),
		 ring + offsetof(struct nspy_ring, data)},
		{ring + offsetof(struct nspy_ring, conversations),
		 ring + NSPY_RING_FIXED},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !err; i++)
		err = posix_fallocate(fd, (off_t)parts[i].begin,
				      (off_t)(parts[i].end - parts[i].begin));
	return -err;
}

static int
map(struct nspy_journal *journal)
{
	void *file = mmap(NULL, sizeof(*journal->file), PROT_READ | PROT_WRITE,
			  MAP_SHARED, journal->fd, 0);

	if (file == MAP_FAILED)
		return -errno;
	journal->file = file;
	return 0;
}

static void
name(struct nspy_journal *journal, const char *folder)
{
	snprintf(journal->path, sizeof(journal->path), "%s/" NAME, folder);
}

static void
copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void
fill(struct nspy_journal_file *file, const struct nspy_output *output)
{
	const struct nspy_options *options = output->options;

	memcpy(file->magic, MAGIC, sizeof(file->magic));
	file->max_size = options->max_size;
	copy(file->command, sizeof(file->command), options->command[0]);
	copy(file->directory, sizeof(file->directory), output->directory);
	copy(file->filter, sizeof(file->filter), options->filter);
	if (!output->in_memory)
		copy(file->output, sizeof(file->output), options->output);
	file->ring.format = output->format;
	nspy_ring_init(&file->ring, options->snaplen, 0);
}

int
nspy_journal_create(struct nspy_journal *journal, const char *folder,
		    const struct nspy_output *output)
{
	int err;

	name(journal, folder);
	journal->fd = open(journal->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			   0600);
	err = journal->fd < 0 ? -errno : 0;
	if (!err && ftruncate(journal->fd, sizeof(*journal->file)) < 0)
		err = -errno;
	if (!err)
		err = allocate(journal->fd);
	if (!err)
		err = map(journal);
	if (err) {
		nspy_say("%s: %s", journal->path, strerror(-err));
		return err;
	}
	fill(journal->file, output);
	return 0;
}

static bool
is_valid(const struct nspy_journal_file *file)
{
	const struct nspy_progress *progress =
		nspy_ring_progress((struct nspy_ring *)&file->ring);
	const char *capture = file->captures[progress->file_number % 2];

	return memcmp(file->magic, MAGIC, sizeof(file->magic)) == 0 &&
	       nspy_ring_valid(&file->ring, sizeof(file->ring)) &&
	       memchr(file->command, '\0', sizeof(file->command)) &&
	       memchr(file->output, '\0', sizeof(file->output)) &&
	       memchr(file->directory, '\0', sizeof(file->directory)) &&
	       memchr(file->filter, '\0', sizeof(file->filter)) &&
	       memchr(capture, '\0', PATH_MAX);
}

int
nspy_journal_open(struct nspy_journal *journal, const char *folder)
{
	struct stat status;
	int err;

	name(journal, folder);
	journal->fd = open(journal->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (journal->fd < 0 || fstat(journal->fd, &status) < 0)
		return -errno;
	/* It says which file is written to: only its owner may. */
	if (status.st_uid != geteuid())
		return -EPERM;
	if (status.st_size != (off_t)sizeof(*journal->file))
		return -EINVAL;
	err = map(journal);
	if (err)
		return err;
	if (!is_valid(journal->file))
		return -EINVAL;
	nspy_ring_rollback(&journal->file->ring);
	return 0;
}

const char *
nspy_journal_capture(const struct nspy_journal *journal)
{
	struct nspy_journal_file *file = journal->file;

	return file->captures[nspy_ring_progress(&file->ring)->file_number % 2];
}

/* The name that a process which records by itself gives to its ring. */
static bool
name_link(char link[PATH_MAX], const char *capture)
{
	return *capture &&
	       snprintf(link, PATH_MAX, "%s" NSPY_RUN_RING, capture) < PATH_MAX;
}

/* A ring, or a link to a run, of an earlier capture that had this name. */
static bool
is_left_over(const char *link)
{
	struct stat status;

	return lstat(link, &status) == 0 &&
	       (S_ISLNK(status.st_mode) ||
		status.st_size == (off_t)sizeof(struct nspy_ring));
}

/* Where there can be no link it is the folder that has to be recovered. */
static void
make_link(const struct nspy_journal *journal, const char *capture)
{
	char link[PATH_MAX], folder[PATH_MAX];

	if (!name_link(link, capture))
		return;
	snprintf(folder, sizeof(folder), "%.*s",
		 (int)(strlen(journal->path) - strlen("/" NAME)),
		 journal->path);
	if (is_left_over(link))
		unlink(link);
	if (symlink(folder, link) < 0 && errno != EEXIST)
		nspy_say("%s: %s; after a kill, netspy recover %s", link,
			 strerror(errno), folder);
}

static void
remove_link(const char *capture)
{
	char link[PATH_MAX];

	if (name_link(link, capture))
		unlink(link);
}

void
nspy_journal_begin(struct nspy_journal *journal, const char *capture,
		   uint64_t header_len)
{
	struct nspy_journal_file *file = journal->file;
	struct nspy_progress *progress = nspy_ring_begin(&file->ring);
	char *before = file->captures[progress->file_number % 2];
	char *name = file->captures[++progress->file_number % 2];

	make_link(journal, capture);
	snprintf(name, PATH_MAX, "%s", capture);
	progress->file_size = header_len;
	progress->interfaces = 0;
	nspy_ring_commit(&file->ring);
	if (strcmp(before, name) != 0)
		remove_link(before);
}

void
nspy_journal_end(struct nspy_journal *journal)
{
	remove_link(nspy_journal_capture(journal));
	unlink(journal->path);
	munmap(journal->file, sizeof(*journal->file));
	close(journal->fd);
}

int
nspy_ring_file_grow(int fd, uint64_t base, struct nspy_ring *ring)
{
	const size_t size = sizeof(struct nspy_conversation);
	int err = posix_fallocate(
		fd,
		(off_t)(base + offsetof(struct nspy_ring, conversations) +
			ring->allocated * size),
		(off_t)(NSPY_CONVERSATIONS_CHUNK * size));

	if (!err)
		ring->allocated += NSPY_CONVERSATIONS_CHUNK;
	return -err;
}

int
nspy_journal_grow(void *context, struct nspy_ring *ring)
{
	const struct nspy_journal *journal = context;

	return nspy_ring_file_grow(
		journal->fd, offsetof(struct nspy_journal_file, ring), ring);
}
