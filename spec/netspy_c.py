# SPDX-License-Identifier: BSD-2-Clause
"""Pieces of C that the generator writes."""


def fold(head, items, tail):
    """head + items + tail, folded at 80 columns under the open bracket, or
    two tabs from the margin where that is too far right."""
    indent = len(head.expandtabs(8))
    if max(map(len, items), default=0) + indent >= 80:
        indent = 16
    lines, line = [], head
    for position, item in enumerate(items):
        item += tail if position == len(items) - 1 else ","
        if len(line.expandtabs(8)) + len(item) >= 80 and line.strip() != "":
            lines.append(line.rstrip())
            line = "\t" * (indent // 8) + " " * (indent % 8)
        line += item + " "
    return "\n".join(lines + [line.rstrip() if items else head + tail])


def declare(parameter):
    """A parameter as C declares it; "int [2]" becomes "int sv[2]"."""
    if "(*)" in parameter["type"]:
        return parameter["type"].replace("(*)", f"(*{parameter['name']})")
    before, bracket, after = parameter["type"].partition("[")
    before = before.rstrip()
    space = "" if before.endswith("*") else " "
    return before + space + parameter["name"] + bracket + after


def guarded(entry, text):
    """The text, compiled only where configure found the function."""
    if "requires" not in entry:
        return text
    macro = entry["requires"]
    return f"#ifdef {macro}\n{text}#endif /* {macro} */\n"


def take_variadic(entry):
    """The lines that take the words behind the last named parameter."""
    variadic = entry["variadic"]
    return (["\tva_list list;"] + [f"\t{declare(v)};" for v in variadic]
            + ["", f"\tva_start(list, {entry['parameters'][-1]['name']});"]
            + [f"\t{v['name']} = va_arg(list, {v['type']});"
               for v in variadic] + ["\tva_end(list);"])
