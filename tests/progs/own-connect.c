/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A program with a function of its own that has one of libc's names. With
 * -DCALLER the file has the caller, with -DCALLEE the function.
 */

#ifndef CALLER
long connect(long a, long b, long c, long d, long e, long f, long g, double h);

long
connect(long a, long b, long c, long d, long e, long f, long g, double h)
{
	return a + b + c + d + e + f + g + (long)h;
}
#else
long connect(long a, long b, long c, long d, long e, long f, long g, double h);
#endif

#ifndef CALLEE
int
main(void)
{
	return connect(1, 2, 3, 4, 5, 6, 7, 8.0) != 36;
}
#endif
