/* SPDX-License-Identifier: BSD-2-Clause */
/* Many packets with one write, laid out so that a kill leaves them whole. */

#include "capture/batch.h"

#include "capture/pcap.h"
#include "capture/sys.h"

#include <errno.h>
#include <string.h>

/* At most this much of a page is filled up rather than cut into. */
#define PADDING_MAX 512u

static const uint8_t zeros[PADDING_MAX];

void
nspy_batch_begin(struct nspy_batch *batch, int fd, uint64_t offset,
		 uint32_t snaplen, uint64_t size_limit)
{
	batch->fd = fd;
	batch->error = 0;
	batch->snaplen = snaplen;
	batch->size_limit = size_limit;
	batch->offset = offset;
	batch->written = offset;
	batch->packets = 0;
	batch->records = 0;
	batch->iov_len = 0;
}

static size_t
page_rest(const struct nspy_batch *batch)
{
	return NSPY_BATCH_PAGE - batch->offset % NSPY_BATCH_PAGE;
}

/*
 * Whether the last record may be filled up to the page: not when its packet
 * was cut to the snaplen, or the zeros would stand for bytes that were sent.
 */
static bool
can_pad(const struct nspy_batch *batch)
{
	uint32_t lengths[2];

	if (!batch->records || page_rest(batch) > PADDING_MAX)
		return false;
	memcpy(lengths, batch->headers[batch->records - 1] + 8,
	       sizeof(lengths));
	return lengths[0] == lengths[1] &&
	       lengths[0] + page_rest(batch) <= batch->snaplen;
}

size_t
nspy_batch_segment_len(const struct nspy_batch *batch,
		       const struct nspy_packet *packet)
{
	size_t overhead = NSPY_PCAP_RECORD_LEN + nspy_packet_header_len(packet);
	size_t rest = page_rest(batch);

	if (overhead + packet->data_len <= rest)
		return packet->data_len;
	/* The rest of this page, or else all of the next one. */
	if (rest <= overhead || can_pad(batch))
		rest = NSPY_BATCH_PAGE;
	if (overhead + packet->data_len <= rest)
		return packet->data_len;
	return rest - overhead;
}

/* Fill up the page behind the last record, which is not written yet. */
static void
pad_last(struct nspy_batch *batch)
{
	uint8_t *header = batch->headers[batch->records - 1];
	size_t rest = page_rest(batch);
	uint32_t lengths[2];

	memcpy(lengths, header + 8, sizeof(lengths));
	lengths[0] += (uint32_t)rest;
	lengths[1] += (uint32_t)rest;
	memcpy(header + 8, lengths, sizeof(lengths));
	batch->iov[batch->iov_len].iov_base = (void *)(uintptr_t)zeros;
	batch->iov[batch->iov_len++].iov_len = rest;
	batch->offset += rest;
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

void
nspy_batch_add(struct nspy_batch *batch, uint64_t when_ns,
	       const struct nspy_packet *packet)
{
	uint8_t *header;
	size_t header_len, captured_len, kept;

	header_len = nspy_packet_header_len(packet);
	kept = header_len + packet->data_len;
	if (kept > batch->snaplen)
		kept = batch->snaplen;
	captured_len = NSPY_PCAP_RECORD_LEN + kept;
	if (captured_len > page_rest(batch) && can_pad(batch))
		pad_last(batch);
	if (batch->records == NSPY_BATCH_RECORDS)
		nspy_batch_flush(batch);
	header = batch->headers[batch->records++];
	nspy_packet_header(packet, header + NSPY_PCAP_RECORD_LEN);
	nspy_pcap_record(header, when_ns, (uint32_t)kept,
			 (uint32_t)(header_len + packet->wire_len));
	if (kept <= header_len) {
		append(batch, header, captured_len);
	} else {
		append(batch, header, NSPY_PCAP_RECORD_LEN + header_len);
		append(batch, packet->data, kept - header_len);
	}
	batch->packets++;
}

static long
write_part(const struct nspy_batch *batch, const struct iovec *iov,
	   uint32_t count)
{
	long result;

	if (count > 1024)
		count = 1024;
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
	return batch->error;
}
