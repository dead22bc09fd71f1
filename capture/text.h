/* SPDX-License-Identifier: BSD-2-Clause */
/* Building short texts without stdio, which hooks must not call. */

#ifndef NETSPY_TEXT_H
#define NETSPY_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NSPY_DECIMAL_MAX 24

/* Always ends with a NUL; what does not fit is cut. */
struct nspy_text {
	char *buffer;
	size_t size, len; /* of the buffer; of the text in it */
};

/* Decimal digits and a NUL. Returns the length. */
static inline unsigned int
nspy_decimal(char text[NSPY_DECIMAL_MAX], long value)
{
	unsigned long rest =
		value < 0 ? 0ul - (unsigned long)value : (unsigned long)value;
	char reversed[NSPY_DECIMAL_MAX];
	unsigned int count = 0, len = 0;

	do {
		reversed[count++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		text[len++] = '-';
	while (count)
		text[len++] = reversed[--count];
	text[len] = '\0';
	return len;
}

static inline void
nspy_text_add(struct nspy_text *text, const char *part)
{
	size_t len = strlen(part), room = text->size - text->len - 1;

	if (len > room)
		len = room;
	memcpy(text->buffer + text->len, part, len);
	text->len += len;
	text->buffer[text->len] = '\0';
}

static inline void
nspy_text_add_number(struct nspy_text *text, long number)
{
	char digits[NSPY_DECIMAL_MAX];

	nspy_decimal(digits, number);
	nspy_text_add(text, digits);
}

#endif
