/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * setuid EXPECTED: says something on a connection to itself. Ends with 2 unless
 * it has got (EXPECTED 1) or not got (0) rights that its caller lacks.
 */

#include "prog.h"

#include <sys/auxv.h>

int
main(int argc, char **argv)
{
	char buf[6];
	int fds[2];

	MUST(argc == 2);
	if (!getauxval(AT_SECURE) != !atoi(argv[1]))
		return 2;
	pair_of("4", fds);
	send_all(fds[0], "secret", 6);
	recv_all(fds[1], buf, 6);
	MUST(!close(fds[0]) && !close(fds[1]));
	return 0;
}
