/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum (RFC 1071). */

#ifndef NETSPY_CHECKSUM_H
#define NETSPY_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Add len bytes to a sum that began as 0. Every part but the last must have an
 * even length.
 */
uint64_t nspy_checksum_add(uint64_t sum, const void *data, size_t len);

/* The 16 bits that go into the header, in network order as stored. */
uint16_t nspy_checksum_finish(uint64_t sum);

#endif
