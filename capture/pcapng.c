/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks and options of pcapng, byte by byte. */

#include "capture/pcapng.h"

#include "capture/text.h"

#include <string.h>

/* A key log of TLS. */
#define TLS_KEY_LOG 0x544c534bu

/* "Local use": no reader knows it, so all of them step over it. */
#define FILLER 0x80004e53u

enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	OPT_APPLICATION = 4,
	OPT_NAME = 2,
	OPT_DESCRIPTION = 3,
	OPT_RESOLUTION = 9,
	OPT_FLAGS = 2,
	OPT_PROCESS_THREAD = 8,
	OPT_RECEIVED = 4,
	OPT_DROPPED = 5,
};

static size_t
padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static uint8_t *
put(uint8_t *p, const void *value, size_t len)
{
	memcpy(p, value, len);
	memset(p + len, 0, padded(len) - len);
	return p + padded(len);
}

static uint8_t *
put32(uint8_t *p, uint32_t value)
{
	return put(p, &value, sizeof(value));
}

static uint8_t *
put_option(uint8_t *p, uint16_t code, const void *value, size_t len)
{
	const uint16_t head[2] = {code, (uint16_t)len};

	return put(put(p, head, sizeof(head)), value, len);
}

static uint8_t *
put_text(uint8_t *p, uint16_t code, const char *text)
{
	size_t len = strnlen(text, NSPY_COMMENT_MAX);

	return len ? put_option(p, code, text, len) : p;
}

static uint8_t *
put_time(uint8_t *p, uint64_t when_ns)
{
	return put32(put32(p, (uint32_t)(when_ns >> 32)), (uint32_t)when_ns);
}

/* The length stands at both ends of a block. */
static size_t
finish(uint8_t *block, uint8_t *end, uint32_t type)
{
	uint32_t len = (uint32_t)(end - block) + 4;

	put32(put32(block, type), len);
	put32(end, len);
	return len;
}

size_t
nspy_pcapng_section(uint8_t *block, const char *application,
		    const char *comment)
{
	const uint32_t magic = 0x1a2b3c4d;
	const uint16_t version[2] = {1, 0};
	const uint64_t unknown_len = UINT64_MAX;
	uint8_t *p = put(put32(block + 8, magic), version, sizeof(version));

	p = put(p, &unknown_len, sizeof(unknown_len));
	p = put_text(p, OPT_COMMENT, comment);
	p = put_text(p, OPT_APPLICATION, application);
	return finish(block, put32(p, OPT_END), NSPY_BLOCK_SECTION);
}

size_t
nspy_pcapng_interface(uint8_t *block, uint32_t snaplen, const char *name,
		      const char *description)
{
	const uint16_t link[2] = {NSPY_LINKTYPE_LINUX_SLL, 0};
	const uint8_t nanoseconds = 9;
	uint8_t *p = put32(put(block + 8, link, sizeof(link)), snaplen);

	p = put_text(p, OPT_NAME, name);
	p = put_text(p, OPT_DESCRIPTION, description);
	p = put_option(p, OPT_RESOLUTION, &nanoseconds, 1);
	return finish(block, put32(p, OPT_END), NSPY_BLOCK_INTERFACE);
}

size_t
nspy_pcapng_name(uint8_t *block, const struct nspy_endpoint *address,
		 const char *name, size_t len)
{
	size_t addr_len = address->version == 6 ? 16 : 4;
	uint16_t head[2] = {address->version == 6 ? 2 : 1, 0};
	uint8_t *p = block + 8;

	if (len > NSPY_COMMENT_MAX)
		len = NSPY_COMMENT_MAX;
	head[1] = (uint16_t)(addr_len + len + 1);
	p = put(p, head, sizeof(head));
	memcpy(p, address->addr, addr_len);
	memcpy(p + addr_len, name, len);
	memset(p + addr_len + len, 0, 4);
	p += padded(addr_len + len + 1);
	return finish(block, put32(p, 0), NSPY_BLOCK_NAMES);
}

