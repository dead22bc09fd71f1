# SPDX-License-Identifier: BSD-2-Clause
"""The thin functions that the program's calls reach first: one for each name
and binding, which hands its arguments to the body."""

from netspy_c import declare, fold, guarded, take_variadic


def fortified(entry):
    return entry["name"].endswith("_chk")


def va_list_door(entry, alias):
    """The same three, and the lines after the call, for a va_list at the end
    of the parameters, which dprintf makes for vdprintf."""
    *given, last = [p["name"] for p in entry["parameters"]]
    declared = [declare(p) for p in entry["parameters"][:-1]]
    return ([f"\tva_list {last};",
             f"\t{declare({'type': entry['return_type'], 'name': 'ret'})};",
             "", f"\tva_start({last}, {given[-1]});"],
            declared + ["..."], given + [last],
            [f"\tva_end({last});", "\treturn ret;"])


def list_door(entry, alias):
    """The lines that turn execl's arguments into execv's array, the declared
    parameters, and the passed values. All after the array follow the NULL."""
    names = [p["name"] for p in entry["parameters"]]
    where = names.index(alias["list"])
    array, rest = names[where], entry["parameters"][where + 1:]
    lines = ["\tva_list list;", "\tsize_t count = 1, i;"]
    lines += [f"\t{declare(p)};" for p in rest]
    # The header promises that the first is not NULL, as libc relies on too.
    lines += ["", "\tva_start(list, arg);",
              "\twhile (va_arg(list, char *))", "\t\tcount++;",
              "\tva_end(list);", "",
              f"\tchar *{array}[count + 1];", "",
              f"\t{array}[0] = (char *)arg;",
              "\tva_start(list, arg);",
              "\tfor (i = 1; i <= count; i++)",
              f"\t\t{array}[i] = va_arg(list, char *);"]
    lines += [f"\t{p['name']} = va_arg(list, {p['type']});" for p in rest]
    declared = [declare(p) for p in entry["parameters"][:where]]
    return (lines + ["\tva_end(list);"],
            declared + ["const char *arg", "..."], names)


def library_lines(entry):
    """The lines that find the function in its library. A program may have
    asked for our name to see whether the library is there: the call fails."""
    name, kind = entry["name"], entry["return_type"]
    failure = {"void": "", "int": " -1", "PRStatus": " -1"}.get(kind, " NULL")
    found = f"\ttypeof({name}) *real = NSPY_NEXT_HERE({name});"
    if len(found.expandtabs(8)) > 80:
        found = found.replace("= ", "=\n\t\t")
    return [found, "", "\tif (!real)", f"\t\treturn{failure};"]


def door(entry, alias, binding):
    """One exported or __wrap_ name, which hands its arguments to the body."""
    base, extra = entry["name"], alias.get("extra")
    called = alias["name"] if "own" in alias else base
    if binding == "preload":
        symbol, real = alias["name"], f"nspy_next(&next_{called})"
        mark = "NETSPY_EXPORT "
        if "library" in entry:
            real = "real"
            # The library may be a static one, in the same program.
            mark += "NETSPY_WEAK "
    elif binding in ("fallback", "optional"):
        symbol, real = f"__wrap_{alias['name']}", f"REAL({called})"
        weak = "NETSPY_WEAK " if binding == "fallback" else ""
        mark = "NETSPY_HIDDEN " + weak
    else:
        inner = "inner" in entry and called == base
        symbol = f"__wrap_{alias['name']}"
        real = f"real_{base}" if inner else f"__real_{called}"
        mark = "NETSPY_HIDDEN "

    body_lines, declared, values = [], [], []
    if real == "real":
        body_lines += library_lines(entry)
    for parameter in entry["parameters"]:
        declared.append(declare(parameter))
        values.append(parameter["name"])
        if extra and extra["bounds"] == parameter["name"]:
            declared.append(declare(extra))
    variadic = entry.get("variadic")
    if variadic:
        declared.append("...")
        body_lines += take_variadic(entry)
        values += [v["name"] for v in variadic]
    if extra:
        body_lines += [f"\tif ({extra['bounds']} > {extra['name']})",
                       "\t\t__chk_fail();"]
    returns = "" if entry["return_type"] == "void" else "return "
    after = []
    if "va_list" in alias:
        body_lines, declared, values, after = va_list_door(entry, alias)
        returns = "ret = "
    if "list" in alias:
        body_lines, declared, values = list_door(entry, alias)

    lines = []
    own_prototype = "list" in alias or "va_list" in alias
    # A second declaration makes the compiler compare ours with libc's. No
    # header declares a fortified name unless fortifying, so it gets its own.
    if extra or (fortified(alias) and alias is not entry):
        lines += [entry["return_type"], fold(f"{symbol}(", declared, ");"), ""]
    elif symbol != alias["name"]:
        known = alias if own_prototype else entry
        lines += [f"typeof({known['name']}) {symbol};", ""]
    elif symbol != base and not own_prototype:
        lines += [f"typeof({base}) {symbol};", ""]
    lines += [mark + entry["return_type"],
              fold(f"{symbol}(", declared or ["void"], ")"), "{"]
    lines += body_lines
    lines += [fold(f"\t{returns}nspy_call_{base}(", [real] + values, ");")]
    lines += after + ["}", ""]
    text = "\n".join(lines)
    return text if alias is entry else guarded(alias, text)
