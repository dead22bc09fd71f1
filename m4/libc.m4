# SPDX-License-Identifier: BSD-2-Clause
# Probes of what differs between C libraries.

# NSPY_CHECK_NAMES(FUNCTIONS, INCLUDES): like AC_CHECK_FUNCS, but a name that
# the header makes a macro for another function's is none of its own.
AC_DEFUN([NSPY_CHECK_NAMES],
[m4_foreach_w([nspy_name], [$1],
	[AC_CACHE_CHECK([for nspy_name], [ac_cv_func_]nspy_name,
		[AC_LINK_IFELSE([AC_LANG_SOURCE([[
#define _GNU_SOURCE
$2
#ifdef ]nspy_name[
#error
#endif
int main(void) { return &]nspy_name[ == 0; }]])],
			[ac_cv_func_]nspy_name[=yes],
			[ac_cv_func_]nspy_name[=no])])
	AS_IF([test "x$ac_cv_func_]nspy_name[" = xyes],
		[AC_DEFINE([HAVE_]m4_toupper(nspy_name), [1],
			[Define to 1 if libc has ]nspy_name[.])])
])])

# NSPY_CHECK_TYPE(MACRO, WHAT, TYPE, OTHER, SOURCE): MACRO becomes TYPE if the
# SOURCE, which uses it, compiles then, or else OTHER.
AC_DEFUN([NSPY_CHECK_TYPE],
[AC_CACHE_CHECK([for the type of the $2], [nspy_cv_type_$1],
	[AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#define _GNU_SOURCE
#define $1 $3
$5]])],
		[nspy_cv_type_$1="$3"], [nspy_cv_type_$1="$4"])])
AC_DEFINE_UNQUOTED([$1], [$nspy_cv_type_$1], [Type of the $2.])])

# NSPY_CHECK_INNER(FUNCTION, INNER): whether libc's FUNCTION calls INNER, which
# ld --wrap then redirects in a static program.
AC_DEFUN([NSPY_CHECK_INNER],
[AC_CACHE_CHECK([whether $1 calls $2 in a static program],
	[nspy_cv_inner_$1],
	[nspy_cv_inner_$1=no
	saved_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS -static"
	AC_LINK_IFELSE([AC_LANG_CALL([], [$1])],
		[LDFLAGS="$LDFLAGS -Wl,--wrap=$2"
		AC_LINK_IFELSE([AC_LANG_CALL([], [$1])], [],
			[nspy_cv_inner_$1=yes])])
	LDFLAGS=$saved_LDFLAGS])
AS_IF([test $nspy_cv_inner_$1 = yes],
	[AC_DEFINE(m4_toupper([$2_in_$1]), [1],
		[Define to 1 if $1 calls $2 in static programs.])])])

# NSPY_CHECK_STRONG(FUNCTION, REAL): whether a static program cannot have a
# FUNCTION of its own beside libc's REAL, as that is one with libc's FUNCTION.
AC_DEFUN([NSPY_CHECK_STRONG],
[AC_CACHE_CHECK([whether libc's $1 is strong], [nspy_cv_strong_$1],
	[nspy_cv_strong_$1=no
	saved_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS -static"
	AC_LINK_IFELSE([AC_LANG_CALL([], [$2])],
		[AC_LINK_IFELSE([AC_LANG_SOURCE([[
int $2(void);
int $1(void);
int $1(void) { return $2(); }
int main(void) { return $1(); }]])], [],
			[nspy_cv_strong_$1=yes])])
	LDFLAGS=$saved_LDFLAGS])
AS_IF([test $nspy_cv_strong_$1 = yes],
	[AC_DEFINE(m4_toupper([strong_$1]), [1],
		[Define to 1 if static programs cannot define $1.])])])
