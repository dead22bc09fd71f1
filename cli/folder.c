/* SPDX-License-Identifier: BSD-2-Clause */
/* mkdtemp, a lock that says that we live, and inotify. */

#include "config.h"

#include "cli/folder.h"

#include "capture/ring.h"
#include "capture/text.h"
#include "cli/library.h"
#include "cli/say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#define TMP_MAX_LEN 80

int
nspy_folder_make(struct nspy_folder *folder)
{
	const char *tmp = getenv("TMPDIR");
	char path[sizeof(folder->path) + sizeof(NSPY_RUN_LOCK)];

	/* A link to the library may be in it: see nspy_library_needs_link. */
	if (!tmp || *tmp != '/' || strlen(tmp) > TMP_MAX_LEN ||
	    nspy_library_needs_link(tmp))
		tmp = "/tmp";
	snprintf(folder->path, sizeof(folder->path), "%s/netspy-run.XXXXXX",
		 tmp);
	if (!mkdtemp(folder->path)) {
		nspy_say("%s: cannot make a folder: %s", tmp, strerror(errno));
		return -errno;
	}
	snprintf(path, sizeof(path), "%s/" NSPY_RUN_LOCK, folder->path);
	folder->lock =
		open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	folder->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (folder->lock >= 0 && flock(folder->lock, LOCK_EX) == 0 &&
	    folder->inotify >= 0 &&
	    inotify_add_watch(folder->inotify, folder->path, IN_MOVED_TO) >= 0)
		return 0;
	nspy_say("%s: %s", folder->path, strerror(errno));
	return -errno;
}

int
nspy_folder_open(struct nspy_folder *folder, const char *path)
{
	char lock[sizeof(folder->path) + sizeof(NSPY_RUN_LOCK)];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len >= sizeof(folder->path))
		return -ENAMETOOLONG;
	memcpy(folder->path, path, len);
	folder->path[len] = '\0';
	folder->inotify = -1;
	snprintf(lock, sizeof(lock), "%s/" NSPY_RUN_LOCK, folder->path);
	folder->lock = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (folder->lock >= 0 && flock(folder->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return -errno;
}

/* The suffix of the name, or "". */
static const char *
suffix_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot : "";
}

void
nspy_folder_list(const struct nspy_folder *folder,
		 void (*found)(void *context, const char *path), void *context)
{
	char path[sizeof(folder->path) + NAME_MAX + 2];
	DIR *dir = opendir(folder->path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (strcmp(suffix_of(entry->d_name), NSPY_RUN_RING) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder->path,
			 entry->d_name);
		found(context, path);
	}
	if (dir)
		closedir(dir);
}

void
nspy_folder_look(struct nspy_folder *folder,
		 void (*found)(void *context, const char *path), void *context)
{
	char events[4096];

	if (read(folder->inotify, events, sizeof(events)) > 0)
		nspy_folder_list(folder, found, context);
}

static void
add_loaded(struct nspy_text *text, const char *name)
{
	char executable[NAME_MAX + 1];

	if (strcmp(suffix_of(name), NSPY_RUN_LOADED) != 0)
		return;
	snprintf(executable, sizeof(executable), "%.*s",
		 (int)(suffix_of(name) - name), name);
	nspy_text_add(text, text->len ? ", " : "");
	nspy_text_add(text, executable);
}

/* Whether the process has the path in its environment. */
static bool
has_in_environment(const char *pid, const char *path)
{
	char name[64 + NAME_MAX], text[65536];
	ssize_t len;
	int fd;

	snprintf(name, sizeof(name), "/proc/%s/environ", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text));
	close(fd);
	return len > 0 && memmem(text, (size_t)len, path, strlen(path));
}

/* A process that lives on may start programs, which load the library. */
static bool
is_in_use(const struct nspy_folder *folder)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	bool used = false;

	while (dir && !used && (entry = readdir(dir)))
		used = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		       has_in_environment(entry->d_name, folder->path);
	if (dir)
		closedir(dir);
	return used;
}

void
nspy_folder_remove(struct nspy_folder *folder, char *loaded, size_t size)
{
	struct nspy_text text = {loaded, size, 0};
	char path[sizeof(folder->path) + NAME_MAX + 2];
	DIR *dir = opendir(folder->path);
	struct dirent *entry;

	loaded[0] = '\0';
	while (dir && (entry = readdir(dir))) {
		add_loaded(&text, entry->d_name);
		if ((strcmp(entry->d_name, NSPY_LIBRARY) == 0 ||
		     strcmp(entry->d_name, NSPY_TLS_LIBRARY) == 0) &&
		    is_in_use(folder))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder->path,
			 entry->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder->path);
	nspy_folder_close(folder);
}

void
nspy_folder_close(struct nspy_folder *folder)
{
	if (folder->lock >= 0)
		close(folder->lock);
	if (folder->inotify >= 0)
		close(folder->inotify);
}
