/* SPDX-License-Identifier: BSD-2-Clause */
/* How names out of captures and programs are written. */

#ifndef NETSPY_QUOTE_H
#define NETSPY_QUOTE_H

#include <stdio.h>

/* To stdout; what could steer a terminal, or is not UTF-8, becomes "?". */
void nspy_print_plain(const char *text);

/* A JSON string with its quotes; what is not UTF-8 becomes U+FFFD. */
void nspy_print_json(const char *text, FILE *out);

#endif
