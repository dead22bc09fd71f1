/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe names: prints which names of TLS libraries a program finds that has
 * none of them.
 * probe call: calls them, as a program does that takes a name for a library.
 * probe race LIBRARY: calls one while another thread loads and unloads LIBRARY.
 */

#include "prog.h"

#include <dlfcn.h>
#include <stdatomic.h>

static const char *const names[] = {
	"SSL_CTX_new",
	"SSL_CTX_new_ex",
	"SSL_CTX_set_keylog_callback",
	"SSL_CTX_get_keylog_callback",
	"gnutls_init",
	"gnutls_session_set_keylog_function",
	"gnutls_session_get_keylog_function",
	"PR_PushIOLayer",
	"PK11_Derive",
	"SSL_GetExperimentalAPI",
};
#define COUNT (sizeof(names) / sizeof(names[0]))

static atomic_bool done;

static void *
find(const char *name)
{
	return dlsym(RTLD_DEFAULT, name);
}

/* All that gives a pointer gives none, and gnutls_init and PR_PushIOLayer -1. */
static void
call(void)
{
	for (size_t i = 0; i < COUNT; i++) {
		void *(*function)(void *, void *, void *, void *, void *,
				  void *) = NULL;
		void *result;

		*(void **)&function = find(names[i]);
		if (!function)
			continue;
		result = function(NULL, NULL, NULL, NULL, NULL, NULL);
		if (strstr(names[i], "_set_"))
			continue;
		MUST(!result || (int)(intptr_t)result == -1);
		printf("%s\n", names[i]);
	}
}

static void *
load(void *library)
{
	while (!done) {
		void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

		MUST(handle);
		dlclose(handle);
	}
	return NULL;
}

static void
race(char *library)
{
	void *(*function)(void *) = NULL;
	pthread_t thread;

	*(void **)&function = find(names[0]);
	MUST(function);
	MUST(!pthread_create(&thread, NULL, load, library));
	for (int i = 0; i < 300; i++)
		MUST(!function(NULL));
	done = true;
	MUST(!pthread_join(thread, NULL));
}

int
main(int argc, char **argv)
{
	MUST(argc >= 2);
	if (!strcmp(argv[1], "call"))
		call();
	else if (!strcmp(argv[1], "race"))
		race(argv[2]);
	else
		for (size_t i = 0; i < COUNT; i++)
			if (find(names[i]))
				printf("%s\n", names[i]);
	return 0;
}
