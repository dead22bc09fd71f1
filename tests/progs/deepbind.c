/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * deepbind HOW LIBRARY: says "program" on a connection to itself, and lets the
 * LIBRARY, which is this source again, say "plugin". HOW it is loaded:
 *
 *   plainly, deeply (with RTLD_DEEPBIND), apart (by dlmopen), or shortly: as
 *   deeply, but it is unloaded, and the program ends by _exit
 */

#include "prog.h"

#include <dlfcn.h>

void talk(const char *what);

void
talk(const char *what)
{
	size_t len = strlen(what);
	char buf[16];
	int fds[2];

	pair_of("4", fds);
	send_all(fds[0], what, len);
	recv_all(fds[1], buf, len);
	MUST(!close(fds[0]));
	expect_end(fds[1]);
	MUST(!close(fds[1]));
}

#ifndef PLUGIN

int
main(int argc, char **argv)
{
	void (*talk_there)(const char *);
	void *plugin;
	int deep;

	MUST(argc == 3);
	deep = strcmp(argv[1], "plainly") ? RTLD_DEEPBIND : 0;
	if (!strcmp(argv[1], "apart"))
		plugin = dlmopen(LM_ID_NEWLM, argv[2], RTLD_LAZY);
	else
		plugin = dlopen(argv[2], RTLD_LAZY | deep);
	if (!plugin)
		fprintf(stderr, "%s\n", dlerror());
	MUST(plugin);
	*(void **)&talk_there = dlsym(plugin, "talk");
	MUST(talk_there);
	talk("program");
	talk_there("plugin");
	if (!strcmp(argv[1], "shortly")) {
		MUST(!dlclose(plugin));
		_exit(0);
	}
	return 0;
}

#endif
