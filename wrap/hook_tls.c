/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hooks of TLS libraries, for --tls-keys: each context of OpenSSL and each
 * session of GnuTLS gets a function that tells us its secrets. A program may
 * have set one of its own, which is called after ours.
 */

#include "wrap/tls.h"

#include "wrap/emit.h"
#include "wrap/clock.h"
#include "wrap/lifecycle.h"
#include "wrap/next.h"
#include "wrap/settings.h"
#include "wrap/writer.h"

#include <errno.h>
#include <string.h>

/* Functions of the program's that a process can have; few have one. */
#define CHAINED 4
/* Of one secret, in bytes: with SHA-512, the longest, it has 64. */
#define SECRET_MAX 64u
#define RANDOM_LEN 32u
#define LABEL_MAX 40u

#ifdef NSPY_BINDING_LINK
/* Weak: a program without the library is to stay so. */
#define WEAK __attribute__((weak))
typeof(SSL_CTX_set_keylog_callback) __real_SSL_CTX_set_keylog_callback WEAK;
typeof(gnutls_session_set_keylog_function)
	__real_gnutls_session_set_keylog_function WEAK;
typeof(gnutls_session_get_keylog_function)
	__real_gnutls_session_get_keylog_function WEAK;
extern typeof(gnutls_session_get_random) gnutls_session_get_random WEAK;
#define REAL(name, beside) ((void)(beside), __real_##name)
#define PLAIN(name, beside) ((void)(beside), name)
#else
/* In the library that has the function beside; NULL if it is too old. */
#define REAL(name, beside) ((typeof(name) *)nspy_next_beside(#name, beside))
#define PLAIN(name, beside) REAL(name, beside)
#endif

static bool
is_wanted(void)
{
	return nspy_recording() && nspy_settings.tls_keys;
}

/* A secret alone makes no capture. */
static void
tell(const char *line, size_t len)
{
	struct nspy_place place;
	uint32_t pid;

	if (!is_wanted() || nspy_in_vfork_child() || !nspy_writer_started() ||
	    len > NSPY_SECRET_MAX ||
	    !nspy_reserve((uint32_t)(sizeof(struct nspy_event) + len), &place))
		return;
	pid = nspy_process();
	memset(place.event, 0, sizeof(*place.event));
	place.event->kind = NSPY_SECRET;
	place.event->begin_ns = place.event->end_ns = nspy_now();
	place.event->pid = pid;
	place.event->tid = nspy_thread(pid);
	place.event->data_len = place.event->wire_len = (uint32_t)len;
	memcpy(place.event + 1, line, len);
	nspy_ring_publish(&place);
}

/* The functions that a library may have from us, and what they stand for. */
struct chain {
	nspy_function *alone;		       /* for none of the program's */
	nspy_function *links[CHAINED];	       /* each for one of them */
	_Atomic(nspy_function *) own[CHAINED]; /* these */
};

static struct chain openssl, gnutls;

static void
tell_openssl(const SSL *ssl, const char *line)
{
	(void)ssl;
	tell(line, strnlen(line, NSPY_SECRET_MAX + 1));
}

static char *
put_hex(char *p, const unsigned char *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*p++ = digits[data[i] >> 4];
		*p++ = digits[data[i] & 15];
	}
	return p;
}

static _Atomic(typeof(gnutls_session_get_random) *) get_random;

static int
tell_gnutls(gnutls_session_t session, const char *label,
	    const gnutls_datum_t *secret)
{
	char line[LABEL_MAX + 2 * RANDOM_LEN + 2 * SECRET_MAX + 2], *p;
	gnutls_datum_t client = {NULL, 0}, server = {NULL, 0};
	size_t label_len = strnlen(label, LABEL_MAX);

	if (atomic_load(&get_random))
		atomic_load (&get_random)(session, &client, &server);
	if (!client.data || client.size != RANDOM_LEN ||
	    secret->size > SECRET_MAX || label_len == LABEL_MAX)
		return 0;
	memcpy(line, label, label_len);
	p = line + label_len;
	*p++ = ' ';
	p = put_hex(p, client.data, RANDOM_LEN);
	*p++ = ' ';
	p = put_hex(p, secret->data, secret->size);
	tell(line, (size_t)(p - line));
	return 0;
}

