#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How true the captures of real programs are, as a number.

usage: fidelity.py --build FOLDER [--fast] [--markdown FILE] [--keep FOLDER]
                   [--jobs N] [--door DOOR]... [WORKLOAD...]
       fidelity.py --compare KERNEL [--server PORT=LABEL]... CAPTURE...
       fidelity.py --list

Runs programs with libnetspy.so, and programs of our own with the linked
library, in network namespaces beside tcpdump; compares each conversation with
the kernel's capture and prints a table (see compare.py for its words).  The
exit status is 0 when all that was recorded is true, nothing is missing and
tshark objects to nothing.

--door    what records: preload (LD_PRELOAD), command (netspy, one capture of
          all processes that it starts), bare (nothing: shows whether the
          programs work by themselves); one after the other, by default
          preload and command
--compare judges files that are there already: CAPTURE is
          LABEL@PID.pcap
"""

import argparse
import concurrent.futures
import glob
import os
import shutil
import sys
import tempfile

sys.path[:0] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

# pylint: disable=wrong-import-position
import compare
import packets
import report
import run
import workloads  # noqa: F401  (each module registers its own)


def label_of(path):
    return os.path.basename(path).rpartition("@")[0].replace("_", " ")


def judge(result, kernel, paths):
    """The Verdicts on the captures of one run, tshark's not included."""
    files, damage = [], []
    for path in paths:
        try:
            capture = packets.read(path)
        except packets.Damaged as damaged:
            damage.append((label_of(path), str(damaged)))
            continue
        files.append((label_of(path), capture))
        damage += [(label_of(path), fault)
                   for fault in capture.own_faults(path)]
    known = compare.Run(
        {int(port): label for port, label in result["ports"].items()},
        result["phases"], result["unrecorded"], result["both_ends"])
    verdicts = compare.compare(files, packets.read(kernel), known)
    for label, fault in damage:
        verdicts.counts[label]["damaged"] += 1
        verdicts.reasons.append("%s: damaged: %s" % (label, fault))
    return verdicts


def measure(words, build, door, parent, workload):
    """(failure or None, Verdicts or None, folder)"""
    folder = os.path.join(parent, door, workload.name)
    os.makedirs(folder)
    result = run.start(words, build, folder, workload.name, door)
    if door == run.BARE or "ports" not in result:
        return result["failure"], None, folder
    try:
        verdicts = judge(result, os.path.join(folder, "kernel.pcap"),
                         captures(folder))
    except packets.Damaged as damaged:
        return str(damaged), None, folder
    return result["failure"], verdicts, folder


def captures(folder):
    return sorted(glob.glob(os.path.join(folder, "captures", "*.pcap"))
                  + glob.glob(os.path.join(folder, "captures", "*.pcapng")))


def run_all(arguments, chosen, parent):
    words = run.namespaces()
    if not words or not shutil.which("tcpdump", path=run.PATH):
        print("fidelity.py: skipped: no right to make namespaces, or no "
              "tcpdump")
        return 77
    tables = []
    for door in arguments.door or [run.PRELOAD, run.COMMAND]:
        tables.append(run_door(words, arguments, door, chosen, parent))
        print(tables[-1].text())
    if arguments.markdown:
        report.write_markdown(arguments.markdown, tables)
    return 0 if all(table.good() for table in tables) else 1


def run_door(words, arguments, door, chosen, parent):
    table = report.Report(door)
    runnable = []
    for workload in chosen:
        absent = workload.absent()
        if absent:
            table.leave_out(workload, absent)
        else:
            runnable.append(workload)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        done = pool.map(lambda w: measure(words, arguments.build, door,
                                          parent, w), runnable)
        for workload, (failure, verdicts, folder) in zip(runnable, done):
            table.add(workload, failure, verdicts, captures(folder),
                      os.path.join(folder, "kernel.pcap"))
            print("%s, %s: %s" % (door, workload.name, failure or "done"),
                  file=sys.stderr)
    table.ask_tshark()
    return table


def compare_files(arguments):
    ports = dict(each.split("=", 1) for each in arguments.server)
    verdicts = judge({"ports": ports, "phases": [], "unrecorded": [], "both_ends": []},
                     arguments.compare, arguments.names)
    table = report.Report(run.PRELOAD)
    table.add(None, None, verdicts, arguments.names, arguments.compare)
    print(table.text())
    return 0 if table.good() else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=".", type=os.path.abspath)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--markdown", metavar="FILE")
    parser.add_argument("--keep", metavar="FOLDER")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--door", action="append", choices=run.DOORS)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--compare", metavar="KERNEL")
    parser.add_argument("--server", action="append", default=[])
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    if arguments.inside:
        run.inside(arguments.build, arguments.inside[1], arguments.inside[0],
                   arguments.door[0])
        return 0
    if arguments.compare:
        return compare_files(arguments)
    chosen = [w for w in run.WORKLOADS
              if w.name in arguments.names or not arguments.names
              and (w.fast or not arguments.fast)]
    if arguments.list:
        for workload in chosen:
            print("%-20s %s%s" % (workload.name, workload.about,
                                  " [fast]" if workload.fast else ""))
        return 0
    parent = arguments.keep or tempfile.mkdtemp(prefix="netspy-fidelity-")
    try:
        os.makedirs(parent, exist_ok=not arguments.keep)
    except FileExistsError:
        parser.error("%s exists already" % parent)
    os.chmod(parent, 0o755)
    try:
        return run_all(arguments, chosen, os.path.abspath(parent))
    finally:
        if not arguments.keep:
            shutil.rmtree(parent, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
