# SPDX-License-Identifier: BSD-2-Clause
"""Reads network_functions.json and refuses what is wrong in it."""

import json
import re

# Each role: its shape (how the body is built), its hook, and the arguments
# that the hook gets, in order. "flags=0" is optional and 0 when not given.
# A "guarded" role needs "fd" besides: the descriptor that decides whether
# the call is recorded.
ROLES = {
    "accept": ("guarded", "nspy_on_accept", ""),
    "aio_read": ("around", "nspy_on_aio", "control"),
    "aio_return": ("always", "nspy_on_aio_return", "control"),
    "aio_write": ("around", "nspy_on_aio", "control"),
    "bind": ("guarded", "nspy_on_bind", ""),
    "clone": ("before", "nspy_before_clone", "flags"),
    "clone_args": ("before", "nspy_before_clone_args", "args"),
    "close": ("close", "nspy_begin_close", "fd"),
    "close_range": ("close", "nspy_begin_close_range", "first last flags"),
    "closefrom": ("close", "nspy_begin_closefrom", "lowfd"),
    "confine": ("before", "nspy_before_confine", ""),
    "connect": ("guarded", "nspy_on_connect", "addr addrlen"),
    "dprintf": ("around", "nspy_on_dprintf", "format"),
    "daemon": ("around", "nspy_on_daemon", "noclose"),
    "dup": ("always", "nspy_on_dup", "oldfd"),
    "exec": ("before", "nspy_before_exec", ""),
    "abort": ("exit", "nspy_before_abort", ""),
    "quit": ("exit", "nspy_before_quit", ""),
    "exit": ("exit", "nspy_before_exit", ""),
    "fclose": ("close", "nspy_begin_fclose", "stream"),
    "fcntl": ("always", "nspy_on_fcntl", "fd cmd"),
    "fdopen": ("guarded", "nspy_on_fdopen", ""),
    "fork": ("before", "nspy_before_fork", ""),
    "forkpty": ("around", "nspy_on_forkpty", ""),
    "freopen": ("around", "nspy_on_freopen", ""),
    "gai_error": ("lookup", "nspy_on_gai_error", "req"),
    "gai_suspend": ("lookup", "nspy_on_gai_suspend", "list nitems"),
    "getaddrinfo_a": ("lookup", "nspy_on_getaddrinfo_a", "mode list nitems"),
    "getaddrinfo": ("lookup", "nspy_on_getaddrinfo", "node hints res"),
    "gethost": ("lookup", "nspy_on_gethost", "name=NULL"),
    "gethost_r": ("lookup", "nspy_on_gethost_r", "result name=NULL"),
    "getnameinfo": ("lookup", "nspy_on_getnameinfo", "sa salen host hostlen"),
    "gnutls_get_keylog": ("back", "nspy_unchain_gnutls", ""),
    "gnutls_session": ("after", "nspy_on_gnutls_session", "session"),
    "gnutls_set_keylog": ("through", "nspy_chain_gnutls", "function"),
    "getsockopt": ("guarded", "nspy_on_getsockopt",
                   "level optname optval optlen"),
    "lio_listio": ("before", "nspy_before_lio_listio", "list count"),
    "listen": ("guarded", "nspy_on_listen", ""),
    "nss_api": ("whole", "nspy_nss_api", "name"),
    "nss_derive": ("after", "nspy_on_nss_derive", "key mechanism param"),
    "nss_layer": ("whole", "nspy_nss_push", "stack id layer"),
    "openssl_context": ("after", "nspy_on_openssl_context", ""),
    "openssl_get_keylog": ("back", "nspy_unchain_openssl", ""),
    "openssl_set_keylog": ("through", "nspy_chain_openssl", "function"),
    "pidfd_getfd": ("always", "nspy_on_pidfd_getfd", ""),
    "login_tty": ("always", "nspy_on_login_tty", "fd"),
    "prctl": ("around", "nspy_on_prctl", "option"),
    "read": ("guarded", "nspy_on_read", "buf len"),
    "recv": ("guarded", "nspy_on_recv",
             "buf len flags=0 from=NULL fromlen=NULL"),
    "recvmmsg": ("guarded", "nspy_on_recvmmsg", "msgvec flags"),
    "recvmsg": ("guarded", "nspy_on_recvmsg", "msg flags"),
    "recvv": ("guarded", "nspy_on_recvv", "iov iovcnt"),
    "replace": ("around", "nspy_on_replace", "oldfd"),
    "res_query": ("lookup", "nspy_on_res_query", "answer anslen statp=NULL"),
    "res_send": ("lookup", "nspy_on_res_send",
                 "msg msglen answer anslen statp=NULL"),
    "seccomp": ("around", "nspy_on_seccomp", "operation"),
    "send": ("guarded", "nspy_on_send", "buf flags=0 to=NULL tolen=0"),
    "sendfile": ("guarded", "nspy_on_sendfile", "in offset"),
    "sendmmsg": ("guarded", "nspy_on_sendmmsg", "msgvec flags"),
    "sendmsg": ("guarded", "nspy_on_sendmsg", "msg flags"),
    "sendv": ("guarded", "nspy_on_sendv", "iov iovcnt"),
    "setsockopt": ("guarded", "nspy_on_setsockopt",
                   "level optname optval optlen"),
    "shutdown": ("guarded", "nspy_on_shutdown", "how"),
    "socket": ("always", "nspy_on_socket", "domain type protocol"),
    "socketpair": ("always", "nspy_on_socketpair", "domain type sv"),
    "splice": ("between", "nspy_on_splice", "out len flags"),
    "syscall": ("switch", "", "number"),
    "unload": ("before", "nspy_before_unload", ""),
}
# What is called before the real function in some roles, with "call" and some
# of the arguments.
BEFORE = {
    "aio_read": ("nspy_before_aio_read", "control"),
    "aio_write": ("nspy_before_aio_write", "control"),
    "connect": ("nspy_before_connect", "&call"),
    "dprintf": ("nspy_before_dprintf", "&call fd list"),
    "daemon": ("nspy_before_exec", ""),
    "forkpty": ("nspy_before_fork", ""),
    "freopen": ("nspy_before_freopen", "&call path stream"),
    "prctl": ("nspy_before_prctl", "option"),
    "seccomp": ("nspy_before_seccomp", "operation"),
    "recv": ("nspy_keep_room", "&call from fromlen"),
    "recvmmsg": ("nspy_before_recvmmsg", "&call msgvec vlen"),
    "recvmsg": ("nspy_keep_room_msg", "&call msg"),
    "replace": ("nspy_before_replace", "&call oldfd newfd"),
    "sendfile": ("nspy_before_sendfile", "&call in offset"),
    "splice": ("nspy_before_splice",
               "&call in in_offset out out_offset len flags"),
}

