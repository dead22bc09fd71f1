/* SPDX-License-Identifier: BSD-2-Clause */
/* What Zeek would log of a connection: the columns of its conn.log. */

#ifndef NETSPY_ZEEK_H
#define NETSPY_ZEEK_H

#include "cli/connection.h"

#include <stdio.h>

/* conn_state: "SF" and so on. */
const char *nspy_zeek_state(const struct nspy_connection *connection);

/* The same in words, for a column of 10. */
const char *nspy_zeek_state_words(const struct nspy_connection *connection);

/* conn.log: its header, and a line for each connection over IP. */
void nspy_zeek_log(const struct nspy_connections *connections,
		   const struct nspy_reader *reader, FILE *out);

/* One connection as a JSON object with Zeek's names, without line end. */
void nspy_zeek_json(const struct nspy_connection *connection,
		    const struct nspy_reader *reader, FILE *out);

#endif
