#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the wrappers, the export map and the ld options from the spec.

netspy-gen.py OUTPUT SPEC    write one output, chosen by its file name
netspy-gen.py --check SPEC   only say whether the spec is right
"""

import os
import sys
from functools import partial

# No __pycache__ in the source folder, which may be read-only.
sys.dont_write_bytecode = True
import netspy_syscalls as syscalls  # noqa: E402
from netspy_c import declare, fold, guarded  # noqa: E402
from netspy_doors import door, fortified  # noqa: E402
from netspy_spec import (BEFORE, BINDINGS, ON_DEMAND, ROLES,  # noqa: E402
                         SpecError, load)


def body_head(entry, tail):
    parameters = entry["parameters"] + entry.get("variadic", [])
    name = entry["name"]
    return entry["return_type"] + "\n" + fold(
        f"nspy_call_{name}(",
        [f"typeof({name}) *real"] + [declare(p) for p in parameters], tail)


def body(entry):
    """The body that all doors of a function share."""
    name, given = entry["name"], entry["arguments"]
    shape, hook, arguments = ROLES[entry["role"]]
    passed = []
    for word in arguments.split():
        argument, _, default = word.partition("=")
        passed.append(given.get(argument, default))
    values = [p["name"]
              for p in entry["parameters"] + entry.get("variadic", [])]

    stored = real_call(entry, given, values)
    result = "" if entry["return_type"] == "void" else "return "
    tail_call = fold(f"\t{result}real(", values, ");")
    call = "\tstruct nspy_call call;\n"
    ret = f"\t{declare({'type': entry['return_type'], 'name': 'ret'})};\n\n"
    told = "\n".join(["\tnspy_enter(&call);",
                      fold(f"\t{hook}(", ["&call", "ret"] + passed, ");"),
                      "\tnspy_leave(&call);", clamped(entry)])
    if shape in ("guarded", "between"):
        ends = ["fd"] if shape == "guarded" else ["out", "in"]
        begin = "\tif (" + " &&\n\t    ".join(
            f'!nspy_begin(&call, "{name}", {given[end]})'
            for end in ends) + ")"
        return (f"{call}{ret}{begin}{unrecorded(entry, given, values)}\n"
                + f"{before(entry, given)}{stored}\n{told}")
    if shape == "close":
        end = "\tnspy_end_close(&call);"
        if not result:
            begin = fold(f"\t{hook}(", ["&call"] + passed, ");")
            return f"{call}\n{begin}\n{tail_call}\n{end}"
        begin = fold(f"\tif (!{hook}(", ["&call"] + passed, "))")
        return (f"{call}{ret}{begin}\n\t{tail_call}\n"
                f"{stored}\n{end}\n\treturn ret;")
    if shape in ("always", "around", "lookup"):
        kind = "lookup" if shape == "lookup" else "any"
        begin = f'\tnspy_begin_{kind}(&call, "{name}");\n'
        return f"{call}{ret}{begin}{before(entry, given)}{stored}\n{told}"
    text = fold(f"\t{hook}(", passed, ");") + "\n" + tail_call
    # gcc's typeof forgets that the real function does not return.
    return text + ("\n\t__builtin_unreachable();" if shape == "exit" else "")


# What a call that is not recorded may do nevertheless: pass descriptors.
PASSING = {"recvmsg": "got", "recvmmsg": "got_many",
           "sendmsg": "gave", "sendmmsg": "gave_many"}


def unrecorded(entry, given, values):
    """The branch of a descriptor that is not recorded."""
    passing = PASSING.get(entry["role"])
    if not passing:
        return "\n" + fold("\t\treturn real(", values, ");")
    msg = given.get("msg", given.get("msgvec"))
    return (" {\n" + fold("\t\tret = real(", values, ");")
            + f"\n\t\tnspy_{passing}_descriptors(ret, {msg});\n"
            "\t\treturn ret;\n\t}")


# Roles that receive datagrams: which argument is the room for them, and the
# function that looks at it.
DATAGRAMS = {"recv": ("len", "nspy_clamp"),
             "recvmsg": ("msg", "nspy_clamp_msg"),
             "recvmmsg": ("msgvec", "nspy_clamp_msgs")}


def asks_length(entry):
    return entry["role"] in DATAGRAMS and "flags" in entry["arguments"]


def asked(entry, values):
    """The arguments, with flags that ask for the true length."""
    if not asks_length(entry):
        return values
    flags = entry["arguments"]["flags"]
    return [f"nspy_ask_length(&call, {value})" if value == flags else value
            for value in values]


def real_call(entry, given, values):
    """The call of the real function; or, where the program does not ask who
    sent the datagram and nothing else tells, of one that does."""
    flags = given.get("flags", "0")
    if entry["role"] in ("read", "recv"):
        own = [given["buf"], given["len"], flags]
        needs = f"nspy_needs_sender(&call, {given.get('from', 'NULL')})"
        function = "nspy_receive"
    elif entry["role"] == "recvmsg":
        own, function = [given["msg"], flags], "nspy_receive_msg"
        needs = f"nspy_needs_sender_msg(&call, {given['msg']})"
    else:
        return fold("\tret = real(", asked(entry, values), ");")
    # read() of no bytes takes no datagram.
    if entry["role"] == "read":
        needs = f"{given['len']} && {needs}"
    return "\n".join([
        f"\tif ({needs})",
        fold(f"\t\tret = {function}(", ["&call"] + asked(entry, own), ");"),
        "\telse", fold("\t\tret = real(", asked(entry, values), ");")])


def clamped(entry):
    """The return of what the program would have got without our asking."""
    if not asks_length(entry):
        return "\treturn ret;"
    argument, clamp = DATAGRAMS[entry["role"]]
    return f"\treturn {clamp}(&call, ret, {entry['arguments'][argument]});"


def before(entry, given):
    """The line of what the role does before the real call, if anything: not
    without one of the arguments."""
    function, words = BEFORE.get(entry["role"], ("", ""))
    values = [word if word[0] == "&" else given.get(word)
              for word in words.split()]
    if not function or None in values:
        return ""
    return fold(f"\t{function}(", values, ");") + "\n"


def names(entries, binding):
    """All names of one binding, each with the entry it stands in."""
    return [(entry, this) for entry in entries
            for this in [entry] + entry.get("aliases", [])
            if binding in this.get("bindings", BINDINGS)]


def banner(spec, before="", after=""):
    return (f"{before}SPDX-License-Identifier: BSD-2-Clause{after}\n"
            f"{before}Generated by spec/netspy-gen.py from "
            f"{os.path.basename(spec)}; do not edit.{after}\n")


# The names must be libc's own: no fortified inline functions, and no fcntl
# that the header turns into fcntl64.
PREAMBLE = """
#include "config.h"

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

