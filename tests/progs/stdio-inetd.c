/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stdio-inetd: a client, and a server that starts itself with "serve" and the
 * connection as its standard input and output.
 */

#include "prog.h"

static int
serve(void)
{
	char line[16];

	MUST(fgets(line, sizeof(line), stdin));
	MUST(printf("You said: %s", line) == 10 + (int)strlen(line));
	return 0; /* exit writes it */
}

static int
ask(const struct endpoint *end)
{
	int fd = connected(end, SOCK_STREAM);
	char line[32];
	FILE *both = fdopen(fd, "r+");

	MUST(both && fputs("hello\n", both) >= 0 && !fflush(both));
	MUST(fgets(line, sizeof(line), both));
	MUST(!strcmp(line, "You said: hello\n"));
	MUST(getc(both) == EOF && feof(both) && !fclose(both));
	return 0;
}

int
main(int argc, char **argv)
{
	struct endpoint end;
	int door, fd, status;

	if (argc > 1)
		return serve();
	door = listener("4", 0, &end);
	if (fork() == 0)
		return ask(&end);
	fd = accept(door, NULL, NULL);
	MUST(fd >= 0);
	if (fork() == 0) {
		MUST(dup2(fd, 0) == 0 && dup2(fd, 1) == 1 && !close(fd));
		execl(argv[0], argv[0], "serve", NULL);
		_exit(1);
	}
	MUST(!close(fd));
	MUST(wait(&status) > 0 && status == 0);
	MUST(wait(&status) > 0 && status == 0);
	return 0;
}
