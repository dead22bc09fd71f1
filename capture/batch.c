/* SPDX-License-Identifier: BSD-2-Clause */
/* Many packets with one write, laid out so that a kill leaves them whole. */

#include "capture/batch.h"

#include "capture/pcapng.h"
#include "capture/sys_wide.h"

#include <errno.h>
#include <string.h>

/* At most this much of a page is filled up rather than cut into. */
#define PADDING_MAX 512u
#define BLOCK_MAX NSPY_BATCH_PAGE
/* Bytes of an empty filler block. */
#define FILLER_LEN 12u

static const uint8_t zeros[PADDING_MAX];

void
nspy_batch_begin(struct nspy_batch *batch, int fd, uint64_t offset,
		 uint64_t size_limit)
{
	batch->fd = fd;
	batch->error = 0;
	batch->size_limit = size_limit;
	batch->offset = offset;
	batch->written = offset;
	batch->packets = 0;
	batch->records = 0;
	batch->iov_len = 0;
	batch->arena_len = 0;
	batch->last = NULL;
}

static size_t
page_rest(const struct nspy_batch *batch)
{
	return NSPY_BATCH_PAGE - batch->offset % NSPY_BATCH_PAGE;
}

/* The lengths in a classic record: captured and original. */
static uint8_t *
lengths_of(uint8_t *head)
{
	return head + 8;
}

/*
 * Whether the rest of the page may be filled up. In classic pcap not when the
 * last packet was cut to the snaplen, or the zeros would stand for bytes that
 * were sent.
 */
static bool
can_fill(const struct nspy_batch *batch)
{
	size_t rest = page_rest(batch);
	uint32_t lengths[2];

	if (rest > PADDING_MAX)
		return false;
	if (batch->format->filler_min)
		return rest >= batch->format->filler_min;
	if (!batch->last)
		return false;
	memcpy(lengths, lengths_of(batch->last), sizeof(lengths));
	return lengths[0] == lengths[1] && lengths[0] + rest <= batch->snaplen;
}

/* Bytes that a record takes in the file, apart from its payload. */
static size_t
overhead(const struct nspy_batch *batch, const struct nspy_packet *packet,
	 uint32_t kept)
{
	const struct nspy_record record = {
		.captured_len = kept,
		.comment = packet->comment,
	};

	return batch->format->head_len + batch->format->tail_len(&record);
}

/*
 * The most payload for a record that ends with rest bytes of a page, or leaves
 * enough of it for a filler.
 */
static size_t
fitting(const struct nspy_batch *batch, const struct nspy_packet *packet,
	size_t rest)
{
	size_t header_len = nspy_packet_header_len(packet);
	/* Whole words have no padding, which depends on the length. */
	size_t around = overhead(batch, packet, 0) + header_len;
	size_t len = packet->data_len, total;

	if (around >= rest)
		return 0;
	if (len > rest - around)
		len = rest - around;
	if (!batch->format->filler_min)
		return len;
	total = header_len + len +
		overhead(batch, packet, (uint32_t)(header_len + len));
	if (total > rest)
		len = len > 3 ? len - (total - rest) : 0;
	else if (total < rest && rest - total < batch->format->filler_min)
		len = len > batch->format->filler_min
			      ? len - batch->format->filler_min
			      : len;
	return len;
}

size_t
nspy_batch_segment_len(const struct nspy_batch *batch,
		       const struct nspy_packet *packet)
{
	size_t len = fitting(batch, packet, page_rest(batch));

	/* The rest of this page, or else all of the next one. */
	if (len == 0 || (len < packet->data_len && can_fill(batch)))
		len = fitting(batch, packet, NSPY_BATCH_PAGE);
	return len ? len : 1;
}

static void
append(struct nspy_batch *batch, const void *data, size_t len)
{
	if (len == 0)
		return;
	batch->iov[batch->iov_len].iov_base = (void *)(uintptr_t)data;
	batch->iov[batch->iov_len++].iov_len = len;
	batch->offset += len;
}

/* Room for the next record's head and tail, or for a block. */
static uint8_t *
take(struct nspy_batch *batch, size_t len)
{
	uint8_t *p = batch->arena + batch->arena_len;

	batch->arena_len += (uint32_t)len;
	return p;
}

/* For len bytes, and always for one filler more. */
static void
make_room(struct nspy_batch *batch, size_t len)
{
	if (batch->records >= NSPY_BATCH_RECORDS - 1 ||
	    batch->arena_len + len + FILLER_LEN > NSPY_BATCH_ARENA)
		nspy_batch_flush(batch);
}

