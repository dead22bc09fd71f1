/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for tables, without malloc. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/table.h"

#include "capture/sys.h"

#include <sys/mman.h>

void *
nspy_table_reserve(size_t len)
{
	long at = NSPY_SYS6(SYS_mmap, NULL, len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at < 0 && at > -4096)
		return NULL;
	/* A huge page for the first entry is 2 MiB and 100 us of zeroing. */
	NSPY_SYS3(SYS_madvise, at, len, MADV_NOHUGEPAGE);
	return (void *)at;
}
