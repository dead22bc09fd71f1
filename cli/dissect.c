/* SPDX-License-Identifier: BSD-2-Clause */
/* Link, IP, TCP, UDP and ICMP headers, as far as stats and diff ask. */

#include "cli/dissect.h"

#include "capture/packet.h"

#include <string.h>

enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276,
};

enum {
	ETHER_IPV4 = 0x0800,
	ETHER_IPV6 = 0x86dd,
	ETHER_VLAN = 0x8100,
	ETHER_QINQ = 0x88a8,
	ETHER_EXPERIMENT = 0x88b5,
};

#define ARPHRD_NETLINK 824

/* What is left of the packet. */
struct rest {
	const uint8_t *p;
	uint32_t captured, len; /* len: on the wire */
};

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static bool
skip(struct rest *rest, uint32_t len)
{
	if (rest->captured < len)
		return false;
	rest->p += len;
	rest->captured -= len;
	rest->len -= len;
	return true;
}

/* What lies behind the IP packet is padding of the link. */
static void
cut(struct rest *rest, uint32_t len)
{
	if (rest->len > len)
		rest->len = len;
	if (rest->captured > len)
		rest->captured = len;
}

/* Over the link header; false: no IP behind it. */
static bool
skip_link(uint32_t link_type, struct rest *rest)
{
	uint32_t type_at, end; /* the EtherType, and the end of the header */
	uint16_t type;

	switch (link_type) {
	case LINK_RAW:
	case LINK_IPV4:
	case LINK_IPV6:
		return true;
	case LINK_NULL:
	case LINK_LOOP:
		return skip(rest, 4);
	case LINK_SLL:
		type_at = 14;
		end = 16;
		break;
	case LINK_SLL2:
		type_at = 0;
		end = 20;
		break;
	case LINK_ETHERNET:
		type_at = 12;
		end = 14;
		break;
	default:
		return false;
	}
	if (rest->captured < end)
		return false;
	type = get16(rest->p + type_at);
	/* A tag has the next type behind its two bytes. */
	while ((type == ETHER_VLAN || type == ETHER_QINQ) &&
	       rest->captured >= end + 4) {
		type = get16(rest->p + end + 2);
		end += 4;
	}
	return (type == ETHER_IPV4 || type == ETHER_IPV6) && skip(rest, end);
}

static bool
skip_ipv4(struct rest *rest, struct nspy_dissected *d)
{
	uint32_t header_len, len;

	if (rest->captured < 20)
		return false;
	header_len = (rest->p[0] & 15u) * 4;
	len = get16(rest->p + 2);
	if (header_len < 20)
		return false;
	/* Length 0: the kernel left it to the network card to cut it up. */
	if (len >= header_len)
		cut(rest, len);
	d->ip_len = rest->len;
	d->protocol = rest->p[9];
	d->from.version = d->to.version = 4;
	memcpy(d->from.addr, rest->p + 12, 4);
	memcpy(d->to.addr, rest->p + 16, 4);
	d->fragment = get16(rest->p + 4);
	d->fragmented = get16(rest->p + 6) & 0x3fff;
	d->is_later = get16(rest->p + 6) & 0x1fff;
	return skip(rest, header_len);
}

/* One extension header (RFC 8200 section 4); false: it is none, or cut. */
static bool
skip_extension(struct rest *rest, struct nspy_dissected *d)
{
	uint32_t len = 8;

	if (rest->captured < 8)
		return false;
	switch (d->protocol) {
	case IPPROTO_HOPOPTS:
		/* A jumbogram says its length here: RFC 2675. */
		if (rest->p[2] == 0xc2 && rest->p[3] == 4)
			cut(rest, get32(rest->p + 4));
		/* fall through */
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		len += rest->p[1] * 8u;
		break;
	case IPPROTO_FRAGMENT:
		d->fragmented = true;
		d->is_later = get16(rest->p + 2) & 0xfff8;
		d->fragment = get16(rest->p + 6);
		break;
	default:
		return false;
	}
	d->protocol = rest->p[0];
	return skip(rest, len);
}

