/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring, a capture and events for the unit tests of capture/. */

#include "config.h"

#include "tests/unit.h"

#include "capture/pcap.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct nspy_drain drain;
int fd;

static int
grow(void *context, struct nspy_ring *ring)
{
	(void)context;
	ring->allocated += NSPY_CONVERSATIONS_CHUNK;
	return 0;
}

struct nspy_ring *
new_ring(void)
{
	char name[] = "unit.XXXXXX";
	struct nspy_ring *ring =
		mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t header[NSPY_PCAP_HEADER_LEN];

	CHECK(ring != MAP_FAILED);
	fd = mkstemp(name);
	CHECK(fd >= 0 && unlink(name) == 0);
	nspy_pcap_header(header, 262144);
	CHECK(write(fd, header, sizeof(header)) == sizeof(header));
	nspy_ring_init(ring, 262144, sizeof(header));
	drain.ring = ring;
	drain.grow = grow;
	drain.size_limit = UINT64_MAX;
	return ring;
}

void
free_ring(struct nspy_ring *ring)
{
	munmap(ring, sizeof(*ring));
	close(fd);
}

struct nspy_event
tcp_event(uint16_t kind, uint16_t local_port, uint32_t len)
{
	struct nspy_event event = {
		.kind = kind,
		.cookie = local_port,
		.begin_ns = 1000000000,
		.end_ns = 1000000000,
		.data_len = len,
		.wire_len = len,
		.protocol = IPPROTO_TCP,
		.local = {{127, 0, 0, 1}, local_port, 4, 0},
		.peer = {{127, 0, 0, 1}, 80, 4, 0},
	};

	return event;
}

bool
put(struct nspy_ring *ring, const struct nspy_event *event, bool publish)
{
	struct nspy_place place;

	if (!nspy_ring_reserve(ring, (uint32_t)sizeof(*event) + event->data_len,
			       &place))
		return false;
	*place.event = *event;
	memset(place.event + 1, 'x', event->data_len);
	if (publish)
		nspy_ring_publish(&place);
	return true;
}
