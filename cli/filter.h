/* SPDX-License-Identifier: BSD-2-Clause */
/* -f EXPRESSION: libpcap's filter language, pcap-filter(7). */

#ifndef NETSPY_FILTER_H
#define NETSPY_FILTER_H

#include "capture/packet.h"

/* Bytes of an expression, with the NUL. */
#define NSPY_FILTER_MAX 65536

struct nspy_filter;

/* NULL after one line that quotes libpcap, when it does not compile. */
struct nspy_filter *nspy_filter_compile(const char *expression);

/* Whether the packet passes; context is the filter. */
bool nspy_filter_matches(void *context, const struct nspy_packet *packet);

void nspy_filter_free(struct nspy_filter *filter);

#endif
