/* SPDX-License-Identifier: BSD-2-Clause */
/* One counter for each family that has sockets of its own kind. */

#include "wrap/unrecorded.h"

#include "capture/text.h"
#include "wrap/lifecycle.h"
#include "wrap/report.h"
#include "wrap/settings.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* Names of <sys/socket.h> that older ones lack. */
#define FAMILY_XDP 44
#define PROTOCOL_DCCP 33

/* The first that fits; the last one fits everything. */
static struct {
	int domain, protocol; /* 0: any */
	const char *name;
	_Atomic uint32_t count;
} kinds[] = {
	{AF_UNIX, 0, "AF_UNIX", 0},
	{AF_NETLINK, 0, "AF_NETLINK", 0},
	{AF_PACKET, 0, "AF_PACKET", 0},
	{AF_VSOCK, 0, "AF_VSOCK", 0},
	{AF_ALG, 0, "AF_ALG", 0},
	{AF_BLUETOOTH, 0, "AF_BLUETOOTH", 0},
	{AF_CAN, 0, "AF_CAN", 0},
	{FAMILY_XDP, 0, "AF_XDP", 0},
	{0, IPPROTO_SCTP, "SCTP", 0},
	{0, PROTOCOL_DCCP, "DCCP", 0},
	{0, 0, "other", 0},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

void
nspy_unrecorded_add(int domain, int protocol)
{
	size_t i = 0;

	while ((kinds[i].domain && kinds[i].domain != domain) ||
	       (kinds[i].protocol && kinds[i].protocol != protocol))
		i++;
	atomic_fetch_add(&kinds[i].count, 1);
}

void
nspy_unrecorded_forked(void)
{
	for (size_t i = 0; i < KINDS; i++)
		atomic_store(&kinds[i].count, 0);
}

void
nspy_unrecorded_report(void)
{
	char list[256], pid[NSPY_DECIMAL_MAX];
	struct nspy_text text = {list, sizeof(list), 0};

	if (!nspy_settings.debug)
		return;
	for (size_t i = 0; i < KINDS; i++) {
		uint32_t count = atomic_exchange(&kinds[i].count, 0);

		if (!count)
			continue;
		nspy_text_add(&text, text.len ? ", " : "");
		nspy_text_add_number(&text, count);
		nspy_text_add(&text, " ");
		nspy_text_add(&text, kinds[i].name);
		nspy_text_add(&text, count == 1 ? " socket" : " sockets");
	}
	if (!text.len)
		return;
	nspy_decimal(pid, nspy_process());
	nspy_report(nspy_settings.executable, "[", pid,
		    "]: not recorded: ", list, NULL);
}
