/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of addresses and ports that have a number. */

#include "config.h"

#include "cli/renumber.h"

#include <stdlib.h>
#include <string.h>

/* The range that IANA has left to clients, then what is below it. */
#define PORT_FIRST 49152u
#define PORT_LOWEST 1024u
#define PORTS (65536u - PORT_LOWEST)
/* From here on Linux takes the ports that nobody asked for. */
#define EPHEMERAL_MIN 32768u

enum family {
	IPV4,
	IPV6,
	UNIX,
};

struct nspy_renumbered {
	bool is_port;
	uint8_t protocol; /* of a port */
	uint64_t cookie;  /* of its socket, or 0: it is at the address */
	struct nspy_endpoint end; /* without the port if this is an address */
	uint32_t number;
};

static const uint8_t unix_prefix[6] = {0xfd, 0, 0x6e, 0x73, 0x70, 0x79};

static bool
same(const struct nspy_renumbered *a, const struct nspy_renumbered *b)
{
	if (a->is_port != b->is_port || a->protocol != b->protocol ||
	    a->cookie != b->cookie)
		return false;
	return a->cookie || (a->end.port == b->end.port &&
			     a->end.version == b->end.version &&
			     memcmp(a->end.addr, b->end.addr, 16) == 0);
}

/* The number of what is sought; if it is new, the next one. */
static uint32_t
number_of(struct nspy_renumbering *numbers, struct nspy_renumbered *sought,
	  uint32_t *next)
{
	struct nspy_renumbered *grown;

	for (size_t i = numbers->count; i; i--)
		if (same(&numbers->list[i - 1], sought))
			return numbers->list[i - 1].number;
	sought->number = (*next)++;
	if (numbers->count == numbers->size) {
		numbers->size = numbers->size ? 2 * numbers->size : 64;
		grown = reallocarray(numbers->list, numbers->size,
				     sizeof(*grown));
		if (!grown) {
			numbers->no_memory = true;
			numbers->size = numbers->count;
			return sought->number;
		}
		numbers->list = grown;
	}
	numbers->list[numbers->count++] = *sought;
	return sought->number;
}

/* Those that mean the same everywhere: none, all, and groups. */
static bool
is_special(const struct nspy_endpoint *end)
{
	static const uint8_t zeros[16], ones[4] = {255, 255, 255, 255};

	if (!end->version || memcmp(end->addr, zeros, sizeof(zeros)) == 0)
		return true;
	if (end->version == 6)
		return end->addr[0] == 0xff;
	return (end->addr[0] & 0xf0) == 0xe0 ||
	       memcmp(end->addr, ones, sizeof(ones)) == 0;
}

static void
put32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* 10.0.0.1, 2001:db8::1, fd00:6e73:7079::1:1 and so on. */
static void
renumber_address(struct nspy_renumbering *numbers, struct nspy_endpoint *end)
{
	struct nspy_renumbered sought = {.end = *end};
	enum family family = IPV4;
	uint32_t number;

	if (is_special(end))
		return;
	sought.end.port = 0;
	if (end->version == 6)
		family = memcmp(end->addr, unix_prefix, sizeof(unix_prefix))
				 ? IPV6
				 : UNIX;
	number = 1 + number_of(numbers, &sought, &numbers->addresses[family]);
	memset(end->addr, 0, sizeof(end->addr));
	if (family == IPV4) {
		put32(end->addr, 10u << 24 | (number & 0xffffff));
	} else if (family == IPV6) {
		put32(end->addr, 0x20010db8);
		put32(end->addr + 12, number);
	} else {
		memcpy(end->addr, unix_prefix, sizeof(unix_prefix));
		put32(end->addr + 12, 1u << 16 | (number & 0xffff));
	}
}

static uint16_t
port_number(uint32_t number)
{
	return (uint16_t)(PORT_LOWEST +
			  (PORT_FIRST - PORT_LOWEST + number) % PORTS);
}

static uint16_t
renumber_port(struct nspy_renumbering *numbers, const struct nspy_endpoint *end,
	      uint8_t protocol, uint64_t cookie, enum nspy_port_rule rule)
{
	struct nspy_renumbered sought = {
		.is_port = true,
		.protocol = protocol,
		.cookie = cookie,
		.end = *end,
	};

	if (!end->port)
		return 0;
	if (rule == NSPY_PORT_FRESH)
		return port_number(numbers->ports++);
	if (rule == NSPY_PORT_SERVED && end->port < EPHEMERAL_MIN)
		return end->port;
	return port_number(number_of(numbers, &sought, &numbers->ports));
}

struct nspy_endpoint
nspy_renumber(struct nspy_renumbering *numbers, const struct nspy_endpoint *end,
	      uint8_t protocol, uint64_t cookie, enum nspy_port_rule rule)
{
	struct nspy_endpoint result = *end;

	result.port = renumber_port(numbers, end, protocol, cookie, rule);
	renumber_address(numbers, &result);
	return result;
}

void
nspy_renumber_free(struct nspy_renumbering *numbers)
{
	free(numbers->list);
}
