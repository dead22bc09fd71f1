/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the blocks of a pcapng file, in either byte order. */

#include "cli/blocks.h"

#include "capture/pcapng.h"

#include <stdlib.h>
#include <string.h>

enum {
	OPT_COMMENT = 1,
	OPT_NAME = 2,
	OPT_FLAGS = 2,
	OPT_PROCESS_THREAD = 8,
	OPT_RESOLUTION = 9,
	OPT_OFFSET = 14,
};

#define MAGIC 0x1a2b3c4du
/* What libpcap takes as well, in bytes. */
#define BLOCK_LEN_MAX (16u << 20)
#define BILLION 1000000000u

struct interface {
	uint32_t link_type, snaplen;
	uint32_t process;   /* of its name, or 0 */
	uint8_t resolution; /* if_tsresol */
	int64_t offset_s;
};

struct nspy_blocks {
	FILE *file;
	struct nspy_names *names;
	bool begun, swapped; /* a section is; it has the other byte order */
	struct interface *interfaces;
	size_t interface_count;
	uint8_t *body; /* of the block, and its second length */
	size_t body_size;
};

struct option {
	uint16_t code, len;
	const uint8_t *value;
};

struct nspy_blocks *
nspy_blocks_open(FILE *file, struct nspy_names *names)
{
	struct nspy_blocks *blocks = calloc(1, sizeof(*blocks));

	if (blocks) {
		blocks->file = file;
		blocks->names = names;
	}
	return blocks;
}

static uint16_t
get16(const struct nspy_blocks *b, const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return b->swapped ? __builtin_bswap16(value) : value;
}

static uint32_t
get32(const struct nspy_blocks *b, const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return b->swapped ? __builtin_bswap32(value) : value;
}

static bool
next_option(const struct nspy_blocks *b, const uint8_t **p, const uint8_t *end,
	    struct option *option)
{
	if (end - *p < 4)
		return false;
	option->code = get16(b, *p);
	option->len = get16(b, *p + 2);
	option->value = *p + 4;
	if (!option->code || option->len > end - option->value)
		return false;
	*p = option->value + option->len;
	while (*p < end && (*p - option->value) % 4)
		++*p;
	return true;
}

/* Units of 2 to the power of -power seconds. */
static uint64_t
binary_time(uint64_t units, unsigned int power)
{
	uint64_t seconds, rest;

	if (power > 63)
		return 0;
	seconds = units >> power;
	rest = power ? units << (64 - power) >> 32 : 0; /* 2^-32 s */
	return seconds * BILLION + (rest * BILLION >> 32);
}

static uint64_t
time_of(const struct interface *interface, uint64_t units)
{
	uint8_t power = interface->resolution & 0x7f;
	bool binary = interface->resolution & 0x80;
	uint64_t ns = binary ? binary_time(units, power) : units;

	for (int i = power; i < 9 && !binary; i++)
		ns *= 10;
	for (int i = 9; i < power && !binary; i++)
		ns /= 10;
	return ns + (uint64_t)interface->offset_s * BILLION;
}

static const char *
add_interface(struct nspy_blocks *b, const uint8_t *body, size_t len)
{
	struct interface *grown, *i;
	const uint8_t *p = body + 8;
	struct option option;

	if (len < 8)
		return "an interface block is too short";
	grown = reallocarray(b->interfaces, b->interface_count + 1,
			     sizeof(*grown));
	if (!grown)
		return "out of memory";
	b->interfaces = grown;
	i = &grown[b->interface_count++];
	memset(i, 0, sizeof(*i));
	i->link_type = get16(b, body);
	i->snaplen = get32(b, body + 4);
	i->resolution = 6;
	while (next_option(b, &p, body + len, &option)) {
		if (option.code == OPT_NAME) {
			i->process = nspy_names_interface(
				b->names, (const char *)option.value,
				option.len);
		} else if (option.code == OPT_RESOLUTION && option.len == 1) {
			i->resolution = option.value[0];
		} else if (option.code == OPT_OFFSET && option.len == 8) {
			uint64_t halves[2] = {get32(b, option.value),
					      get32(b, option.value + 4)};
			int low = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) !=
				  b->swapped;

			i->offset_s =
				(int64_t)(halves[!low] << 32 | halves[low]);
		}
	}
	return NULL;
}

/* What the options of a packet say of its process and direction. */
static void
read_options(struct nspy_blocks *b, const uint8_t *p, const uint8_t *end,
	     struct nspy_captured *packet)
{
	uint32_t pid = 0, commented = 0;
	struct option option;

