#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Links a program in every way there is with what pkg-config says, runs each,
and looks whether its capture is the expected one.

usage: matrix.py [--glibc FOLDER] [--musl FOLDER] --runs FOLDER [--table FILE]

A way in which the same program does not link or run without netspy either is
refused, with the reason. All captures are left in the folder of the runs.
"""

import argparse
import glob
import itertools
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import packets

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "progs", "exchange.c")
LINKERS = ["bfd", "gold", "lld", "mold"]
KINDS = ["pie", "static", "static-pie", "shared"]
COMPILERS = {"glibc": {"C": ["gcc", "clang"], "C++": ["g++", "clang++"]},
             "musl": {"C": ["musl-gcc"]}}
# One kind and linker each: they change what the compiler calls, and how.
VARIANTS = {
    "fortified, 2": ["-O2", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"],
    "fortified, 3": ["-O2", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3"],
    "64-bit offsets and times": ["-D_FILE_OFFSET_BITS=64", "-D_TIME_BITS=64"],
    "no PLT": ["-fno-plt"],
    "bound at start": ["-Wl,-z,now"],
}
# Bytes that the program sends over TCP.
SENT = {"C": 6, "C++": 8}


class Cell:
    def __init__(self, number, libc, language, compiler, flags, kind, linker):
        self.number, self.libc, self.language = number, libc, language
        self.compiler, self.flags = compiler, flags
        self.kind, self.linker = kind, linker
        self.result = ""

    def address(self):
        return "127.%d.%d.1" % (self.number // 250 + 1, self.number % 250 + 1)

    def row(self, name):
        return (self.libc, self.language, self.compiler, name, self.kind)


def run(command, **options):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, timeout=60,
                              stderr=subprocess.STDOUT, text=True, **options)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "it hangs")


class Matrix:
    def __init__(self, arguments):
        self.builds = {"glibc": arguments.glibc, "musl": arguments.musl}
        self.runs = os.path.abspath(arguments.runs)
        self.objects = {}
        self.packages = {}

    def compile(self, compiler, language, flags):
        """The two objects; the same for all kinds and linkers."""
        key = (compiler, language, flags)
        stem = os.path.join(self.runs, "-".join((compiler, language) + flags)
                            .replace("/", "_"))
        kind = "c++" if language == "C++" else "c"
        self.objects[key] = [stem + "-main.o", stem + ".o"]
        for output, more in zip(self.objects[key], (["-DMAIN"], [])):
            done = run([compiler, "-x", kind, "-O1", "-fPIC", *flags]
                       + more
                       + ["-c", SOURCE, "-o", output])
            if done.returncode:
                self.objects[key] = done.stdout
                return

    def package(self, libc, module, static):
        """What pkg-config says; the tests ask it once for each module."""
        key = (libc, module, static)
        if key not in self.packages:
            done = run(["pkg-config"] + ["--static"] * static
                       + ["--libs", module],
                       env=dict(os.environ, PKG_CONFIG_PATH=self.builds[libc]))
            if done.returncode:
                sys.exit("matrix.py: pkg-config: " + done.stdout)
            self.packages[key] = shlex.split(done.stdout)
        return self.packages[key]

    def link(self, cell, folder, kit):
        """One program in its folder, with the kit or without."""
        objects = self.objects[cell.compiler, cell.language,
                               tuple(cell.flags)]
        if isinstance(objects, str):
            return objects
        static = cell.kind.startswith("static")
        libs = self.package(cell.libc, "netspy-wrap" if cell.kind == "shared"
                            else "netspy", static) if kit else []
        base = [cell.compiler] + cell.flags + ["-fuse-ld=" + cell.linker]
        program = os.path.join(folder, "exchange")
        if cell.kind == "shared":
            library = os.path.join(folder, "libexchange.so")
            done = run(base + ["-shared", objects[1], "-o", library] + libs)
            if done.returncode:
                return done.stdout
            return self.ended(run(base + [
                objects[0], "-o", program, "-L" + folder, "-lexchange",
                "-Wl,-rpath," + folder]))
        flags = ["-" + cell.kind]
        # Its specs name a dynamic linker, which lld and mold believe.
        if (cell.libc == "musl" and cell.kind == "static"
                and cell.linker in ("lld", "mold")):
            flags.append("-Wl,--no-dynamic-linker")
        return self.ended(run(base + flags + objects + ["-o", program] + libs))

    @staticmethod
    def ended(done):
        return done.stdout or "it fails" if done.returncode else ""

    def build(self, cell):
        folder = os.path.join(self.runs, str(cell.number))
        os.makedirs(folder)
        cell.result = self.link(cell, folder, True)
        if cell.result:
            cell.result = "link: " + cell.result

    def execute(self, cell, folder=None):
        folder = folder or os.path.join(self.runs, str(cell.number))
        program = os.path.join(folder, "exchange")
        if cell.kind == "static-pie" and "INTERP" in run(
                ["readelf", "-lW", program]).stdout:
            return "the compiler makes a dynamic program of it"
        done = run([program, cell.address()], cwd=folder)
        if done.returncode or done.stdout:
            return "run: %d %s" % (done.returncode, done.stdout)
        return ""

    def check(self, cell):
        """Run one that was linked; its capture must be the expected one."""
        if not cell.result:
            cell.result = self.execute(cell)
        if cell.result:
            return
        found = glob.glob(os.path.join(self.runs, str(cell.number), "*.pcap"))
        if len(found) != 1:
            cell.result = "%d captures" % len(found)
            return
        address = cell.address()
        expected = ["tcp %s open, %d sent, 4 received, fin> fin<"
                    % (address, SENT[cell.language]),
                    "udp %s > %s: 1 datagrams, 8 bytes" % (address, address)]
        said = sorted(packets.read(found[0]).summary())
        if said != expected:
            cell.result = "capture: %s" % "; ".join(said)

    def refused(self, cell):
        """Why it does not work without netspy either; or nothing."""
        folder = os.path.join(self.runs, "bare-%d" % cell.number)
        os.makedirs(folder)
        return self.link(cell, folder, False) or self.execute(cell, folder)


def all_cells(libcs):
    cells, names = [], {}
    for libc in libcs:
        for language, compilers in COMPILERS[libc].items():
            for compiler, lto, kind, linker in itertools.product(
                    compilers, ([], ["-flto"]), KINDS, LINKERS):
                cells.append(Cell(len(cells), libc, language, compiler, lto,
                                  kind, linker))
                names[cells[-1]] = "LTO" if lto else "no LTO"
    for name, flags in VARIANTS.items() if "glibc" in libcs else ():
        for kind in ("pie", "static"):
            cells.append(Cell(len(cells), "glibc", "C", "gcc", flags, kind,
                              "bfd"))
            names[cells[-1]] = name
    return cells, names


def reason(text):
    """The line of a linker's message that says what is wrong."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    telling = [line for line in lines
               if re.search("error|unknown|undefined|cannot", line)]
    line = (telling or lines or ["no reason given"])[0]
    line = re.sub(r"\S*/", "", line)
    return line[:90].replace("|", "/").replace("`", "'")


