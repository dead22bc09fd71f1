/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw sockets and ping sockets: their packets as they are, with what the
 * kernel adds: the IP header, an ICMP id, a checksum.
 */

#include "capture/checksum.h"
#include "capture/drain.h"

#include <string.h>

/* ICMP and ICMPv6: type, code, checksum, id, sequence number. */
#define ICMP_LEN 8u
#define ICMP_CHECKSUM 2u
#define ICMP_ID 4u
#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define IP_MAX 60u
#define LEAD_MAX (NSPY_PACKET_HEADER_MAX - 16u - IPV6_LEN)
/* A longer packet is known by this much of it. */
#define HASHED_MAX 512u
/* The teller that stands for every send: no socket has this cookie. */
#define SENDER 1u

static uint64_t
mix(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	/* FNV-1a. */
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

/* How many bytes the kernel may have changed, or a reader may ask for. */
static size_t
lead_len(const struct nspy_event *event, const uint8_t *data)
{
	size_t len = event->data_len, lead = ICMP_LEN;

	if (event->flags & NSPY_IP_HEADER)
		lead = event->family == AF_INET6 ? IPV6_LEN
		       : len			 ? (data[0] & 15u) * 4
						 : 0;
	else if (event->checksum >= ICMP_LEN && event->checksum < LEAD_MAX)
		lead = event->checksum + 1u;
	return lead < len ? lead : len;
}

/* What the kernel fills in on the way out: see raw(7). */
static void
complete_ip(uint8_t *ip, size_t len, const struct nspy_event *event)
{
	uint16_t sum;

	if (event->family != AF_INET || len < IPV4_LEN)
		return;
	ip[2] = (uint8_t)(event->wire_len >> 8);
	ip[3] = (uint8_t)event->wire_len;
	if (memcmp(ip + 12, "\0\0\0", 4) == 0)
		memcpy(ip + 12, event->local.addr, 4);
	memset(ip + 10, 0, sizeof(sum));
	sum = nspy_checksum_finish(nspy_checksum_add(0, ip, len));
	memcpy(ip + 10, &sum, sizeof(sum));
}

static void
complete_payload(struct nspy_packet *packet, uint8_t *lead,
		 const struct nspy_event *event)
{
	size_t at = event->checksum - 1u;
	uint16_t sum;

	if (event->flags & NSPY_PING && packet->raw_len >= ICMP_LEN) {
		lead[ICMP_ID] = (uint8_t)(event->local.port >> 8);
		lead[ICMP_ID + 1] = (uint8_t)event->local.port;
	}
	if (!event->checksum || at + sizeof(sum) > packet->raw_len)
		return;
	memset(lead + at, 0, sizeof(sum));
	sum = nspy_packet_raw_checksum(packet);
	memcpy(lead + at, &sum, sizeof(sum));
}

/*
 * The addresses and what IP carries: the same for a packet that is sent without
 * the IP header and received with it.
 */
static uint64_t
hash_packet(const struct nspy_packet *packet, uint32_t snaplen)
{
	size_t addr_len = packet->from->version == 6 ? 16 : 4;
	size_t rest = snaplen > IP_MAX ? snaplen - IP_MAX : 0;
	const uint8_t *ip = packet->raw;
	uint64_t hash = 0xcbf29ce484222325u;

	if (rest > HASHED_MAX)
		rest = HASHED_MAX;
	if (packet->raw_is_ip &&
	    packet->raw_len >= (addr_len == 4 ? IPV4_LEN : IPV6_LEN)) {
		hash = mix(hash, ip + (addr_len == 4 ? 9 : 6), 1);
		hash = mix(hash, ip + (addr_len == 4 ? 12 : 8), 2 * addr_len);
	} else {
		hash = mix(hash, &packet->protocol, 1);
		hash = mix(hash, packet->from->addr, addr_len);
		hash = mix(hash, packet->to->addr, addr_len);
		if (rest < packet->raw_len)
			return mix(hash, packet->raw, rest);
		hash = mix(hash, packet->raw, packet->raw_len);
		rest -= packet->raw_len;
	}
	return mix(hash, packet->data,
		   rest < packet->data_len ? rest : packet->data_len);
}

static struct nspy_raw_seen *
find_seen(struct nspy_drain *drain, uint64_t hash)
{
	struct nspy_raw_seen *seen = drain->raw_seen;

	/* After a fork there is another capture. */
	if (drain->raw_seen_pid != drain->ring->process.pid) {
		memset(drain->raw_seen, 0, sizeof(drain->raw_seen));
		drain->raw_seen_pid = drain->ring->process.pid;
	}
	for (int i = 0; i < NSPY_RAW_SEEN; i++)
		if (seen[i].hash == hash)
			return &seen[i];
	seen += drain->raw_seen_next++ % NSPY_RAW_SEEN;
	memset(seen, 0, sizeof(*seen));
	seen->hash = hash;
	return seen;
}

/*
 * Each socket counts: the n-th time that one of them tells of a packet is the
 * n-th packet of that kind, whoever told of it first.
 */
static bool
told_already(struct nspy_drain *drain, const struct nspy_packet *packet,
	     const struct nspy_event *event)
{
	struct nspy_raw_seen *seen =
		find_seen(drain, hash_packet(packet, drain->ring->snaplen));
	uint64_t cookie = event->kind == NSPY_SEND ? SENDER : event->cookie;
	int i = 0;

	while (i < NSPY_RAW_TELLERS - 1 && seen->teller[i].cookie &&
	       seen->teller[i].cookie != cookie)
		i++;
	if (seen->teller[i].cookie != cookie) {
		/* One too many: better a packet twice than none. */
		seen->teller[i].count =
			seen->teller[i].cookie ? seen->written : 0;
		seen->teller[i].cookie = cookie;
	}
	if (++seen->teller[i].count <= seen->written)
		return true;
	seen->written = seen->teller[i].count;
	return false;
}

bool
nspy_raw_event(struct nspy_drain *drain, const struct nspy_event *event)
{
	bool outgoing = event->kind == NSPY_SEND;
	struct nspy_endpoint local = event->local, peer = event->peer;
	const uint8_t *data = drain->data;
	size_t len = lead_len(event, data);
	uint8_t lead[IP_MAX];
	struct nspy_packet packet = {
		.from = outgoing ? &local : &peer,
		.to = outgoing ? &peer : &local,
		.outgoing = outgoing,
		.protocol = event->protocol,
		.raw = lead,
		.raw_len = len,
		.raw_is_ip = event->flags & NSPY_IP_HEADER,
		.data = data + len,
		.data_len = event->data_len - len,
		.wire_len = event->wire_len - len,
	};

	if ((event->kind != NSPY_SEND && event->kind != NSPY_RECV) ||
	    event->error)
		return true;
	local.version = peer.version = event->family == AF_INET6 ? 6 : 4;
	memcpy(lead, data, len);
	if (outgoing && packet.raw_is_ip)
		complete_ip(lead, len, event);
	else if (outgoing)
		complete_payload(&packet, lead, event);
	if (told_already(drain, &packet, event))
		return true;
	nspy_drain_packet(drain, event,
			  outgoing ? event->begin_ns : event->end_ns, &packet);
	drain->progress->bytes += event->wire_len;
	return true;
}
