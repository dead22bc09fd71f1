# SPDX-License-Identifier: BSD-2-Clause
# Builds one of our programs for every binding and runs it in each: preloaded,
# and linked with the uninstalled archive as PIE, static and static PIE.
#
# A test sources this file after lib.sh, then calls run_bindings.

link_opts() {
	for dir in "$top_builddir" "$top_srcdir"; do
		[ -r "$dir/wrap/$1" ] && echo "$dir/wrap/$1" && return
	done
	framework_failure_ "wrap/$1 is not built"
}

# build PROGRAM KIND OUTPUT [FLAG...]: KIND is plain, or a linked binding: pie
# by libc's names, wrap by ld --wrap as static and static-pie. Extra flags are
# for the compiler and the linker; libraries that the program needs besides are
# in $libraries.
build() {
	source=$tests/progs/$1
	kind=$2
	output=$3
	shift 3
	case $kind in
	plain | pie | wrap) kind_cflags=-fPIE kind_ldflags=-pie ;;
	static) kind_cflags='-fno-pie' kind_ldflags='-static' ;;
	static-pie) kind_cflags=-fPIE kind_ldflags=-static-pie ;;
	*) framework_failure_ "unknown kind of program: $kind" ;;
	esac
	kind_libs="-L$top_builddir -lnetspy-link"
	case $kind in
	plain) kind_libs= ;;
	pie) kind_libs="-Wl,--undefined=netspy_link_anchor $kind_libs" ;;
	wrap)
		opts=$(link_opts link.opts) || exit 99
		kind_libs="-Wl,@$opts -L$top_builddir -lnetspy-wrap"
		;;
	static*)
		opts=$(link_opts link.opts) || exit 99
		kind_libs="-Wl,@$opts $kind_libs"
		opts=$(link_opts link-static.opts) || exit 99
		kind_libs="-Wl,--undefined=netspy_static_guard $kind_libs"
		kind_libs="-Wl,@$opts $kind_libs"
	esac
	# shellcheck disable=SC2086
	$CC -g -O1 -Wall -Wextra -pthread $kind_cflags "$@" "$source" \
		-o "$output" $kind_ldflags $kind_libs $libraries >build.err 2>&1 || {
		cat build.err >&2
		fail_ "cannot build $source for $kind"
	}
}

libraries=

# Every binding that a program of our own can be captured through; $BINDINGS
# from outside instead.
bindings='preload pie static static-pie'
calls=0

# for_each_binding PROGRAM.c FUNCTION: FUNCTION runs in a fresh folder with
# $binding, with $door, the words before a program that capture it in that
# binding, and with $run, the words that start it.
for_each_binding() {
	calls=$((calls + 1))
	for binding in ${BINDINGS:-$bindings}; do
		mkdir "$work/$calls-$binding" && cd "$work/$calls-$binding" ||
			framework_failure_ "no folder for $binding"
		name=$(basename "$1" .c)
		if [ "$binding" = preload ]; then
			[ -r "$preload" ] ||
				framework_failure_ "$preload is not built"
			build "$1" plain "$name"
			door="env LD_PRELOAD=$preload"
		else
			build "$1" "$binding" "$name"
			door=
		fi
		run="$door ./$name"
		me="$(basename "$0" .test) ($binding)"
		"$2"
	done
}

# One run beside the kernel's capture, judged; see run_bindings.
run_one_binding() {
	start_kernel_capture kernel.pcap
	# shellcheck disable=SC2086
	$run $run_arguments >stdout 2>stderr
	status=$?
	stop_kernel_capture
	[ $status != 77 ] || skip_ "this machine cannot run $name"
	[ $status = 0 ] || fail_ "$run $run_arguments: $status: $(cat stderr)"
	[ ! -s stderr ] || fail_ "a line on stderr: $(cat stderr)"
	rm -f stdout stderr
	set -- *_*.pcap
	[ $# = "$run_files" ] && [ -e "$1" ] ||
		fail_ "$run_files captures expected, found: $*"
	for left in *.ring; do
		[ ! -e "$left" ] || fail_ "$left was left behind"
	done
	# shellcheck disable=SC2086
	judge --kernel kernel.pcap $run_judge "$@"
	# The order of several files depends on their pids.
	summary "$@" | sort >summary.out
	diff -u "$work/expected" summary.out >&2 ||
		fail_ "the conversations are not the expected ones"
}

# run_bindings [--files N] [--judge FLAG]... PROGRAM.c [ARGUMENT...] <EXPECTED
# The program ends with 0 and says nothing; its N captures (1) satisfy the
# judge, which compares them with the kernel's, and the lines that summary
# prints for them are EXPECTED in any order, the same in every binding.
run_bindings() {
	run_files=1 run_judge=
	while :; do
		case $1 in
		--files) run_files=$2 ;;
		--judge) run_judge="$run_judge $2" ;;
		*) break ;;
		esac
		shift 2
	done
	sort >"$work/expected"
	run_program=$1
	shift
	run_arguments=$*
	for_each_binding "$run_program" run_one_binding
}
