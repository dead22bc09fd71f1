/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/PID/stat. */

#include "config.h"

#include "cli/process.h"

#include "capture/ring.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t
nspy_process_start_of(uint32_t pid)
{
	char path[64], text[1024];
	size_t len;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	stat = fopen(path, "re");
	if (!stat)
		return 0;
	len = fread(text, 1, sizeof(text) - 1, stat);
	fclose(stat);
	text[len] = '\0';
	/* The state is field 3. */
	if (strstr(text, ") Z "))
		return 0;
	return nspy_process_start(text);
}
