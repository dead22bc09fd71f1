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


def words(arguments):
    """What the kernel is given: "" is the upper half of the one before."""
    return [f"(long){name}" if name else f"UPPER({arguments[at - 1]})"
            for at, name in enumerate(arguments)]


# On 32-bit machines an argument of 64 bits takes two words, while a body takes
# what fits into one, as the offset of a socket does. Others need one.
UPPER = """#define UPPER(value) ((long)((int64_t)(value) >> 32))
#define FITS(word, upper) (sizeof(long) > 4 || (upper) == UPPER((long)word))

"""


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
        lines.append(fold(f"{start}real_syscall(", [number] + words(arguments),
                          ");"))
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
    return UPPER + "\n".join([
        "static typeof(syscall) *_Atomic real_syscall;\n"] + [
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
        fits = "".join(
            f"\t\tif (!FITS({ARGUMENTS[at - 1]}, {ARGUMENTS[at]}))\n"
            "\t\t\tbreak;\n" for at, name in enumerate(arguments) if not name)
        text += only_where(entry, number, f"\tcase {number}:\n{fits}{call}\n"
                           + ("" if result else "\t\treturn 0;\n"))
    passed = ["number"] + list(ARGUMENTS)
    return (text + "\tdefault:\n\t\tbreak;\n\t}\n"
            + fold("\treturn real(", passed, ");"))
