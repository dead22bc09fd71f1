# SPDX-License-Identifier: BSD-2-Clause
# Helpers for tests/real/*.test: real programs do the same with netspy as
# without it, and what they leave behind is in order.
#
# Such a script sources this file, says what it needs, defines one function for
# each workload and hands it to compare.  The function is called twice, without
# and with netspy, in an empty folder, in network, process and mount namespaces
# of its own; so ports and process IDs are the same both times, and whatever it
# starts ends with it.  In it
#
#   $door COMMAND      is how a program under test is started,
#   $limit             is the number of seconds after which it counts as hung,
#   stdout, stderr     and every file in the folder result/ must be the same
#                      both times; other files may differ (logs),
#   a file named "says" may hold a few words for the table.
#
# A line that begins with "row" and a tab goes into the table, see table.py.

. "$(dirname "$0")/../lib.sh"
[ -r "$preload" ] || framework_failure_ "$preload is not built"
PATH=$PATH:/usr/sbin:/sbin # where servers lie
: "${limit=30}"
tab=$(printf '\t')
failed=0
trap 'status=$?; [ $status != 0 ] || status=$failed; stop_all
	clean_up $status; exit $status' EXIT

# The words that start a workload in namespaces of its own. As an ordinary user
# we could make them, too, but servers and tcpdump could not change theirs there.
namespaces='unshare -n -p -f --kill-child --mount-proc'
if [ -z "$REAL_FUNCTION" ]; then
	need unshare ip tshark tcpdump python3 timeout
	[ "$(id -u)" = 0 ] || skip_ "root is needed"
	$namespaces true 2>/dev/null ||
		skip_ "no right to make network and process namespaces"
fi

# compare VERSION_COMMAND WORKLOAD FUNCTION [CAPTURES]: a row of the table.
# The program's name is the first word of the command that tells its version;
# at least so many CAPTURES (1) are expected.
compare() {
	if [ -n "$REAL_FUNCTION" ]; then
		[ "$REAL_FUNCTION" != "$3" ] || work_inside
		return
	fi
	program=${1%% *} workload=$2 function=$3 least=${4:-1}
	program=${program##*/}
	# vsftpd prints it to its standard input.
	version=$($1 2>&1 0>&1 | grep -o '[0-9][0-9]*\.[0-9][0-9a-z.]*' |
		sed -n 1p)
	one_way without
	[ "$status" = 0 ] || framework_failure_ \
		"$workload: $(outcome): $(tail -n 3 "$work/without/stderr")"
	one_way with
	verdict=$(comparison) || failed=1
	look_at_captures
	row "$(outcome without)" "$verdict" "$counts"
}

# row WITHOUT WITH COUNTS, in which a tab separates the columns.
row() {
	printf 'row\t%s\t%s\t%s\t%s\t%s\t%s\n' \
		"$program" "$version" "$workload" "$1" "$2" "$3"
}

# Call $function once, without or with netspy, or with netspy and beside the
# kernel's capture, and leave its results in the folder $1.
one_way() {
	way=$1
	rm -rf "$work/run" "$work/$way"
	mkdir "$work/run" && mkdir "$work/run/result" "$work/run/captures" &&
		chmod 755 "$work" && chmod 1777 "$work/run/captures" ||
		framework_failure_ "no folder for $way"
	(
		cd "$work/run" || exit 99
		export TEST_IN_NAMESPACE=1 REAL_FUNCTION="$function"
		export REAL_WAY="$way" REAL_FOLDER="$work/run" top_builddir
		# shellcheck disable=SC2086
		exec timeout -k 5 "$limit" $namespaces sh "$script" \
			>stdout 2>stderr </dev/null
	)
	status=$?
	echo $status >"$work/run/status"
	mv "$work/run" "$work/$way"
}

# In the namespaces: call $REAL_FUNCTION.
work_inside() {
	in_namespace
	cd "$REAL_FOLDER" || framework_failure_ "no $REAL_FOLDER"
	door=
	[ "$REAL_WAY" = without ] ||
		door="env LD_PRELOAD=$preload NETSPY_DIR=$REAL_FOLDER/captures"
	[ "$REAL_WAY" != kernel ] || start_kernel_capture kernel.pcap many
	"$REAL_FUNCTION"
	status=$?
	stop_others
	[ "$REAL_WAY" != kernel ] || stop_kernel_capture
	exit $status
}

# Stop all that was started but tcpdump.
stop_others() {
	for running in $started; do
		[ "$running" = "$tcpdump_pid" ] || stop "$running"
	done
}

# outcome [WAY]: how it ended, in words for the table.
outcome() {
	folder=$work/${1:-$way}
	code=$(cat "$folder/status")
	case $code in
	0) words= ;;
	124 | 137) words="hang (over $limit s), " ;;
	*) words="exit $code, " ;;
	esac
	if [ -s "$folder/says" ]; then
		echo "$words$(cat "$folder/says")"
	else
		cd "$folder" || exit 99
		size=$(cat stdout stderr $(find result -type f) | wc -c)
		echo "$words$size bytes," \
			"sum $(results_sum | cut -c 1-8)"
	fi
}

