/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening a capture and reading its packets one after another. */

#include "config.h"

#include "cli/reader.h"

#include "cli/blocks.h"
#include "cli/names.h"
#include "cli/say.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINKTYPE_RAW 101
/* The first byte of every pcapng file, and of no classic one. */
#define SECTION_BYTE 0x0a

struct nspy_reader {
	const char *verb, *path;
	FILE *file;
	pcap_t *pcap;		    /* a classic file, or */
	struct nspy_blocks *blocks; /* a pcapng one */
	struct nspy_names names;
};

static void
complain(const struct nspy_reader *reader, const char *what)
{
	nspy_say("%s: %s: %s", reader->verb, reader->path, what);
}

/* Standard input is closed with the reader, like any other file. */
static bool
open_file(struct nspy_reader *reader)
{
	struct stat status;

	if (strcmp(reader->path, "-") == 0)
		reader->file = stdin;
	else
		reader->file = fopen(reader->path, "rbe");
	if (!reader->file || fstat(fileno(reader->file), &status) < 0) {
		complain(reader, strerror(errno));
		return false;
	}
	if (S_ISDIR(status.st_mode)) {
		complain(reader, strerror(EISDIR));
		return false;
	}
	return true;
}

/* libpcap takes the file over. */
static bool
open_classic(struct nspy_reader *reader)
{
	char error[PCAP_ERRBUF_SIZE] = "";

	reader->pcap = pcap_fopen_offline_with_tstamp_precision(
		reader->file, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!reader->pcap) {
		complain(reader, error);
		return false;
	}
	reader->file = NULL;
	return true;
}

static bool
open_format(struct nspy_reader *reader)
{
	int first = getc(reader->file);

	if (first == EOF) {
		complain(reader, ferror(reader->file) ? strerror(errno)
						      : "it is empty");
		return false;
	}
	ungetc(first, reader->file);
	if (first != SECTION_BYTE)
		return open_classic(reader);
	reader->blocks = nspy_blocks_open(reader->file, &reader->names);
	if (!reader->blocks)
		complain(reader, strerror(ENOMEM));
	return reader->blocks;
}

struct nspy_reader *
nspy_reader_open(const char *verb, const char *path)
{
	struct nspy_reader *reader = calloc(1, sizeof(*reader));

	if (!reader) {
		nspy_say("%s: %s", verb, strerror(ENOMEM));
		return NULL;
	}
	reader->verb = verb;
	reader->path = path;
	if (open_file(reader) && open_format(reader))
		return reader;
	nspy_reader_close(reader);
	return NULL;
}

static int
next_classic(struct nspy_reader *reader, struct nspy_captured *packet)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int link_type = pcap_datalink(reader->pcap);

	switch (pcap_next_ex(reader->pcap, &header, &data)) {
	case 1:
		break;
	case PCAP_ERROR_BREAK:
		return 0;
	default:
		complain(reader, pcap_geterr(reader->pcap));
		return -1;
	}
	memset(packet, 0, sizeof(*packet));
	packet->when_ns = (uint64_t)header->ts.tv_sec * 1000000000u +
			  (uint64_t)header->ts.tv_usec;
	packet->data = data;
	packet->captured_len = header->caplen;
	packet->original_len = header->len;
	packet->link_type =
		link_type == DLT_RAW ? LINKTYPE_RAW : (uint32_t)link_type;
	return 1;
}

/*
 * LINUX_SLL has the direction; when netspy wrote it, it has the PID, where
 * others have a hardware address.
 */
static void
read_cooked(struct nspy_reader *reader, struct nspy_captured *packet)
{
	const uint8_t *p = packet->data;
	uint32_t hardware, pid;

	if (packet->link_type != DLT_LINUX_SLL || packet->captured_len < 16)
		return;
	hardware = (uint32_t)p[2] << 8 | p[3];
	pid = (uint32_t)p[6] << 24 | (uint32_t)p[7] << 16 |
	      (uint32_t)p[8] << 8 | p[9];
	if (!packet->direction)
		packet->direction = p[1] == 4 ? NSPY_OUTGOING : NSPY_INCOMING;
	if (!packet->process && p[5] == 8 &&
	    (hardware == 0xfffe || hardware == 824))
		packet->process = nspy_names_pid(&reader->names, pid);
}

int
nspy_reader_next(struct nspy_reader *reader, struct nspy_captured *packet)
{
	const char *error;
	int result;

	if (reader->pcap) {
		result = next_classic(reader, packet);
	} else {
		result = nspy_blocks_next(reader->blocks, packet, &error);
		if (result < 0)
			complain(reader, error);
	}
	if (result > 0)
		read_cooked(reader, packet);
	return result;
}

uint32_t
nspy_reader_processes(const struct nspy_reader *reader)
{
	return reader->names.count;
}

const char *
nspy_reader_process(const struct nspy_reader *reader, uint32_t number)
{
	return reader->names.names[number - 1];
}

void
nspy_reader_close(struct nspy_reader *reader)
{
	if (reader->pcap)
		pcap_close(reader->pcap);
	nspy_blocks_close(reader->blocks);
	if (reader->file && reader->file != stdin)
		fclose(reader->file);
	nspy_names_free(&reader->names);
	free(reader);
}
