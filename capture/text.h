/* SPDX-License-Identifier: BSD-2-Clause */
/* Short texts and names of captures, without stdio, which hooks must not call. */

#ifndef NETSPY_TEXT_H
#define NETSPY_TEXT_H

#include "capture/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NSPY_DECIMAL_MAX 24
/* The highest number that a name of a capture gets. */
#define NSPY_NUMBER_MAX 9999

/* Always ends with a NUL; what does not fit is cut. */
struct nspy_text {
	char *buffer;
	size_t size, len; /* of the buffer; of the text in it */
};

/* What the % sequences of a capture's name stand for. */
struct nspy_template {
	const char *directory;
	const char *name;	/* with %e %p %n %t %% */
	const char *executable; /* %e */
	int64_t pid, time_s;	/* %p, %t */
};

/* Decimal digits and a NUL. Returns the length. */
unsigned int nspy_decimal(char text[NSPY_DECIMAL_MAX], int64_t value);

void nspy_text_add(struct nspy_text *text, const char *part);
void nspy_text_add_part(struct nspy_text *text, const char *part, size_t len);
void nspy_text_add_number(struct nspy_text *text, int64_t number);

/*
 * A line of a TLS key log: the label, of less than NSPY_LABEL_MAX characters,
 * the random of the ClientHello, and len bytes of secret, of which SHA-512, the
 * longest, has NSPY_KEY_MAX.
 */
#define NSPY_LABEL_MAX 40u
#define NSPY_RANDOM_LEN 32u
#define NSPY_KEY_MAX 64u
#define NSPY_KEY_LINE_MAX                                                      \
	(NSPY_LABEL_MAX + 2 * NSPY_RANDOM_LEN + 2 * NSPY_KEY_MAX + 3)
void nspy_text_add_key(struct nspy_text *text, const char *label,
		       const uint8_t random[NSPY_RANDOM_LEN],
		       const uint8_t *secret, size_t len);

/* "192.0.2.1:80" or "[2001:db8::1]:80" (RFC 5952). */
void nspy_text_add_endpoint(struct nspy_text *text,
			    const struct nspy_endpoint *endpoint);

bool nspy_text_ends_with(const char *text, const char *suffix);

/* Whether every % sequence is one of the five. */
bool nspy_template_is_known(const char *name);

/*
 * The path of capture number (%n), 1 to NSPY_NUMBER_MAX. From the second on a
 * name without %n has the number in front of its suffix.
 */
void nspy_template_expand(const struct nspy_template *template, long number,
			  char *path, size_t size);

#endif
