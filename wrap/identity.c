/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc says of this process. */

#include "wrap/identity.h"

#include "capture/sys.h"
#include "wrap/settings.h"

#include <fcntl.h>
#include <string.h>

/* Returns the length of what is in the file, cut to size - 1; with a NUL. */
static size_t
read_file(const char *path, char *text, size_t size)
{
	long len, fd = NSPY_SYS4(SYS_openat, AT_FDCWD, path,
				 O_RDONLY | O_CLOEXEC, 0);

	text[0] = '\0';
	if (fd < 0)
		return 0;
	len = NSPY_SYS3(SYS_read, fd, text, size - 1);
	NSPY_SYS1(SYS_close, fd);
	if (len < 0)
		len = 0;
	text[len] = '\0';
	return (size_t)len;
}

void
nspy_identify(struct nspy_process *process)
{
	static char stat[512];
	size_t len;

	process->pid = (uint32_t)NSPY_SYS0(SYS_getpid);
	read_file("/proc/self/stat", stat, sizeof(stat));
	process->start = nspy_process_start(stat);
	memcpy(process->executable, nspy_settings.executable,
	       sizeof(process->executable) - 1);
	len = read_file("/proc/self/cmdline", process->arguments,
			sizeof(process->arguments));
	/* Each argument ends with a NUL. */
	for (size_t i = 0; i + 1 < len; i++)
		if (process->arguments[i] == '\0')
			process->arguments[i] = ' ';
}
