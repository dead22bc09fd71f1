/* SPDX-License-Identifier: BSD-2-Clause */
/* Which process a capture says that a packet is of. */

#include "cli/names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a name with its PID; longer ones are cut. */
#define NAME_MAX_LEN 256

uint32_t
nspy_names_number(struct nspy_names *names, const char *name, size_t len)
{
	char **grown, *copy;

	/* The last one is the likeliest. */
	for (uint32_t i = names->count; i; i--)
		if (strncmp(names->names[i - 1], name, len) == 0 &&
		    !names->names[i - 1][len])
			return i;
	copy = strndup(name, len);
	grown = reallocarray(names->names, names->count + 1, sizeof(*grown));
	if (grown)
		names->names = grown;
	if (!grown || !copy) {
		free(copy);
		return 0;
	}
	names->names[names->count++] = copy;
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
}
