/* SPDX-License-Identifier: BSD-2-Clause */
/* A small table of the names that the process has looked up. */

#include "wrap/names.h"

#include "capture/format.h"
#include "wrap/clock.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/report.h"
#include "wrap/settings.h"
#include "wrap/signals.h"
#include "wrap/writer.h"

#include <arpa/inet.h>
#include <string.h>

#define NAMES_KEPT 128

struct name {
	uint64_t begin_ns, end_ns;
	struct nspy_endpoint address;
	uint32_t pid, tid;
	int32_t error;	     /* why there is no address: EAI_ */
	bool told;	     /* the ring has it */
	_Atomic uint8_t len; /* 0: nothing here, or not complete */
	char text[NSPY_NAME_MAX];
};

/* Held for some memory accesses, with all signals blocked. */
static _Atomic int busy;
static struct name names[NAMES_KEPT]; /* guarded by busy, as is the rest */
static uint32_t next_name;
static bool have_ring;

static void
lock(uint64_t *mask)
{
	nspy_block_signals(mask);
	while (atomic_exchange(&busy, 1))
		nspy_wait_briefly();
}

static void
unlock(const uint64_t *mask)
{
	atomic_store(&busy, 0);
	nspy_restore_signals(mask);
}

static void
publish(const struct nspy_place *place, const struct name *name)
{
	const struct nspy_event event = {
		.kind = NSPY_NAME,
		.error = name->error,
		.begin_ns = name->begin_ns,
		.end_ns = name->end_ns,
		.pid = name->pid,
		.tid = name->tid,
		.data_len = name->len,
		.wire_len = name->len,
		.peer = name->address,
	};

	*place->event = event;
	memcpy(place->event + 1, name->text, name->len);
	nspy_ring_publish(place);
}

static uint32_t
event_len(const struct name *name)
{
	return (uint32_t)sizeof(struct nspy_event) + name->len;
}

void
nspy_names_publish(struct nspy_ring *created, struct nspy_ring *_Atomic *ring)
{
	uint32_t pid = nspy_process();
	uint64_t mask;

	lock(&mask);
	for (uint32_t i = 0; i < NAMES_KEPT; i++) {
		/* The oldest first. */
		struct name *name = &names[(next_name + i) % NAMES_KEPT];
		struct nspy_place place;

		/* A failure belongs to the process that had it. */
		if (name->len && (!name->error || name->pid == pid) &&
		    nspy_ring_reserve(created, event_len(name), &place)) {
			publish(&place, name);
			name->told = true;
		}
	}
	have_ring = true;
	atomic_store(ring, created);
	unlock(&mask);
}

void
nspy_names_forked(void)
{
	for (uint32_t i = 0; i < NAMES_KEPT; i++)
		names[i].told = false;
	have_ring = false;
	atomic_store(&busy, 0);
}

static bool
same(const struct name *a, const struct name *b)
{
	return a->len == b->len && a->error == b->error &&
	       memcmp(a->text, b->text, a->len) == 0 &&
	       memcmp(&a->address, &b->address, sizeof(a->address)) == 0;
}

/* Returns whether the ring is to be told. */
static bool
keep(struct name *name)
{
	struct name *place;
	uint64_t mask;
	bool known = false;

	lock(&mask);
	for (uint32_t i = 0; i < NAMES_KEPT && !known; i++)
		known = same(&names[i], name);
	name->told = have_ring && !known;
	if (!known) {
		place = &names[next_name++ % NAMES_KEPT];
		/* A fork in another thread may copy what is half done. */
		atomic_store(&place->len, 0);
		place->begin_ns = name->begin_ns;
		place->end_ns = name->end_ns;
		place->address = name->address;
		place->error = name->error;
		place->pid = name->pid;
		place->tid = name->tid;
		place->told = name->told;
		memcpy(place->text, name->text, name->len);
		atomic_store(&place->len, name->len);
	}
	unlock(&mask);
	return name->told;
}

static bool
is_numeric(const char *text)
{
	struct in_addr ignored;

	return strchr(text, ':') || inet_aton(text, &ignored);
}

static void
report_name(const struct nspy_call *call, const char *text,
	    const struct nspy_endpoint *address)
{
	char pid[NSPY_DECIMAL_MAX], numeric[INET6_ADDRSTRLEN] = "";

	nspy_decimal(pid, nspy_process());
	inet_ntop(address->version == 6 ? AF_INET6 : AF_INET, address->addr,
		  numeric, sizeof(numeric));
	nspy_report(pid, " ", call->name, ": ", text, " is ", numeric, NULL);
}

/* An event, unless the ring has it, or is still to come. */
static void
tell(const struct nspy_call *call, const char *text, size_t len,
     struct name *name)
{
	struct nspy_place place;

	name->begin_ns = call->begin_ns;
	name->end_ns = call->end_ns;
	name->pid = nspy_process();
	name->tid = nspy_thread(name->pid);
	atomic_store(&name->len, (uint8_t)len);
	memcpy(name->text, text, len);
	if (keep(name) && nspy_reserve(event_len(name), &place))
		publish(&place, name);
}

void
nspy_name_add(const struct nspy_call *call, const char *text,
	      const struct nspy_endpoint *address)
{
	struct name name = {.address = *address};
	size_t len = strnlen(text, NSPY_NAME_MAX + 1);

	if (!len || len > NSPY_NAME_MAX || is_numeric(text))
		return;
	if (nspy_settings.debug)
		report_name(call, text, address);
	name.address.port = 0;
	tell(call, text, len, &name);
}

void
nspy_name_failed(const struct nspy_call *call, const char *text, int error)
{
	struct name name = {.error = error};
	size_t len = strnlen(text, NSPY_NAME_MAX + 1);

	if (!len || len > NSPY_NAME_MAX || nspy_settings.format != NSPY_PCAPNG)
		return;
	nspy_writer_start();
	tell(call, text, len, &name);
}