static bool
skip_ipv6(struct rest *rest, struct nspy_dissected *d)
{
	if (rest->captured < 40)
		return false;
	if (get16(rest->p + 4))
		cut(rest, 40u + get16(rest->p + 4));
	d->ip_len = rest->len;
	d->protocol = rest->p[6];
	d->from.version = d->to.version = 6;
	memcpy(d->from.addr, rest->p + 8, 16);
	memcpy(d->to.addr, rest->p + 24, 16);
	skip(rest, 40);
	while (!d->is_later && skip_extension(rest, d))
		;
	return true;
}

bool
nspy_is_echo(uint8_t protocol, uint8_t type)
{
	return (protocol == IPPROTO_ICMP && (type == 8 || type == 0)) ||
	       (protocol == IPPROTO_ICMPV6 && (type == 128 || type == 129));
}

static void
read_icmp(const struct rest *rest, struct nspy_dissected *d)
{
	d->icmp_type = rest->p[0];
	d->icmp_code = rest->p[1];
	if (nspy_is_echo(d->protocol, d->icmp_type)) {
		d->from.port = d->to.port = get16(rest->p + 4);
	} else {
		d->from.port = d->icmp_type;
		d->to.port = d->icmp_code;
	}
}

static bool
skip_transport(struct rest *rest, struct nspy_dissected *d)
{
	uint32_t header_len = 8;

	switch (d->protocol) {
	case IPPROTO_TCP:
		if (rest->captured < 20)
			return false;
		header_len = (uint32_t)(rest->p[12] >> 4) * 4;
		d->sequence = get32(rest->p + 4);
		d->acknowledgement = get32(rest->p + 8);
		d->tcp_flags = rest->p[13] & 0x3f;
		d->window = get16(rest->p + 14);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		if (rest->captured < 8)
			return false;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (rest->captured >= 8)
			read_icmp(rest, d);
		return true;
	default:
		return true;
	}
	d->from.port = get16(rest->p);
	d->to.port = get16(rest->p + 2);
	if (header_len > rest->captured)
		header_len = rest->captured;
	return skip(rest, header_len);
}

/* What LINUX_SLL carries instead of IP; false: none of it. */
static bool
read_without_ip(const struct nspy_captured *packet, struct rest *rest,
		struct nspy_dissected *d)
{
	if (packet->link_type != LINK_SLL || rest->captured < 16)
		return false;
	if (get16(rest->p + 2) == ARPHRD_NETLINK) {
		d->layer = NSPY_LAYER_NETLINK;
		d->protocol = (uint8_t)get16(rest->p + 14);
	} else if (get16(rest->p + 14) == ETHER_EXPERIMENT) {
		d->layer = NSPY_LAYER_MARK;
	} else {
		return false;
	}
	d->from.port = packet->direction == NSPY_OUTGOING;
	d->to.port = !d->from.port;
	d->ip_len = rest->len - 16;
	return skip(rest, 16);
}

bool
nspy_dissect(const struct nspy_captured *packet, struct nspy_dissected *d)
{
	struct rest rest = {packet->data, packet->captured_len,
			    packet->original_len};

	memset(d, 0, sizeof(*d));
	if (rest.len < rest.captured)
		rest.len = rest.captured;
	if (!read_without_ip(packet, &rest, d)) {
		if (!skip_link(packet->link_type, &rest) || !rest.captured)
			return false;
		if (rest.p[0] >> 4 == 4	  ? !skip_ipv4(&rest, d)
		    : rest.p[0] >> 4 == 6 ? !skip_ipv6(&rest, d)
					  : true)
			return false;
		if (!d->is_later && !skip_transport(&rest, d))
			return false;
	}
	d->payload = rest.p;
	d->len = rest.len;
	d->captured_len = rest.captured;
	return true;
}
