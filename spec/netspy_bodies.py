# SPDX-License-Identifier: BSD-2-Clause
"""The bodies that all doors of a function share: call the real function, tell
the hook of its role."""

from netspy_c import declare, fold
from netspy_spec import BEFORE, ROLES


def body_head(entry, tail, prefix="nspy_call_"):
    parameters = entry["parameters"] + entry.get("variadic", [])
    name = entry["name"]
    return entry["return_type"] + "\n" + fold(
        f"{prefix}{name}(",
        [f"typeof({name}) *real"] + [declare(p) for p in parameters], tail)


def is_split(entry):
    """Whether a descriptor that is no socket has nothing to do with us."""
    return ROLES[entry["role"]][0] == "guarded" and entry["role"] not in PASSING


def definition(entry):
    """The function that all doors call. What it needs of the stack for a socket
    is in one of its own, so that others cost a load and a jump."""
    text = "{\n" + body(entry) + "\n}\n"
    if not is_split(entry):
        return body_head(entry, ")") + "\n" + text
    values = [p["name"]
              for p in entry["parameters"] + entry.get("variadic", [])]
    return ("static __attribute__((noinline)) "
            + body_head(entry, ")", "record_") + f"\n{text}\n"
            + body_head(entry, ")") + "\n{\n"
            f"\tif (nspy_is_other({entry['arguments']['fd']}))\n"
            + fold("\t\treturn real(", values, ");") + "\n"
            + fold(f"\treturn record_{entry['name']}(", ["real"] + values, ");")
            + "\n}\n")


def body(entry):
    """The body that all doors of a function share."""
    name, given = entry["name"], entry["arguments"]
    shape, hook, arguments = ROLES[entry["role"]]
    passed = []
    for word in arguments.split():
        argument, _, default = word.partition("=")
        passed.append(for_hook(entry, given.get(argument, default)))
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
        begins = "nspy_begin_socket" if is_split(entry) else "nspy_begin"
        begin = "\tif (" + " &&\n\t    ".join(
            f'!{begins}(&call, "{name}", {given[end]})'
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
    if shape == "after":
        return (f"{ret}{stored}\n"
                + fold(f"\t{hook}(", ["(nspy_function *)real", "ret"] + passed,
                       ");") + "\n\treturn ret;")
    if shape == "whole":
        return fold(f"\treturn {hook}(", ["real"] + passed, ");")
    if shape == "through":
        return fold(f"\t{result}real(",
                    [f"{hook}({value})" if value in passed else value
                     for value in values], ");")
    if shape == "back":
        return fold(f"\treturn {hook}(real(", values, "));")
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
             "recvmmsg": ("msgvec", "nspy_give_back")}


def asks_length(entry):
    return entry["role"] in DATAGRAMS and "flags" in entry["arguments"]


# Macros of config.h for what C libraries declare differently, each with what
# the hooks take.
ODD_TYPES = {"MMSG_FLAGS": "int", "LIO_RESTRICT": "const void *"}


def for_hook(entry, value):
    """The value, of the type that is the same for every libc."""
    for parameter in entry["parameters"]:
        for odd, hook_type in ODD_TYPES.items():
            if value == parameter["name"] and odd in parameter["type"]:
                return f"({hook_type}){value}"
    return value


def asked(entry, values):
    """The arguments, with flags that ask for the true length."""
    if not asks_length(entry):
        return values
    flags = entry["arguments"]["flags"]
    kinds = {p["name"]: p["type"] for p in entry["parameters"]}
    text = f"nspy_ask_length(&call, {for_hook(entry, flags)})"
    if kinds[flags] in ODD_TYPES:
        text = f"({kinds[flags]}){text}"
    return [text if value == flags else value for value in values]


def real_call(entry, given, values):
    """The call of the real function; or, where the program does not ask who
    sent the datagram and nothing else tells, of one that does."""
    flags = given.get("flags", "0")
    if entry["role"] in ("read", "recv"):
        own = [given["buf"], given["len"], flags]
        needs = ("nspy_needs_sender_buf(&call, "
                 f"{given['len']}, {given.get('from', 'NULL')})")
        function = "nspy_receive"
    elif entry["role"] == "recvmsg":
        own, function = ["real", given["msg"], flags], "nspy_receive_msg"
        needs = f"nspy_needs_sender_msg(&call, {given['msg']})"
    # preadv2() has flags that no other call has.
    elif entry["role"] == "recvv" and len(values) == 3:
        own, function = [given["iov"], given["iovcnt"]], "nspy_receive_iov"
        needs = f"nspy_needs_sender_iov(&call, {', '.join(own)})"
    elif entry["role"] == "recvmmsg":
        msgvec = given["msgvec"]
        return fold("\tret = real(", [
            f"nspy_named(&call, {msgvec})" if value == msgvec else value
            for value in asked(entry, values)], ");")
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
    without one of the arguments. What waits may be interrupted."""
    function, words = BEFORE.get(entry["role"], ("", ""))
    values = [word if word[0] == "&" else for_hook(entry, given.get(word))
              for word in words.split()]
    if not function or None in values:
        return ""
    if ROLES[entry["role"]][0] == "between":
        return fold(f"\tif (!{function}(", values, "))") + "\n\t\treturn -1;\n"
    return fold(f"\t{function}(", values, ");") + "\n"
