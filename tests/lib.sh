# SPDX-License-Identifier: BSD-2-Clause
# Helpers for the test scripts: exit codes with reasons, an own folder, programs
# that are waited for and stopped by pid, a network of the test's own, bindings.
#
# A test sources this file first.  It may run from anywhere: the sources are
# found beside it, the build is in $top_builddir (the current folder if unset).

fail_() { echo "${me:-test}: failed: $*" >&2; exit 1; }
skip_() { echo "${me:-test}: skipped: $*" >&2; exit 77; }
framework_failure_() { echo "${me:-test}: cannot test: $*" >&2; exit 99; }

me=$(basename "$0" .test)
script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0") || exit 99
tests=${script%/tests/*}/tests # it may lie in a folder there
top_srcdir=$(cd "$tests/.." && pwd) || exit 99
top_builddir=$(cd "${top_builddir:-.}" && pwd) || exit 99
preload=$top_builddir/.libs/libnetspy.so
archive=$top_builddir/libnetspy-link.a
netspy=$top_builddir/netspy
: "${CC:=cc}"
# That of a version manager is a script, slower than what it starts.
python3=/usr/bin/python3
[ -x $python3 ] || python3=python3
# The source folder stays as it is, and may be read-only.
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
unset LD_PRELOAD
for name in $(env | sed -n 's/^\(NETSPY_[A-Z_]*\)=.*/\1/p'); do
	unset "$name"
done

need() {
	for tool; do
		command -v "$tool" >/dev/null ||
			skip_ "$tool is not installed"
	done
}

# Run the rest of the test in a network namespace of its own, with lo up, so
# that fixed ports are free and the kernel's capture holds only our traffic.
# With "mounts" it has mounts of its own too, see replace_file.
in_namespace() {
	if [ -n "$TEST_IN_NAMESPACE" ]; then
		ip link set lo up || framework_failure_ "lo does not come up"
		# Ports that no protocol of Wireshark's claims: it would find
		# our payloads malformed there.
		echo 61000 64999 >/proc/sys/net/ipv4/ip_local_port_range ||
			framework_failure_ "no say in the range of ports"
		return
	fi
	need unshare ip
	TEST_IN_NAMESPACE=1
	export TEST_IN_NAMESPACE top_builddir CC
	[ "$1" = mounts ] && mounts=m || mounts=
	for right in -n$mounts -rn$mounts; do
		unshare $right true 2>/dev/null || continue
		cd / && rm -rf "$work"
		exec unshare $right sh "$script"
	done
	skip_ "no right to make a network namespace"
}

# replace_file PATH <TEXT: what the programs of this test find there.
replace_file() {
	mounted=$work/mounted$(echo "$1" | tr / .)
	cat >"$mounted" && mount --bind "$mounted" "$1" ||
		skip_ "no right to replace $1, or it is not there"
}

# The processes that this test started, newest first; stopped at its end.
started=
work=$(mktemp -d "${TMPDIR:-/tmp}/netspy-$me.XXXXXX") ||
	framework_failure_ "no temporary folder"
trap 'status=$?; stop_all; clean_up $status' EXIT
trap 'exit 99' HUP INT TERM
cd "$work" || framework_failure_ "cannot enter $work"

clean_up() {
	cd /
	if [ "$1" = 0 ] || [ "$1" = 77 ] || [ -z "$KEEP_FAILED" ]; then
		rm -rf "$work"
	else
		echo "$me: left behind: $work" >&2
	fi
}

# start COMMAND...: run it in the background; its pid is in $pid.
start() {
	"$@" &
	pid=$!
	started="$pid $started"
}

# stop PID [SIGNAL]: end one process that start began, and wait for it.
stop() {
	kill -"${2:-TERM}" "$1" 2>/dev/null
	finish "$1" 2>/dev/null
}

# finish PID: wait for a process that start began; its status is returned.
finish() {
	wait "$1"
	finished=$?
	left=
	for each in $started; do
		[ "$each" = "$1" ] || left="$left $each"
	done
	started=$left
	return $finished
}

stop_all() {
	for running in $started; do
		stop "$running"
	done
}

# wait_until SECONDS COMMAND...: look often, give up after SECONDS.
wait_until() {
	tries=$(($1 * 50))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.02
	done
}

wait_for_file() {
	wait_until 10 test -s "$1" || framework_failure_ "$1 did not appear"
}

# Look at the kernel's table: a connection of ours would be in the capture.
listening() {
	cat /proc/self/net/tcp /proc/self/net/tcp6 2>/dev/null |
		grep -qi ":$(printf %04x "$1") [0:]*[0-9A-F]*:0000 0A "
}

wait_for_port() {
	wait_until 20 listening "$1" || framework_failure_ \
		"nobody listens on port $1"
}

# A TCP port that is free at this moment, in $port.
free_port() {
	port=$("$python3" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])') ||
		framework_failure_ "no free port"
}

# start_kernel_capture FILE [many]: tcpdump on lo, running when this returns.
# In immediate mode its buffer has a slot of the largest size for each packet:
# some hundred of them, while MANY packets need the mode that packs them, whose
# last ones come out only after a second.
start_kernel_capture() {
	need tcpdump
	kernel=$1
	kernel_mode=--immediate-mode kernel_pause=0.1
	[ -z "$2" ] || kernel_mode='' kernel_pause=1.3
	# shellcheck disable=SC2086
	start tcpdump -Z root -i lo -s 65600 -U $kernel_mode -B 65536 \
		-w "$1" 2>"$1.err"
	tcpdump_pid=$pid
	wait_until 10 grep -q 'listening on' "$1.err" ||
		framework_failure_ "tcpdump: $(cat "$1.err")"
}

# Whether a process waits, and not only for its turn on a busy machine.
sleeps() {
	read -r stat <"/proc/$1/stat" || framework_failure_ "no process $1"
	case ${stat##*) } in S*) ;; *) return 1 ;; esac
}

# What tcpdump has not been given yet when it ends is lost: wait until the file
# stops growing.
stop_kernel_capture() {
	size=-1
	while now=$(wc -c <"$kernel"); [ "$now" != "$size" ] ||
		! sleeps "$tcpdump_pid"; do
		size=$now
		sleep $kernel_pause
	done
	stop "$tcpdump_pid" INT
	grep -q '^0 packets dropped' "$kernel.err" ||
		framework_failure_ "tcpdump: $(tr '\n' ' ' <"$kernel.err")"
}

# judge ARGUMENT...: see judge.py; anything it finds fails the test.
judge() {
	need tshark python3
	"$python3" "$tests/judge.py" "$@" >judge.out 2>&1 || {
		cat judge.out >&2
		fail_ "judge.py $*"
	}
	cat judge.out
}

# summary CAPTURE...: a line for each conversation, without what changes
# from run to run (the clients' ports, the times).
summary() {
	need python3
	"$python3" "$tests/judge.py" --summary "$@"
}
