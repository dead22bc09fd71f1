/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * sandbox SIZE: a forked child goes into a sandbox in which any call but read,
 * write, sendto, recvfrom, close and _exit kills, and says SIZE bytes on a
 * connection to its parent. What an impossible sandbox refuses changes nothing.
 */

#include "prog.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define ALLOW(number)							\
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),		\
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void
enter_sandbox(size_t size)
{
	static struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_read), ALLOW(SYS_write), ALLOW(SYS_sendto),
		ALLOW(SYS_recvfrom), ALLOW(SYS_close), ALLOW(SYS_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	static const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};
	const struct rlimit none = { 0, 0 };

	MUST(prctl(PR_SET_SECCOMP, 1234, 0, 0, 0) == -1 && errno == EINVAL);
	MUST(syscall(SYS_prctl, PR_SET_SECCOMP, 1234, 0, 0, 0) == -1);
	MUST(!setrlimit(RLIMIT_FSIZE, &none));
	MUST(!setrlimit(RLIMIT_NOFILE, &none));
	MUST(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	/* libseccomp asks by number, OpenSSH by prctl. */
	if (size > 1000000)
		MUST(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
			      &program));
	else if (size < 1000)
		MUST(!syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
			      &program, 0, 0));
	else if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) &&
		 errno == EINVAL)
		_exit(77);
}

static void
talk(int fd, size_t size)
{
	static unsigned char buf[4096];

	for (size_t at = 0; at < size; at += sizeof(buf)) {
		size_t len = size - at < sizeof(buf) ? size - at : sizeof(buf);

		fill(buf, len, at);
		send_all(fd, buf, len);
	}
	recv_all(fd, buf, 5);
	close(fd);
	_exit(0);
}

int
main(int argc, char **argv)
{
	static char buf[65536];
	struct endpoint end;
	int door, fd, status;
	size_t size, seen = 0;
	pid_t child;

	MUST(argc == 2);
	size = (size_t)atol(argv[1]);
	door = listener("4", 0, &end);
	child = fork();
	MUST(child >= 0);
	if (!child) {
		close(door);
		fd = connected(&end, SOCK_STREAM);
		send_all(fd, "free\n", 5);
		enter_sandbox(size);
		talk(fd, size);
	}
	fd = accept(door, NULL, NULL);
	MUST(fd >= 0);
	while (seen < size + 5) {
		ssize_t len = recv(fd, buf, sizeof(buf), 0);

		MUST(len > 0);
		seen += (size_t)len;
	}
	send_all(fd, "done\n", 5);
	expect_end(fd);
	MUST(waitpid(child, &status, 0) == child);
	MUST(WIFEXITED(status));
	return WEXITSTATUS(status);
}