#define CHAIN(n)                                                               \
	static void openssl_link##n(const SSL *ssl, const char *line)          \
	{                                                                      \
		tell_openssl(ssl, line);                                       \
		((SSL_CTX_keylog_cb_func)openssl.own[n])(ssl, line);           \
	}                                                                      \
	static int gnutls_link##n(gnutls_session_t session, const char *label, \
				  const gnutls_datum_t *secret)                \
	{                                                                      \
		tell_gnutls(session, label, secret);                           \
		return ((gnutls_keylog_func)gnutls.own[n])(session, label,     \
							   secret);            \
	}
CHAIN(0)
CHAIN(1)
CHAIN(2)
CHAIN(3)

#define LINKS(library)                                                         \
	.alone = (nspy_function *)tell_##library,                              \
	.links = {(nspy_function *)library##_link0,                            \
		  (nspy_function *)library##_link1,                            \
		  (nspy_function *)library##_link2,                            \
		  (nspy_function *)library##_link3}
static struct chain openssl = {LINKS(openssl)};
static struct chain gnutls = {LINKS(gnutls)};

static nspy_function *
chain(struct chain *chain, nspy_function *function)
{
	if (!is_wanted())
		return function;
	if (!function)
		return chain->alone;
	for (int i = 0; i < CHAINED; i++) {
		nspy_function *known = NULL;

		if (atomic_compare_exchange_strong(&chain->own[i], &known,
						   function) ||
		    known == function)
			return chain->links[i];
	}
	/* Too many of them: the program's own alone. */
	return function;
}

static nspy_function *
unchain(struct chain *chain, nspy_function *function)
{
	for (int i = 0; i < CHAINED; i++)
		if (function == chain->links[i])
			return chain->own[i];
	return function == chain->alone ? NULL : function;
}

SSL_CTX_keylog_cb_func
nspy_chain_openssl(SSL_CTX_keylog_cb_func function)
{
	return (SSL_CTX_keylog_cb_func)chain(&openssl,
					     (nspy_function *)function);
}

SSL_CTX_keylog_cb_func
nspy_unchain_openssl(SSL_CTX_keylog_cb_func function)
{
	return (SSL_CTX_keylog_cb_func)unchain(&openssl,
					       (nspy_function *)function);
}

gnutls_keylog_func
nspy_chain_gnutls(gnutls_keylog_func function)
{
	return (gnutls_keylog_func)chain(&gnutls, (nspy_function *)function);
}

gnutls_keylog_func
nspy_unchain_gnutls(gnutls_keylog_func function)
{
	return (gnutls_keylog_func)unchain(&gnutls, (nspy_function *)function);
}

void
nspy_on_openssl_context(nspy_function *real, SSL_CTX *ret)
{
	typeof(SSL_CTX_set_keylog_callback) *set;
	int error = errno;

	if (!ret || !is_wanted())
		return;
	set = REAL(SSL_CTX_set_keylog_callback, real);
	if (set)
		set(ret, tell_openssl);
	errno = error;
}

/* A new session has GnuTLS's own function, which looks at SSLKEYLOGFILE. */
void
nspy_on_gnutls_session(nspy_function *real, int ret,
		       const gnutls_session_t *session)
{
	typeof(gnutls_session_set_keylog_function) *set;
	typeof(gnutls_session_get_keylog_function) *get;
	int error = errno;

	if (ret < 0 || !is_wanted())
		return;
	set = REAL(gnutls_session_set_keylog_function, real);
	get = REAL(gnutls_session_get_keylog_function, real);
	atomic_store(&get_random, PLAIN(gnutls_session_get_random, real));
	if (set && get)
		set(*session, nspy_chain_gnutls(get(*session)));
	errno = error;
}
