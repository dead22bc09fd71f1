/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting what got past the wrappers. */

#include "wrap/audit.h"

#include "capture/sys.h"
#include "capture/text.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/report.h"
#include "wrap/writer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

#ifndef SIOCOUTQ
#define SIOCOUTQ 0x5411
#endif

/* Places in struct tcp_info of <linux/tcp.h>; libc's own ends before them. */
enum {
	STATE = 0,
	RETRANSMITS = 2,
	PROBES = 3,
	OPTIONS = 5,
	SND_MSS = 16,
	BYTES_ACKED = 120,
	BYTES_RECEIVED = 128,
	NOTSENT_BYTES = 144,
	BYTES_SENT = 200,
	BYTES_RETRANS = 208,
	INFO_LEN = 216,
};
#define SYN_DATA 32 /* TCPI_OPT_SYN_DATA */

/* How often a thread that has moved bytes may be waited for. */
#define TRIES 200

static uint64_t
get(const uint8_t *info, size_t at, size_t size)
{
	uint64_t value64;
	uint32_t value32;

	if (size == sizeof(value32)) {
		memcpy(&value32, info + at, sizeof(value32));
		return value32;
	}
	memcpy(&value64, info + at, sizeof(value64));
	return value64;
}

/* The kernel sends our FIN, or has sent it. */
static bool
sent_fin(uint8_t state)
{
	return state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT &&
	       state != TCP_SYN_SENT && state != TCP_SYN_RECV;
}

bool
nspy_tcp_info_ask(int fd, const struct nspy_socket *socket,
		  struct nspy_tcp_info *info)
{
	uint8_t raw[INFO_LEN];
	socklen_t len = sizeof(raw);
	uint64_t waiting;

	if (socket->protocol != IPPROTO_TCP ||
	    (atomic_load(&socket->flags) & NSPY_MPTCP) ||
	    NSPY_SYS5(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, raw, &len) <
		    0 ||
	    len < sizeof(raw))
		return false;
	info->state = raw[STATE];
	info->waits = raw[RETRANSMITS] || raw[PROBES];
	info->syn_data = raw[OPTIONS] & SYN_DATA;
	info->mss = (uint32_t)get(raw, SND_MSS, 4);
	info->acked = get(raw, BYTES_ACKED, 8);
	info->received = get(raw, BYTES_RECEIVED, 8);
	waiting = get(raw, NOTSENT_BYTES, 4);
	/* The FIN waits as one byte behind all others. */
	if (waiting && sent_fin(info->state))
		waiting--;
	info->sent =
		get(raw, BYTES_SENT, 8) - get(raw, BYTES_RETRANS, 8) + waiting;
	return true;
}

/*
 * What a packet filter of this machine dropped counts twice in info->sent. The
 * sequence numbers do not lie, but take one more system call, and may have one
 * for the SYN that cannot be told from a byte.
 */
static uint64_t
sent_by_sequence(int fd, const struct nspy_tcp_info *info, uint32_t flags)
{
	uint64_t sent = info->acked;
	int waiting = 0;

	if (NSPY_SYS3(SYS_ioctl, fd, SIOCOUTQ, &waiting) == 0 && waiting > 0)
		sent += (uint64_t)waiting;
	if (flags & NSPY_OPENED && sent)
		sent--;
	if (sent_fin(info->state) && sent)
		sent--;
	return sent;
}

bool
nspy_peer_sent_fin(const struct nspy_socket *socket,
		   const struct nspy_tcp_info *info, size_t unread)
{
	switch (info->state) {
	case TCP_CLOSE_WAIT:
	case TCP_LAST_ACK:
	case TCP_CLOSING:
	case TCP_TIME_WAIT:
		return true;
	case TCP_CLOSE:
		/* Not known but by the count, in which it is one byte. */
		return info->received ==
		       atomic_load(&socket->received) + unread + 1;
	default:
		return false;
	}
}

bool
nspy_all_received(const struct nspy_socket *socket,
		  const struct nspy_tcp_info *info)
{
	return info->received == atomic_load(&socket->received) +
					 nspy_peer_sent_fin(socket, info, 0);
}

static uint64_t
beyond(uint64_t count, _Atomic uint64_t *told)
{
	uint64_t known = atomic_load(told);

	return count > known ? count - known : 0;
}