# Over what must be the same both times, names included.
results_sum() {
	sha256sum stdout stderr status $(find result -type f | sort) |
		sha256sum
}

# What became of the results with netspy, in words for the table.
comparison() {
	for each in status stdout stderr result; do
		diff -r "$work/without/$each" "$work/with/$each"
	done >"$work/difference" 2>&1
	if [ ! -s "$work/difference" ]; then
		echo same
		return
	fi
	echo "$workload: without netspy (<) and with it (>):" >&2
	head -n 60 "$work/difference" >&2
	echo "differs: $(outcome with)"
	return 1
}

# tshark reads all captures. If it finds anything, the workload runs once more
# beside the kernel's capture, where that is looked for, too.
look_at_captures() {
	count_captures with || {
		one_way kernel
		count_captures kernel
	} || failed=1
	counts=$(sed -n 1p "$work/counts")
	sed 1d "$work/counts" >&2
}

# Captures that were cut short by a signal are completed first.
count_captures() {
	for ring in "$work/$1"/captures/*.ring; do
		[ ! -e "$ring" ] || "$netspy" recover "${ring%.ring}" >&2 ||
			failed=1
	done
	"$python3" "$tests/real/captures.py" "$work/kernel/kernel.pcap" "$least" \
		"$work/$1"/captures/*.pcap >"$work/counts"
}

## Parts of workloads

# data FILE BYTES: bytes that look random and are the same each time.
data() {
	"$python3" -c 'import random, sys
sys.stdout.buffer.write(random.Random(1).randbytes(int(sys.argv[1])))' \
		"$2" >"$1" || exit 99
}

# make_certificate: key.pem and cert.pem of localhost.
make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -days 2 -subj /CN=localhost -keyout key.pem \
		-addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
		-out cert.pem 2>openssl.log || framework_failure_ "openssl req"
}

# feed FILE COMMAND...: start it with its standard input from FILE; that of what
# start begins is empty.
feed() {
	input=$1
	shift
	"$@" <"$input" &
	pid=$!
	started="$pid $started"
}

# A FIFO in which nothing comes and which does not end: stdin of a program that
# would end with it.
silent_input() {
	mkfifo silence && exec 9<>silence
}

# Is there a UDP socket with this port?
udp_bound() {
	cat /proc/self/net/udp /proc/self/net/udp6 |
		grep -qi ":$(printf %04x "$1") "
}

# serve_http PORT [tls]: Python's web server shows the folder, under $door.
serve_http() {
	# shellcheck disable=SC2086
	start $door "$python" "$tests/real/web-server.py" "$@" \
		>web-server.log 2>&1
	wait_for_port "$1"
}

# "python3" may be a script that looks for the real one.
python=$("$python3" -c 'import sys; print(sys.executable)')
