/* SPDX-License-Identifier: BSD-2-Clause */
/* Where two conversations differ, and how that is told. */

#ifndef NETSPY_COMPARE_H
#define NETSPY_COMPARE_H

#include "cli/connection.h"

/* Whether both say the same and end in the same way. */
bool nspy_compare_equal(const struct nspy_connection *a,
			const struct nspy_connection *b);

/* Print what differs; names are those of the two captures. */
void nspy_compare_print(const struct nspy_connection *a,
			const struct nspy_connection *b,
			const char *const names[2]);

/* How a connection stands, in words. */
const char *nspy_compare_end(const struct nspy_connection *connection);

#endif
