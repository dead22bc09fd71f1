# SPDX-License-Identifier: BSD-2-Clause
"""The table of a fidelity run: by program, with a total, as text or markdown."""

import collections
import concurrent.futures
import os
import platform
import re
import subprocess
import time

import judge
import run

COLUMNS = [
    ("recorded", "conversations"), ("exact", "exact"), ("prefix", "prefix"),
    ("wrong", "wrong"), ("missing", "missing"),
    ("resolver", "resolver"), ("datagrams", "datagrams"),
    ("datagrams exact", "exact"), ("datagrams missing", "missing"),
    ("datagrams wrong", "wrong"), ("expert", "expert"),
    ("malformed", "malformed")]
# A program, and what makes it tell its version.
VERSION_OF = [(tool, "--version") for tool in (
    "curl", "wget", "bash", "ruby", "php", "node", "java", "ab", "haproxy",
    "git", "rsync", "iperf3", "gnutls-cli", "ncat", "redis-server",
    "memcached", "postgres", "python3", "tshark", "tcpdump", "lftp")] + [
    ("perl", "-v"), ("busybox", "--help"), ("nginx", "-v"), ("apache2", "-v"),
    ("lighttpd", "-v"), ("dig", "-v"), ("socat", "-V"), ("openssl", "version"),
    ("ssh", "-V"), ("mosquitto", "-h")]
BEGIN, END = "<!-- table -->\n", "<!-- end of the table -->\n"
TITLES = {
    run.BARE: "Recorded by nothing:",
    run.PRELOAD: "Recorded by each process, with LD_PRELOAD:",
    run.COMMAND: "Recorded by the netspy command, all processes that a program"
                 " starts in one\ncapture (the total, and what is not exact):"}
BAD = ("wrong", "missing", "datagrams missing", "datagrams wrong", "expert",
       "malformed", "damaged")


def few(notes, most=4):
    """At most so many of each program's, and how many there are."""
    counts = collections.Counter()
    for note in notes:
        label = note.partition(":")[0]
        counts[label] += 1
        if counts[label] <= most:
            yield note
    for label, count in counts.items():
        if count > most:
            yield "%s: %d more" % (label, count - most)


class Report:
    """Of one door: what has recorded."""

    def __init__(self, door):
        self.door = door
        self.counts = collections.OrderedDict()
        self.reasons, self.left_out, self.failed = [], [], []
        self.files = []     # (label, path, the kernel's path)

    def leave_out(self, workload, absent):
        self.left_out.append("%s: not installed: %s" % (workload.name,
                                                         ", ".join(absent)))

    def add(self, workload, failure, verdicts, paths, kernel):
        if failure:
            self.failed.append("%s: %s" % (workload.name, failure))
        if not verdicts:
            return
        for label, counter in verdicts.counts.items():
            self.counts.setdefault(label, collections.Counter()).update(counter)
        self.reasons += verdicts.reasons
        for path in paths:
            label = os.path.basename(path).rpartition("@")[0]
            self.files.append((label.replace("_", " "), path, kernel))

    def ask_tshark(self):
        """Each file is judged, as it is in the other tests."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            answers = list(pool.map(
                lambda file: judge.judge_by_tshark(file[1], file[2], True),
                self.files))
        for (label, path, _), lines in zip(self.files, answers):
            for line in lines:
                kind = "malformed" if "alformed" in line else "expert"
                self.counts.setdefault(label, collections.Counter())[kind] += 1
                self.reasons.append("%s: %s: %s" % (
                    label, kind, line.replace(os.path.dirname(path) + "/", "")))

    def total(self):
        total = collections.Counter()
        for counter in self.counts.values():
            total.update(counter)
        return total

    def good(self):
        total = self.total()
        return (not self.failed
                and (self.door == run.BARE or total["exact"] > 0)
                and not any(total[name] for name in BAD))

    def rows(self):
        for label, counter in self.counts.items():
            yield label, counter
        yield "total", self.total()

    def text(self):
        lines = []
        heads = [self.door] + [head for _, head in COLUMNS]
        lines.append("%-24s" % heads[0]
                     + " ".join("%*s" % (max(7, len(h)), h)
                                for h in heads[1:]))
        for label, counter in self.rows():
            lines.append("%-24s" % label[:24] + " ".join(
                "%*s" % (max(7, len(head)), counter[name] or "-")
                for name, head in COLUMNS))
        for title, notes in (("Left out:", self.left_out),
                             ("Failed:", self.failed),
                             ("Not exact:", self.reasons)):
            if notes:
                lines += ["", title] + ["  " + note for note in few(notes)]
        return "\n".join(lines)

    def markdown(self, all_rows):
        """The table, or what of it is not exact, and the reasons."""
        heads = ["program"] + [head for _, head in COLUMNS]
        lines = ["| " + " | ".join(heads) + " |",
                 "|---|" + "--:|" * len(COLUMNS)]
        for label, counter in self.rows():
            if label == "total":
                label = "**total**"
            elif not all_rows and not any(
                    counter[name] for name in ("prefix",) + BAD):
                continue
            lines.append("| %s | %s |" % (label, " | ".join(
                str(counter[name]) for name, _ in COLUMNS)))
        for title, notes in (("Not counted:", self.left_out),
                             ("Failed:", self.failed),
                             ("Not exact:", list(few(self.reasons)))):
            if notes:
                lines += ["", title, ""]
                lines += ["- " + " ".join(note.split()) for note in notes]
        return lines + [""]


def commit():
    """" at commit ...", where there is one."""
    done = subprocess.run(["git", "-C", run.HERE, "rev-parse", "--short",
                           "HEAD"], capture_output=True, text=True,
                          check=False)
    return " at commit " + done.stdout.strip() if done.stdout else ""


def write_markdown(path, tables):
    """Puts the tables and what they were measured on into the document.

    The text around them is kept: only what stands between the two marks is
    replaced.
    """
    with open(path) as file:
        text = file.read()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("%s: no place for the table" % path)
    lines = ["", "Measured on %s%s, Linux %s, %s, %s." % (
        time.strftime("%Y-%m-%d"), commit(), platform.release(),
        platform.machine(), " ".join(platform.libc_ver())), ""]
    for number, table in enumerate(tables):
        lines += [TITLES[table.door], ""] + table.markdown(number == 0)
    lines += ["Versions: %s." % ", ".join(versions()), "", ""]
    with open(path, "w") as file:
        file.write(before + begin + "\n".join(lines) + end + after)


def versions():
    """"name version" of each program that says it."""
    for tool, question in VERSION_OF:
        try:
            done = subprocess.run(
                [tool, question], stdout=subprocess.PIPE, timeout=10,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                env=dict(os.environ, PATH=run.PATH), check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        found = re.search(r"\d+\.\d+[\w.]*", done.stdout)
        if found:
            yield "%s %s" % (tool, found.group())
