#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the examples of a manual page.

usage: manual.py PAGE

Lines of EXAMPLES that begin with "$ " are commands; those of one display run in
one shell, one after another, and have to succeed. Lines that follow a command
are its output, in which numbers and folders may differ; such a command may fail. A display
whose tools are not installed is left out.
"""

import re
import shutil
import subprocess
import sys

TOOLS = "jq", "tshark", "curl", "meson"


def plain(line):
    """Without what roff needs."""
    for code, text in (("\\-", "-"), ("\\(aq", "'"), ("\\(dq", '"'),
                       ("\\e", "\\"), ("\\&", "")):
        line = line.replace(code, text)
    return line


def displays(page):
    """The lines of each .nf display of the examples."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    examples = re.search(r"^\.SH EXAMPLES\n(.*?)^\.SH ", text, re.M | re.S)
    for found in re.findall(r"^\.nf\n(.*?)^\.fi\n", examples.group(1),
                            re.M | re.S):
        yield [plain(line) for line in found.splitlines()
               if not line.startswith(".")]


def steps(lines):
    """(command, [line of output]) of a display."""
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return found


def alike(text):
    """Without numbers, and folders in front of names."""
    return re.sub(r"[0-9]+", "#", re.sub(r"/[^\s:]*/", "", text))


def run(display):
    """What is wrong with it."""
    script = ""
    for command, output in display:
        script += command + (" || true\n" if output else "\n")
    done = subprocess.run(["sh", "-ec", script], capture_output=True,
                          text=True, check=False, timeout=60)
    said = done.stdout + done.stderr
    if done.returncode:
        return ["%s: %d: %s" % (script, done.returncode, said)]
    return ["%s: %s instead of %s" % (command, said, line)
            for command, output in display for line in output
            if alike(line) not in alike(said)]


def main():
    wrong, count = [], 0
    for lines in displays(sys.argv[1]):
        display = steps(lines)
        missing = [tool for tool in TOOLS if not shutil.which(tool) and
                   any(re.search(r"\b%s\b" % tool, c) for c, _ in display)]
        if missing:
            print("left out, as %s is not installed: %s" % (
                missing[0], "; ".join(c for c, _ in display)))
        elif display:
            wrong += run(display)
            count += len(display)
    print("%d examples were run" % count)
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
