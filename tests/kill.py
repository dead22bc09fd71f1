#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Kills busy-client at random moments and checks what is left each time.

usage: kill.py --times N --port PORT --netspy COMMAND [--seed S] [--run SUFFIX]
               -- CLIENT...

The log of busy-client says which calls had returned. The capture reads without
an error as it was left; after `netspy recover` it holds at least what the log
says and at most the one call more that was under way.

With --run the client is run by the netspy command, which is killed with it; its
capture is run.SUFFIX, and folders of runs are in $TMPDIR.
"""

import argparse
import glob
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time

import judge
import packets

ENTRY = struct.Struct("=IIQQQ")
CONNECTED, CLOSED = 1, 2
LARGEST_CALL = 8192


def pattern(length, known=bytearray()):
    """The first bytes of the stream that prog.h calls pattern."""
    while len(known) < length:
        at = len(known)
        known += bytes(((at + i) * 2654435761 >> 13) & 255
                       for i in range(65536))
    return bytes(known[:length])


def plain(port):
    """The pattern is no protocol, whatever the port may be known for."""
    return ["-d", "tcp.port==%d,data" % port,
            "-d", "udp.port==%d,data" % port]


def read_log(path):
    """[(port, state, is_udp, sent, received)] for each socket."""
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return [entry for entry in ENTRY.iter_unpack(file.read()) if entry[0]]


def reads(path):
    """What is wrong with reading the file, by the reader of Wireshark."""
    done = subprocess.run(["capinfos", "-c", path], capture_output=True,
                          text=True)
    if done.returncode or "cut short" in done.stdout + done.stderr:
        return ["%s: %s" % (path, (done.stdout + done.stderr).strip())]
    return []


def check_stream(what, data, at_least):
    """The data is the pattern, and as long as the log says, or a call more."""
    if len(data) < at_least:
        return ["%s: %d bytes, but calls for %d had returned" % (
            what, len(data), at_least)]
    if len(data) > at_least + LARGEST_CALL:
        return ["%s: %d bytes, the log says %d" % (what, len(data), at_least)]
    if data != pattern(len(data)):
        return ["%s: wrong bytes" % what]
    return []


def check_socket(capture, entry, server):
    port, state, is_udp, sent, received = entry
    client = ("127.0.0.1", port)
    if is_udp:
        to = b"".join(capture.udp.get((client, server), []))
        back = b"".join(capture.udp.get((server, client), []))
        return (check_stream("udp sent", to, sent)
                + check_stream("udp received", back, received))
    found = capture.tcp.get(tuple(sorted((client, server))), [])
    if not found:
        return ["the connection from port %d is missing" % port]
    # A port may have been used twice; then the log has an entry for each.
    connection = found.pop(0)
    to, back = (connection.directions[end] for end in (client, server))
    wrong = check_stream("%s sent" % connection, to.data(), sent)
    wrong += check_stream("%s received" % connection, back.data(), received)
    if not (to.syn and back.syn):
        wrong.append("%s: no handshake" % connection)
    if state == CLOSED and not to.fin:
        wrong.append("%s: closed, but no FIN" % connection)
    return wrong


def check_recovered(path, log, port, thorough):
    capture = packets.read(path)
    wrong = capture.own_faults(path)
    if thorough:
        wrong += judge.judge_by_tshark(path, None, False, plain(port))
    for entry in log:
        wrong += check_socket(capture, entry, ("127.0.0.1", port))
    return wrong


def run_and_kill(arguments, delay):
    """One client, killed after DELAY; its pid, or what went wrong."""
    with open("stderr", "wb") as errors:
        client = subprocess.Popen(
            arguments.client + [str(arguments.port), "log"], stderr=errors,
            start_new_session=True)
        time.sleep(delay)
        os.killpg(client.pid, signal.SIGKILL)
        status = client.wait()
    if status != -signal.SIGKILL:
        with open("stderr", encoding="utf-8", errors="replace") as errors:
            return ["the client ended by itself with %d: %s" % (
                status, errors.read())]
    return []


def recover(arguments, what):
    done = subprocess.run([arguments.netspy, "recover", what],
                          capture_output=True, text=True)
    if done.returncode:
        return ["recover: %d: %s" % (done.returncode, done.stderr)]
    return []


def folders():
    return glob.glob(os.path.join(os.environ["TMPDIR"], "netspy-run.*"))


def captures():
    return glob.glob("*.pcap") + glob.glob("*.pcapng")


def one_time(arguments, delay, thorough):
    for left in glob.glob("*.pcap*") + glob.glob("log"):
        os.unlink(left)
    for left in arguments.run and folders():
        shutil.rmtree(left)
    wrong = run_and_kill(arguments, delay)
    log = read_log("log")
    if arguments.run and log and not captures():
        # Killed before its netspy had written anything: no capture, no link.
        wrong += recover(arguments, folders()[0])
    found = captures()
    # Connecting a UDP socket sends nothing, so it leaves nothing.
    talked = [entry for entry in log if not entry[2] or entry[3]]
    if wrong or (not found and not talked):
        return wrong, 0
    if len(found) != 1:
        return ["%d captures for %d sockets" % (len(found), len(log))], 0
    wrong = reads(found[0])
    if not wrong:
        before = packets.read(found[0])
        wrong += before.own_faults(found[0] + " before recover")
        if thorough:
            wrong += judge.judge_by_tshark(found[0], None, False,
                                           plain(arguments.port))
    wrong += recover(arguments, found[0])
    wrong += reads(found[0])
    if glob.glob("*.ring") or (arguments.run and folders()):
        wrong.append("recover left the ring behind")
    wrong += check_recovered(found[0], log, arguments.port, thorough)
    return wrong, sum(entry[3] + entry[4] for entry in log)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--netspy", required=True)
    parser.add_argument("--seed", type=int, default=os.getpid())
    parser.add_argument("--run", metavar="SUFFIX", default="")
    parser.add_argument("client", nargs="+")
    arguments = parser.parse_args()
    if arguments.run:
        arguments.client[:0] = [arguments.netspy, "-o", "run." + arguments.run]
    random.seed(arguments.seed)
    failed = talked = number = 0
    # On a busy machine many a client is killed before it has talked.
    while number < arguments.times or (
            talked < arguments.times // 2 and number < 4 * arguments.times):
        # Short lives meet the start; longer ones the steady state.
        delay = random.choice((0.02, 0.1, 0.1, 0.2)) * random.random()
        try:
            wrong, amount = one_time(arguments, delay, number % 10 == 0)
        except packets.Damaged as damage:
            wrong, amount = [str(damage)], 0
        number += 1
        talked += amount > 0
        failed += bool(wrong)
        for line in wrong[:5]:
            print("kill %d after %.1f ms (seed %d): %s" % (
                number, delay * 1000, arguments.seed, line), file=sys.stderr)
        if failed >= 5:
            break
    print("%d of %d kills hit a client that had talked; %d failed" % (
        talked, number, failed))
    if talked < arguments.times // 2 and not failed:
        print("too few of them to show anything", file=sys.stderr)
        return 99
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
