/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls that move bytes past the program's memory. */

#include "capture/sys.h"
#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"

#include <unistd.h>

static int64_t
position(int fd)
{
	return NSPY_SYS3(SYS_lseek, fd, 0, SEEK_CUR);
}

void
nspy_before_sendfile(struct nspy_call *call, int in, const off_t *offset)
{
	nspy_source_begin(&call->source, in);
	if (call->source.fd >= 0 && !offset)
		call->source.offset = position(in);
}

void
nspy_on_sendfile(struct nspy_call *call, ssize_t ret, int in,
		 const off_t *offset)
{
	struct nspy_source source = call->source;
	struct nspy_tell tell = {.kind = NSPY_SEND, .source = &source};

	if (ret > 0 && offset)
		source.offset = *offset - ret;
	/* Another thread moves the same position: whose bytes were these? */
	else if (ret > 0 && source.fd >= 0 &&
		 position(in) != source.offset + ret)
		source.fd = -1;
	nspy_tell_moved(call, ret, &tell);
}

void
nspy_on_pidfd_getfd(struct nspy_call *call, int ret)
{
	(void)call;
	if (ret >= 0 && nspy_recording() && !nspy_in_vfork_child())
		nspy_descriptor_received(ret);
}