FUNCTION_KEYS = {"name": str, "return_type": str, "parameters": list,
                 "header": str, "role": str, "arguments": dict}
FUNCTION_OPTIONS = {"variadic": list, "aliases": list, "requires": str,
                    "bindings": list, "on_demand": str, "syscalls": list,
                    "libc_name": str, "inner": str, "library": str}
SYSCALL_KEYS = {"name": str, "arguments": list}
ALIAS_OPTIONS = {"bindings": list, "extra": dict, "list": str, "own": bool,
                 "requires": str, "va_list": str}
# Each is a member of the static archive, which Makefile.am names.
ON_DEMAND = ["aio", "getaddrinfo", "getaddrinfo_a", "gethostbyaddr",
             "gethostbyaddr_r", "gethostbyname", "gethostbyname2",
             "gethostbyname2_r", "gethostbyname_r", "getnameinfo", "process",
             "res"]
PARAMETER_KEYS = {"type": str, "name": str}
EXTRA_KEYS = {"type": str, "name": str, "bounds": str}
BINDINGS = ["preload", "link"]
KINDS = {str: "a string", list: "a list", dict: "an object", bool: "true"}


class SpecError(Exception):
    """The spec is wrong; the message says where and what to do."""


def check_keys(where, entry, required, optional):
    """Every key is known, none is missing, each has the right kind."""
    if not isinstance(entry, dict):
        raise SpecError(f"{where}: {entry!r} is no object; write one")
    known = {**required, **optional}
    for key, value in entry.items():
        if key not in known:
            raise SpecError(f"{where}: unknown key '{key}'; "
                            f"use one of {', '.join(known)}")
        if not isinstance(value, known[key]):
            raise SpecError(f"{where}: '{key}' is not what it must be; "
                            f"write {KINDS[known[key]]}")
    for key in required:
        if key not in entry:
            raise SpecError(f"{where}: no '{key}'; add it")


