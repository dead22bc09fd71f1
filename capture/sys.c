/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether system calls of our own are allowed. */

#include "capture/sys.h"

bool nspy_sys_refused;
