/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hooks of all TLS libraries need. */

#include "wrap/chain.h"

#include "wrap/secret.h"

#include <string.h>

#ifdef NSPY_BINDING_TLS
const char nspy_tls_doors = 1;
#endif

nspy_function *
nspy_chain(struct nspy_chain *chain, nspy_function *function)
{
	if (!nspy_tells_secrets())
		return function;
	if (!function)
		return chain->alone;
	for (int i = 0; i < NSPY_CHAINED; i++) {
		nspy_function *known = NULL;

		if (atomic_compare_exchange_strong(&chain->own[i], &known,
						   function) ||
		    known == function)
			return chain->links[i];
	}
	/* Too many of them: the program's own alone. */
	return function;
}

nspy_function *
nspy_unchain(struct nspy_chain *chain, nspy_function *function)
{
	for (int i = 0; i < NSPY_CHAINED; i++)
		if (function == chain->links[i])
			return chain->own[i];
	return function == chain->alone ? NULL : function;
}

void
nspy_secret_put(const char *label, const unsigned char random[NSPY_RANDOM_LEN],
		const unsigned char *secret, size_t len)
{
	char line[NSPY_KEY_LINE_MAX];
	struct nspy_text text = {line, sizeof(line), 0};

	if (len > NSPY_KEY_MAX ||
	    strnlen(label, NSPY_LABEL_MAX) == NSPY_LABEL_MAX)
		return;
	nspy_text_add_key(&text, label, random, secret, len);
	nspy_secret_tell(line, text.len);
}
