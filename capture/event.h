/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hook tells the capture: one event per call, or per part of a large one. */

#ifndef NETSPY_EVENT_H
#define NETSPY_EVENT_H

#include <netinet/in.h>
#include <stdint.h>

/*
 * The payload of one event, in bytes. A longer call becomes several events,
 * each but the last with NSPY_MORE. A datagram is one event: 65535 bytes at most
 * with IP; of longer ones, as AF_UNIX and netlink have them, the beginning is
 * kept, since a record of a capture has 262144 bytes.
 */
#define NSPY_STREAM_MAX 32768
#define NSPY_DATAGRAM_MAX (255u << 10)
#define NSPY_MARK_MAX 255
#define NSPY_NAME_MAX 255   /* of a host name: RFC 1035 section 2.3.4 */
#define NSPY_SECRET_MAX 512 /* of a line of a key log, in bytes */

enum nspy_kind {
	NSPY_CONNECT = 1, /* error: 0, EINPROGRESS, or why it failed */
	NSPY_ESTABLISHED, /* a connect() in progress ended, well or not */
	NSPY_ACCEPT,	  /* a listener gave out this connection */
	NSPY_SEND,	  /* error, or wire_len bytes moved */
	NSPY_RECV,	  /* the same; no byte on a stream is the peer's FIN */
	NSPY_SHUTDOWN,	  /* of the sending side */
	NSPY_CLOSE,	  /* of the last descriptor of the socket */
	/* Of the address peer, as looked up; error: why there is none (EAI_) */
	NSPY_NAME,
	NSPY_AUDIT,   /* the kernel's struct nspy_counts is the payload */
	NSPY_SKIPPED, /* these bytes, a struct nspy_counts, are not to be told */
	NSPY_MARK, /* a text that the program gave, with its NUL; no socket */
	NSPY_UNREACHABLE, /* an ICMP message about a datagram that was sent */
	NSPY_SECRET,	  /* of TLS: a line of a key log; no socket */
	NSPY_TRAFFIC_SECRET, /* of TLS 1.3 on this socket, see below */
};

enum nspy_flag {
	NSPY_MORE = 1,	 /* the next event continues the same call */
	NSPY_URGENT = 2, /* MSG_OOB: the last byte is urgent */
	/* The close makes the kernel send RST, not FIN; or bytes that came. */
	NSPY_RESET = 4,
	NSPY_HELD = 8, /* the close may send nothing: others hold the socket */
	NSPY_RAW = 16, /* the payload is all that IP carries */
	NSPY_IP_HEADER = 32,   /* it begins with the IP header, too */
	NSPY_PING = 64,	       /* the kernel puts local.port in as the id */
	NSPY_SILENT = 128,     /* the close sends nothing: it was over before */
	NSPY_PEER_FIN = 256,   /* at the close, the peer had sent FIN */
	NSPY_PEER_RESET = 512, /* and RST, which the program did not notice */
};

/* An IPv4 address stands in the first 4 bytes; IPv4-mapped ones are IPv4. */
struct nspy_endpoint {
	uint8_t addr[16];     /* network order */
	uint16_t port;	      /* host order */
	uint16_t version : 3; /* 4, 6, or 0: not known */
	uint16_t scope : 13;  /* sin6_scope_id, if it fits; 0: none */
};

struct nspy_event {
	uint16_t kind;
	uint16_t flags;
	int32_t error;	   /* errno of a failed call, else 0 */
	uint64_t cookie;   /* SO_COOKIE: the same for every copy of a socket */
	uint64_t begin_ns; /* CLOCK_REALTIME before the call */
	uint64_t end_ns;   /* and after it */
	uint32_t pid;
	uint32_t tid;
	uint32_t data_len; /* payload bytes behind the event: cut to snaplen */
	uint32_t wire_len; /* payload bytes that the call moved */
	/*
	 * Of IP: IPPROTO_TCP stands for MPTCP and AF_UNIX streams, too, and
	 * IPPROTO_UDP for their datagrams. AF_NETLINK: NETLINK_ROUTE and so on.
	 */
	uint8_t protocol;
	uint8_t family; /* AF_INET, AF_INET6, AF_UNIX or AF_NETLINK */
	uint8_t reserved[2];
	/*
	 * UDP-Lite: the coverage of the checksum (RFC 3828), 0 for all. NSPY_RAW:
	 * where the kernel put a checksum, plus 1; 0 for nowhere.
	 */
	uint16_t checksum;
	/* UDP: each datagram but the last has this payload; 0: there is one. */
	uint16_t segment_len;
	struct nspy_endpoint local;
	struct nspy_endpoint peer;
};

_Static_assert(sizeof(struct nspy_event) == 96, "the ring file depends on it");

/*
 * The payload of NSPY_UNREACHABLE: from whom, what, and the MTU where that is
 * meant. The peer of the event is the one that was not reached.
 */
struct nspy_unreachable {
	struct nspy_endpoint from;
	uint8_t type, code; /* of ICMP or ICMPv6, by the version of from */
	uint16_t reserved;
	uint32_t info;
};

/* Bytes of a stream, from its first on. */
struct nspy_counts {
	uint64_t sent, received;
};

/*
 * The payload of NSPY_TRAFFIC_SECRET begins so; the secret follows. Its random
 * is the one of the ClientHello between these two endpoints.
 */
struct nspy_traffic_secret {
	uint8_t epoch; /* as DTLS 1.3 counts: RFC 9147 section 6.1 */
	uint8_t sent;  /* it is for what this end sends; 0: receives */
};

static inline const void *
nspy_event_data(const struct nspy_event *event)
{
	return event + 1;
}

#endif
