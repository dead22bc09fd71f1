#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the table of doc/real-programs.md: table.py VERSION LOG...

The rows are the lines of the logs of tests/real/*.test that begin with "row"
and a tab; a log without any says in its last lines why.
"""

import datetime
import os
import platform
import subprocess
import sys

COLUMNS = ("program", "version", "workload", "without netspy", "with it",
           "captures", "conversations", "packets", "findings")

HEAD = """\
<!-- SPDX-License-Identifier: BSD-2-Clause -->
<!-- Made by "make check-real real-table"; do not edit. -->
# Real programs with netspy

Each program does the same work twice, without netspy and with it preloaded, and
must end with the same exit status and the same output, in the same files.
tshark then reads what was captured: a *finding* is a malformed packet, a wrong
checksum or an expert message of note level and above, other than a connection
that was reset, and other than what the kernel's own capture of the same run has
too. The scripts are [tests/real](../tests/real); `make check-real`
runs them all, `make check` those of a few seconds.

Made on %s with netspy %s%s on %s, Linux %s, %s.
"""


def system():
    """The distribution's name."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.libc_ver()[0]


def commit():
    """" at commit ...", where there is one."""
    try:
        done = subprocess.run(["git", "-C", os.path.dirname(__file__) or ".",
                               "rev-parse", "--short", "HEAD"],
                              capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return " at commit " + done.stdout.strip() if done.stdout else ""


def line(cells):
    return "| %s |" % " | ".join(cell.replace("|", "\\|") for cell in cells)


def main():
    rows, skipped = [], []
    for path in sorted(filter(os.path.exists, sys.argv[2:])):
        with open(path, encoding="utf-8", errors="replace") as log:
            lines = log.read().splitlines()
        mine = [each.split("\t")[1:] for each in lines
                if each.startswith("row\t")]
        rows += mine
        if not mine:
            name = os.path.basename(path)[:-len(".log")]
            reasons = [each for each in lines if each.startswith(name + ": ")]
            reason = reasons[-1][len(name) + 2:] if reasons else "no result"
            skipped.append((name, reason))
    print(HEAD % (datetime.date.today(), sys.argv[1], commit(), system(),
                  platform.release().split("-")[0], platform.machine()))
    print(line(COLUMNS))
    print("|---" * 5 + "|--:" * 4 + "|")
    for row in rows:
        print(line(row))
    if skipped:
        print("\nNot run:\n")
    for name, reason in skipped:
        print("- %s: %s" % (name, reason))


if __name__ == "__main__":
    main()
