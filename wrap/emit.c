/* SPDX-License-Identifier: BSD-2-Clause */
/* One call becomes one event, or several when it moved a lot. */

#include "wrap/emit.h"

#include "capture/sys.h"
#include "wrap/lifecycle.h"
#include "wrap/protocol.h"
#include "wrap/settings.h"
#include "wrap/writer.h"

#include <netinet/in.h>
#include <string.h>

static _Thread_local uint32_t emitted
	__attribute__((tls_model("initial-exec")));

/* A position in the payload. */
struct cursor {
	const struct iovec *iov;
	size_t count, offset;
	struct nspy_source *source;
};

/* Returns the bytes copied: fewer when the program's buffer ends before. */
static size_t
copy(struct cursor *cursor, uint8_t *to, size_t len)
{
	size_t copied = 0;

	if (cursor->source)
		return nspy_source_read(cursor->source, to, len);
	while (len && cursor->count) {
		size_t rest = cursor->iov->iov_len - cursor->offset;
		size_t part = len < rest ? len : rest;

		memcpy(to, (const char *)cursor->iov->iov_base + cursor->offset,
		       part);
		to += part;
		copied += part;
		len -= part;
		cursor->offset += part;
		if (part == rest) {
			cursor->iov++;
			cursor->count--;
			cursor->offset = 0;
		}
	}
	return copied;
}

size_t
nspy_tell_copy(const struct nspy_tell *tell, uint8_t *to, size_t len)
{
	struct cursor cursor = {tell->iov, tell->iov_count, 0, tell->source};

	return copy(&cursor, to, len);
}

static void
advance(struct cursor *cursor, size_t len)
{
	if (cursor->source)
		nspy_source_skip(cursor->source, len);
	while (len && cursor->count) {
		size_t rest = cursor->iov->iov_len - cursor->offset;

		if (len < rest) {
			cursor->offset += len;
			return;
		}
		len -= rest;
		cursor->iov++;
		cursor->count--;
		cursor->offset = 0;
	}
}

uint32_t
nspy_thread(uint32_t pid)
{
	static _Thread_local uint32_t tid,
		of_pid __attribute__((tls_model("initial-exec")));

	if (of_pid != pid) {
		tid = nspy_sys_refused ? pid : (uint32_t)NSPY_SYS0(SYS_gettid);
		of_pid = pid;
	}
	return tid;
}

uint32_t
nspy_emitted(void)
{
	return emitted;
}

static void
emit_part(const struct nspy_event *event, struct cursor *cursor)
{
	struct nspy_place place;

	if (!nspy_reserve((uint32_t)sizeof(*event) + event->data_len, &place))
		return;
	*place.event = *event;
	place.event->data_len = (uint32_t)copy(
		cursor, (uint8_t *)(place.event + 1), event->data_len);
	advance(cursor, event->wire_len - place.event->data_len);
	nspy_ring_publish(&place);
}

/*
 * With kernel TLS the call has the plain text, which was never on the wire.
 * The audit leaves a gap as long as what was.
 */
static bool
is_encrypted(struct nspy_socket *socket, const struct nspy_tell *tell)
{
	uint32_t flag = tell->kind == NSPY_SEND	  ? NSPY_TLS_SEND
			: tell->kind == NSPY_RECV ? NSPY_TLS_RECV
						  : 0;

	return tell->len && atomic_load(&socket->flags) & flag;
}

/* Bytes of a stream: counted for the audit, also when nothing is told. */
static void
count(struct nspy_socket *socket, const struct nspy_tell *tell, bool paused)
{
	bool received = tell->kind == NSPY_RECV;

	atomic_fetch_add(received ? &socket->received : &socket->sent,
			 tell->len);
	if (paused)
		atomic_fetch_add(received ? &socket->skipped_received
					  : &socket->skipped_sent,
				 tell->len);
}

/* After a pause: the length of the gap comes before the socket's next event. */
static void
tell_skipped(const struct nspy_call *call, struct nspy_socket *socket)
{
	const struct nspy_counts counts = {
		atomic_exchange(&socket->skipped_sent, 0),
		atomic_exchange(&socket->skipped_received, 0),
	};
	const struct iovec iov = {(void *)(uintptr_t)&counts, sizeof(counts)};
	const struct nspy_tell gap = {
		.kind = NSPY_SKIPPED,
		.iov = &iov,
		.iov_count = 1,
		.len = sizeof(counts),
	};

	nspy_emit(call, socket, &gap);
}

void
nspy_emit(const struct nspy_call *call, struct nspy_socket *socket,
	  const struct nspy_tell *tell)
{
	bool paused = nspy_paused();
	bool stream = socket->type == SOCK_STREAM;
	bool moves = tell->kind == NSPY_SEND || tell->kind == NSPY_RECV;
	/* A SYN's data is one segment. */
	size_t max = !stream ? UINT32_MAX : moves ? NSPY_STREAM_MAX : 65535;
	struct cursor cursor = {tell->iov, tell->iov_count, 0, tell->source};
	uint32_t pid = nspy_process();
	struct nspy_event event = {
		.kind = tell->kind,
		.error = tell->error,
		.cookie = socket->cookie,
		.begin_ns = call->begin_ns,
		.end_ns = call->end_ns,
		.pid = pid,
		.tid = nspy_thread(pid),
		.protocol = socket->protocol,
		.family = socket->family,
		.segment_len =
			tell->segment_len < tell->len ? tell->segment_len : 0,
		.peer = tell->peer ? *tell->peer : socket->peer,
	};
	size_t rest = tell->len;
	uint16_t flags;

	if (socket == &nspy_socket_gone)
		return;
	emitted++;
	if (is_encrypted(socket, tell))
		return;
	if (!paused && (atomic_load(&socket->skipped_sent) ||
			atomic_load(&socket->skipped_received)))
		tell_skipped(call, socket);
	if (stream && (moves || tell->kind == NSPY_CONNECT))
		count(socket, tell, paused);
	if (paused)
		return;
	event.local = tell->local ? *tell->local
				  : nspy_socket_local(socket, &event.peer);
	event.flags = tell->flags;
	nspy_protocol_complete(socket, &event);
	flags = event.flags;
	do {
		size_t part = rest < max ? rest : max;
		size_t kept = part < nspy_settings.snaplen || !moves ||
					      event.segment_len
				      ? part
				      : nspy_settings.snaplen;

		if (kept > NSPY_DATAGRAM_MAX)
			kept = NSPY_DATAGRAM_MAX;
		rest -= part;
		event.flags = (uint16_t)(flags | (rest ? NSPY_MORE : 0));
		event.wire_len = (uint32_t)part;
		event.data_len = (uint32_t)kept;
		emit_part(&event, &cursor);
	} while (rest);
}