HEADER = """<!-- SPDX-License-Identifier: BSD-2-Clause -->
# Compilers and linkers

`make matrix` has written this: a program that talks to itself over TCP and UDP
was compiled and linked with nothing but what
`pkg-config --libs netspy` says, with `--static` for static programs, and
`netspy-wrap` for what is shared, a library in which the traffic is. **ok**: it
has run, and its capture was the expected one. A number: the same does not work
without netspy either, and below is why. Without rows: 32-bit programs, and clang
and C++ with musl, for which Debian has no compiler.

"""


def table(cells, names):
    """Markdown: a row for all linkers, and the reasons below."""
    rows, reasons = {}, []
    for cell in cells:
        text = "ok"
        if cell.result:
            if cell.result not in reasons:
                reasons.append(cell.result)
            text = "– (%d)" % (reasons.index(cell.result) + 1)
        rows.setdefault(cell.row(names[cell]), {})[cell.linker] = text
    lines = ["| libc | language | compiler | how | output | "
             + " | ".join(LINKERS) + " |", "|---" * (5 + len(LINKERS)) + "|"]
    for row, results in rows.items():
        lines.append("| " + " | ".join(row) + " | " + " | ".join(
            results.get(linker, "") for linker in LINKERS) + " |")
    lines += [""] + ["%d. `%s`" % (number, why)
                     for number, why in enumerate(reasons, 1)]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--glibc")
    parser.add_argument("--musl")
    parser.add_argument("--runs", required=True)
    parser.add_argument("--table")
    arguments = parser.parse_args()
    matrix = Matrix(arguments)
    cells, names = all_cells(
        [libc for libc, folder in matrix.builds.items() if folder])
    for libc in {cell.libc for cell in cells}:
        for module in ("netspy", "netspy-wrap"):
            for static in (False, True):
                matrix.package(libc, module, static)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda key: matrix.compile(*key), sorted({
            (c.compiler, c.language, tuple(c.flags)) for c in cells})))
        list(pool.map(matrix.build, cells))
    failed = 0
    for cell in cells:
        matrix.check(cell)
    for cell in cells:
        if not cell.result:
            continue
        why = matrix.refused(cell)
        if why:
            cell.result = reason(why)
            continue
        cell.result = "broken: " + reason(cell.result)
        failed += 1
        print("matrix.py: %s, %s: %s" % (
            ", ".join(cell.row(names[cell])), cell.linker, cell.result),
            file=sys.stderr)
    text = table(cells, names)
    print(text)
    if arguments.table:
        with open(arguments.table, "w", encoding="utf-8") as output:
            output.write(HEADER + text)
    ok = sum(not cell.result for cell in cells)
    print("%d ways recorded, %d failed, %d not possible without netspy either"
          % (ok, failed, len(cells) - ok - failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