static void
add_field(struct nspy_text *text, const char *name, const char *value)
{
	size_t begin;

	nspy_text_add(text, name);
	begin = text->len;
	nspy_text_add(text, value);
	/* A line is a field: names of programs and hosts may hold anything. */
	for (size_t i = begin; i < text->len; i++)
		if ((unsigned char)text->buffer[i] < ' ')
			text->buffer[i] = '?';
	nspy_text_add(text, "\n");
}

size_t
nspy_pcapng_message(uint8_t *block, uint64_t when_ns,
		    const struct nspy_process *process, const char *message)
{
	struct nspy_text text = {(char *)block + 8, NSPY_BLOCK_MAX - 16, 0};
	char number[NSPY_DECIMAL_MAX];

	nspy_decimal(number, (int64_t)(when_ns / 1000));
	add_field(&text, "__REALTIME_TIMESTAMP=", number);
	if (process) {
		nspy_decimal(number, process->pid);
		add_field(&text, "_PID=", number);
		add_field(&text, "SYSLOG_IDENTIFIER=", process->executable);
	}
	add_field(&text, "MESSAGE=", message);
	memset(text.buffer + text.len, 0, 4);
	return finish(block, block + 8 + padded(text.len), NSPY_BLOCK_JOURNAL);
}

size_t
nspy_pcapng_statistics(uint8_t *block, uint32_t interface, uint64_t when_ns,
		       uint64_t received, uint64_t dropped)
{
	uint8_t *p = put_time(put32(block + 8, interface), when_ns);

	p = put_option(p, OPT_RECEIVED, &received, sizeof(received));
	p = put_option(p, OPT_DROPPED, &dropped, sizeof(dropped));
	return finish(block, put32(p, OPT_END), NSPY_BLOCK_STATISTICS);
}

size_t
nspy_pcapng_secrets(uint8_t *block, const char *line, size_t len)
{
	uint8_t *p = put32(block + 8, TLS_KEY_LOG);

	p = put32(p, (uint32_t)len + 1);
	memcpy(p, line, len);
	memcpy(p + len, "\n\0\0", 4);
	return finish(block, p + padded(len + 1), NSPY_BLOCK_SECRETS);
}

void
nspy_pcapng_filler(uint8_t *block, uint32_t len)
{
	put32(put32(put32(block, FILLER), len), len);
}

size_t
nspy_pcapng_tail_len(const struct nspy_record *record)
{
	size_t comment_len =
		record->comment ? strnlen(record->comment, NSPY_COMMENT_MAX)
				: 0;

	return padded(record->captured_len) - record->captured_len + (4 + 4) +
	       (4 + 8) + (comment_len ? 4 + padded(comment_len) : 0) + 4 + 4;
}

void
nspy_pcapng_head(uint8_t *p, const struct nspy_record *record)
{
	uint32_t len = (uint32_t)(28 + record->captured_len +
				  nspy_pcapng_tail_len(record));

	p = put32(put32(put32(p, NSPY_BLOCK_PACKET), len), record->interface);
	p = put_time(p, record->when_ns);
	put32(put32(p, record->captured_len), record->original_len);
}

void
nspy_pcapng_tail(uint8_t *p, const struct nspy_record *record)
{
	const uint32_t direction = record->outgoing ? 2 : 1;
	const uint32_t thread[2] = {record->pid, record->tid};
	size_t padding = padded(record->captured_len) - record->captured_len;

	memset(p, 0, padding);
	p = put_option(p + padding, OPT_FLAGS, &direction, sizeof(direction));
	p = put_option(p, OPT_PROCESS_THREAD, thread, sizeof(thread));
	if (record->comment)
		p = put_text(p, OPT_COMMENT, record->comment);
	p = put32(p, OPT_END);
	put32(p, (uint32_t)(28 + record->captured_len +
			    nspy_pcapng_tail_len(record)));
}
