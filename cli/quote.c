/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that others wrote: it may hold any byte. */

#include "cli/quote.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the UTF-8 sequence that text begins with (RFC 3629); 0: it is none. */
static size_t
sequence_len(const char *text)
{
	unsigned char first = (unsigned char)text[0];
	unsigned char second = first ? (unsigned char)text[1] : 0;
	size_t len = first < 0x80    ? 1
		     : first < 0xc2  ? 0
		     : first < 0xe0  ? 2
		     : first < 0xf0  ? 3
		     : first <= 0xf4 ? 4
				     : 0;

	for (size_t i = 1; i < len; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, a surrogate, or above U+10FFFF. */
	if ((first == 0xe0 && second < 0xa0) ||
	    (first == 0xed && second >= 0xa0) ||
	    (first == 0xf0 && second < 0x90) ||
	    (first == 0xf4 && second >= 0x90))
		return 0;
	return len;
}

/* U+0000 to U+001f, U+007f to U+009f. */
static bool
is_control(const char *text, size_t len)
{
	unsigned char first = (unsigned char)*text;

	return first < ' ' || first == 0x7f ||
	       (len == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0);
}

void
nspy_print_plain(const char *text)
{
	while (*text) {
		size_t len = sequence_len(text);

		if (!len || is_control(text, len))
			putchar('?');
		else
			fwrite(text, 1, len, stdout);
		text += len ? len : 1;
	}
}

void
nspy_print_json(const char *text, FILE *out)
{
	putc('"', out);
	while (*text) {
		size_t len = sequence_len(text);

		if (!len)
			fputs("\\ufffd", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if (len == 1 && (unsigned char)*text < ' ')
			fprintf(out, "\\u%04x", (unsigned int)*text);
		else
			fwrite(text, 1, len, out);
		text += len ? len : 1;
	}
	putc('"', out);
}
