/* SPDX-License-Identifier: BSD-2-Clause */
/* What the control messages beside a message say (cmsg(3)). */

#ifndef NETSPY_CONTROL_H
#define NETSPY_CONTROL_H

#include "capture/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct nspy_control {
	/* Our address in the packet; port 0: the socket's; version 0: none. */
	struct nspy_endpoint local;
	uint16_t segment_len; /* of UDP GSO and GRO; 0: none */
};

/* Read those of a message that was sent, or received. */
void nspy_control_read(struct nspy_control *control, const struct msghdr *msg,
		       bool sent);

/*
 * What the error queue says of an ICMP message (IP_RECVERR). False: there is
 * none, or the error is of this machine.
 */
bool nspy_control_error(struct nspy_unreachable *message, int *error,
			const struct msghdr *msg);

/*
 * Descriptors that came with a message: whatever the table says of these
 * numbers is over.
 */
void nspy_control_got(const struct msghdr *msg);

/* Descriptors that another process holds from now on. */
void nspy_control_gave(const struct msghdr *msg);

/* Bytes that the buffers take. */
size_t nspy_room(const struct iovec *iov, size_t count);

static inline void
nspy_got_descriptors(ssize_t ret, const struct msghdr *msg)
{
	if (ret >= 0 && msg->msg_controllen)
		nspy_control_got(msg);
}

static inline void
nspy_gave_descriptors(ssize_t ret, const struct msghdr *msg)
{
	if (ret >= 0 && msg->msg_controllen)
		nspy_control_gave(msg);
}

static inline void
nspy_got_many_descriptors(int ret, const struct mmsghdr *msgvec)
{
	for (int i = 0; i < ret; i++)
		nspy_got_descriptors(ret, &msgvec[i].msg_hdr);
}

static inline void
nspy_gave_many_descriptors(int ret, const struct mmsghdr *msgvec)
{
	for (int i = 0; i < ret; i++)
		nspy_gave_descriptors(ret, &msgvec[i].msg_hdr);
}

#endif
