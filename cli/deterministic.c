/* SPDX-License-Identifier: BSD-2-Clause */
/* Events in an order, with times and numbers, that every equal run has. */

#include "config.h"

#include "cli/deterministic.h"

#include "cli/halves.h"
#include "cli/renumber.h"
#include "cli/rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct writing {
	struct nspy_spool *spool;
	struct nspy_halves halves;
	struct nspy_renumbering numbers;
	struct nspy_rewrite *rewrite;
	uint32_t *ranks; /* of processes, by their number less one */
	struct nspy_half **leads;
	size_t lead_count;
};

/* In the order of their start. */
static int
rank_processes(struct writing *w)
{
	uint32_t count;
	const struct nspy_process *all = nspy_spool_processes(w->spool, &count);

	w->ranks = calloc(count + 1, sizeof(*w->ranks));
	if (!w->ranks)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < count; j++)
			w->ranks[i] += all[j].start != all[i].start
					       ? all[j].start < all[i].start
				       : all[j].pid != all[i].pid
					       ? all[j].pid < all[i].pid
					       : j < i;
	return 0;
}

struct place {
	struct nspy_half *end;
	uint32_t rank;
	size_t number; /* among the ends */
};

static int
compare_places(const void *left, const void *right)
{
	const struct place *l = left, *r = right;

	if (l->rank != r->rank)
		return l->rank < r->rank ? -1 : 1;
	return l->number < r->number ? -1 : l->number > r->number;
}

/* The ends that lead, by process, then by first use. */
static int
order_leads(struct writing *w)
{
	struct place *places = calloc(w->halves.count + 1, sizeof(*places));
	size_t count = 0;

	w->leads = calloc(w->halves.count + 1, sizeof(struct nspy_half *));
	if (!places || !w->leads) {
		free(places);
		return -ENOMEM;
	}
	for (size_t i = 0; i < w->halves.count; i++) {
		struct nspy_half *end = w->halves.list[i];

		if (nspy_half_leads(end))
			places[count++] = (struct place){
				end, w->ranks[end->process - 1], i};
	}
	qsort(places, count, sizeof(*places), compare_places);
	for (size_t i = 0; i < count; i++)
		w->leads[i] = places[i].end;
	w->lead_count = count;
	free(places);
	return 0;
}

/*
 * Both ends of a conversation as they are written. The port of who began it was
 * the kernel's choice, that of a server is known unless it was, too.
 */
static void
renumber(struct writing *w, const struct nspy_half *lead,
	 struct nspy_endpoint ends[2])
{
	bool stream = lead->protocol == IPPROTO_TCP;
	bool client = stream ? lead->connected : lead->sent;
	bool server = stream ? lead->accepted : !lead->sent;
	enum nspy_port_rule asking =
		stream ? NSPY_PORT_FRESH : NSPY_PORT_CHOSEN;

	ends[0] = nspy_renumber(&w->numbers, &lead->local, lead->protocol,
				stream ? 0 : lead->cookie,
				client ? asking : NSPY_PORT_SERVED);
	ends[1] = nspy_renumber(&w->numbers, &lead->peer, lead->protocol,
				stream || !lead->twin ? 0 : lead->twin->cookie,
				server && !client ? asking : NSPY_PORT_SERVED);
}

/* What the end of a conversation consists of. */
static bool
is_last(const struct nspy_event *event)
{
	return event->kind == NSPY_CLOSE || event->kind == NSPY_AUDIT;
}

/* Of several processes that hold a socket, which closes it last is chance. */
static uint32_t
last_user(const struct writing *w, const struct nspy_half *end)
{
	uint32_t process = end->process;

	for (size_t i = 0; i < end->count; i++) {
		uint64_t offset = end->events[i];
		const struct nspy_spooled *spooled =
			nspy_spool_next(w->spool, &offset);

		if (!is_last(&spooled->event))
			process = spooled->process;
	}
	return process;
}

/* An ICMP message has an address in its payload. */
static const void *
data_of(struct writing *w, const struct nspy_event *event,
	struct nspy_unreachable *changed)
{
	const void *data = nspy_event_data(event);

	if (event->kind != NSPY_UNREACHABLE ||
	    event->data_len != sizeof(*changed))
		return data;
	memcpy(changed, data, sizeof(*changed));
	changed->from = nspy_renumber(&w->numbers, &changed->from,
				      event->protocol, 0, NSPY_PORT_SERVED);
	return changed;
}