def check_name(where, what, name, pattern=r"[A-Za-z_]\w*"):
    if not isinstance(name, str) or not re.fullmatch(pattern, name, re.ASCII):
        raise SpecError(f"{where}: {name!r} cannot be {what}; correct it")


def check_bindings(where, entry, allowed):
    for binding in entry.get("bindings", []):
        if binding not in allowed:
            raise SpecError(f"{where}: unknown binding {binding!r}; "
                            f"use one of {', '.join(allowed)}")


def role_arguments(role):
    """The role's arguments as (name, default); required: default None."""
    shape, _, hook = ROLES[role]
    first = ["fd"] if shape == "guarded" else []
    named = [word.partition("=")[0] for word in hook.split()]
    if role in BEFORE:
        first += [w for w in BEFORE[role][1].split()
                  if w != "&call" and w not in named]
    pairs = [(name, None) for name in first]
    for word in hook.split():
        name, _, default = word.partition("=")
        if (name, None) not in pairs:
            pairs.append((name, default or None))
    return pairs


def check_role(where, entry, parameters):
    """The role exists and its arguments name parameters, all of them."""
    role, given = entry["role"], entry["arguments"]
    if role not in ROLES:
        raise SpecError(f"{where}: unknown role '{role}'; "
                        f"use one of {', '.join(ROLES)}")
    if (ROLES[role][0] == "exit") > (entry["return_type"] == "void"):
        raise SpecError(f"{where}: role '{role}' never returns; "
                        "make the return type void")
    if ROLES[role][0] in ("guarded", "between", "always") and (
            entry["return_type"] == "void"):
        raise SpecError(f"{where}: role '{role}' needs a result; "
                        "correct the return type or the role")
    pairs = role_arguments(role)
    names = [name for name, _ in pairs]
    for name, parameter in given.items():
        if name not in names:
            raise SpecError(f"{where}: role '{role}' has no argument '{name}'"
                            f"; it takes {', '.join(names) or 'none'}")
        if parameter not in parameters:
            raise SpecError(f"{where}: argument '{name}' is {parameter!r}, "
                            "which is no parameter; "
                            f"use one of {', '.join(parameters)}")
    for name, default in pairs:
        if name not in given and (default is None or name in parameters):
            raise SpecError(f"{where}: argument '{name}' of role '{role}' is "
                            "missing; add it to 'arguments'")


def check_alias(where, entry, alias):
    check_keys(where, alias, {"name": str}, ALIAS_OPTIONS)
    where = f"{where}: alias '{alias['name']}'"
    check_name(where, "a name", alias["name"])
    check_name(where, "a macro", alias.get("requires", "HAVE_"), r"HAVE_\w*")
    check_bindings(where, alias, BINDINGS + ["static"])
    for binding in alias.get("bindings", BINDINGS):
        base = "link" if binding == "static" else binding
        if base not in entry.get("bindings", BINDINGS):
            raise SpecError(f"{where}: binding '{binding}' without '{base}' "
                            f"in '{entry['name']}'; add it there")
    parameters = [p["name"] for p in entry["parameters"]]
    if "list" in alias and alias["list"] not in parameters[1:]:
        raise SpecError(f"{where}: list '{alias['list']}' is no parameter "
                        "after the first; "
                        f"use one of {', '.join(parameters[1:])}")
    if "va_list" in alias and (len(parameters) < 2
                               or alias["va_list"] != parameters[-1]):
        raise SpecError(f"{where}: va_list '{alias['va_list']}' is not the "
                        f"last parameter; use {parameters[-1]}")
    kinds = [k for k in ("extra", "list", "own", "va_list") if k in alias]
    if len(kinds) > 1:
        raise SpecError(f"{where}: both '{kinds[0]}' and '{kinds[1]}'; "
                        "remove one")
    if "extra" not in alias:
        return
    check_keys(f"{where}: extra", alias["extra"], EXTRA_KEYS, {})
    check_name(where, "a parameter", alias["extra"]["name"])
    if alias["extra"]["name"] in parameters:
        raise SpecError(f"{where}: extra '{alias['extra']['name']}' is a "
                        "parameter already; choose another name")
    if alias["extra"]["bounds"] not in parameters:
        raise SpecError(f"{where}: extra bounds "
                        f"'{alias['extra']['bounds']}', which is no parameter"
                        f"; use one of {', '.join(parameters)}")


