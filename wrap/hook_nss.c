/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hooks of NSS, for --tls-keys. Of TLS 1.3 each new socket of libssl3 gets a
 * function that it tells its secrets, but for the random of the ClientHello,
 * which the capture knows. Of earlier versions libssl3 asks libnss3 to make the
 * keys of a connection out of the secret and that random.
 */

#include "wrap/nss.h"

#include "wrap/chain.h"
#include "wrap/secret.h"
#include "wrap/symbol.h"

#include <errno.h>
#include <string.h>

/* Mechanisms of PKCS #11, and one of NSS: key material of a connection. */
#define CKM_SSL3_KEY_AND_MAC_DERIVE 0x372UL
#define CKM_TLS_KEY_AND_MAC_DERIVE 0x376UL
#define CKM_TLS12_KEY_AND_MAC_DERIVE 0x3e1UL
#define CKM_NSS_TLS_KEY_AND_MAC_DERIVE_SHA256 (0xce534350UL + 23)

#define SECRET_WRITE 2 /* of SSLSecretDirection */
/* What the callback of TLS 1.3 is called. */
#define SECRET_CALLBACK "SSL_SecretCallback"

/* What the parameters of all these begin with: PKCS #11, 6.39.3. */
struct key_material {
	unsigned long mac_bits, key_bits, iv_bits;
	unsigned char is_export;
	const unsigned char *client_random;
	unsigned long client_random_len;
};

static _Atomic(typeof(PR_FileDesc2NativeHandle) *) native_handle;
static _Atomic(typeof(PK11_ExtractKeyValue) *) extract_value;
static _Atomic(typeof(PK11_GetKeyData) *) get_data;
static _Atomic(typeof(SSL_SecretCallback) *) set_callback;

/* The bytes of the key, or NULL: a token may keep them to itself. */
static const SECItem *
bytes_of(PK11SymKey *key)
{
	typeof(PK11_ExtractKeyValue) *extract = atomic_load(&extract_value);
	typeof(PK11_GetKeyData) *get = atomic_load(&get_data);
	const SECItem *data;

	if (!extract || !get || extract(key) != 0)
		return NULL;
	data = get(key);
	return data && data->data ? data : NULL;
}

static void
tell_nss(PRFileDesc *fd, uint16_t epoch, int direction, PK11SymKey *secret,
	 void *arg)
{
	typeof(PR_FileDesc2NativeHandle) *handle = atomic_load(&native_handle);
	const SECItem *data;
	int error = errno;

	(void)arg;
	data = handle && nspy_tells_secrets() ? bytes_of(secret) : NULL;
	if (data)
		nspy_secret_tell_traffic(handle(fd), epoch,
					 direction == SECRET_WRITE, data->data,
					 data->len);
	errno = error;
}

static struct nspy_chain nss;

#define CHAIN(n)                                                               \
	static void nss_link##n(PRFileDesc *fd, uint16_t epoch, int direction, \
				PK11SymKey *secret, void *arg)                 \
	{                                                                      \
		tell_nss(fd, epoch, direction, secret, arg);                   \
		((SSLSecretCallback)nss.own[n])(fd, epoch, direction, secret,  \
						arg);                          \
	}
CHAIN(0)
CHAIN(1)
CHAIN(2)
CHAIN(3)

static struct nspy_chain nss = {NSPY_LINKS(nss)};

/* The one of the library that the layer's methods are in: of libssl3, or NULL. */
static typeof(SSL_SecretCallback) *
callback_setter(const void *methods)
{
	typeof(SSL_GetExperimentalAPI) *get =
		nspy_symbol_in(methods, "SSL_GetExperimentalAPI");

	if (!get)
		return NULL;
	atomic_store(&extract_value,
		     nspy_symbol_for(methods, "PK11_ExtractKeyValue"));
	atomic_store(&get_data, nspy_symbol_for(methods, "PK11_GetKeyData"));
	atomic_store(&native_handle,
		     nspy_symbol_for(methods, "PR_FileDesc2NativeHandle"));
	return (typeof(SSL_SecretCallback) *)get(SECRET_CALLBACK);
}

/* Each socket of libssl3 begins so, whether imported or accepted. */
PRStatus
nspy_nss_push(typeof(PR_PushIOLayer) *real, PRFileDesc *stack,
	      PRDescIdentity id, PRFileDesc *layer)
{
	typeof(SSL_SecretCallback) *set = NULL;
	PRStatus status;
	int error;

	/* Pushed on top, it changes places with the stack. */
	if (layer && nspy_tells_secrets())
		set = callback_setter(layer->methods);
	status = real(stack, id, layer);
	error = errno;
	if (set && status == 0)
		set(stack, tell_nss, NULL);
	errno = error;
	return status;
}

static SECStatus
set_chained(PRFileDesc *fd, SSLSecretCallback function, void *arg)
{
	return atomic_load(&set_callback)(
		fd,
		(SSLSecretCallback)nspy_chain(&nss, (nspy_function *)function),
		arg);
}

/* What a program asks for here to set a callback of its own. */
void *
nspy_nss_api(typeof(SSL_GetExperimentalAPI) *real, const char *name)
{
	void *api = real(name);

	if (!api || strcmp(name, SECRET_CALLBACK) != 0 || !nspy_tells_secrets())
		return api;
	atomic_store(&set_callback, (typeof(SSL_SecretCallback) *)api);
	return (void *)(uintptr_t)set_chained;
}

void
nspy_on_nss_derive(nspy_function *real, const PK11SymKey *ret, PK11SymKey *key,
		   CK_MECHANISM_TYPE mechanism, const SECItem *param)
{
	struct key_material material;
	const void *beside = (void *)(uintptr_t)real;
	const SECItem *secret;
	int error = errno;

	if (mechanism != CKM_TLS12_KEY_AND_MAC_DERIVE &&
	    mechanism != CKM_TLS_KEY_AND_MAC_DERIVE &&
	    mechanism != CKM_SSL3_KEY_AND_MAC_DERIVE &&
	    mechanism != CKM_NSS_TLS_KEY_AND_MAC_DERIVE_SHA256)
		return;
	if (!ret || !param || param->len < sizeof(material) ||
	    !nspy_tells_secrets())
		return;
	memcpy(&material, param->data, sizeof(material));
	atomic_store(&extract_value,
		     nspy_symbol_in(beside, "PK11_ExtractKeyValue"));
	atomic_store(&get_data, nspy_symbol_in(beside, "PK11_GetKeyData"));
	secret = bytes_of(key);
	if (secret && material.client_random_len == NSPY_RANDOM_LEN)
		nspy_secret_put("CLIENT_RANDOM", material.client_random,
				secret->data, secret->len);
	errno = error;
}
