/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The self-audit: the kernel's own count of a TCP connection's bytes against
 * what the hooks told of it. Every way round the wrappers shows in it.
 */

#ifndef NETSPY_AUDIT_H
#define NETSPY_AUDIT_H

#include "capture/ring.h"
#include "wrap/call.h"

/* What the kernel says of a TCP socket (TCP_INFO). */
struct nspy_tcp_info {
	uint64_t sent;	   /* bytes that the program gave to the kernel */
	uint64_t received; /* bytes that came, in order, and its peer's FIN */
	uint64_t acked;	   /* bytes, SYN and FIN that the peer has */
	uint32_t mss;
	uint8_t state; /* TCP_ESTABLISHED and so on, of <netinet/tcp.h> */
	bool waits;    /* for an answer to what it sends again, or probes */
	bool syn_data; /* the SYN carried data, which the peer took */
};

/*
 * One system call. False: the kernel does not tell, because it is older than
 * Linux 4.19, or the socket is MPTCP's.
 */
bool nspy_tcp_info_ask(int fd, const struct nspy_socket *socket,
		       struct nspy_tcp_info *info);

/* Whether info->received has the peer's FIN; unread bytes wait before it. */
bool nspy_peer_sent_fin(const struct nspy_socket *socket,
			const struct nspy_tcp_info *info, size_t unread);

/* Whether the program has received all that came: then nothing is unread. */
bool nspy_all_received(const struct nspy_socket *socket,
		       const struct nspy_tcp_info *info);

/*
 * Bytes that moved unseen become a gap in the conversation. unread bytes wait
 * in the kernel for the program.
 */
void nspy_audit(const struct nspy_call *call, int fd,
		struct nspy_socket *socket, const struct nspy_tcp_info *info,
		size_t unread);

/*
 * The lines at the end of a process, said once: what is missing in its capture,
 * if anything is.
 */
void nspy_audit_report(void);

#endif
