#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts what captures hold: captures.py KERNEL LEAST CAPTURE...

The first line is for the table: captures, conversations, packets and findings,
separated by tabs; the others are the findings.  A finding is what tshark calls
malformed, a wrong checksum, or an expert note and above, but resets, which
happen; and a packet that was cut.  It is none when the kernel's capture of the
same run says the same: the datagram had a smaller buffer, and begins as ours.
KERNEL may be missing.
Exit status 1: there are findings, or fewer than LEAST captures.
"""

import concurrent.futures
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import judge        # noqa: E402
import packets      # noqa: E402

CUT = "a packet was cut to"


def cut_by_the_program(capture, kernel):
    """Whether all that was cut begins a datagram that the kernel saw."""
    cut = [(key, each) for key, payloads in capture.udp.items()
           for each in payloads if isinstance(each, packets.Cut)]
    streams = any(direction.missing
                  for connections in capture.tcp.values()
                  for one in connections
                  for direction in one.directions.values())
    return bool(cut) and not streams and all(
        each in kernel.udp.get(key, []) for key, each in cut)


def look_at(path, kernel_path, kernel):
    """(conversations, packets, findings) of one capture."""
    try:
        capture = packets.read(path)
    except packets.Damaged as damage:
        return 0, 0, [str(damage)]
    pairs = {tuple(sorted(key)) for key in capture.udp}
    found = capture.own_faults(path) + judge.judge_by_tshark(
        path, kernel_path, resets=True)
    if kernel and cut_by_the_program(capture, kernel):
        found = [line for line in found if CUT not in line]
    return (sum(map(len, capture.tcp.values())) + len(pairs),
            capture.count, found)


def main():
    kernel_path = sys.argv[1] if os.path.exists(sys.argv[1]) else None
    kernel = packets.read(kernel_path) if kernel_path else None
    least = int(sys.argv[2])
    paths = list(filter(os.path.exists, sys.argv[3:]))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        looks = list(pool.map(
            lambda path: look_at(path, kernel_path, kernel), paths))
    found = [line for look in looks for line in look[2]]
    if len(paths) < least:
        found.append("%d captures, at least %d expected" % (len(paths),
                                                            least))
    print("%d\t%d\t%d\t%d" % (len(paths), sum(look[0] for look in looks),
                              sum(look[1] for look in looks), len(found)))
    print("\n".join(found[:40]), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
