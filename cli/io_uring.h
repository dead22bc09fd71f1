/* SPDX-License-Identifier: BSD-2-Clause */
/* io_uring moves bytes without a call that could be seen. */

#ifndef NETSPY_IO_URING_H
#define NETSPY_IO_URING_H

/*
 * From now on io_uring_setup fails with ENOSYS, here and in every program that
 * is started from here, which lose the privileges of setuid files. Returns 0
 * or a negative errno.
 */
int nspy_refuse_io_uring(void);

#endif
