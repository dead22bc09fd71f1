/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * ring-events RING: a line for each event of a killed process, in their order.
 * Those that are drained are there too, as the ring is not full.
 */

#include "prog.h"

#include "capture/ring.h"

#include <sys/mman.h>

static void
print(const struct nspy_event *event)
{
	char peer[INET6_ADDRSTRLEN] = "";

	inet_ntop(event->peer.version == 6 ? AF_INET6 : AF_INET,
		  event->peer.addr, peer, sizeof(peer));
	if (event->kind == NSPY_NAME)
		printf("name %.*s is %s\n", (int)event->data_len,
		       (const char *)nspy_event_data(event), peer);
	else
		printf("event %d\n", event->kind);
}

int
main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);
	const struct nspy_ring *ring = mmap(NULL, sizeof(*ring), PROT_READ,
					    MAP_SHARED, fd, 0);

	MUST(argc == 2 && ring != MAP_FAILED);
	for (uint32_t i = 0; i < NSPY_RING_SLOTS; i++) {
		uint64_t stamp = ring->slots[i].stamp;

		if (stamp)
			print((const void *)&ring->data[(stamp - 1) %
							NSPY_RING_DATA]);
	}
	return 0;
}
