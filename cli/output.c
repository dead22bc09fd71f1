/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and opening of the files of a run; the way into a stream. */

#include "config.h"

#include "cli/output.h"

#include "capture/format.h"
#include "capture/text.h"
#include "cli/join.h"
#include "cli/live.h"
#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define DEFAULT_NAME "%e_%p.pcapng"

static uint64_t
monotonic_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The template without its directory, or the default. */
static const char *
template_of(const struct nspy_output *output)
{
	return output->options->output ? output->options->output : DEFAULT_NAME;
}

/* What the system would refuse later, when the command has sent a packet. */
static int
check_length(const struct nspy_output *output, const char *template)
{
	const struct nspy_template sample = {
		.directory = output->directory,
		.name = base_name(template),
		.executable = base_name(output->options->command[0]),
		.pid = getpid(),
		.time_s = time(NULL),
	};
	char path[2 * PATH_MAX];

	nspy_template_expand(&sample, 1, path, sizeof(path));
	if (strlen(base_name(path)) > NAME_MAX ||
	    strlen(path) >= PATH_MAX - sizeof("_9999.ring"))
		return nspy_complain("-o: the name is too long");
	return -1;
}

/* Every % of the template is one that is known. */
static int
check_template(const char *template)
{
	if (!*base_name(template))
		return nspy_complain("-o '%s': it names a folder; give a file",
				     template);
	if (!nspy_template_is_known(base_name(template)))
		return nspy_complain("-o '%s': only %%e %%p %%n %%t %%%% are "
				     "known; write %%%% for a percent sign",
				     template);
	return -1;
}

/* What comes next is read again to be passed on, and then forgotten. */
static int
prepare_memory(struct nspy_output *output)
{
	output->in_memory = true;
	output->fd = memfd_create("netspy", MFD_CLOEXEC);
	if (output->fd < 0)
		return nspy_complain("memory for the stream: %s",
				     strerror(errno));
	return -1;
}

static int
prepare_stream(struct nspy_output *output, int fd)
{
	if (isatty(fd))
		return nspy_complain("-o: a capture is no text for a terminal; "
				     "use -o FILE, or a pipe");
	output->stream = fd;
	return prepare_memory(output);
}

