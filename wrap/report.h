/* SPDX-License-Identifier: BSD-2-Clause */
/* What netspy says on stderr: one line, written at once, without stdio. */

#ifndef NETSPY_REPORT_H
#define NETSPY_REPORT_H

/* "netspy: ", the strings up to NULL, a newline; nothing when quiet. */
void nspy_report(const char *part, ...) __attribute__((sentinel));

/* At start: what standard error is. */
void nspy_report_start(void);

/* "EACCES" for the common ones, else "an error"; error is a positive errno. */
const char *nspy_error_name(int error);

/* NETSPY_DEBUG: "netspy: PID NAME(FD) = RESULT [ERRNO]". */
void nspy_report_call(const char *name, int fd, long result, int error);

#endif
