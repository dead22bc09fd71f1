/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A program whose libraries have the traffic: plugin LIBRARY...
 * With -DPLUGIN one such library, which says its name to itself over TCP.
 */

#include "prog.h"

#ifdef PLUGIN

void exchange(void);

void
exchange(void)
{
	char buf[sizeof(PLUGIN)];
	int fds[2];

	pair_of("4", fds);
	send_all(fds[0], PLUGIN, sizeof(buf));
	recv_all(fds[1], buf, sizeof(buf));
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
}

#else

#include <dlfcn.h>

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
		void *function = library ? dlsym(library, "exchange") : NULL;

		if (!function) {
			fprintf(stderr, "%s: %s\n", argv[i], dlerror());
			return 1;
		}
		((void (*)(void))function)();
	}
	return 0;
}

#endif
