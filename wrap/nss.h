/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The little of NSS and NSPR that our wrappers are declared with, as their
 * documentation has it: building netspy needs neither.
 */

#ifndef NETSPY_NSS_H
#define NETSPY_NSS_H

#include "wrap/next.h"

#include <stdint.h>

typedef int PRStatus;
typedef int SECStatus;
typedef int PRDescIdentity;
typedef unsigned long CK_MECHANISM_TYPE, CK_ATTRIBUTE_TYPE;
typedef struct PK11SymKeyStr PK11SymKey;

/* More stands behind it. */
typedef struct PRFileDesc {
	const void *methods;
} PRFileDesc;

typedef struct {
	int type;
	unsigned char *data;
	unsigned int len;
} SECItem;

typedef void (*SSLSecretCallback)(PRFileDesc *fd, uint16_t epoch, int direction,
				  PK11SymKey *secret, void *arg);

PRStatus PR_PushIOLayer(PRFileDesc *stack, PRDescIdentity id,
			PRFileDesc *layer);
int PR_FileDesc2NativeHandle(PRFileDesc *fd);
PK11SymKey *PK11_Derive(PK11SymKey *baseKey, CK_MECHANISM_TYPE mechanism,
			SECItem *param, CK_MECHANISM_TYPE target,
			CK_ATTRIBUTE_TYPE operation, int keySize);
SECStatus PK11_ExtractKeyValue(PK11SymKey *key);
SECItem *PK11_GetKeyData(PK11SymKey *key);
void *SSL_GetExperimentalAPI(const char *name);
/* Not exported: what SSL_GetExperimentalAPI gives for this name. */
SECStatus SSL_SecretCallback(PRFileDesc *fd, SSLSecretCallback function,
			     void *arg);

/* hook_nss.c: call the real function, and see to it that we hear of secrets. */
PRStatus nspy_nss_push(typeof(PR_PushIOLayer) *real, PRFileDesc *stack,
		       PRDescIdentity id, PRFileDesc *layer);
void *nspy_nss_api(typeof(SSL_GetExperimentalAPI) *real, const char *name);

/* The real function has made another key of this one. */
void nspy_on_nss_derive(nspy_function *real, const PK11SymKey *ret,
			PK11SymKey *key, CK_MECHANISM_TYPE mechanism,
			const SECItem *param);

#endif
