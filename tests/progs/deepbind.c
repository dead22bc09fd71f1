/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * deepbind HOW LIBRARY: says "program" on a connection to itself, and lets the
 * LIBRARY, which is this source again, say "plugin". HOW it is loaded:
 *
 *   plainly, deeply (with RTLD_DEEPBIND), apart (by dlmopen), or shortly: as
 *   deeply, but it is unloaded, and the program ends by _exit; or before, as
 *   plainly, and children end: one that was made while a thread had the lock
 *   of the list of libraries, and one that unloads it
 */

#include "prog.h"

#include <dlfcn.h>
#include <link.h>

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

static int held[2];

/* For as long as the program lives. */
static int
hold(struct dl_phdr_info *object UNUSED, size_t size UNUSED, void *data UNUSED)
{
	MUST(write(held[1], "h", 1) == 1);
	for (;;)
		pause();
}

static void *
hold_lock(void *unused UNUSED)
{
	dl_iterate_phdr(hold, NULL);
	return NULL;
}

static void
must_end(pid_t child)
{
	int status;

	MUST(child > 0 && waitpid(child, &status, 0) == child && !status);
}

static void
end_children(void *plugin, const char *path)
{
	pthread_t thread;
	char byte;
	pid_t child = fork();

	if (child == 0) {
		alarm(10);
		MUST(!dlclose(plugin));
		/* What it was is something else now. */
		for (size_t size = 1000; size < 3000; size++)
			memset(malloc(size), 'A', size);
		MUST(dlopen(path, RTLD_LAZY));
		exit(0);
	}
	must_end(child);
	MUST(!pipe(held));
	MUST(!pthread_create(&thread, NULL, hold_lock, NULL));
	MUST(read(held[0], &byte, 1) == 1);
	child = fork();
	if (child == 0) {
		alarm(10);
		exit(0);
	}
	must_end(child);
}

int
main(int argc, char **argv)
{
	void (*talk_there)(const char *);
	void *plugin;
	int deep;

	MUST(argc == 3);
	deep = strcmp(argv[1], "plainly") && strcmp(argv[1], "before")
		       ? RTLD_DEEPBIND
		       : 0;
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
	if (!strcmp(argv[1], "before")) {
		end_children(plugin, argv[2]);
		/* In exit() the list is looked at, and the thread has it. */
		_exit(0);
	}
	return 0;
}

#endif
