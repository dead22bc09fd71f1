# SPDX-License-Identifier: BSD-2-Clause
# Builds the libraries for musl, in a folder of the test's own.
#
# A test sources this file after lib.sh.

# build_musl: they are in the folder $musl.
build_musl() {
	[ ! -e "$top_srcdir/config.status" ] ||
		skip_ "the sources are configured in place"
	# These are of the make that runs this test, and would reach into its
	# tree.
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
	musl=$work/musl
	mkdir "$musl"
	(cd "$musl" &&
		"$top_srcdir/configure" -q CC=musl-gcc CFLAGS=-O0 \
			--disable-command --disable-dependency-tracking \
			--enable-werror &&
		make -s -j2 libnetspy.la libnetspy-link.a libnetspy-export.a \
			libnetspy-link.so libnetspy-wrap.a) >make.log 2>&1 ||
		fail_ "no build for musl: $(tail -n 20 make.log)"
}