"""


def source(spec, purpose, includes, texts):
    return (banner(spec, "/* ", " */") + f"/* {purpose} */\n" + PREAMBLE
            + "".join(f"#include {header}\n" for header in includes) + "\n"
            + "\n".join(texts))


def call_prototype(entry):
    text = body_head(entry, ");") + "\n"
    if ROLES[entry["role"]][0] == "exit":
        text = "__attribute__((noreturn)) " + text
    if fortified(entry):
        text = entry["return_type"] + "\n" + fold(
            f"{entry['name']}(", [declare(p) for p in entry["parameters"]],
            ");") + "\n" + text
    return guarded(entry, text)


def calls_header(spec, entries):
    def include(header):
        """Not where it is the header only of functions that are not there."""
        macros = {e.get("requires") for e in entries if e["header"] == header}
        line = f"#include <{header}>\n"
        if None in macros:
            return line
        found = " || ".join(f"defined({macro})" for macro in sorted(macros))
        return f"#if {found}\n{line}#endif\n"

    texts = [call_prototype(entry) for entry in entries]
    return (banner(spec, "/* ", " */") + "/* One body per function; each "
            "takes the real function first. */\n\n#ifndef NETSPY_CALLS_GEN_H\n"
            "#define NETSPY_CALLS_GEN_H\n\n"
            + "".join(map(include, sorted({e["header"] for e in entries})))
            + "\n" + "\n".join(texts) + "\n#endif\n")


def calls_source(spec, entries):
    texts = []
    for entry in entries:
        switch = entry["role"] == "syscall"
        text = (body_head(entry, ")") + "\n{\n" + (
            syscalls.switch(entries) if switch else body(entry)) + "\n}\n")
        texts.append(guarded(entry, (
            syscalls.reals(entries) if switch else "") + text))
    return source(spec, "What every door does: call the real function, tell "
                  "the hook.", ["<stdarg.h>", "<sys/syscall.h>",
                                '"wrap/call.h"', '"wrap/calls.gen.h"'], texts)


CHK_FAIL = "void __chk_fail(void) __attribute__((noreturn));\n"


def preload_source(spec, entries):
    texts = [CHK_FAIL]
    table = ""
    for entry in entries:
        name = entry["name"]
        own = [this for base, this in names([entry], "preload")]
        if not own:
            continue
        text = f'static struct nspy_next next_{name} = {{ .name = "{name}" }};'
        texts.append(guarded(entry, text + "\n\n" + "\n".join(
            door(entry, this, "preload") for this in own)))
        table += guarded(entry, f"\t&next_{name},\n")
    texts += hook_reals(entries, "nspy_next(&next_%s)")
    texts.append("struct nspy_next *const nspy_nexts[] = {\n" + table + "};\n\n"
                 "const size_t nspy_next_count =\n"
                 "\tsizeof(nspy_nexts) / sizeof(nspy_nexts[0]);\n")
    return source(spec, "The names that libnetspy.so puts before libc's.",
                  ["<stdarg.h>", "<stddef.h>", '"wrap/call.h"',
                   '"wrap/calls.gen.h"', '"wrap/next.h"'], texts)


# Functions that hooks call, as nspy_real_NAME.
FOR_HOOKS = ["recvmsg"]


def hook_reals(entries, real):
    texts = []
    for entry in entries:
        if entry["name"] in FOR_HOOKS:
            name, parameters = entry["name"], entry["parameters"]
            texts.append("\n".join([
                entry["return_type"],
                fold(f"nspy_real_{name}(", [declare(p) for p in parameters], ")"), "{",
                f"\ttypeof({name}) *real = {real % name};", "",
                fold("\treturn real(", [p["name"] for p in parameters], ");"),
                "}", ""]))
    return texts


def link_doors(entry, binding, weak=""):
    """All __wrap_ names of a function, behind its real one."""
    own = [this for this in [entry] + entry.get("aliases", [])
           if {"link", "static"} & set(this.get("bindings", BINDINGS))]
    if not own:
        return []
    real = f"{weak}typeof({entry['name']}) __real_{entry['name']};\n\n"
    return [guarded(entry, real + "\n".join(
        door(entry, this, binding) for this in own))]


HIDDEN = '#define NETSPY_HIDDEN __attribute__((visibility("hidden")))\n'
WEAK = """#define NETSPY_WEAK __attribute__((weak))

