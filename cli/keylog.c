/* SPDX-License-Identifier: BSD-2-Clause */
/* Following a file that others append lines to. */

#include "config.h"

#include "cli/keylog.h"

#include "capture/event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static off_t
size_of(const struct nspy_keylog *keylog)
{
	struct stat status;

	return keylog->fd >= 0 && fstat(keylog->fd, &status) == 0 &&
			       S_ISREG(status.st_mode)
		       ? status.st_size
		       : 0;
}

static void
open_theirs(struct nspy_keylog *keylog)
{
	keylog->fd = open(keylog->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int
nspy_keylog_open(struct nspy_keylog *keylog)
{
	const char *theirs = getenv("SSLKEYLOGFILE");
	char path[64];

	memset(keylog, 0, sizeof(*keylog));
	if (theirs && *theirs) {
		keylog->path = theirs;
		open_theirs(keylog);
		keylog->read = keylog->size = size_of(keylog);
		return 0;
	}
	/* Others cannot inherit it, but open it while we live. */
	keylog->fd = memfd_create("netspy-keys", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(),
		 keylog->fd);
	return keylog->fd < 0 || setenv("SSLKEYLOGFILE", path, 1) < 0 ? -errno
								      : 0;
}

bool
nspy_keylog_read(struct nspy_keylog *keylog,
		 void (*line)(void *context, const char *line, size_t len),
		 void *context)
{
	char buffer[4 * (NSPY_SECRET_MAX + 1)];
	bool any = false;

	while (keylog->read < keylog->size) {
		off_t rest = keylog->size - keylog->read;
		ssize_t len =
			pread(keylog->fd, buffer,
			      rest < (off_t)sizeof(buffer) ? (size_t)rest
							   : sizeof(buffer),
			      keylog->read);
		char *end, *p = buffer;

		if (len <= 0)
			break;
		while ((end = memchr(p, '\n', (size_t)(buffer + len - p)))) {
			line(context, p, (size_t)(end - p));
			any = true;
			p = end + 1;
		}
		/* The last one is not complete, or it is far too long. */
		if (p == buffer && len < (ssize_t)sizeof(buffer))
			break;
		keylog->read += p == buffer ? len : p - buffer;
	}
	if (keylog->path && keylog->fd < 0)
		open_theirs(keylog);
	keylog->size = size_of(keylog);
	return any;
}

void
nspy_keylog_close(struct nspy_keylog *keylog)
{
	if (keylog->fd >= 0)
		close(keylog->fd);
}
