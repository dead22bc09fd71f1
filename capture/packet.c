/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers of the packets that a capture shows, byte by byte. */

#include "capture/packet.h"

#include "capture/checksum.h"

#include <string.h>

#define SLL_LEN 16u
#define UDP_LEN 8u
#define TCP_LEN 20u
#define SYN_OPTIONS_LEN 12u

static uint8_t *
put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
	return p + 2;
}

static uint8_t *
put32(uint8_t *p, uint32_t value)
{
	return put16(put16(p, value >> 16), value);
}

static bool
is_ipv4(const struct nspy_packet *packet)
{
	return packet->from->version != 6 && packet->to->version != 6;
}

static size_t
transport_len(const struct nspy_packet *packet)
{
	if (packet->raw)
		return packet->raw_len;
	if (packet->protocol != IPPROTO_TCP)
		return UDP_LEN;
	if (packet->tcp_flags & NSPY_TCP_SYN)
		return TCP_LEN + SYN_OPTIONS_LEN;
	return TCP_LEN;
}

/* Longer than a length field of IPv6: RFC 2675. */
static bool
is_jumbo(const struct nspy_packet *packet)
{
	return !is_ipv4(packet) && packet->protocol == IPPROTO_UDP &&
	       packet->wire_len + UDP_LEN > UINT16_MAX;
}

size_t
nspy_packet_header_len(const struct nspy_packet *packet)
{
	size_t ip_len = is_ipv4(packet) ? 20 : is_jumbo(packet) ? 48 : 40;

	if (packet->netlink || packet->mark)
		return SLL_LEN;
	return SLL_LEN + (packet->raw_is_ip ? 0 : ip_len) +
	       transport_len(packet);
}

/*
 * The "Linux cooked capture" header: 0 in, 4 out; ARPHRD_NONE or
 * ARPHRD_NETLINK. A mark has one of the two EtherTypes that IEEE 802 leaves
 * to local experiments.
 */
static uint8_t *
put_sll(uint8_t *p, const struct nspy_packet *packet)
{
	p = put16(p, packet->outgoing ? 4 : 0);
	p = put16(p, packet->netlink ? 824 : 0xfffe);
	p = put16(p, 8);
	p = put32(p, packet->pid);
	p = put32(p, packet->serial);
	if (packet->netlink)
		return put16(p, packet->protocol);
	if (packet->mark)
		return put16(p, 0x88b5);
	return put16(p, is_ipv4(packet) ? 0x0800 : 0x86dd);
}

/* Link-local multicast is never forwarded: its packets leave with TTL 1. */
static uint8_t
hop_limit(const struct nspy_endpoint *to, bool ipv4)
{
	static const uint8_t local_network[3] = {224, 0, 0};

	return ipv4 && memcmp(to->addr, local_network, 3) == 0 ? 1 : 64;
}

static uint8_t *
put_ip(uint8_t *p, const struct nspy_packet *packet, size_t len)
{
	uint8_t hops = hop_limit(packet->to, is_ipv4(packet));
	uint8_t *start = p;

	if (!is_ipv4(packet)) {
		p = put32(p, 6u << 28);
		p = put16(p, is_jumbo(packet) ? 0 : (uint32_t)len);
		*p++ = is_jumbo(packet) ? IPPROTO_HOPOPTS : packet->protocol;
		*p++ = hops;
		memcpy(p, packet->from->addr, 16);
		memcpy(p + 16, packet->to->addr, 16);
		p += 32;
		if (is_jumbo(packet)) {
			*p++ = packet->protocol;
			*p++ = 0;
			p = put16(p, 0xc204); /* the option, and its length */
			p = put32(p, (uint32_t)len + 8);
		}
		return p;
	}
	p = put16(p, 0x4500);
	p = put16(p, (uint32_t)len + 20);
	p = put32(p, 0x4000); /* identification 0, don't fragment: RFC 6864 */
	*p++ = hops;
	*p++ = packet->protocol;
	p = put16(p, 0);
	memcpy(p, packet->from->addr, 4);
	memcpy(p + 4, packet->to->addr, 4);
	{
		uint16_t sum =
			nspy_checksum_finish(nspy_checksum_add(0, start, 20));

		memcpy(start + 10, &sum, sizeof(sum));
	}
	return p + 8;
}

/*
 * The options of Linux on loopback. SACK_PERM because Wireshark notes an MSS
 * without it; window scale 14 so that sparse acknowledgements never show as a
 * full window.
 */