/* Wireshark reads from a pipe; it may stay when the command has ended. */
static int
prepare_wireshark(struct nspy_output *output)
{
	char *arguments[] = {"wireshark", "-k", "-i", "-", NULL};
	posix_spawn_file_actions_t actions;
	int ends[2], err;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return nspy_complain("--live: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	err = posix_spawnp(&pid, arguments[0], &actions, NULL, arguments,
			   environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	if (err)
		return nspy_complain("--live: wireshark: %s; with -o - and a "
				     "pipe any other reader will do",
				     strerror(err));
	output->stream = ends[1];
	return prepare_memory(output);
}

static int
prepare_directory(struct nspy_output *output, const char *template)
{
	size_t len = (size_t)(base_name(template) - template);
	char name[PATH_MAX];

	if (len >= sizeof(name))
		return nspy_complain("-o: the name is too long");
	memcpy(name, template, len);
	name[len] = '\0';
	if (!realpath(len ? name : ".", output->directory) ||
	    access(output->directory, W_OK | X_OK) < 0)
		return nspy_complain("-o: cannot write in %s: %s",
				     len ? name : "the current folder",
				     strerror(errno));
	return -1;
}

int
nspy_output_prepare(struct nspy_output *output,
		    const struct nspy_options *options)
{
	const char *template;
	struct stat status;
	int result;

	memset(output, 0, sizeof(*output));
	output->options = options;
	output->fd = output->stream = -1;
	output->held = options->deterministic;
	template = template_of(output);
	output->format = nspy_text_ends_with(template, ".pcap") ? NSPY_PCAP
								: NSPY_PCAPNG;
	/* For processes that go on by themselves. */
	if (!getcwd(output->directory, sizeof(output->directory)))
		memcpy(output->directory, "/", 2);
	if (options->service && !options->dry_run) {
		output->live =
			nspy_live_open(options->service_by, options->service);
		if (!output->live)
			return 2;
	}
	if (options->live)
		return options->dry_run ? -1 : prepare_wireshark(output);
	if (options->service && !options->output)
		return prepare_memory(output);
	if (strcmp(template, "-") == 0) {
		int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

		/* The command's own output must not get in between. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		return fd < 0 ? nspy_complain("-o -: %s", strerror(errno))
			      : prepare_stream(output, fd);
	}
	result = check_template(template);
	if (result < 0)
		result = prepare_directory(output, template);
	if (result < 0)
		result = check_length(output, template);
	if (result < 0 && stat(template, &status) == 0 &&
	    !S_ISREG(status.st_mode)) {
		int fd = open(template, O_WRONLY | O_CLOEXEC);

		return fd < 0 ? nspy_complain("-o %s: %s", template,
					      strerror(errno))
			      : prepare_stream(output, fd);
	}
	return result;
}

/* It gets its name when the header is in it: nobody meets an empty capture. */
static int
create_whole(const struct nspy_output *output, bool replace, const void *header,
	     size_t len)
{
	char self[32];
	struct stat status;
	int fd = open(output->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (pwrite(fd, header, len, 0) == (ssize_t)len) {
		if (replace && lstat(output->path, &status) == 0 &&
		    S_ISREG(status.st_mode))
			unlink(output->path);
		if (linkat(AT_FDCWD, self, AT_FDCWD, output->path,
			   AT_SYMLINK_FOLLOW) == 0)
			return fd;
	}
	close(fd);
	return -1;
}

/* The same in two steps, where the file system has no files without a name. */
static int
create(const struct nspy_output *output, bool replace, const void *header,
       size_t len)
{
	int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	int fd = create_whole(output, replace, header, len);

	if (fd >= 0)
		return fd;
	fd = open(output->path, flags | (replace ? O_TRUNC : O_EXCL), 0600);
	if (fd < 0 || pwrite(fd, header, len, 0) == (ssize_t)len)
		return fd;
	if (!errno)
		errno = ENOSPC;
	close(fd);
	return -1;
}

/*
 * A name that was given is replaced, as tcpdump does; the default name never
 * is. With -W and -C the names go round.
 */
static int
open_file(struct nspy_output *output, unsigned int number, const void *header,
	  size_t len)
{
	const struct nspy_options *options = output->options;
	const struct nspy_template template = {
		.directory = output->directory,
		.name = base_name(template_of(output)),
		.executable = base_name(options->command[0]),
		.pid = output->pid,
		.time_s = time(NULL),
	};
	bool given = options->output;
	unsigned int shown = number;

	if (options->rotate_files && options->rotate_bytes)
		shown = (number - 1) % options->rotate_files + 1;
	for (; shown <= NSPY_NUMBER_MAX; shown++) {
		nspy_template_expand(&template, shown, output->path,
				     sizeof(output->path));
		output->fd = create(output, given, header, len);
		if (output->fd >= 0)
			return 0;
		if (given || errno != EEXIST)
			break;
	}
	output->path[0] = '\0';
	return -errno;
}

/* The end of a capture of limited size goes into files of its own. */
static int
open_part(struct nspy_output *output, const void *header, size_t len)
{
	nspy_join_part(output->first, output->number, output->path,
		       sizeof(output->path));
	output->fd = create(output, true, header, len);
	return output->fd < 0 ? -errno : 0;
}

int
nspy_output_open(struct nspy_output *output, const void *header, size_t len)
{
	int err;

	output->opened_s = monotonic_s();
	if (output->in_memory)
		return pwrite(output->fd, header, len, 0) == (ssize_t)len
			       ? 0
			       : -ENOSPC;
	if (output->fd >= 0)
		close(output->fd);
	if (++output->number > 1 && output->options->ends)
		return open_part(output, header, len);
	err = open_file(output, output->number, header, len);
	if (output->number == 1)
		memcpy(output->first, output->path, sizeof(output->path));
	return err;
}

/* The memory of what has been passed on is given back, page by page. */
static void
forget(struct nspy_output *output, uint64_t end)
{
	end &= ~(uint64_t)4095;
	if (!output->in_memory || end <= output->forgotten)
		return;
	fallocate(output->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		  (off_t)output->forgotten, (off_t)(end - output->forgotten));
	output->forgotten = end;
}

int
nspy_output_written(struct nspy_output *output, uint64_t size)
{
	if (output->held)
		return 0;
	uint64_t needed =
		output->live ? nspy_live_send(output->live, output->fd, size)
			     : size;
	off_t offset = (off_t)output->streamed;

	while (output->stream >= 0 && (uint64_t)offset < size) {
		ssize_t sent = sendfile(output->stream, output->fd, &offset,
					size - (uint64_t)offset);

		if (sent < 0 && errno != EINTR)
			return -errno;
	}
	output->streamed = size;
	forget(output, needed);
	return 0;
}

void
nspy_output_end(struct nspy_output *output, uint64_t size)
{
	if (output->live)
		nspy_live_close(output->live, output->fd, size);
	if (output->stream >= 0)
		close(output->stream);
	if (output->fd >= 0)
		close(output->fd);
}

bool
nspy_output_is_full(const struct nspy_output *output, uint64_t size)
{
	const struct nspy_options *options = output->options;

	if (output->in_memory)
		return false;
	/* Half of it for the beginning, a quarter for each part of the end. */
	if (options->ends)
		return size >=
		       options->max_size / (output->number == 1 ? 2 : 4);
	if (options->rotate_bytes && size >= options->rotate_bytes)
		return true;
	return options->rotate_s &&
	       monotonic_s() - output->opened_s >= options->rotate_s;
}
