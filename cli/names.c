/* SPDX-License-Identifier: BSD-2-Clause */
/* Which process a capture says that a packet is of. */

#include "cli/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a name with its PID; longer ones are cut. */
#define NAME_MAX_LEN 256

static uint32_t
hash_of(const char *name, size_t len)
{
	uint32_t hash = 0x811c9dc5;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 0x01000193u;
	return hash;
}

/* Where in the table the name is, or would be. */
static uint32_t *
place_of(const struct nspy_names *names, const char *name, size_t len)
{
	uint32_t i = hash_of(name, len);

	for (;; i++) {
		uint32_t *place = &names->table[i % names->table_size];
		const char *found = *place ? names->names[*place - 1] : NULL;

		if (!found || (strncmp(found, name, len) == 0 && !found[len]))
			return place;
	}
}

/* The table is never more than half full. */
static bool
grow(struct nspy_names *names)
{
	uint32_t size = names->table_size ? 2 * names->table_size : 64;
	uint32_t *table;
	char **grown;

	if (2 * (names->count + 1) <= names->table_size)
		return true;
	grown = reallocarray(names->names, size / 2, sizeof(*grown));
	if (grown)
		names->names = grown;
	table = grown ? calloc(size, sizeof(*table)) : NULL;
	if (!table)
		return false;
	free(names->table);
	names->table = table;
	names->table_size = size;
	for (uint32_t i = 0; i < names->count; i++)
		*place_of(names, grown[i], strlen(grown[i])) = i + 1;
	return true;
}

uint32_t
nspy_names_number(struct nspy_names *names, const char *name, size_t len)
{
	uint32_t *place;
	char *copy;

	if (!grow(names))
		return 0;
	place = place_of(names, name, len);
	if (*place)
		return *place;
	copy = strndup(name, len);
	if (!copy)
		return 0;
	names->names[names->count++] = copy;
	*place = names->count;
	return names->count;
}

uint32_t
nspy_names_interface(struct nspy_names *names, const char *interface,
		     size_t len)
{
	size_t digits = 0;

	len = strnlen(interface, len);
	if (len < 3 || interface[len - 1] != ']')
		return 0;
	while (digits < len - 1 &&
	       isdigit((unsigned char)interface[len - 2 - digits]))
		digits++;
	if (!digits || digits + 2 > len || interface[len - 2 - digits] != '[')
		return 0;
	return nspy_names_number(names, interface, len);
}

uint32_t
nspy_names_pid(struct nspy_names *names, uint32_t pid)
{
	char name[16];
	int len = snprintf(name, sizeof(name), "[%u]", pid);

	return pid ? nspy_names_number(names, name, (size_t)len) : 0;
}

/* The text behind key in the comment, up to the end of its line. */
static size_t
value_of(const char *comment, const char *key, const char **value)
{
	const char *found = strstr(comment, key);

	if (!found || (found > comment && found[-1] != '\n'))
		return 0;
	*value = found + strlen(key);
	return strcspn(*value, "\n");
}

uint32_t
nspy_names_comment(struct nspy_names *names, const char *comment, size_t len)
{
	char text[1024], name[NAME_MAX_LEN];
	const char *pid = NULL, *command = NULL;
	size_t pid_len, command_len, start = 0;

	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, comment, len);
	text[len] = '\0';
	pid_len = value_of(text, "PID: ", &pid);
	command_len = value_of(text, "Cmd: ", &command);
	if (!pid_len)
		return 0;
	for (size_t i = 0; i < command_len; i++)
		if (command[i] == '/')
			start = i + 1;
	snprintf(name, sizeof(name), "%.*s[%.*s]", (int)(command_len - start),
		 command ? command + start : "", (int)pid_len, pid);
	return nspy_names_interface(names, name, strlen(name));
}

void
nspy_names_free(struct nspy_names *names)
{
	for (uint32_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	free(names->table);
}
