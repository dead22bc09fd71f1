/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls that ask and tell a socket's options. */

#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/cork.h"
#include "wrap/emit.h"
#include "wrap/protocol.h"
#include "wrap/report.h"
#include "wrap/settings.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif
/* Of <linux/tls.h>. */
#define TLS_TX 1
#define TLS_RX 2
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef TCP_ZEROCOPY_RECEIVE
#define TCP_ZEROCOPY_RECEIVE 35
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

void
nspy_on_getsockopt(struct nspy_call *call, int ret, int level, int optname,
		   const void *optval, const socklen_t *optlen)
{
	int error = 0;

	call->result = ret;
	if (ret == 0 && level == IPPROTO_TCP &&
	    optname == TCP_ZEROCOPY_RECEIVE) {
		nspy_tell_mapped(call, optval, *optlen);
		return;
	}
	/* Reading SO_ERROR clears it, so we only ever see what they read. */
	if (ret < 0 || level != SOL_SOCKET || optname != SO_ERROR ||
	    *optlen < sizeof(error))
		return;
	memcpy(&error, optval,
	       *optlen < sizeof(error) ? *optlen : sizeof(error));
	if (call->socket->type != SOCK_STREAM) {
		nspy_datagram_failed(call, error);
		return;
	}
	if (error == EINPROGRESS || error == EALREADY)
		return;
	if (error == 0) {
		struct nspy_socket probe = {.cookie = 0};

		nspy_socket_ask_peer(call->fd, &probe);
		if (!probe.peer.version)
			return; /* asked too early */
	}
	if (error && atomic_load(&call->socket->flags) & NSPY_CONNECTED) {
		const struct nspy_tell tell = {.kind = NSPY_RECV,
					       .error = error};

		nspy_emit(call, call->socket, &tell);
	}
	nspy_connect_done(call, call->socket, error);
}

static int
int_of(const void *optval, socklen_t optlen)
{
	int value = 0;

	if (optval && optlen >= sizeof(value))
		memcpy(&value, optval, sizeof(value));
	return value;
}

static bool
lingers_not(const void *optval, socklen_t optlen)
{
	struct linger linger = {0, 0};

	if (optval && optlen >= sizeof(linger))
		memcpy(&linger, optval, sizeof(linger));
	return linger.l_onoff && linger.l_linger == 0;
}

static void
mark(struct nspy_socket *socket, uint32_t flag, bool on)
{
	if (on)
		atomic_fetch_or(&socket->flags, flag);
	else
		atomic_fetch_and(&socket->flags, ~flag);
}

/* The keys are set, so from now on the kernel makes TLS records. */
static void
on_kernel_tls(const struct nspy_call *call, struct nspy_socket *socket,
	      int optname)
{
	char fd[NSPY_DECIMAL_MAX];

	if (optname != TLS_TX && optname != TLS_RX)
		return;
	mark(socket, optname == TLS_TX ? NSPY_TLS_SEND : NSPY_TLS_RECV, true);
	if (!nspy_settings.debug)
		return;
	nspy_decimal(fd, call->fd);
	nspy_report("descriptor ", fd, ": the kernel does the TLS of what is ",
		    optname == TLS_TX ? "sent" : "received",
		    ", which is a gap from here on", NULL);
}

void
nspy_on_setsockopt(struct nspy_call *call, int ret, int level, int optname,
		   const void *optval, socklen_t optlen)
{
	struct nspy_socket *socket = call->socket;
	int value;

	call->result = ret;
	if (ret < 0)
		return;
	value = int_of(optval, optlen);
	if (level == IPPROTO_TCP && optname == TCP_FASTOPEN_CONNECT)
		mark(socket, NSPY_FASTOPEN, value);
	if (level == SOL_TLS && socket->type == SOCK_STREAM)
		on_kernel_tls(call, socket, optname);
	if (level == SOL_SOCKET && optname == SO_LINGER)
		mark(socket, NSPY_LINGERS_NOT, lingers_not(optval, optlen));
	if (level == SOL_UDP && optname == UDP_SEGMENT)
		socket->segment_len = (uint16_t)value;
	nspy_protocol_option(socket, level, optname, value);
	nspy_cork_option(call, level, optname, value);
}
