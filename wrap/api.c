/* SPDX-License-Identifier: BSD-2-Clause */
/* What <netspy.h> offers to programs. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "include/netspy.h"

#include "capture/format.h"
#include "capture/sys.h"
#include "wrap/clock.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/settings.h"
#include "wrap/writer.h"

#include <errno.h>
#include <string.h>

static int
start(void)
{
	if (!nspy_recording())
		return ENOSYS;
	nspy_pause(false);
	return 0;
}

static int
stop(void)
{
	int error = errno;

	if (!nspy_recording())
		return ENOSYS;
	nspy_pause(true);
	nspy_drain_all();
	errno = error;
	return 0;
}

static int
mark(const char *text)
{
	struct nspy_event event = {.kind = NSPY_MARK};
	struct nspy_place place;
	size_t len = strnlen(text, NSPY_MARK_MAX - 1);
	int error = errno;

	if (!nspy_recording())
		return ENOSYS;
	if (nspy_paused())
		return EAGAIN;
	event.begin_ns = event.end_ns = nspy_now();
	event.pid = nspy_process();
	event.tid = nspy_thread(event.pid);
	event.data_len = event.wire_len = (uint32_t)len + 1;
	if (nspy_reserve((uint32_t)sizeof(event) + event.data_len, &place)) {
		*place.event = event;
		memcpy(place.event + 1, text, len);
		((char *)(place.event + 1))[len] = '\0';
		nspy_ring_publish(&place);
		nspy_drain_when_due(event.end_ns);
	}
	errno = error;
	return 0;
}

static const char *
filename(void)
{
	return nspy_recording() ? nspy_writer_path() : NULL;
}

static int
set_snaplen(unsigned int bytes)
{
	if (!nspy_recording())
		return ENOSYS;
	if (bytes < 1 || bytes > NSPY_SNAPLEN_MAX)
		return EINVAL;
	if (nspy_writer_started())
		return EBUSY;
	nspy_settings.snaplen = bytes;
	return 0;
}

static unsigned int
snaplen(void)
{
	return nspy_recording() ? nspy_settings.snaplen : 0;
}

#if defined(NSPY_BINDING_LINK)

#define SHOWN __attribute__((visibility("hidden")))

static const struct netspy_functions *
next_copy(void)
{
	return NULL;
}

#else

#include <dlfcn.h>

#define SHOWN __attribute__((visibility("default")))

/* Of several copies one records, which comes later when it is not this one. */
static const struct netspy_functions *
next_copy(void)
{
	void *next = dlsym(RTLD_NEXT, "netspy_functions_1");
	const struct netspy_functions *(*function)(void);

	memcpy(&function, &next, sizeof(function));
	return function ? function() : NULL;
}

#endif

SHOWN const struct netspy_functions *
netspy_functions_1(void)
{
	static const struct netspy_functions own = {
		start, stop, mark, filename, set_snaplen, snaplen,
	};
	const struct netspy_functions *next =
		nspy_recording() ? NULL : next_copy();

	return next ? next : &own;
}