/* Fill up the page; see can_fill. */
static void
fill_page(struct nspy_batch *batch)
{
	size_t rest = page_rest(batch);
	uint32_t lengths[2];

	if (batch->format->filler_min) {
		uint8_t *head = take(batch, FILLER_LEN);

		nspy_pcapng_filler(head, (uint32_t)rest);
		append(batch, head, 8);
		append(batch, zeros, rest - FILLER_LEN);
		append(batch, head + 8, 4);
		batch->records++;
		batch->last = NULL;
		return;
	}
	memcpy(lengths, lengths_of(batch->last), sizeof(lengths));
	lengths[0] += (uint32_t)rest;
	lengths[1] += (uint32_t)rest;
	memcpy(lengths_of(batch->last), lengths, sizeof(lengths));
	append(batch, zeros, rest);
}

/* A record of len bytes is next: the page may have to be filled up first. */
static void
choose_page(struct nspy_batch *batch, size_t len)
{
	size_t rest = page_rest(batch);

	if ((len > rest ||
	     (len < rest && rest - len < batch->format->filler_min)) &&
	    can_fill(batch))
		fill_page(batch);
}

void
nspy_batch_add(struct nspy_batch *batch, struct nspy_record *record,
	       const struct nspy_packet *packet)
{
	const struct nspy_format *format = batch->format;
	size_t header_len = nspy_packet_header_len(packet);
	size_t kept = header_len + packet->data_len, tail_len;
	uint8_t *head, *tail;

	if (kept > batch->snaplen)
		kept = batch->snaplen;
	record->captured_len = (uint32_t)kept;
	record->original_len = (uint32_t)(header_len + packet->wire_len);
	record->comment = packet->comment;
	tail_len = format->tail_len(record);
	/* Before the flush, which leaves no last record to fill behind. */
	choose_page(batch, format->head_len + kept + tail_len);
	make_room(batch, format->head_len + header_len + tail_len);
	head = take(batch, format->head_len + header_len);
	tail = take(batch, tail_len);
	format->head(head, record);
	nspy_packet_header(packet, head + format->head_len);
	format->tail(tail, record);
	if (kept <= header_len) {
		append(batch, head, format->head_len + kept);
	} else {
		append(batch, head, format->head_len + header_len);
		append(batch, packet->data, kept - header_len);
	}
	append(batch, tail, tail_len);
	batch->last = head;
	batch->records++;
	batch->packets++;
}

void
nspy_batch_add_block(struct nspy_batch *batch, const uint8_t *block, size_t len)
{
	uint8_t *copy;

	if (len > BLOCK_MAX)
		return;
	choose_page(batch, len);
	make_room(batch, len);
	copy = take(batch, len);
	memcpy(copy, block, len);
	append(batch, copy, len);
	batch->last = NULL;
	batch->records++;
}

static long
write_part(const struct nspy_batch *batch, const struct iovec *iov,
	   uint32_t count)
{
	long result;

	do
		result = NSPY_SYS5(SYS_pwritev, batch->fd, iov, count,
				   batch->written, batch->written >> 32);
	while (result == -EINTR);
	return result;
}

int
nspy_batch_flush(struct nspy_batch *batch)
{
	struct iovec *iov = batch->iov;
	uint32_t count = batch->iov_len;

	/* Past the limit the kernel sends SIGXFSZ, which ends the program. */
	if (batch->offset > batch->size_limit && !batch->error)
		batch->error = -EFBIG;
	while (count && !batch->error) {
		long result = write_part(batch, iov, count);

		if (result <= 0) {
			batch->error = result ? (int)result : -ENOSPC;
			break;
		}
		batch->written += (uint64_t)result;
		while (count && (size_t)result >= iov->iov_len) {
			result -= (long)iov->iov_len;
			iov++;
			count--;
		}
		if (result) {
			iov->iov_base = (char *)iov->iov_base + result;
			iov->iov_len -= (size_t)result;
		}
	}
	batch->records = 0;
	batch->iov_len = 0;
	batch->arena_len = 0;
	batch->last = NULL;
	return batch->error;
}

void
nspy_batch_rewrite(struct nspy_batch *batch, uint64_t offset,
		   const uint8_t *data, size_t len)
{
	long result;

	if (offset + len > batch->written)
		nspy_batch_flush(batch);
	if (batch->error)
		return;
	do
		result = nspy_sys_pwrite(batch->fd, data, len, offset);
	while (result == -EINTR);
	if (result != (long)len)
		batch->error = result < 0 ? (int)result : -ENOSPC;
}
