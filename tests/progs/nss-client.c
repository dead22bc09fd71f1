/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nss-client PORT PATH12 PATH13: tls-client with NSS, which tells a program
 * secrets of TLS 1.3 only; it gets the second path twice, the second time without
 * a function of its own. Its own layer and its own key are what it made them.
 */

#include "prog.h"

#include "wrap/nss.h"

/* The headers of NSS are in folders that each system calls differently. */
typedef struct PK11SlotInfoStr PK11SlotInfo;
struct range {
	uint16_t min, max;
};
int NSS_NoDB_Init(const char *folder);
int NSS_SetDomesticPolicy(void);
PRFileDesc *PR_ImportTCPSocket(int fd);
PRDescIdentity PR_GetUniqueIdentity(const char *name);
const void *PR_GetDefaultIOMethods(void);
PRFileDesc *PR_CreateIOLayerStub(PRDescIdentity id, const void *methods);
int32_t PR_Write(PRFileDesc *fd, const void *buf, int32_t len);
int32_t PR_Read(PRFileDesc *fd, void *buf, int32_t len);
PRStatus PR_Close(PRFileDesc *fd);
PRFileDesc *SSL_ImportFD(PRFileDesc *model, PRFileDesc *fd);
int SSL_AuthCertificateHook(PRFileDesc *fd,
			    int (*function)(void *, PRFileDesc *, int, int),
			    void *arg);
int SSL_VersionRangeSet(PRFileDesc *fd, const struct range *range);
int SSL_ResetHandshake(PRFileDesc *fd, int as_server);
PK11SlotInfo *PK11_GetInternalSlot(void);
PK11SymKey *PK11_KeyGen(PK11SlotInfo *slot, CK_MECHANISM_TYPE mechanism,
			SECItem *param, int size, void *arg);
void PK11_FreeSlot(PK11SlotInfo *slot);
void PK11_FreeSymKey(PK11SymKey *key);

#define TLS12 0x303
#define TLS13 0x304
#define CKM_GENERIC_SECRET_KEY_GEN 0x350
#define CKM_CONCATENATE_BASE_AND_DATA 0x362
#define CKA_DERIVE 0x10c

static int secrets;

static int
accept_any(void *arg UNUSED, PRFileDesc *fd UNUSED, int check UNUSED,
	   int server UNUSED)
{
	return 0;
}

static void
count_secret(PRFileDesc *fd, uint16_t epoch, int direction, PK11SymKey *secret,
	     void *arg)
{
	MUST(fd && secret && arg == &secrets);
	MUST(epoch == 2 || epoch == 3);
	MUST(direction == 1 || direction == 2);
	secrets++;
}

static PRFileDesc *
with_layer(PRFileDesc *stack)
{
	PRDescIdentity id = PR_GetUniqueIdentity("a layer of ours");
	PRFileDesc *layer = PR_CreateIOLayerStub(id, PR_GetDefaultIOMethods());

	MUST(layer && PR_PushIOLayer(stack, -2, layer) == 0);
	return stack;
}

static void
get(int port, const char *path, uint16_t version, bool own)
{
	struct endpoint server = loopback("4", port);
	struct range range = {version, version};
	typeof(SSL_SecretCallback) *set_callback;
	int fd = connected(&server, SOCK_STREAM), len;
	PRFileDesc *ssl;
	char buf[4096];

	ssl = SSL_ImportFD(NULL, with_layer(PR_ImportTCPSocket(fd)));
	MUST(ssl && SSL_AuthCertificateHook(ssl, accept_any, NULL) == 0);
	MUST(SSL_VersionRangeSet(ssl, &range) == 0);
	set_callback = SSL_GetExperimentalAPI("SSL_SecretCallback");
	MUST(set_callback && !SSL_GetExperimentalAPI("SSL_NoSuchFunction"));
	MUST(set_callback(ssl, own ? count_secret : NULL, &secrets) == 0);
	MUST(SSL_ResetHandshake(ssl, 0) == 0);
	len = snprintf(buf, sizeof(buf), "GET %s HTTP/1.0\r\n\r\n", path);
	MUST(PR_Write(ssl, buf, len) == len);
	while (PR_Read(ssl, buf, sizeof(buf)) > 0)
		;
	MUST(PR_Close(ssl) == 0);
}

static void
derive(void)
{
	struct {
		const char *data;
		unsigned long len;
	} more = {"more", 4};
	SECItem param = {0, (unsigned char *)&more, sizeof(more)};
	PK11SlotInfo *slot = PK11_GetInternalSlot();
	PK11SymKey *base, *key;

	base = PK11_KeyGen(slot, CKM_GENERIC_SECRET_KEY_GEN, NULL, 32, NULL);
	MUST(base);
	key = PK11_Derive(base, CKM_CONCATENATE_BASE_AND_DATA, &param,
			  CKM_CONCATENATE_BASE_AND_DATA, CKA_DERIVE, 0);
	MUST(key && PK11_ExtractKeyValue(key) == 0);
	MUST(PK11_GetKeyData(key)->len == 36);
	PK11_FreeSymKey(key);
	PK11_FreeSymKey(base);
	PK11_FreeSlot(slot);
}

int
main(int argc, char **argv)
{
	MUST(argc == 4);
	MUST(NSS_NoDB_Init(NULL) == 0 && NSS_SetDomesticPolicy() == 0);
	derive();
	get(atoi(argv[1]), argv[2], TLS12, true);
	get(atoi(argv[1]), argv[3], TLS13, true);
	get(atoi(argv[1]), argv[3], TLS13, false);
	printf("%d\n", secrets);
	return 0;
}
