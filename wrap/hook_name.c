/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls that look up host names. */

#include "config.h"

#include "wrap/call.h"
#include "wrap/lifecycle.h"
#include "wrap/names.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

/* A vfork child shares the table with its parent. */
static bool
may_record(void)
{
	return nspy_recording() && !nspy_in_vfork_child();
}

/* An address as struct hostent has it; version 0 if it is none of IP. */
static struct nspy_endpoint
endpoint_of(int family, int len, const void *addr)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};

	if (family == AF_INET && len == 4) {
		memcpy(&four.sin_addr, addr, 4);
		return nspy_endpoint_of(&four, sizeof(four));
	}
	if (family != AF_INET6 || len != 16)
		return nspy_endpoint_of(NULL, 0);
	memcpy(&six.sin6_addr, addr, 16);
	return nspy_endpoint_of(&six, sizeof(six));
}

/* The name that was asked for, and the canonical one when it is another. */
static void
tell(const struct nspy_call *call, const char *name, const char *canonical,
     const struct nspy_endpoint *address)
{
	if (!address->version)
		return;
	if (name)
		nspy_name_add(call, name, address);
	if (canonical && (!name || strcmp(name, canonical) != 0))
		nspy_name_add(call, canonical, address);
}

static void
tell_addrinfo(const struct nspy_call *call, const char *name,
	      const struct addrinfo *list)
{
	const char *canonical = list ? list->ai_canonname : NULL;
	struct nspy_endpoint last = {.version = 0}, address;

	for (; list; list = list->ai_next) {
		address = nspy_endpoint_of(list->ai_addr, list->ai_addrlen);
		/* There is an entry for each type of socket. */
		if (memcmp(&address, &last, sizeof(last)) != 0)
			tell(call, name, canonical, &address);
		last = address;
	}
}

static void
tell_hostent(const struct nspy_call *call, const struct hostent *host,
	     const char *name)
{
	if (!host || !host->h_addr_list || !may_record())
		return;
	for (char **addr = host->h_addr_list; *addr; addr++) {
		struct nspy_endpoint address =
			endpoint_of(host->h_addrtype, host->h_length, *addr);

		tell(call, name, host->h_name, &address);
	}
}

/* Nobody had the name, or nobody answered: not a mistake of the program. */
static bool
is_failure(int error, const struct addrinfo *hints)
{
	return (error == EAI_NONAME || error == EAI_AGAIN ||
		error == EAI_FAIL || error == EAI_NODATA ||
		error == EAI_SYSTEM) &&
	       !(hints && hints->ai_flags & AI_NUMERICHOST);
}

void
nspy_on_getaddrinfo(struct nspy_call *call, int ret, const char *node,
		    const struct addrinfo *hints, struct addrinfo *const *res)
{
	/* Without a node the addresses are those of this host itself. */
	if (!node || !may_record())
		return;
	if (ret == 0)
		tell_addrinfo(call, node, *res);
	else if (is_failure(ret, hints))
		nspy_name_failed(call, node, ret);
}

void
nspy_on_gethost(struct nspy_call *call, const struct hostent *ret,
		const char *name)
{
	tell_hostent(call, ret, name);
}

void
nspy_on_gethost_r(struct nspy_call *call, int ret,
		  struct hostent *const *result, const char *name)
{
	if (ret == 0)
		tell_hostent(call, *result, name);
}

void
nspy_on_getnameinfo(struct nspy_call *call, int ret, const struct sockaddr *sa,
		    socklen_t salen, const char *host, socklen_t hostlen)
{
	struct nspy_endpoint address;

	if (ret != 0 || !host || !hostlen || !may_record())
		return;
	address = nspy_endpoint_of(sa, salen);
	tell(call, host, NULL, &address);
}

/*
 * Requests of getaddrinfo_a() whose results are still to come. Only the first
 * look at a result is safe: afterwards the program may have freed it.
 */
#ifdef HAVE_GETADDRINFO_A

#define PENDING_MAX 64

static struct gaicb *_Atomic pending[PENDING_MAX];

static bool
exchange_pending(struct gaicb *before, struct gaicb *after)
{
	for (int i = 0; i < PENDING_MAX; i++) {
		struct gaicb *expected = before;

		if (atomic_compare_exchange_strong(&pending[i], &expected,
						   after))
			return true;
	}
	return false;
}

static void
tell_request(const struct nspy_call *call, const struct gaicb *request)
{
	/* What gai_error() returns. */
	if (!request->ar_name)
		return;
	if (request->__return == 0)
		tell_addrinfo(call, request->ar_name, request->ar_result);
	else if (is_failure(request->__return, request->ar_request))
		nspy_name_failed(call, request->ar_name, request->__return);
}

static void
look_at(const struct nspy_call *call, struct gaicb *request)
{
	if (request && request->__return != EAI_INPROGRESS &&
	    exchange_pending(request, NULL))
		tell_request(call, request);
}

void
nspy_on_getaddrinfo_a(struct nspy_call *call, int ret, int mode,
		      struct gaicb *const *list, int nitems)
{
	if (ret != 0 || !may_record())
		return;
	for (int i = 0; i < nitems; i++) {
		if (!list[i])
			continue;
		if (mode == GAI_WAIT)
			tell_request(call, list[i]);
		else if (!exchange_pending(list[i], list[i]))
			exchange_pending(NULL, list[i]);
	}
}

void
nspy_on_gai_error(struct nspy_call *call, int ret, struct gaicb *req)
{
	(void)ret;
	if (may_record())
		look_at(call, req);
}

void
nspy_on_gai_suspend(struct nspy_call *call, int ret,
		    const struct gaicb *const *list, int nitems)
{
	(void)ret;
	for (int i = 0; i < nitems && may_record(); i++)
		look_at(call, (struct gaicb *)(uintptr_t)list[i]);
}

#endif
