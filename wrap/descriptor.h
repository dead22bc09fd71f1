/* SPDX-License-Identifier: BSD-2-Clause */
/* Which descriptor is which socket. */

#ifndef NETSPY_DESCRIPTOR_H
#define NETSPY_DESCRIPTOR_H

#include "capture/event.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum nspy_socket_flag {
	NSPY_CONNECTING = 1, /* connect() in progress; begun at connect_ns */
	NSPY_CONNECTED = 2,
	NSPY_DEAF = 8, /* our own shutdown(SHUT_RD): no FIN at its end */
	NSPY_LOCAL_KNOWN = 16, /* the local port will not change */
	/* Open before us, or passed on: others may hold it. */
	NSPY_FOREIGN = 32,
	NSPY_HEADER_INCLUDED = 64, /* what is sent begins with the IP header */
	NSPY_OPENED = 128,	   /* by our connect(): its SYN counts */
	NSPY_TLS_SEND = 256,	   /* the kernel encrypts what is sent */
	NSPY_TLS_RECV = 512,	   /* and decrypts what is received */
	NSPY_UNSEEN = 1024,	   /* bytes passed the wrappers by */
	NSPY_MPTCP = 2048,	   /* TCP_INFO tells of one subflow only */
	NSPY_FASTOPEN = 4096, /* TCP_FASTOPEN_CONNECT: connect() may not send */
	NSPY_DEFERRED = 8192, /* its SYN waits for the first send */
	NSPY_URGENT_SEEN = 16384, /* bytes at the urgent mark were received */
	NSPY_SEQUENCED =
		32768,	     /* SOCK_SEQPACKET: no byte received is the end */
	NSPY_CORKED = 65536, /* UDP_CORK: each send is a part */
	/* IP_RECVERR, IPV6_RECVERR: what an error is comes by a queue. */
	NSPY_QUEUES_4 = 131072,
	NSPY_QUEUES_6 = 262144,
	NSPY_LINGERS_NOT = 524288, /* its close sends RST: SO_LINGER of 0 */
};

struct nspy_socket {
	uint64_t cookie;
	_Atomic uint32_t descriptors; /* of this process */
	_Atomic uint32_t flags;
	uint8_t protocol; /* see nspy_event */
	uint8_t family;	  /* AF_INET, AF_INET6, AF_UNIX or AF_NETLINK */
	uint8_t type;	  /* SOCK_STREAM, SOCK_DGRAM or SOCK_RAW */
	uint16_t ends;	  /* flags of NSPY_CLOSE, if others let it go, too */
	uint16_t segment_len; /* UDP_SEGMENT of what is sent; 0: none */
	uint16_t checksum;    /* of what is sent: see nspy_event */
	uint32_t forks;	      /* nspy_forks when it was made */
	uint32_t index;	      /* among all sockets */
	uint32_t next_free;
	_Atomic uint32_t cork; /* a datagram that waits for more; 0: none */
	/* Of nspy_diag_begin: what it is bound to, and a descriptor of ours. */
	uint32_t device, watch;
	struct nspy_socket *next_closing; /* see nspy_call.closing */
	int last_fd;			  /* while close_range() ends it */
	bool alone; /* and no other process held it when that began */
	uint64_t connect_ns;
	_Atomic uint64_t sent, received; /* bytes of a stream, told or ... */
	/* ... not told while the recording was paused, since the last event */
	_Atomic uint64_t skipped_sent, skipped_received;
	/* An urgent byte was received, this many bytes ahead of the others. */
	uint32_t urgent_ahead;
	uint8_t urgent_byte;
	struct nspy_endpoint local, peer;
	/* Wildcard sockets: the local address towards the last peer. */
	_Atomic uint32_t route_busy;
	struct nspy_endpoint route_peer, route_local;
};

/* Values of the table; from NSPY_SOCKET on it is the socket's index. */
enum { NSPY_UNKNOWN = 0, NSPY_OTHER = 1, NSPY_SOCKET = 2 };

extern _Atomic uint32_t *nspy_descriptors;     /* NULL before the start */
extern _Atomic uint32_t nspy_descriptor_count; /* 0 until then */
extern struct nspy_socket nspy_socket_gone;    /* of which nothing is told */
/*
 * With a process that has memory of its own: what it opens and closes changes
 * numbers here, so that each is looked at before use.
 */
extern bool nspy_descriptors_shared;
extern _Atomic uint32_t nspy_forks; /* of this process and its ancestors */

/* Set the word of a descriptor. */
void nspy_descriptor_set(int fd, uint32_t word);

/* One more than the highest descriptor that was ever set. */
uint32_t nspy_descriptor_limit(void);

/* Reserve the tables; their pages come when used. 0 or a negative errno. */
int nspy_descriptors_init(void);

/* The socket of fd, looked up in the kernel when it is not known; or NULL. */
struct nspy_socket *nspy_descriptor_find(int fd);

/* The same, but only what is known. */
struct nspy_socket *nspy_descriptor_known(int fd);

/*
 * fd is a new socket, made with these arguments of socket(). NULL if it is not
 * recorded.
 */
struct nspy_socket *nspy_descriptor_add(int fd, int domain, int type,
					int protocol);

/* fd is a copy of a descriptor of the socket. */
void nspy_descriptor_copy(int fd, struct nspy_socket *socket);

/* fd is about to be closed. True when it was the socket's last one here. */
bool nspy_descriptor_forget(int fd, struct nspy_socket **socket);

/* The kernel gave out fd anew: what was known of it is over, untold. */
void nspy_descriptor_forget_stale(int fd);

/*
 * The kernel has closed fd, which was the socket with this cookie. Another
 * thread that used it meanwhile has made it known again.
 */
void nspy_descriptor_forget_closed(int fd, uint64_t cookie);

/*
 * fd came from a process, perhaps from this one: a copy of a socket that is
 * known here, or one that its first use shows.
 */
void nspy_descriptor_received(int fd);

/* Whether the ends are told: no unknown descriptor is looked up any more. */
void nspy_descriptors_end(bool now);

/* Give a forgotten socket's memory back. */
void nspy_socket_free(struct nspy_socket *socket);

/* Another process may hold the socket: its end is not ours to tell. */
bool nspy_socket_shared(const struct nspy_socket *socket);

/* Ask the kernel for both addresses. */
void nspy_socket_ask_local(int fd, struct nspy_socket *socket);
void nspy_socket_ask_peer(int fd, struct nspy_socket *socket);

/* The peer of a connection that is over, while getpeername() says ENOTCONN. */
void nspy_socket_ask_former_peer(int fd, struct nspy_socket *socket);

/*
 * The local address for a packet from or to peer: the socket's own, or for a
 * wildcard what the kernel's routes say.
 */
struct nspy_endpoint nspy_socket_local(struct nspy_socket *socket,
				       const struct nspy_endpoint *peer);

/*
 * A socket address as an endpoint; version 0 if it is neither one of IP nor
 * the name of an AF_UNIX socket.
 */
struct nspy_endpoint nspy_endpoint_of(const void *addr, socklen_t len);

/* The same for a datagram: UDP takes one of no family for one of IPv4. */
struct nspy_endpoint nspy_endpoint_sent_to(const struct nspy_socket *socket,
					   const void *addr, socklen_t len);

/* The same for a bare address (struct in_addr, struct in6_addr); port 0. */
struct nspy_endpoint nspy_endpoint_of_ipv4(const void *addr);
struct nspy_endpoint nspy_endpoint_of_ipv6(const void *addr);

/* Whether its address is 0.0.0.0 or ::. */
bool nspy_endpoint_is_wildcard(const struct nspy_endpoint *end);

#endif
