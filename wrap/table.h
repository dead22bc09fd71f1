/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for tables, without malloc. */

#ifndef NETSPY_TABLE_H
#define NETSPY_TABLE_H

#include <stddef.h>

/*
 * Zero bytes for a large table that is used here and there: each page takes
 * memory when it is first written to. NULL: the kernel has no room for it.
 */
void *nspy_table_reserve(size_t len);

#endif
