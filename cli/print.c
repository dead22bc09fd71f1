/* SPDX-License-Identifier: BSD-2-Clause */
/* How addresses and connections are written. */

#include "cli/print.h"

#include "cli/quote.h"

#include <arpa/inet.h>
#include <string.h>

void
nspy_print_address(const struct nspy_endpoint *end, char *text, size_t size)
{
	if (!end->version || !inet_ntop(end->version == 6 ? AF_INET6 : AF_INET,
					end->addr, text, (socklen_t)size))
		text[0] = '\0';
}

static bool
has_ports(const struct nspy_connection *c)
{
	return c->protocol == IPPROTO_TCP || c->protocol == IPPROTO_UDP ||
	       c->protocol == IPPROTO_UDPLITE;
}

static size_t
put_end(const struct nspy_connection *c, int side, char *text, size_t size)
{
	const struct nspy_endpoint *end = &c->side[side].address;
	char address[INET6_ADDRSTRLEN];
	int len;

	nspy_print_address(end, address, sizeof(address));
	if (!has_ports(c))
		len = snprintf(text, size, "%s", address);
	else
		len = snprintf(text, size,
			       end->version == 6 ? "[%s]:%u" : "%s:%u", address,
			       end->port);
	return (size_t)len;
}

void
nspy_print_connection(const struct nspy_connection *c,
		      char text[NSPY_CONNECTION_TEXT_MAX])
{
	const size_t size = NSPY_CONNECTION_TEXT_MAX;
	const char *name = c->protocol == IPPROTO_TCP	    ? "tcp"
			   : c->protocol == IPPROTO_UDP	    ? "udp"
			   : c->protocol == IPPROTO_UDPLITE ? "udp-lite"
			   : c->protocol == IPPROTO_ICMP    ? "icmp"
			   : c->protocol == IPPROTO_ICMPV6  ? "icmp6"
							    : NULL;
	size_t len;

	if (c->layer == NSPY_LAYER_MARK) {
		snprintf(text, size, "marks of the program");
		return;
	}
	if (c->layer == NSPY_LAYER_NETLINK) {
		snprintf(text, size, "netlink %u", c->protocol);
		return;
	}
	len = name ? (size_t)snprintf(text, size, "%s ", name)
		   : (size_t)snprintf(text, size, "ip-%u ", c->protocol);
	len += put_end(c, 0, text + len, size - len);
	len += (size_t)snprintf(text + len, size - len, " > ");
	put_end(c, 1, text + len, size - len);
}

void
nspy_print_processes(const struct nspy_connection *c,
		     const struct nspy_reader *reader)
{
	uint32_t from = nspy_side_process(&c->side[0]);
	uint32_t to = nspy_side_process(&c->side[1]);

	if (!from && !to)
		return;
	printf("  ");
	nspy_print_plain(from ? nspy_reader_process(reader, from) : "?");
	printf(" > ");
	nspy_print_plain(to ? nspy_reader_process(reader, to) : "?");
}
