/* SPDX-License-Identifier: BSD-2-Clause */
/* mkdtemp, a lock that says that we live, and inotify. */

#include "config.h"

#include "cli/folder.h"

#include "capture/ring.h"
#include "capture/text.h"
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
	char path[160];

	if (!tmp || *tmp != '/' || strlen(tmp) > TMP_MAX_LEN)
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

void
nspy_folder_look(struct nspy_folder *folder,
		 void (*found)(void *context, const char *path), void *context)
{
	char events[4096], path[sizeof(folder->path) + NAME_MAX + 2];
	struct dirent *entry;
	DIR *dir;

	if (read(folder->inotify, events, sizeof(events)) <= 0)
		return;
	dir = opendir(folder->path);
	while (dir && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, NSPY_RUN_RING) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder->path,
			 entry->d_name);
		found(context, path);
	}
	if (dir)
		closedir(dir);
}

/* Takes the names out of the folder. */
static void
list_loaded(const struct nspy_folder *folder, char *loaded, size_t size)
{
	struct nspy_text text = {loaded, size, 0};
	char path[sizeof(folder->path) + NAME_MAX + 2];
	DIR *dir = opendir(folder->path);
	struct dirent *entry;

	loaded[0] = '\0';
	while (dir && (entry = readdir(dir))) {
		char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, NSPY_RUN_LOADED) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder->path,
			 entry->d_name);
		unlink(path);
		*dot = '\0';
		if (text.len)
			nspy_text_add(&text, ", ");
		nspy_text_add(&text, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

void
nspy_folder_remove(struct nspy_folder *folder, char *loaded, size_t size)
{
	char path[160];

	list_loaded(folder, loaded, size);
	snprintf(path, sizeof(path), "%s/" NSPY_RUN_LOCK, folder->path);
	unlink(path);
	close(folder->lock);
	close(folder->inotify);
	rmdir(folder->path);
}