	while (next_option(b, &p, end, &option)) {
		uint32_t value = option.len >= 4 ? get32(b, option.value) : 0;

		if (option.code == OPT_FLAGS && option.len == 4 &&
		    (value & 3) != 3)
			packet->direction = (enum nspy_direction)(value & 3);
		else if (option.code == OPT_PROCESS_THREAD && option.len == 8)
			pid = value;
		else if (option.code == OPT_COMMENT && !commented)
			commented = nspy_names_comment(
				b->names, (const char *)option.value,
				option.len);
	}
	if (!packet->process)
		packet->process =
			commented ? commented : nspy_names_pid(b->names, pid);
}

static const char *
read_packet(struct nspy_blocks *b, uint32_t type, const uint8_t *body,
	    size_t len, struct nspy_captured *packet)
{
	uint32_t head_len = type == NSPY_BLOCK_SIMPLE_PACKET ? 4 : 20,
		 number = 0;
	const struct interface *interface;
	const uint8_t *options;

	if (len < head_len)
		return "a packet block is too short";
	if (type != NSPY_BLOCK_SIMPLE_PACKET)
		number = type == NSPY_BLOCK_PACKET ? get32(b, body)
						   : get16(b, body);
	if (number >= b->interface_count)
		return "a packet of an interface that is not described";
	interface = &b->interfaces[number];
	memset(packet, 0, sizeof(*packet));
	packet->link_type = interface->link_type;
	packet->process = interface->process;
	packet->data = body + head_len;
	packet->original_len = get32(b, body + head_len - 4);
	if (type == NSPY_BLOCK_SIMPLE_PACKET) {
		packet->captured_len = packet->original_len;
		if (interface->snaplen &&
		    packet->captured_len > interface->snaplen)
			packet->captured_len = interface->snaplen;
	} else {
		packet->captured_len = get32(b, body + 12);
		packet->when_ns =
			time_of(interface, (uint64_t)get32(b, body + 4) << 32 |
						   get32(b, body + 8));
	}
	if (packet->captured_len > len - head_len)
		return "a packet is longer than its block";
	options = packet->data + packet->captured_len;
	if (type == NSPY_BLOCK_PACKET) {
		options += (4 - packet->captured_len % 4) % 4;
		if (options < body + len)
			read_options(b, options, body + len, packet);
	}
	return NULL;
}

/* The section header says in which byte order all that follows is. */
static const char *
begin_section(struct nspy_blocks *b, uint8_t magic[4])
{
	uint32_t value;

	memcpy(&value, magic, sizeof(value));
	b->swapped = value == __builtin_bswap32(MAGIC);
	if (!b->swapped && value != MAGIC)
		return b->begun ? "a section without its magic number"
				: "neither pcap nor pcapng";
	b->begun = true;
	b->interface_count = 0;
	return NULL;
}

/*
 * One block into the body. *end is set where the file ends, *len without the
 * second length.
 */
static const char *
read_block(struct nspy_blocks *b, uint32_t *type, size_t *len, bool *end)
{
	uint8_t head[12];
	size_t got = fread(head, 1, 12, b->file);
	const char *error = NULL;
	uint32_t total;

	*end = got == 0 && !ferror(b->file);
	if (*end)
		return NULL;
	if (got < 12)
		return ferror(b->file) ? "it cannot be read"
				       : "cut short in the middle of a block";
	*type = get32(b, head);
	if (*type == NSPY_BLOCK_SECTION || !b->begun)
		error = begin_section(b, head + 8);
	total = get32(b, head + 4);
	if (!error && (total % 4 || total < 12 || total > BLOCK_LEN_MAX))
		error = "a block of impossible length";
	if (error)
		return error;
	*len = total - 12;
	if (total > b->body_size) {
		free(b->body);
		b->body = malloc(total);
		b->body_size = b->body ? total : 0;
		if (!b->body)
			return "out of memory";
	}
	memcpy(b->body, head + 8, 4);
	if (fread(b->body + 4, 1, *len, b->file) != *len)
		return "cut short in the middle of a block";
	if (get32(b, b->body + *len) != total)
		return "a block whose two lengths differ";
	return NULL;
}

int
nspy_blocks_next(struct nspy_blocks *b, struct nspy_captured *packet,
		 const char **error)
{
	for (;;) {
		uint32_t type;
		size_t len;
		bool end;

		*error = read_block(b, &type, &len, &end);
		if (!*error && end)
			return 0;
		if (!*error && type == NSPY_BLOCK_INTERFACE)
			*error = add_interface(b, b->body, len);
		if (*error)
			return -1;
		if (type != NSPY_BLOCK_PACKET &&
		    type != NSPY_BLOCK_SIMPLE_PACKET &&
		    type != NSPY_BLOCK_OLD_PACKET)
			continue;
		*error = read_packet(b, type, b->body, len, packet);
		return *error ? -1 : 1;
	}
}

void
nspy_blocks_close(struct nspy_blocks *b)
{
	if (!b)
		return;
	free(b->interfaces);
	free(b->body);
	free(b);
}
