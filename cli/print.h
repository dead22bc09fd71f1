/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of addresses and connections. */

#ifndef NETSPY_PRINT_H
#define NETSPY_PRINT_H

#include "cli/connection.h"

/* Enough for "netlink 255 [IPv6]:65535 > [IPv6]:65535". */
#define NSPY_CONNECTION_TEXT_MAX 160

/* The address without its port; "" when it has none. */
void nspy_print_address(const struct nspy_endpoint *end, char *text,
			size_t size);

/* "tcp 192.0.2.1:40000 > 192.0.2.2:80" */
void nspy_print_connection(const struct nspy_connection *connection,
			   char text[NSPY_CONNECTION_TEXT_MAX]);

/* To stdout: "  curl[1] > nginx[2]", as far as they are known. */
void nspy_print_processes(const struct nspy_connection *connection,
			  const struct nspy_reader *reader);

#endif
