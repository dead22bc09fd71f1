# SPDX-License-Identifier: BSD-2-Clause
"""The wrapper of syscall(2): a switch over the numbers, to the bodies of the
functions that do the same."""

from netspy_c import declare, fold, guarded, take_variadic
from netspy_spec import ROLES

ARGUMENTS = "abcdef"


def order(entry, item):
    """The number, and the parameter that each of its arguments is, or ""."""
    if isinstance(item, str):
        return item, [p["name"] for p in entry["parameters"]
                      + entry.get("variadic", [])]
    return item["name"], item["arguments"]


def numbers(entries):
    """(entry, number, arguments) of all."""
    return [(entry,) + order(entry, item) for entry in entries
            for item in entry.get("syscalls", [])]


def only_where(entry, number, text):
    """The text, where the kernel and libc have the call."""
    return guarded(entry, f"#ifdef {number}\n{text}#endif\n")


def real(entry):
    """What a body that syscall(2) leads to calls for the real function."""
    texts = []
    for _, number, arguments in numbers([entry]):
        declared = [declare(p) for p in entry["parameters"]]
        lines = []
        if "variadic" in entry:
            declared.append("...")
            lines = take_variadic(entry)
        result = entry["return_type"]
        start = "\t" if result == "void" else f"\treturn ({result})"
        lines.append(fold(f"{start}real_syscall(", [number] + [
            f"(long){name}" if name else "0L" for name in arguments], ");"))
        if ROLES[entry["role"]][0] == "exit":
            lines.append("\t__builtin_unreachable();")
        texts.append(only_where(entry, number, "\n".join(
            # clang wants the type of the real function to the letter.
            [("__attribute__((noreturn)) " if ROLES[entry["role"]][0] == "exit"
              else "") + f"static {result}",
             fold(f"raw_{number}(", declared or ["void"], ")"), "{"]
            + lines + ["}", ""])))
    return "\n".join(texts)


def cast(parameter, value):
    before, bracket, _ = parameter["type"].partition("[")
    return f"({before.rstrip() + ' *' if bracket else before}){value}"


def reals(entries):
    return "\n".join(["static typeof(syscall) *_Atomic real_syscall;\n"] + [
        real(entry) for entry in entries if "syscalls" in entry] + [""])


def switch(entries):
    """The body of syscall(2)."""
    text = ("\tatomic_store_explicit(&real_syscall, real, "
            "memory_order_relaxed);\n\tswitch (number) {\n")
    for entry, number, arguments in numbers(entries):
        values = [f"raw_{number}"] + [
            cast(p, ARGUMENTS[arguments.index(p["name"])])
            for p in entry["parameters"] + entry.get("variadic", [])]
        result = "" if entry["return_type"] == "void" else "return "
        call = fold(f"\t\t{result}nspy_call_{entry['name']}(", values, ");")
        text += only_where(entry, number, f"\tcase {number}:\n{call}\n"
                           + ("" if result else "\t\treturn 0;\n"))
    passed = ["number"] + list(ARGUMENTS)
    return (text + "\tdefault:\n" + fold("\t\treturn real(", passed, ");")
            + "\n\t}")
