/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that give up rights: before they do, what needs the rights is
 * made. In a sandbox (seccomp) that may kill a process for any system call but
 * the expected ones, recording goes on in memory: the ring is mapped already,
 * and another process writes the capture.
 */

#include "capture/sys.h"
#include "wrap/call.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/settings.h"
#include "wrap/writer.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

/* Descriptors below this are looked at: a later look is not allowed. */
#define LOOKED_AT 1024
/* The same where only rights over files are lost: what was passed on. */
#define INHERITED 16

static bool
knows_socket(int count)
{
	bool known = false;

	for (int fd = 0; fd < count; fd++)
		known |= nspy_descriptor_find(fd) != NULL;
	for (uint32_t fd = 0; fd < nspy_descriptor_limit() && !known; fd++)
		known = nspy_descriptor_known((int)fd) != NULL;
	return known;
}

void
nspy_before_confine(void)
{
	int error = errno;

	/* In the folder of a run a ring that stays empty is in nobody's way. */
	if (nspy_recording() && !nspy_in_guest() && !nspy_writer_started() &&
	    (nspy_settings.run[0] || knows_socket(INHERITED)))
		nspy_writer_start();
	errno = error;
}

static void
before_sandbox(void)
{
	int error = errno;

	if (nspy_recording() && !nspy_in_guest()) {
		if (knows_socket(LOOKED_AT))
			nspy_writer_start();
		nspy_writer_seal();
		nspy_thread(nspy_process());
		nspy_sys_refused = true;
	}
	errno = error;
}

static void
on_sandbox(int ret)
{
	if (ret < 0)
		nspy_sys_refused = false;
}

void
nspy_before_prctl(int option)
{
	if (option == PR_SET_SECCOMP)
		before_sandbox();
}

void
nspy_on_prctl(struct nspy_call *call, int ret, int option)
{
	(void)call;
	if (option == PR_SET_SECCOMP)
		on_sandbox(ret);
}

static bool
seals(unsigned int operation)
{
	return operation == SECCOMP_SET_MODE_STRICT ||
	       operation == SECCOMP_SET_MODE_FILTER;
}

void
nspy_before_seccomp(unsigned int operation)
{
	if (seals(operation))
		before_sandbox();
}

void
nspy_on_seccomp(struct nspy_call *call, int ret, unsigned int operation)
{
	(void)call;
	if (seals(operation))
		on_sandbox(ret);
}
