#!/bin/sh
# Feeds damaged captures, programs and rings to what reads them, with the
# sanitizers: fuzz.sh capture|program|ring SECONDS, in a folder of a build. What
# ends badly is left there in a file; give that instead of SECONDS to see it
# again. Needs clang with libFuzzer, and python3 for the first captures.
# SPDX-License-Identifier: BSD-2-Clause
set -e
tests=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$tests")
case $1-$# in
capture-2 | program-2 | ring-2) ;;
*)
	echo "usage: fuzz.sh capture|program|ring SECONDS|FILE" >&2
	exit 2
	;;
esac
[ -f config.h ] || { echo "fuzz.sh: no config.h here; see configure" >&2; exit 2; }

${CLANG:-clang} -g -O1 -std=gnu11 -D_GNU_SOURCE -DHAVE_CONFIG_H \
	-DNSPY_LIBDIR='"/nowhere"' -I. -I"$source" \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	"$tests/fuzz.c" $(ls "$source"/cli/*.c "$source"/capture/*.c |
		grep -v '/cli/main.c$') -lpcap -lelf -o fuzz

# What the mutations begin with.
mkdir -p "fuzz-$1"
case $1 in
capture)
	PYTHONDONTWRITEBYTECODE=1 python3 - "$tests" "fuzz-$1" <<'E2'
import struct, sys
sys.path.insert(0, sys.argv[1])
import craft
for at, ends in enumerate(((("192.0.2.1", 4000), ("192.0.2.2", 80)),
                           (("2001:db8::1", 4000), ("2001:db8::2", 80)))):
    packets = craft.Talk(*ends, ">S <SA >A >PA:ask <PA:tell >+9PA:more"
                         " <A >FA <FA >A").packets
    packets += [craft.udp(*ends, b"question"), craft.udp(*ends[::-1], b"answer")]
    for order in "<>":
        options = craft.option(order, 2, b"dig[77]")
        forms = {"pcap": craft.pcap(packets, order),
                 "ether": craft.pcap(packets, order, link=1,
                                     head=bytes(12) + b"\x08\0"),
                 "pcapng": craft.section(order) + craft.interface(
                     order, 101, options) + b"".join(
                         craft.packet(order, 0, number, data, craft.option(
                             order, 1, b"PID: 7\nCmd: x"))
                         for number, data in enumerate(packets))}
        for form, content in forms.items():
            name = "%s/%s-%d-%d" % (sys.argv[2], form, at, order == "<")
            open(name, "wb").write(content)
E2
	;;
program)
	printf '#!/usr/bin/env -S python3 -u\n' >"fuzz-$1/script"
	echo 'int main(void) { return 0; }' |
		${CLANG:-clang} -x c - -Os -s -o "fuzz-$1/elf"
	;;
esac
NETSPY_FUZZ=$1
export NETSPY_FUZZ
if [ -f "$2" ]; then
	exec ./fuzz -timeout=20 "$2"
fi
exec ./fuzz -max_total_time="$2" -timeout=20 -max_len=16384 "fuzz-$1"