static void
tell(const struct nspy_call *call, struct nspy_socket *socket,
     struct nspy_counts counts)
{
	const struct iovec iov = {&counts, sizeof(counts)};
	const struct nspy_tell gap = {
		.kind = NSPY_AUDIT,
		.iov = &iov,
		.iov_count = 1,
		.len = sizeof(counts),
	};
	uint64_t sent = beyond(counts.sent, &socket->sent);
	uint64_t received = beyond(counts.received, &socket->received);
	uint32_t flags = atomic_load(&socket->flags);
	struct nspy_ring *ring;
	uint64_t unseen = (flags & NSPY_TLS_SEND ? 0 : sent) +
			  (flags & NSPY_TLS_RECV ? 0 : received);

	nspy_emit(call, socket, &gap);
	atomic_fetch_add(&socket->sent, sent);
	atomic_fetch_add(&socket->received, received);
	if (!unseen)
		return;
	flags = atomic_fetch_or(&socket->flags, NSPY_UNSEEN);
	ring = nspy_writer_ring();
	if (ring) {
		atomic_fetch_add(&ring->unseen_bytes, unseen);
		atomic_fetch_add(&ring->unseen_sockets, !(flags & NSPY_UNSEEN));
	}
}

/*
 * Up to the urgent mark is all that FIONREAD counts, and the byte there may
 * have been received by itself, or never will be.
 */
static bool
has_urgent(int fd, const struct nspy_socket *socket)
{
	char byte;

	return atomic_load(&socket->flags) & NSPY_URGENT_SEEN ||
	       NSPY_SYS6(SYS_recvfrom, fd, &byte, 1,
			 MSG_OOB | MSG_PEEK | MSG_DONTWAIT, NULL, NULL) > 0;
}

/*
 * The kernel looks at the state before the counts, and the peer's FIN may come
 * in between: then it counts, and does not show.
 */
static bool
fin_came(int fd, const struct nspy_socket *socket,
	 const struct nspy_tcp_info *before, size_t unread)
{
	struct nspy_tcp_info now;

	return !nspy_peer_sent_fin(socket, before, unread) &&
	       nspy_tcp_info_ask(fd, socket, &now) &&
	       nspy_peer_sent_fin(socket, &now, unread);
}

void
nspy_audit(const struct nspy_call *call, int fd, struct nspy_socket *socket,
	   const struct nspy_tcp_info *info, size_t unread)
{
	struct nspy_counts counts = {info->sent, info->received};
	uint64_t by_sequence;
	size_t not_told = unread + nspy_peer_sent_fin(socket, info, unread);

	counts.received -=
		counts.received < not_told ? counts.received : not_told;
	if (!beyond(counts.sent, &socket->sent) &&
	    !beyond(counts.received, &socket->received))
		return;
	if (has_urgent(fd, socket))
		counts.received = 0;
	else if (counts.received && fin_came(fd, socket, info, unread))
		counts.received--;
	by_sequence = sent_by_sequence(fd, info, atomic_load(&socket->flags));
	if (by_sequence < counts.sent)
		counts.sent = by_sequence;
	if (atomic_load(&socket->flags) & (NSPY_TLS_SEND | NSPY_TLS_RECV)) {
		tell(call, socket, counts);
		return;
	}
	/* Another thread may be between its call and our counting it. */
	for (int i = 0; i < TRIES; i++) {
		if (!beyond(counts.sent, &socket->sent) &&
		    !beyond(counts.received, &socket->received))
			return;
		NSPY_SYS0(SYS_sched_yield);
	}
	tell(call, socket, counts);
}

static void
report_unseen(const char *file, struct nspy_ring *ring)
{
	char bytes[NSPY_DECIMAL_MAX], sockets[NSPY_DECIMAL_MAX];
	uint64_t count = atomic_load(&ring->unseen_sockets);

	if (!count)
		return;
	nspy_decimal(bytes, (int64_t)atomic_load(&ring->unseen_bytes));
	nspy_decimal(sockets, (int64_t)count);
	nspy_report(file, ": ", bytes, " bytes of ", sockets,
		    count == 1 ? " socket" : " sockets",
		    " were not seen and are missing in it", NULL);
}

void
nspy_audit_report(void)
{
	static _Atomic uint32_t reported; /* the process */
	struct nspy_ring *ring = nspy_writer_ring();
	const char *file = nspy_writer_path();
	char lost[NSPY_DECIMAL_MAX];
	uint64_t count;

	if (!file || nspy_sys_refused ||
	    atomic_exchange(&reported, nspy_process()) == nspy_process())
		return;
	count = nspy_ring_progress(ring)->lost;
	nspy_decimal(lost, (int64_t)count);
	if (count)
		nspy_report(file, ": ", lost, " calls are missing in it", NULL);
	report_unseen(file, ring);
}
