/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for tables, without malloc. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "wrap/table.h"

#include "capture/sys_wide.h"

void *
nspy_table_reserve(size_t len)
{
	long at = nspy_sys_map(NULL, len,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (nspy_sys_failed(at))
		return NULL;
	/* A huge page for the first entry is 2 MiB and 100 us of zeroing. */
	NSPY_SYS3(SYS_madvise, at, len, MADV_NOHUGEPAGE);
	return (void *)at;
}
