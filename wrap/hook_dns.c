/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hooks of the calls that exchange messages with a name server: their buffers
 * hold what was in the datagrams. What they do not tell stays unknown: the
 * local port, and the server when there are several to try. In a static
 * program the datagrams themselves are seen, and these hooks say nothing.
 */

#include "wrap/call.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/report.h"
#include "wrap/settings.h"
#include "wrap/writer.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#define DNS_PORT 53
#define HEADER_LEN 12u
#define OPT_LEN 11u /* of an OPT record without options, RFC 6891 */
#define OPT_TYPE 41
#define PLAIN_MAX 512u /* of a message in a datagram, RFC 1035 section 4.2.1 */
#define EDNS_MAX 1200u /* what glibc's resolver asks for */

/* Weak: no static program is to have it for us. */
extern struct __res_state *__res_state(void) __attribute__((weak));

static size_t
get16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* The place behind the name at message[at], or beyond len. */
static size_t
skip_name(const uint8_t *message, size_t len, size_t at)
{
	while (at < len && message[at]) {
		if (message[at] >= 0xc0)
			return at + 2;
		at += 1u + message[at];
	}
	return at + 1;
}

/* The length of the reply in a buffer of len bytes; 0: there is none. */
static size_t
reply_len(const uint8_t *message, size_t len)
{
	size_t at = HEADER_LEN, questions, records;

	if (len < HEADER_LEN || !(message[2] & 0x80))
		return 0;
	questions = get16(message + 4);
	records = get16(message + 6) + get16(message + 8) + get16(message + 10);
	while (questions-- && at < len)
		at = skip_name(message, len, at) + 4;
	while (records-- && at < len) {
		at = skip_name(message, len, at) + 10;
		if (at > len)
			return 0;
		at += get16(message + at - 2);
	}
	return at <= len ? at : 0;
}

/* The only server there is, else an unknown one. */
static struct nspy_endpoint
server_of(const struct __res_state *state)
{
	struct nspy_endpoint unknown = {.port = DNS_PORT};

	if (!state || state->nscount != 1)
		return unknown;
	if (state->nsaddr_list[0].sin_family == AF_INET)
		return nspy_endpoint_of(&state->nsaddr_list[0],
					sizeof(state->nsaddr_list[0]));
	if (!state->_u._ext.nsaddrs[0])
		return unknown;
	return nspy_endpoint_of(state->_u._ext.nsaddrs[0],
				sizeof(*state->_u._ext.nsaddrs[0]));
}

static void
tell(const struct nspy_call *call, uint16_t kind, const void *message,
     size_t len, const struct __res_state *state)
{
	const struct nspy_endpoint server = server_of(state);
	const struct iovec iov = {(void *)(uintptr_t)message, len};
	const struct nspy_tell told = {
		.kind = kind,
		.iov = &iov,
		.iov_count = 1,
		.len = len,
		.peer = &server,
	};
	struct nspy_socket asked = {
		.protocol = IPPROTO_UDP,
		.family = server.version == 6 ? AF_INET6 : AF_INET,
		.type = SOCK_DGRAM,
	};

	nspy_emit(call, &asked, &told);
}

/* False also if what was below the call has told of it. */
static bool
may_record(const struct nspy_call *call)
{
	return nspy_recording() && !nspy_in_vfork_child() &&
	       nspy_emitted() == call->emitted;
}

static void
finish(const struct nspy_call *call)
{
	nspy_drain_when_due(call->end_ns);
}

/* max: the largest datagram that was asked for. What is larger came by TCP. */
static void
tell_answer(const struct nspy_call *call, const void *answer, size_t len,
	    size_t max, const struct __res_state *state)
{
	char pid[NSPY_DECIMAL_MAX];

	if (len <= max) {
		tell(call, NSPY_RECV, answer, len, state);
	} else if (nspy_settings.debug) {
		nspy_decimal(pid, nspy_process());
		nspy_report(pid, " ", call->name,
			    ": not recorded: the answer came by TCP", NULL);
	}
}

static const struct __res_state *
state_of(const struct __res_state *given)
{
	if (given)
		return given;
	return __res_state ? __res_state() : NULL;
}

void
nspy_on_res_query(struct nspy_call *call, int ret, const unsigned char *answer,
		  int anslen, const struct __res_state *given)
{
	const struct __res_state *state = state_of(given);
	size_t room = anslen > 0 ? (size_t)anslen : 0, len = 0, max = PLAIN_MAX;

	if (!may_record(call))
		return;
	if (ret >= 0)
		len = (size_t)ret;
	else if (h_errno == HOST_NOT_FOUND || h_errno == NO_DATA)
		len = reply_len(answer, room); /* the server said so */
	if (!len)
		return;
	if (state && state->options & (RES_USE_EDNS0 | RES_USE_DNSSEC))
		max = EDNS_MAX;
	if (state && state->options & RES_USEVC)
		max = 0;
	tell_answer(call, answer, len, max < room ? max : room, state);
	finish(call);
}

/* The size of answers that the query allows for, as its last record. */
static size_t
answer_max(const unsigned char *msg, size_t len)
{
	const unsigned char *opt = msg + len - OPT_LEN;

	if (len >= HEADER_LEN + OPT_LEN && get16(msg + 10) && !opt[0] &&
	    get16(opt + 1) == OPT_TYPE && !get16(opt + 9) &&
	    get16(opt + 3) > PLAIN_MAX)
		return get16(opt + 3);
	return PLAIN_MAX;
}

void
nspy_on_res_send(struct nspy_call *call, int ret, const unsigned char *msg,
		 int msglen, const unsigned char *answer, int anslen,
		 const struct __res_state *given)
{
	const struct __res_state *state = state_of(given);
	size_t room = anslen > 0 ? (size_t)anslen : 0, max;
	size_t len = msglen > 0 ? (size_t)msglen : 0;
	bool stream = len > PLAIN_MAX || (state && state->options & RES_USEVC);

	/* Of other failures nobody knows whether the query was sent. */
	if (!may_record(call) || len < HEADER_LEN ||
	    (ret < 0 && call->error != ETIMEDOUT))
		return;
	max = answer_max(msg, len);
	if (!stream)
		tell(call, NSPY_SEND, msg, len, state);
	if (ret >= 0)
		tell_answer(call, answer, (size_t)ret,
			    stream	 ? 0
			    : max < room ? max
					 : room,
			    state);
	finish(call);
}
