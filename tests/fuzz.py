#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs random socket programs and judges what was recorded of them.

usage: fuzz.py --door DOOR [OPTION]... SEED|FIRST-LAST...

Each seed is a run of tests/progs/random.c, bare and recorded: the program must
do the same in both, and the capture must hold what the kernel saw on lo.  It
runs in a network namespace of its own, which tests/lib.sh makes.

--program FILE    the program, linked when DOOR is "linked"
--library FILE    libnetspy.so for DOOR "preload"
--netspy FILE     the command for DOOR "command"
--features MASK   see random.h; else by the seed
--steps COUNT     calls of each run
--keep DIR        where the files of runs with faults stay
"""

import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import fuzztruth as truth
import judge
import packets
import sniff

ALL = 65535
FORK, URGENT, UNIX, EXEC, RACE = 8, 16, 32, 64, 128
# An urgent byte that the program did not read is a byte that nobody saw.
UNSEEN = re.compile(r"netspy: [^\n]* were not seen and are missing in it\n")
TRIES = 4
BATCH = 40


class Run:
    """One seed, bare or recorded, in a folder of its own."""

    def __init__(self, options, seed, address, folder):
        self.options, self.seed, self.address = options, seed, address
        self.folder = folder
        chance = random.Random(seed)
        self.features = chance.getrandbits(16) | chance.getrandbits(16)
        # Some at a time: a fault shows better in a short run of few calls.
        if chance.random() < 0.6:
            self.features &= chance.getrandbits(16)
        self.steps = chance.choice((15, 40, 100, 200))
        if options.features is not None:
            self.features = options.features
        if options.steps:
            self.steps = options.steps
        self.features &= ~options.without
        os.makedirs(folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, recorded):
        name = self.options.program if recorded else self.options.bare
        program = [os.path.abspath(name), str(self.seed), str(self.steps), str(self.features), str(self.address),
                   self.path("log")]
        environment = dict(os.environ)
        if not recorded:
            pass
        elif self.options.door == "preload":
            environment["LD_PRELOAD"] = os.path.abspath(self.options.library)
        elif self.options.door == "command":
            program = [os.path.abspath(self.options.netspy), "-q", "-o",
                       self.path("all.pcapng")] + program
        if self.features & UNIX:
            environment["NETSPY_UNIX"] = "1"
        try:
            done = subprocess.run(program, cwd=self.folder, timeout=60,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env=environment)
        except subprocess.TimeoutExpired:
            return "does not end", "", []
        with open(self.path("log"), errors="replace") as log:
            lines = log.read().splitlines()
        return done.returncode, done.stdout.decode(errors="replace"), lines

    def files(self):
        return [self.path(name) for name in sorted(os.listdir(self.folder))
                if name.endswith((".pcap", ".pcapng"))
                and name != "kernel.pcap"]


def said(lines):
    return [line for line in lines if not line.startswith("#")]


def first_difference(bare, recorded):
    for number, (a, b) in enumerate(zip(bare, recorded)):
        if a != b:
            return "line %d: %r, recorded %r" % (number + 1, a, b)
    return "%d lines, recorded %d" % (len(bare), len(recorded))


class Fuzz:
    def __init__(self, options):
        self.options = options
        self.sniffer = sniff.Sniffer()
        self.top = tempfile.mkdtemp(prefix="netspy-random.")
        self.address = 256 + (os.getpid() * 64) % 60000
        self.batch = []
        self.bad = {}
        self.counts = collections.Counter()

    def fault(self, run, lines):
        if not lines:
            return
        if run.seed not in self.bad and self.options.keep:
            kept = os.path.join(self.options.keep, "%s-%d" % (
                self.options.door, run.seed))
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(run.folder, kept)
        self.bad.setdefault(run.seed, []).extend(lines)
        for line in lines:
            print("seed %d (features 0x%x, %d calls): %s" % (
                run.seed, run.features, run.steps, line), flush=True)

    def new(self, seed, kind):
        self.address = 256 + (self.address + 1) % 60000
        batch = "".join("addr add fd00:fa::7f%02x:%02x%02x/128 dev lo nodad\n" % (
            self.address >> 8, self.address & 255, who) for who in (1, 2))
        subprocess.run(["ip", "-6", "-batch", "-"], input=batch.encode(),
                       check=True)
        return Run(self.options, seed, self.address, os.path.join(
            self.top, "%d-%s-%d" % (seed, kind, self.address)))

    def recorded(self, seed):
        self.sniffer.drain()
        run = self.new(seed, "recorded")
        status, output, lines = run.start(True)
        self.sniffer.write(run.path("kernel.pcap"))
        return run, status, output, lines

    def compare_behaviour(self, seed, lines, status):
        """None, or how it differs from what the bare program may do."""
        last = None
        for _ in range(TRIES):
            bare = self.new(seed, "bare")
            bare_status, _, bare_lines = bare.start(False)
            shutil.rmtree(bare.folder)
            if (bare_status, said(bare_lines)) == (status, said(lines)):
                return None
            last = "ended with %s, recorded %s" % (bare_status, status)
            if bare_status == status:
                last = first_difference(said(bare_lines), said(lines))
        return last

    def same_behaviour(self, seed):
        """Only what never happens bare and always recorded is a fault."""
        different = None
        for _ in range(TRIES):
            run, status, output, lines = self.recorded(seed)
            if run.features & RACE:
                return run, output, None if status == 0 else status
            different = self.compare_behaviour(seed, lines, status)
            if not different:
                return run, output, None
        return run, output, different

    def one(self, seed):
        run, output, different = self.same_behaviour(seed)
        lines = []
        if different:
            lines.append("behaves differently: %s" % different)
        if output and not (run.features & URGENT
                           and UNSEEN.fullmatch(output)):
            lines.append("says: " + output.strip().replace("\n", " / "))
        with open(run.path("log"), errors="replace") as log:
            notes = log.read().splitlines()
        known = truth.Known(run, notes)
        try:
            lines += truth.compare(run.files(), run.path("kernel.pcap"), known)
        except packets.Damaged as damage:
            lines.append(str(damage))
        self.fault(run, lines)
        self.counts["runs"] += 1
        self.counts.update(known.counts)
        self.batch.append(run)
        if len(self.batch) >= BATCH:
            self.judge_batch()

    def judge_batch(self):
        """tshark takes its time to start: many captures at once, then one by
        one where there is something."""
        files = [(run, path) for run in self.batch for path in run.files()]
        for end in (".pcap", ".pcapng"):
            some = [f for f in files if f[1].endswith(end)]
            if not some or not judge_files(
                    [path for _, path in some], self.top + "/all" + end):
                continue
            for run, path in some:
                found = judge.judge_by_tshark(
                    path, run.path("kernel.pcap"), True)
                # The names of AF_UNIX sockets stand for ports.
                if run.features & UNIX:
                    found = [f for f in found if judge.PORTS_AGAIN not in f]
                if run.features & URGENT:
                    found = [f for f in found if not any(
                        note in f for note in judge.GAP_NOTES)]
                self.fault(run, found)
        for run in self.batch:
            shutil.rmtree(run.folder)
        self.batch = []

    def end(self):
        self.judge_batch()
        shutil.rmtree(self.top)
        print("%s: %d runs, %d connections, %d datagrams; %d with faults%s" % (
            self.options.door, self.counts["runs"],
            self.counts["connections"], self.counts["datagrams"],
            len(self.bad),
            ": " + " ".join(map(str, self.bad)) if self.bad else ""))
        return 1 if self.bad else 0


def judge_files(paths, joined):
    with open(joined, "wb") as out:
        for number, path in enumerate(paths):
            with open(path, "rb") as file:
                raw = file.read()
            out.write(raw[24:] if number and path.endswith(".pcap") else raw)
    return judge.judge_by_tshark(joined, None, True)


def seeds_of(words):
    for word in words:
        first, _, last = word.partition("-")
        yield from range(int(first), int(last or first) + 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--door", required=True,
                        choices=("preload", "command", "linked"))
    parser.add_argument("--program", required=True)
    parser.add_argument("--bare", required=True)
    parser.add_argument("--library")
    parser.add_argument("--netspy")
    parser.add_argument("--features", type=lambda x: int(x, 0))
    parser.add_argument("--without", type=lambda x: int(x, 0), default=0)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--keep")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("seeds", nargs="+")
    options = parser.parse_args()
    fuzz = Fuzz(options)
    begin = time.time()
    for seed in seeds_of(options.seeds):
        if options.seconds and time.time() - begin > options.seconds:
            break
        fuzz.one(seed)
    return fuzz.end()


if __name__ == "__main__":
    sys.exit(main())
