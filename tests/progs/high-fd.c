/* SPDX-License-Identifier: BSD-2-Clause */

/* high-fd: both ends of a connection have descriptors above 5000. */

#include "prog.h"
#include <sys/resource.h>

int
main(void)
{
	struct rlimit limit;
	char buf[16];
	int fds[2], high[2];

	MUST(!getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_max < 6000)
		return 77;
	limit.rlim_cur = limit.rlim_max;
	MUST(!setrlimit(RLIMIT_NOFILE, &limit));
	pair_of("4", fds);
	for (int i = 0; i < 2; i++) {
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 5001);
		MUST(high[i] > 5000);
		MUST(!close(fds[i]));
	}
	send_all(high[0], "high", 4);
	recv_all(high[1], buf, 4);
	MUST(!close(high[0]));
	expect_end(high[1]);
	MUST(!close(high[1]));
	return 0;
}
