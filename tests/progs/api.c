/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What <netspy.h> offers: api SNAPLEN records two of three exchanges over one
 * connection, and one of two connections, with marks between them.
 * "api unrecorded" finds that nothing is recorded, and does the same.
 */

#include "prog.h"

#include "../../include/netspy.h"

static bool recorded = true;

static void
say(int from, int to, const char *text)
{
	char buf[32];

	send_all(from, text, strlen(text));
	recv_all(to, buf, strlen(text));
	MUST(memcmp(buf, text, strlen(text)) == 0);
}

/* In a program that is not recorded each call says so. */
static bool
is(int result, int expected)
{
	return result == (recorded ? expected : ENOSYS);
}

static void
exchange(void)
{
	int fds[2], more[2];

	pair_of("4", fds);
	MUST(is(netspy_mark("the first is next"), 0));
	MUST(!recorded == !netspy_filename());
	MUST(is(netspy_set_snaplen(100), EBUSY));
	say(fds[0], fds[1], "first");
	say(fds[1], fds[0], "answer");
	MUST(is(netspy_stop(), 0));
	MUST(is(netspy_mark("nobody sees this"), EAGAIN));
	say(fds[0], fds[1], "second");
	say(fds[1], fds[0], "another answer");
	pair_of("4", more);
	say(more[0], more[1], "made meanwhile");
	MUST(is(netspy_start(), 0));
	say(fds[0], fds[1], "third");
	say(more[0], more[1], "and used");
	MUST(is(netspy_mark("the end \xe2\x9c\x93"), 0));
	for (int i = 0; i < 2; i++) {
		MUST(!close(fds[i]));
		MUST(!close(more[i]));
	}
}

int
main(int argc, char **argv)
{
	unsigned int snaplen = 262144;

	recorded = argc == 2 && strcmp(argv[1], "unrecorded") != 0;
	MUST(netspy_snaplen() == (recorded ? snaplen : 0));
	MUST(is(netspy_set_snaplen(0), EINVAL));
	MUST(is(netspy_set_snaplen(262145), EINVAL));
	if (recorded) {
		snaplen = (unsigned int)atoi(argv[1]);
		MUST(!netspy_set_snaplen(snaplen));
		MUST(netspy_snaplen() == snaplen);
	}
	MUST(!netspy_filename());
	exchange();
	if (netspy_filename())
		puts(netspy_filename());
	return 0;
}
