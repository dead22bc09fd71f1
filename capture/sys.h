/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that pass by libc, and so by our own wrappers, and that leave
 * errno alone. Each returns the result or a negative errno.
 */

#ifndef NETSPY_SYS_H
#define NETSPY_SYS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

/*
 * The process is in a sandbox, which may kill it for a call that is not its
 * own: none is made, each is refused with EPERM. Changed only by
 * wrap/sandbox.c, before and after the call that seals the process.
 */
extern bool nspy_sys_refused;

#if defined(__x86_64__) && defined(__LP64__)

#define NSPY_RAW_SYSCALLS

static inline long
nspy_sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#elif defined(__i386__)

#define NSPY_RAW_SYSCALLS

/* The kernel has seven registers for seven words: no other is left. */
static inline long
nspy_sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	const long last[2] = {number, f};
	long result;

	__asm__ volatile("pushl %%ebp\n\t"
			 "movl 4(%%eax), %%ebp\n\t"
			 "movl (%%eax), %%eax\n\t"
			 "int $0x80\n\t"
			 "popl %%ebp"
			 : "=a"(result)
			 : "a"(last), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}

#elif defined(__aarch64__)

#define NSPY_RAW_SYSCALLS

static inline long
nspy_sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

#else

#include <unistd.h>

static inline long
nspy_sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	int saved = errno;
	long result = syscall(number, a, b, c, d, e, f);

	if (result == -1) {
		result = -errno;
		errno = saved;
	}
	return result;
}

#endif

static inline long
nspy_sys(long number, long a, long b, long c, long d, long e, long f)
{
	return nspy_sys_refused ? -EPERM
				: nspy_sys_call(number, a, b, c, d, e, f);
}

#define NSPY_SYS0(n) nspy_sys(n, 0, 0, 0, 0, 0, 0)
#define NSPY_SYS1(n, a) nspy_sys(n, (long)(a), 0, 0, 0, 0, 0)
#define NSPY_SYS2(n, a, b) nspy_sys(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define NSPY_SYS3(n, a, b, c)                                                  \
	nspy_sys(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define NSPY_SYS4(n, a, b, c, d)                                               \
	nspy_sys(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define NSPY_SYS5(n, a, b, c, d, e)                                            \
	nspy_sys(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define NSPY_SYS6(n, a, b, c, d, e, f)                                         \
	nspy_sys(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e),     \
		 (long)(f))

#endif
