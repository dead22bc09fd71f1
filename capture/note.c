/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences about failed calls, with the names of the manual pages. */

#include "capture/note.h"

#include "capture/pcapng.h"
#include "capture/text.h"

#include <errno.h>

struct name {
	int number;
	const char *name;
};

/* Of connect(2), and of what firewalls and sandboxes make of it. */
static const struct name errors[] = {
	{EACCES, "EACCES"},
	{EADDRINUSE, "EADDRINUSE"},
	{EADDRNOTAVAIL, "EADDRNOTAVAIL"},
	{EAFNOSUPPORT, "EAFNOSUPPORT"},
	{ECONNABORTED, "ECONNABORTED"},
	{ECONNREFUSED, "ECONNREFUSED"},
	{ECONNRESET, "ECONNRESET"},
	{EHOSTDOWN, "EHOSTDOWN"},
	{EHOSTUNREACH, "EHOSTUNREACH"},
	{EINVAL, "EINVAL"},
	{EMSGSIZE, "EMSGSIZE"},
	{ENETDOWN, "ENETDOWN"},
	{ENETUNREACH, "ENETUNREACH"},
	{ENOBUFS, "ENOBUFS"},
	{ENOENT, "ENOENT"},
	{ENOMEM, "ENOMEM"},
	{EPERM, "EPERM"},
	{EPROTOTYPE, "EPROTOTYPE"},
	{ETIMEDOUT, "ETIMEDOUT"},
};

/* Of getaddrinfo(3); <netdb.h> hides some. */
static const struct name lookup_errors[] = {
	{-1, "EAI_BADFLAGS"},	  {-2, "EAI_NONAME"},  {-3, "EAI_AGAIN"},
	{-4, "EAI_FAIL"},	  {-5, "EAI_NODATA"},  {-6, "EAI_FAMILY"},
	{-7, "EAI_SOCKTYPE"},	  {-8, "EAI_SERVICE"}, {-9, "EAI_ADDRFAMILY"},
	{-10, "EAI_MEMORY"},	  {-11, "EAI_SYSTEM"}, {-12, "EAI_OVERFLOW"},
	{-105, "EAI_IDN_ENCODE"},
};

static void
add_name(struct nspy_text *text, const struct name *names, size_t count,
	 int number)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i].number != number)
			continue;
		nspy_text_add(text, names[i].name);
		return;
	}
	nspy_text_add(text, "error ");
	nspy_text_add_number(text, number);
}

static bool
is_failed_lookup(const struct nspy_event *event)
{
	return event->kind == NSPY_NAME && event->error;
}

/* A refused one has a RST; and what is under way has not failed. */
static bool
is_failed_connect(const struct nspy_event *event)
{
	int error = event->error;

	return (event->kind == NSPY_CONNECT ||
		event->kind == NSPY_ESTABLISHED) &&
	       error && error != EINPROGRESS && error != EINTR &&
	       error != EAGAIN && error != ECONNREFUSED;
}

/* A datagram that the kernel did not take. */
static bool
is_failed_send(const struct nspy_event *event)
{
	return event->kind == NSPY_SEND && event->error &&
	       event->protocol != IPPROTO_TCP && event->peer.version;
}

static void
say_lookup(struct nspy_text *text, const struct nspy_event *event,
	   const char *host)
{
	nspy_text_add(text, "getaddrinfo ");
	nspy_text_add_part(text, host, event->data_len);
	nspy_text_add(text, ": ");
	add_name(text, lookup_errors,
		 sizeof(lookup_errors) / sizeof(lookup_errors[0]),
		 event->error);
}

static void
say_peer(struct nspy_text *text, const struct nspy_event *event,
	 const char *host)
{
	nspy_text_add(text, event->kind == NSPY_SEND ? "send " : "connect ");
	nspy_text_add_endpoint(text, &event->peer);
	if (host) {
		nspy_text_add(text, " (");
		nspy_text_add(text, host);
		nspy_text_add(text, ")");
	}
	nspy_text_add(text, ": ");
	add_name(text, errors, sizeof(errors) / sizeof(errors[0]),
		 event->error);
}

void
nspy_note_failure(struct nspy_drain *drain, const struct nspy_event *event)
{
	struct nspy_text text = {drain->comment, sizeof(drain->comment), 0};

	if (drain->ring->format != NSPY_PCAPNG || drain->wanted)
		return;
	if (is_failed_lookup(event) && event->data_len <= NSPY_NAME_MAX)
		say_lookup(&text, event, drain->data);
	else if (is_failed_connect(event) || is_failed_send(event))
		say_peer(&text, event,
			 nspy_host_find(&drain->hosts, &event->peer));
	else
		return;
	nspy_batch_add_block(&drain->batch, drain->block,
			     nspy_pcapng_message(drain->block, event->end_ns,
						 drain->process,
						 drain->comment));
	drain->progress->notes++;
}