def check_syscall(where, item, parameters):
    """A number of syscall(2), with all parameters among its six arguments."""
    if isinstance(item, str):
        item = {"name": item, "arguments": parameters}
    check_keys(f"{where}: system call", item, SYSCALL_KEYS, {})
    check_name(where, "a system call", item["name"], r"SYS_\w+")
    where = f"{where}: {item['name']}"
    if len(item["arguments"]) > 6:
        raise SpecError(f"{where}: a system call has no more than 6 arguments;"
                        " remove some")
    if item["arguments"][:1] == [""]:
        raise SpecError(f"{where}: \"\" stands for a part of the argument "
                        "before it; begin with a parameter")
    for name in item["arguments"]:
        if name and name not in parameters:
            raise SpecError(f"{where}: {name!r} is no parameter; "
                            f"use one of {', '.join(parameters)}, or \"\"")
    for name in parameters:
        if item["arguments"].count(name) != 1:
            raise SpecError(f"{where}: '{name}' is not there once; "
                            "put it where the kernel has it")


def check_function(number, entry):
    name = entry.get("name") if isinstance(entry, dict) else None
    where = f"function '{name}'" if name else f"function number {number}"
    check_keys(where, entry, FUNCTION_KEYS, FUNCTION_OPTIONS)
    check_name(where, "a name", name)
    check_name(where, "a header", entry["header"], r"[\w/]+\.h")
    check_name(where, "a macro", entry.get("requires", "HAVE_"), r"HAVE_\w*")
    check_name(where, "a library", entry.get("library", "lib"), r"lib[\w-]*")
    check_bindings(where, entry, BINDINGS)
    if entry.get("on_demand", "aio") not in ON_DEMAND:
        raise SpecError(f"{where}: unknown on_demand '{entry['on_demand']}'; "
                        f"use one of {', '.join(ON_DEMAND)}")
    parameters = entry["parameters"] + entry.get("variadic", [])
    seen = []
    for parameter in parameters:
        check_keys(f"{where}: parameter", parameter, PARAMETER_KEYS, {})
        check_name(where, "a parameter", parameter["name"])
        # "real", "call" and "ret" are what the generated body itself uses.
        if parameter["name"] in seen + ["real", "call", "ret"]:
            raise SpecError(f"{where}: parameter '{parameter['name']}' is "
                            "taken; choose another name")
        seen.append(parameter["name"])
    check_role(where, entry, seen)
    for item in entry.get("syscalls", []):
        check_syscall(where, item, seen)
    for alias in entry.get("aliases", []):
        check_alias(where, entry, alias)


def unique_keys(pairs):
    """Python keeps the last of two equal keys, which would hide a slip."""
    entry = dict(pairs)
    for key in entry:
        if [k for k, _ in pairs].count(key) > 1:
            name = entry.get("name")
            where = f"function '{name}'" if name else "an object"
            raise SpecError(f"{where}: key '{key}' is there twice; remove one")
    return entry


def load(path):
    """The functions of the spec, checked; raises SpecError or OSError."""
    try:
        with open(path, encoding="utf-8") as spec:
            entries = json.load(spec, object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        raise SpecError(f"line {error.lineno}, column {error.colno}: "
                        f"bad JSON ({error.msg}); correct it there") from error
    except UnicodeDecodeError as error:
        raise SpecError(f"byte {error.start}: no UTF-8; correct it") from error
    check_keys("the spec", entries, {"network_functions": list}, {})
    owners = {}
    for number, entry in enumerate(entries["network_functions"], 1):
        check_function(number, entry)
        for name in [e["name"] for e in [entry] + entry.get("aliases", [])] + [
                item if isinstance(item, str) else item["name"]
                for item in entry.get("syscalls", [])]:
            if name in owners:
                raise SpecError(f"function '{entry['name']}': duplicate: "
                                f"'{name}' is already in function "
                                f"'{owners[name]}'; remove one of the two")
            owners[name] = entry["name"]
    for entry in entries["network_functions"]:
        if owners.get(entry.get("inner")) != entry.get("inner"):
            raise SpecError(f"function '{entry['name']}': inner "
                            f"'{entry['inner']}' is no function of the spec; "
                            "correct it")
    return entries["network_functions"]