/* What on-demand-*.gen.c have comes first, where the linker looks for it. */
#define REAL(name)                                                             \\
	(__real_##name ? __real_##name                                         \\
		       : (typeof(__real_##name) *)no_real(#name))
"""


def link_source(spec, entries):
    texts = [HIDDEN + WEAK, CHK_FAIL]
    for entry in entries:
        if entry.get("on_demand"):
            texts += link_doors(entry, "fallback", "NETSPY_WEAK ")
        else:
            texts += link_doors(entry, "link")
    texts += hook_reals(entries, "__real_%s")
    return source(spec, "The __wrap_ names that ld --wrap directs calls to.",
                  ["<stdarg.h>", '"wrap/calls.gen.h"'], texts)


def on_demand_source(group, spec, entries):
    texts = [HIDDEN]
    for entry in entries:
        if entry.get("on_demand") == group:
            texts += link_doors(entry, "link")
    return source(spec, "The __wrap_ names of functions that are linked only "
                  "into programs that call them.",
                  ['"wrap/calls.gen.h"'], texts)


def export_source(spec, entries):
    """In a link with --wrap options, the program's own calls come by these
    names. A name that libc has for itself is never called from outside."""
    texts = []
    for entry in entries:
        own = [this["name"] for _, this in names([entry], "preload")]
        for this in [entry] + entry.get("aliases", []):
            if not own or not {"link", "static"} & set(
                    this.get("bindings", BINDINGS)):
                continue
            target = this["name"] if this["name"] in own else own[0]
            text = f"WRAPPED({this['name']}, {target})\n"
            texts.append(guarded(entry, text if this is entry
                                 else guarded(this, text)))
    return source(spec, "The __wrap_ names of the export binding.", [],
                  [WRAPPED + "".join(texts)])


WRAPPED = """#define WRAPPED(name, door)                                                    \\
	__asm__(".globl __wrap_" #name "\\n"                                   \\
		".hidden __wrap_" #name "\\n"                                  \\
		".set __wrap_" #name ", " #door);

"""


def guard_source(spec, entries):
    """Functions that are weak in a static libc, strong."""
    texts = []
    for entry in entries:
        if "libc_name" not in entry:
            continue
        real = entry["libc_name"]
        if any(this["name"] == real for binding in ("link", "static")
               for _, this in names([entry], binding)):
            real = f"__real_{real}"
        values = [p["name"] for p in entry["parameters"]]
        texts.append(guarded(entry, f"typeof({entry['name']}) {real};\n\n"
                             + f"{entry['return_type']}\n"
                             + fold(f"{entry['name']}(", [
                                 declare(p) for p in entry["parameters"]], ")")
                             + "\n{\n" + fold(f"\treturn {real}(", values, ");")
                             + "\n}\n"))
    return source(spec, "Functions that libc defines weakly, for the linker to "
                  "compare with the program's own.",
                  ['"wrap/calls.gen.h"'], texts)


# Besides libc's names: see include/netspy.h.
API = ["netspy_functions_1"]


def export_map(spec, entries):
    return (banner(spec, "# ") + "# No version name: ld.so would pass by names "
            "that had one.\n{\nglobal:\n"
            + "".join(f"\t{name};\n" for name in API + [
                this["name"] for _, this in names(entries, "preload")])
            + "local:\n\t*;\n};\n")


def link_options(spec, entries):
    return "--undefined=netspy_link_anchor\n" + wraps(entries, "link")


def static_options(spec, entries):
    return wraps(entries, "static")


def wraps(entries, binding):
    """ld takes no comments in such a file, so there is no banner."""
    return "".join(f"--wrap={this['name']}\n"
                   for _, this in names(entries, binding))


OUTPUTS = {
    "calls.gen.h": calls_header,
    "calls.gen.c": calls_source,
    "preload.gen.c": preload_source,
    "link.gen.c": link_source,
    "export.gen.c": export_source,
    "guard.gen.c": guard_source,
    "netspy.map": export_map,
    "link.opts": link_options,
    "link-static.opts": static_options,
    **{f"on-demand-{group}.gen.c": partial(on_demand_source, group)
       for group in ON_DEMAND},
}


def write(output, text):
    """A half-written output would look up to date to make."""
    part = f"{output}-t"
    with open(part, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(part, output)


def main(arguments):
    if len(arguments) != 2:
        sys.exit("netspy-gen: usage: netspy-gen.py OUTPUT SPEC | --check SPEC")
    output, spec = arguments
    make = OUTPUTS.get(os.path.basename(output))
    if output != "--check" and not make:
        sys.exit(f"netspy-gen: {output}: unknown output; "
                 f"use one of {', '.join(OUTPUTS)}")
    try:
        entries = load(spec)
        if output != "--check":
            write(output, make(spec, entries))
    except SpecError as error:
        sys.exit(f"netspy-gen: {spec}: {error}")
    except OSError as error:
        sys.exit(f"netspy-gen: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
