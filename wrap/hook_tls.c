/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hooks of TLS libraries, for --tls-keys: each context of OpenSSL and each
 * session of GnuTLS gets a function that tells us its secrets. A program may
 * have set one of its own, which is called after ours.
 */

#include "wrap/tls.h"

#include "wrap/chain.h"
#include "wrap/secret.h"
#include "wrap/symbol.h"

#include "capture/event.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

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
#define REAL(name, beside)                                                     \
	((typeof(name) *)nspy_symbol_in((void *)(uintptr_t)(beside), #name))
#define PLAIN(name, beside) REAL(name, beside)
#endif

static struct nspy_chain openssl, gnutls;

static void
tell_openssl(const SSL *ssl, const char *line)
{
	(void)ssl;
	nspy_secret_tell(line, strnlen(line, NSPY_SECRET_MAX + 1));
}

static _Atomic(typeof(gnutls_session_get_random) *) get_random;

static int
tell_gnutls(gnutls_session_t session, const char *label,
	    const gnutls_datum_t *secret)
{
	gnutls_datum_t client = {NULL, 0}, server = {NULL, 0};

	if (atomic_load(&get_random))
		atomic_load (&get_random)(session, &client, &server);
	if (client.data && client.size == NSPY_RANDOM_LEN)
		nspy_secret_put(label, client.data, secret->data, secret->size);
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

static struct nspy_chain openssl = {NSPY_LINKS(openssl)};
static struct nspy_chain gnutls = {NSPY_LINKS(gnutls)};

SSL_CTX_keylog_cb_func
nspy_chain_openssl(SSL_CTX_keylog_cb_func function)
{
	return (SSL_CTX_keylog_cb_func)nspy_chain(&openssl,
						  (nspy_function *)function);
}

SSL_CTX_keylog_cb_func
nspy_unchain_openssl(SSL_CTX_keylog_cb_func function)
{
	return (SSL_CTX_keylog_cb_func)nspy_unchain(&openssl,
						    (nspy_function *)function);
}

gnutls_keylog_func
nspy_chain_gnutls(gnutls_keylog_func function)
{
	return (gnutls_keylog_func)nspy_chain(&gnutls,
					      (nspy_function *)function);
}

gnutls_keylog_func
nspy_unchain_gnutls(gnutls_keylog_func function)
{
	return (gnutls_keylog_func)nspy_unchain(&gnutls,
						(nspy_function *)function);
}

void
nspy_on_openssl_context(nspy_function *real, SSL_CTX *ret)
{
	typeof(SSL_CTX_set_keylog_callback) *set;
	int error = errno;

	if (!ret || !nspy_tells_secrets())
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

	if (ret < 0 || !nspy_tells_secrets())
		return;
	set = REAL(gnutls_session_set_keylog_function, real);
	get = REAL(gnutls_session_get_keylog_function, real);
	atomic_store(&get_random, PLAIN(gnutls_session_get_random, real));
	if (set && get)
		set(*session, nspy_chain_gnutls(get(*session)));
	errno = error;
}
