/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The little of OpenSSL and GnuTLS that our wrappers are declared with, as
 * their manuals have it: building netspy needs neither.
 */

#ifndef NETSPY_TLS_H
#define NETSPY_TLS_H

#include "wrap/next.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_method_st SSL_METHOD;
typedef struct ossl_lib_ctx_st OSSL_LIB_CTX;
typedef void (*SSL_CTX_keylog_cb_func)(const SSL *ssl, const char *line);

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method);
SSL_CTX *SSL_CTX_new_ex(OSSL_LIB_CTX *libctx, const char *propq,
			const SSL_METHOD *method);
void SSL_CTX_set_keylog_callback(SSL_CTX *ctx, SSL_CTX_keylog_cb_func function);
SSL_CTX_keylog_cb_func SSL_CTX_get_keylog_callback(const SSL_CTX *ctx);

typedef struct gnutls_session_int *gnutls_session_t;
typedef struct {
	unsigned char *data;
	unsigned int size;
} gnutls_datum_t;
typedef int (*gnutls_keylog_func)(gnutls_session_t session, const char *label,
				  const gnutls_datum_t *secret);

int gnutls_init(gnutls_session_t *session, unsigned int flags);
void gnutls_session_set_keylog_function(gnutls_session_t session,
					gnutls_keylog_func function);
gnutls_keylog_func
gnutls_session_get_keylog_function(const gnutls_session_t session);
void gnutls_session_get_random(gnutls_session_t session, gnutls_datum_t *client,
			       gnutls_datum_t *server);

/*
 * hook_tls.c: a new context or session, made by the real function, is to tell
 * us its secrets.
 */
void nspy_on_openssl_context(nspy_function *real, SSL_CTX *ret);
void nspy_on_gnutls_session(nspy_function *real, int ret,
			    const gnutls_session_t *session);

/*
 * What to give to the library for a function that the program has for its
 * secrets, or NULL for none: one that tells us and then calls that; and back.
 */
SSL_CTX_keylog_cb_func nspy_chain_openssl(SSL_CTX_keylog_cb_func function);
SSL_CTX_keylog_cb_func nspy_unchain_openssl(SSL_CTX_keylog_cb_func function);
gnutls_keylog_func nspy_chain_gnutls(gnutls_keylog_func function);
gnutls_keylog_func nspy_unchain_gnutls(gnutls_keylog_func function);

#endif
