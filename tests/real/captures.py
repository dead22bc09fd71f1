#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts what captures hold: captures.py KERNEL LEAST CAPTURE...

The first line is for the table: captures, conversations, packets and findings,
separated by tabs; the others are the findings.  A finding is what tshark calls
malformed, a wrong checksum, or an expert note and above, but resets, which
happen, and what it says about the kernel's capture of the same workload.
KERNEL may be missing.  Two things are true of a run but not of every run: that
the kernel gave out a port once more, and that a program's buffer was too short
for a datagram.
Exit status 1: there are findings, or fewer than LEAST captures.
"""

import concurrent.futures
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import judge        # noqa: E402
import packets      # noqa: E402

OF_THIS_RUN = re.compile("A new tcp session is started with the same ports|"
                         r"a packet was cut to \d+ of \d+ bytes")


def look_at(path, kernel):
    """(conversations, packets, findings) of one capture."""
    try:
        capture = packets.read(path)
    except packets.Damaged as damage:
        return 0, 0, [str(damage)]
    pairs = {tuple(sorted(key)) for key in capture.udp}
    found = capture.own_faults(path) + judge.judge_by_tshark(path, kernel,
                                                             resets=True)
    found = [line for line in found if not OF_THIS_RUN.search(line)]
    return (sum(map(len, capture.tcp.values())) + len(pairs),
            capture.count, found)


def main():
    kernel = sys.argv[1] if os.path.exists(sys.argv[1]) else None
    least = int(sys.argv[2])
    paths = list(filter(os.path.exists, sys.argv[3:]))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        looks = list(pool.map(lambda path: look_at(path, kernel), paths))
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
