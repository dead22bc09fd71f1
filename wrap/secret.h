/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secrets of TLS go into the ring. Of the preload library the functions are
 * exported, for the other one, which has the names of TLS libraries.
 */

#ifndef NETSPY_SECRET_H
#define NETSPY_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#ifdef NSPY_BINDING_TLS
/* Weak: alone, that library is of no use, but does no harm. */
#define NSPY_SHARED __attribute__((visibility("default"), weak))
#elif defined(NSPY_BINDING_PRELOAD)
#define NSPY_SHARED __attribute__((visibility("default")))
#else
#define NSPY_SHARED
#endif

/* Whether this process records, and its secrets are asked for. */
NSPY_SHARED bool nspy_secrets_wanted(void);

/* A line of a key log, without its end. A secret alone makes no capture. */
NSPY_SHARED void nspy_secret_tell(const char *line, size_t len);

/*
 * The secret with which TLS 1.3 goes on, in an epoch of DTLS, on the socket of
 * fd: for what it sends, or else receives. The capture knows the ClientHello.
 */
NSPY_SHARED void nspy_secret_tell_traffic(int fd, unsigned int epoch, bool sent,
					  const void *secret, size_t len);

/* Of the library with the names of TLS libraries. */
extern const char nspy_tls_doors __attribute__((visibility("default"), weak));

#ifdef NSPY_BINDING_TLS
static inline bool
nspy_tells_secrets(void)
{
	return nspy_secrets_wanted && nspy_secrets_wanted();
}
#else
#define nspy_tells_secrets nspy_secrets_wanted
#endif

#endif