static uint8_t *
put_syn_options(uint8_t *p, bool ipv4)
{
	static const uint8_t rest[] = {1, 1, 4, 2, 1, 3, 3, 14};

	p = put16(p, 0x0204);
	p = put16(p, ipv4 ? 65495 : 65475);
	memcpy(p, rest, sizeof(rest));
	return p + sizeof(rest);
}

/* UDP's length, or as much of it as UDP-Lite's checksum is for. */
static size_t
covered(const struct nspy_packet *packet)
{
	size_t len = packet->wire_len + UDP_LEN;

	if (packet->protocol == IPPROTO_UDPLITE && packet->coverage &&
	    packet->coverage < len)
		return packet->coverage;
	return len;
}

static uint8_t *
put_transport(uint8_t *p, const struct nspy_packet *packet)
{
	bool urgent = packet->tcp_flags & NSPY_TCP_URG;
	uint32_t offset = (uint32_t)transport_len(packet) / 4;

	p = put16(p, packet->from->port);
	p = put16(p, packet->to->port);
	if (packet->protocol != IPPROTO_TCP) {
		p = put16(p, is_jumbo(packet) ? 0 : (uint32_t)covered(packet));
		return put16(p, 0);
	}
	p = put32(p, packet->sequence);
	p = put32(p, packet->acknowledgement);
	p = put16(p, offset << 12 | packet->tcp_flags);
	p = put16(p, packet->tcp_flags & NSPY_TCP_RST ? 0 : 65535);
	p = put16(p, 0);
	p = put16(p, urgent ? (uint32_t)packet->wire_len : 0);
	if (packet->tcp_flags & NSPY_TCP_SYN)
		p = put_syn_options(p, is_ipv4(packet));
	return p;
}

static uint16_t
transport_checksum(const struct nspy_packet *packet, const uint8_t *header)
{
	size_t addr_len = is_ipv4(packet) ? 4 : 16;
	size_t header_len = transport_len(packet), data_len = packet->data_len;
	uint8_t pseudo[8];
	uint64_t sum = 0;
	uint16_t result;

	put32(pseudo, (uint32_t)(header_len + packet->wire_len));
	put32(pseudo + 4, packet->protocol);
	sum = nspy_checksum_add(sum, packet->from->addr, addr_len);
	sum = nspy_checksum_add(sum, packet->to->addr, addr_len);
	sum = nspy_checksum_add(sum, pseudo, sizeof(pseudo));
	sum = nspy_checksum_add(sum, header, header_len);
	if (packet->protocol != IPPROTO_TCP &&
	    covered(packet) < header_len + data_len)
		data_len = covered(packet) - header_len;
	sum = nspy_checksum_add(sum, packet->data, data_len);
	result = nspy_checksum_finish(sum);
	/* UDP: 0 says "no checksum", so a sum of 0 is sent as its twin. */
	if (packet->protocol != IPPROTO_TCP && result == 0)
		result = 0xffff;
	return result;
}

size_t
nspy_packet_header(const struct nspy_packet *packet, uint8_t *buffer)
{
	size_t len = transport_len(packet) + packet->wire_len;
	uint8_t *transport = put_sll(buffer, packet), *end;
	uint16_t sum;

	if (packet->netlink || packet->mark)
		return SLL_LEN;
	if (!packet->raw_is_ip)
		transport = put_ip(transport, packet, len);
	if (packet->raw) {
		memcpy(transport, packet->raw, packet->raw_len);
		return (size_t)(transport + packet->raw_len - buffer);
	}
	end = put_transport(transport, packet);
	sum = transport_checksum(packet, transport);
	memcpy(transport + (packet->protocol == IPPROTO_TCP ? 16 : 6), &sum,
	       sizeof(sum));
	if (packet->checksum)
		*packet->checksum = sum;
	return (size_t)(end - buffer);
}

uint16_t
nspy_packet_raw_checksum(const struct nspy_packet *packet)
{
	size_t len = packet->raw_len + packet->wire_len;
	uint8_t pseudo[8] = {[7] = packet->protocol};
	uint64_t sum = nspy_checksum_add(0, packet->raw, packet->raw_len);

	sum = nspy_checksum_add(sum, packet->data, packet->data_len);
	if (packet->from->version == 6) {
		put32(pseudo, (uint32_t)len);
		sum = nspy_checksum_add(sum, packet->from->addr, 16);
		sum = nspy_checksum_add(sum, packet->to->addr, 16);
		sum = nspy_checksum_add(sum, pseudo, sizeof(pseudo));
	}
	return nspy_checksum_finish(sum);
}
