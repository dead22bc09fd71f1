# SPDX-License-Identifier: BSD-2-Clause
"""Workloads: programs of our own tests, with the library linked in."""

import os
import shlex
import subprocess

from run import Failed, workload

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KINDS = {"pie": (["-fPIE"], ["-pie"]),
         "static": (["-fno-pie"], ["-static"]),
         "static-pie": (["-fPIE"], ["-static-pie"])}


def options_file(run, name):
    for folder in (run.build, os.path.dirname(TESTS)):
        path = os.path.join(folder, "wrap", name)
        if os.path.exists(path):
            return "-Wl,@" + path
    raise Failed("wrap/%s is not built" % name)


def build(run, program, kind):
    compile_flags, link_flags = KINDS[kind]
    link_flags = link_flags + ["-Wl,--undefined=netspy_link_anchor",
                               "-L" + run.build]
    if kind != "pie":
        link_flags += [options_file(run, "link.opts"),
                       options_file(run, "link-static.opts")]
    output = run.path("%s-%s" % (program, kind))
    done = subprocess.run(
        shlex.split(os.environ.get("CC", "cc")) + ["-O1", "-pthread"]
        + compile_flags + [os.path.join(TESTS, "progs", program + ".c"),
                           "-o", output] + link_flags + ["-lnetspy-link"],
        capture_output=True, text=True)
    if done.returncode:
        raise Failed("cannot build %s: %s" % (program, done.stderr[-300:]))
    return output


def run_all(run, kind):
    label = "linked " + kind
    for program, *arguments in (
            ("tcp-pair", "4", "100000", "3"), ("tcp-pair", "6", "500", "2"),
            ("udp-pair", "4", "300", "6"), ("udp-pair", "6", "1000", "2"),
            ("half-close",), ("vectors",), ("fork-child",)):
        path = run.path("%s-%s" % (program, kind))
        if not os.path.exists(path):
            build(run, program, kind)
        run.run(label, [path] + arguments, both_ends=True,
                env={"LD_PRELOAD": ""})


@workload("cc")
def linked_pie(run):
    """our programs, linked as PIE"""
    run_all(run, "pie")


@workload("cc", fast=True)
def linked_static(run):
    """our programs, linked statically"""
    run_all(run, "static")


@workload("cc")
def linked_static_pie(run):
    """our programs, linked as static PIE"""
    run_all(run, "static-pie")
