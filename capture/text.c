/* SPDX-License-Identifier: BSD-2-Clause */
/* Short texts and names of captures, without stdio. */

#include "capture/text.h"

/* Room that a name leaves for the number that may follow. */
#define NUMBER_LEN sizeof("_9999")

unsigned int
nspy_decimal(char text[NSPY_DECIMAL_MAX], int64_t value)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
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

void
nspy_text_add_part(struct nspy_text *text, const char *part, size_t len)
{
	size_t room = text->size - text->len - 1;

	if (len > room)
		len = room;
	memcpy(text->buffer + text->len, part, len);
	text->len += len;
	text->buffer[text->len] = '\0';
}

void
nspy_text_add(struct nspy_text *text, const char *part)
{
	nspy_text_add_part(text, part, strlen(part));
}

void
nspy_text_add_number(struct nspy_text *text, int64_t number)
{
	char digits[NSPY_DECIMAL_MAX];

	nspy_decimal(digits, number);
	nspy_text_add(text, digits);
}

static void
add_digit(struct nspy_text *text, unsigned int value)
{
	nspy_text_add_part(text, &"0123456789abcdef"[value & 15], 1);
}

static void
add_hexadecimal(struct nspy_text *text, unsigned int group)
{
	int shift = 12;

	while (shift && !(group >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		add_digit(text, group >> shift);
}

static void
add_bytes(struct nspy_text *text, const uint8_t *bytes, size_t len)
{
	nspy_text_add(text, " ");
	for (size_t i = 0; i < len; i++) {
		add_digit(text, bytes[i] >> 4);
		add_digit(text, bytes[i]);
	}
}

void
nspy_text_add_key(struct nspy_text *text, const char *label,
		  const uint8_t random[NSPY_RANDOM_LEN], const uint8_t *secret,
		  size_t len)
{
	nspy_text_add(text, label);
	add_bytes(text, random, NSPY_RANDOM_LEN);
	add_bytes(text, secret, len);
}

/* The longest run of two or more zero groups: its first group, or 8. */
static int
longest_zeros(const unsigned int group[8], int *count)
{
	int first = 8;

	*count = 1;
	for (int i = 0; i < 8; i++) {
		int len = 0;

		while (i + len < 8 && !group[i + len])
			len++;
		if (len > *count) {
			*count = len;
			first = i;
		}
		i += len;
	}
	return first;
}

static void
add_ipv6(struct nspy_text *text, const uint8_t addr[16])
{
	unsigned int group[8];
	int count, first;

	for (int i = 0; i < 8; i++)
		group[i] = (unsigned int)addr[2 * i] << 8 | addr[2 * i + 1];
	first = longest_zeros(group, &count);
	for (int i = 0; i < 8; i++) {
		if (i == first) {
			nspy_text_add(text, "::");
			i += count - 1;
			continue;
		}
		if (i && i != first + count)
			nspy_text_add(text, ":");
		add_hexadecimal(text, group[i]);
	}
}

void
nspy_text_add_endpoint(struct nspy_text *text,
		       const struct nspy_endpoint *endpoint)
{
	if (endpoint->version == 6) {
		nspy_text_add(text, "[");
		add_ipv6(text, endpoint->addr);
		nspy_text_add(text, "]");
	} else {
		for (int i = 0; i < 4; i++) {
			nspy_text_add(text, i ? "." : "");
			nspy_text_add_number(text, endpoint->addr[i]);
		}
	}
	nspy_text_add(text, ":");
	nspy_text_add_number(text, endpoint->port);
}

bool
nspy_text_ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len &&
	       strcmp(text + len - suffix_len, suffix) == 0;
}

bool
nspy_template_is_known(const char *name)
{
	for (const char *p = name; *p; p++) {
		if (*p != '%')
			continue;
		if (!p[1] || !strchr("epnt%", p[1]))
			return false;
		p++;
	}
	return true;
}

/* name.pcap becomes name_2.pcap; base is where the name begins. */
static void
insert_number(char *path, size_t base, long number)
{
	char text[1 + NSPY_DECIMAL_MAX] = "_";
	size_t len = strlen(path),
	       text_len = 1 + nspy_decimal(text + 1, number);
	char *dot = strrchr(path + base, '.');

	if (!dot || dot == path + base)
		dot = path + len;
	memmove(dot + text_len, dot, (size_t)(path + len - dot) + 1);
	memcpy(dot, text, text_len);
}

void
nspy_template_expand(const struct nspy_template *template, long number,
		     char *path, size_t size)
{
	struct nspy_text text = {path, size - NUMBER_LEN, 0};
	bool numbered = false;
	char plain[2] = "";
	size_t base;

	nspy_text_add(&text, template->directory);
	if (!nspy_text_ends_with(template->directory, "/"))
		nspy_text_add(&text, "/");
	base = text.len;
	for (const char *p = template->name; *p; p++) {
		char kind = *p == '%' ? *++p : '%';

		plain[0] = *p;
		if (kind == '%')
			nspy_text_add(&text, plain);
		else if (kind == 'e')
			nspy_text_add(&text, template->executable);
		else if (kind == 'p')
			nspy_text_add_number(&text, template->pid);
		else if (kind == 'n')
			nspy_text_add_number(&text, number);
		else
			nspy_text_add_number(&text, template->time_s);
		numbered |= kind == 'n';
	}
	if (!numbered && number > 1)
		insert_number(path, base, number);
}
