# SPDX-License-Identifier: BSD-2-Clause
# netspy.m4: network captures of programs and of their tests.

# NETSPY_LINK
# -----------
# Adds --enable-netspy, off by default, which builds netspy into programs. It
# substitutes NETSPY_CFLAGS, NETSPY_LIBS for programs, and NETSPY_WRAP_LIBS for
# shared libraries, all empty when it is off. With --enable-netspy=static the
# libraries are for programs that are linked with -static.
AC_DEFUN([NETSPY_LINK],
[AC_REQUIRE([PKG_PROG_PKG_CONFIG])dnl
AC_ARG_ENABLE([netspy],
	[AS_HELP_STRING([--enable-netspy@<:@=static@:>@],
		[build the recording of network traffic into programs])],
	[], [enable_netspy=no])
netspy_static=
AS_CASE([$enable_netspy],
	[no], [],
	[AS_IF([test "$enable_netspy" = static], [netspy_static=--static])
	AS_IF([$PKG_CONFIG --exists netspy], [],
		[AC_MSG_ERROR([--enable-netspy: pkg-config does not find netspy])])
	NETSPY_CFLAGS="`$PKG_CONFIG --cflags netspy` -DHAVE_NETSPY"
	NETSPY_LIBS=`$PKG_CONFIG $netspy_static --libs netspy`
	NETSPY_WRAP_LIBS=`$PKG_CONFIG --libs netspy-wrap`])
AC_SUBST([NETSPY_CFLAGS])
AC_SUBST([NETSPY_LIBS])
AC_SUBST([NETSPY_WRAP_LIBS])
])

# NETSPY_TESTS([FOLDER = captures])
# ---------------------------------
# Looks for netspy(1), and substitutes NETSPY_LOG_COMPILER and NETSPY_LOG_FLAGS
# for Automake's LOG_COMPILER and AM_LOG_FLAGS: the capture of a test that fails
# is left in FOLDER. Both are empty where there is no netspy, or when
# configured with NETSPY=no.
AC_DEFUN([NETSPY_TESTS],
[AC_ARG_VAR([NETSPY], [the netspy command, for captures of failed tests, or no])
AC_PATH_PROG([NETSPY], [netspy], [no])
AS_IF([test "$NETSPY" != no],
	[NETSPY_LOG_COMPILER=$NETSPY
	NETSPY_LOG_FLAGS='--on-failure --dir m4_default([$1], [captures]) --test $$b --'])
AC_SUBST([NETSPY_LOG_COMPILER])
AC_SUBST([NETSPY_LOG_FLAGS])
])