static void
write_events(struct writing *w, const struct nspy_half *end,
	     const struct nspy_endpoint *local,
	     const struct nspy_endpoint *peer, bool last)
{
	/*
	 * Whether the peer had closed before this end did is a matter of
	 * microseconds, unless the program read the end of the stream.
	 */
	bool told = !end->twin || end->twin->closed;
	uint32_t user = last_user(w, end);

	for (size_t i = 0; i < end->count; i++) {
		uint64_t offset = end->events[i];
		const struct nspy_spooled *spooled =
			nspy_spool_next(w->spool, &offset);
		struct nspy_event event = spooled->event;
		struct nspy_unreachable changed;

		if (is_last(&event) != last)
			continue;
		event.local = *local;
		event.peer = *peer;
		if (told && last)
			event.flags &= (uint16_t)~NSPY_PEER_FIN;
		nspy_rewrite_event(w->rewrite, last ? user : spooled->process,
				   &event,
				   data_of(w, &spooled->event, &changed));
	}
	nspy_rewrite_end_run(w->rewrite);
}

static void
write_conversation(struct writing *w, const struct nspy_half *lead)
{
	struct nspy_endpoint ends[2];

	renumber(w, lead, ends);
	for (int last = 0; last < 2; last++) {
		write_events(w, lead, &ends[0], &ends[1], last);
		if (lead->twin)
			write_events(w, lead->twin, &ends[1], &ends[0], last);
	}
}

/* Their addresses are in their packets, which stay as they are. */
static bool
is_raw(const struct writing *w, const struct nspy_half *end)
{
	uint64_t offset = end->events[0];

	return nspy_spool_next(w->spool, &offset)->event.flags & NSPY_RAW ||
	       end->family == AF_NETLINK;
}

static void
write_raw(struct writing *w, const struct nspy_half *end)
{
	for (size_t i = 0; i < end->count; i++) {
		uint64_t offset = end->events[i];
		const struct nspy_spooled *spooled =
			nspy_spool_next(w->spool, &offset);

		nspy_rewrite_event(w->rewrite, spooled->process,
				   &spooled->event,
				   nspy_event_data(&spooled->event));
	}
}

static int
write_all(struct writing *w, int fd, uint32_t format, uint64_t dropped,
	  struct nspy_written *written)
{
	int err = nspy_halves_read(&w->halves, w->spool);

	if (!err)
		err = rank_processes(w);
	if (!err)
		err = order_leads(w);
	if (!err)
		err = nspy_rewrite_begin(&w->rewrite, w->spool, fd, format);
	for (size_t i = 0; i < w->lead_count && !err; i++) {
		if (is_raw(w, w->leads[i]))
			write_raw(w, w->leads[i]);
		else
			write_conversation(w, w->leads[i]);
	}
	if (!err)
		err = nspy_rewrite_end(w->rewrite, dropped, written);
	if (w->numbers.no_memory)
		err = -ENOMEM;
	nspy_rewrite_free(w->rewrite);
	nspy_renumber_free(&w->numbers);
	nspy_halves_free(&w->halves);
	free(w->leads);
	free(w->ranks);
	return err;
}

/* A name beside the capture; it takes its place in one step. */
static int
open_beside(const struct nspy_output *output, char *path, size_t size)
{
	int fd;

	if (output->in_memory)
		fd = memfd_create("netspy", MFD_CLOEXEC);
	else if (snprintf(path, size, "%s.new", output->path) >= (int)size)
		return -ENAMETOOLONG;
	else
		fd = open(path,
			  O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			  0600);
	return fd < 0 ? -errno : fd;
}

int
nspy_deterministic_write(struct nspy_spool *spool, struct nspy_output *output,
			 uint64_t dropped, struct nspy_written *written)
{
	struct writing w = {.spool = spool};
	char path[PATH_MAX];
	int fd = open_beside(output, path, sizeof(path)), err;

	if (fd < 0)
		return fd;
	err = nspy_spool_map(spool);
	if (!err)
		err = write_all(&w, fd, output->format, dropped, written);
	if (!err && !output->in_memory && rename(path, output->path) < 0)
		err = -errno;
	if (err) {
		close(fd);
		if (!output->in_memory)
			unlink(path);
		return err;
	}
	close(output->fd);
	output->fd = fd;
	output->held = false;
	return nspy_output_written(output, written->size);
}
