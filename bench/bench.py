#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Times programs bare and recorded by netspy in its three ways.

The goals are for the two in which the program writes its capture by itself.
The ways alternate in one run, round by round; each ratio is to the bare run of
the same round, and the table has the median of them with minimum and maximum.
A time is that of the whole process, the draining at its end included. "write()"
is the same program that writes each byte it sends to a file, and does no more:
what the kernel alone takes for keeping them.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# name: what it is, times, goal
LOOPS = {
    "pingpong": ("ping-pong, 64 B", 60000, 1.08),
    "udp": ("UDP, 200 B", 120000, 1.15),
    "bulk": ("bulk, 64 KiB", 8000, 1.9),
    "churn": ("connect and close", 8000, 1.15),
    "files": ("no sockets", 400000, 1.01),
    "start": ("start-up", 150, 1.1),
}
# strace and the like are so slow that they get this part of the work.
PEER_PART = 20


def build_programs(build, folder):
    compiler = os.environ.get("CC", "cc").split()
    source = os.path.join(HERE, "loops.c")
    common = compiler + ["-O2", "-Wall", "-pthread", source, "-o"]
    subprocess.run(common + [os.path.join(folder, "bare")], check=True)
    subprocess.run(common + [
        os.path.join(folder, "linked"), "-Wl,--undefined=netspy_link_anchor",
        "-L" + build, "-lnetspy-link"], check=True)


def find_socket_wrapper():
    done = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True,
                          env=dict(os.environ,
                                   PATH=os.environ["PATH"] + ":/sbin"))
    for line in done.stdout.splitlines():
        if "libsocket_wrapper.so" in line:
            return line.split("=> ")[-1]
    return None


def ways(build, folder):
    """name: (command words, environment) of each way to run loops."""
    bare = [os.path.join(folder, "bare")]
    found = {
        "bare": (bare, {}),
        "preloaded": (bare, {"LD_PRELOAD": os.path.join(
            build, ".libs", "libnetspy.so")}),
        "linked": ([os.path.join(folder, "linked")], {}),
        "command": ([os.path.join(build, "netspy"), "-q", "-o", os.path.join(
            folder, "run.pcapng"), bare[0]], {}),
        "write()": (bare, {"LOOPS_SAVE": os.path.join(folder, "tmp.saved")}),
    }
    if shutil.which("strace"):
        found["strace"] = (["strace", "-f", "-qq", "-o", "/dev/null", "-e",
                            "trace=%network,read,write,close"] + bare, {})
    else:
        print("strace is not installed and left out")
    wrapper = find_socket_wrapper()
    if wrapper:
        found["socket_wrapper"] = (bare, {
            "LD_PRELOAD": wrapper, "SOCKET_WRAPPER_DIR": folder,
            "SOCKET_WRAPPER_PCAP_FILE": os.path.join(folder, "sw.pcap")})
    else:
        print("socket_wrapper is not installed and left out")
    return found


def is_peer(way):
    return way in ("strace", "socket_wrapper")


def run(way, loop, times, folder):
    """Nanoseconds for each of TIMES; None when the way cannot run it."""
    words, environment = way
    environment = dict(os.environ, NETSPY_DIR=folder, **environment)
    words = [shutil.which(words[0])] + words[1:] + [loop, str(times)]
    silence = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
               (os.POSIX_SPAWN_DUP2, 1, 2)]
    count = times if loop == "start" else 1
    begin = time.perf_counter_ns()
    for _ in range(count):
        # Far cheaper than subprocess, whose own time would hide start-up's.
        pid = os.posix_spawn(words[0], words, environment,
                             file_actions=silence)
        if os.waitpid(pid, 0)[1]:
            return None
    taken = (time.perf_counter_ns() - begin) / times
    for name in os.listdir(folder):
        if ".pcap" in name or name[0] in "TUS" or name.startswith("tmp"):
            os.unlink(os.path.join(folder, name))
    return taken


def measure(loop, all_ways, rounds, scale, folder):
    """way: [nanoseconds in each round]"""
    samples = {way: [] for way in all_ways}
    for _ in range(rounds):
        for way, how in all_ways.items():
            times = max(1, int(LOOPS[loop][1] * scale))
            if is_peer(way):
                times = max(1, times // PEER_PART)
            samples[way].append(run(how, loop, times, folder))
    return samples


def ratios(samples, way):
    return [mine / bare for mine, bare in zip(samples[way], samples["bare"])
            if mine is not None and bare is not None]


def cell(values):
    if not values:
        return "cannot run"
    return "%.3f (%.3f-%.3f)" % (statistics.median(values), min(values),
                                 max(values))


def print_row(loop, samples, ours):
    title, _, goal = LOOPS[loop]
    bare = statistics.median(samples["bare"])
    cells = [cell(ratios(samples, way)) for way in samples if way != "bare"]
    row = "%-18s %9.0f %6.2f" % (title, bare, goal)
    print(row + "".join("  %-22s" % each for each in cells), flush=True)
    return [way for way in ours
            if statistics.median(ratios(samples, way)) > goal]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.environ.get("top_builddir", "."))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0,
                        help="part of the usual number of repetitions")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--check", action="store_true",
                        help="exit with 1 when a goal is missed")
    parser.add_argument("loops", nargs="*", default=list(LOOPS))
    arguments = parser.parse_args()
    if arguments.rounds < 5:
        parser.error("fewer than 5 rounds show nothing")
    build = os.path.abspath(arguments.build)
    missed = []
    with tempfile.TemporaryDirectory(prefix="netspy-bench.") as folder:
        build_programs(build, folder)
        start_folder = os.getcwd()
        os.chdir(folder)
        all_ways = {way: how for way, how in ways(build, folder).items()
                    if not (arguments.no_peers and is_peer(way))}
        print("%d rounds, captures in %s\n" % (arguments.rounds, folder))
        print("%-18s %9s %6s" % ("", "bare ns", "goal") + "".join(
            "  %-22s" % way for way in all_ways if way != "bare"))
        for loop in arguments.loops:
            samples = measure(loop, all_ways, arguments.rounds,
                              arguments.scale, folder)
            missed += ["%s %s" % (LOOPS[loop][0], way)
                       for way in print_row(loop, samples,
                                            ("preloaded", "linked"))]
        os.chdir(start_folder)
    print("\nmissed: " + "; ".join(missed) if missed else "\nall goals met")
    return 1 if missed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
