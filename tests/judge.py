#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Judges captures: by tshark, and against the kernel's capture of the same run.

usage: judge.py [--kernel FILE] [FLAG]... CAPTURE...
       judge.py --summary CAPTURE...

tshark must read each CAPTURE without a malformed packet, a wrong checksum or
an expert finding of note level or above.  With --kernel every conversation
must hold what the kernel saw, byte for byte in each direction, and every UDP
datagram and whatever else IP carried, but for ICMP errors.

--resets  resets happened: they may be found, and the shorter of the two
          streams of a connection that was reset must begin the longer one
--subset  the kernel may have seen conversations that are not ours
--prefix  our streams may end early (the program was killed)
--cut     some bytes could not be recorded, and the capture says so: the ends of
          datagrams, parts of streams
--gaps    bytes passed netspy by: the gaps that stand for them may be found
--joined  the kernel shows datagrams that it was given at once (UDP GSO) as
          one: only what is in them is compared
--part    ours may be any part of a conversation (other processes have said
          the rest)
--summary print a line for each conversation and judge nothing
"""

import argparse
import subprocess
import sys

import packets

NOTE = 0x400000
SEQUENCE_GROUP = 0x02000000
CHECKSUM_GROUP = 0x01000000
MALFORMED_GROUP = 0x07000000
OWN_NOTES = ("This frame initiates the connection closing",
             "This frame undergoes the connection closing",
             "TCP SYN-ACK accepting TFO data",
             "This session reuses previously negotiated keys "
             "(Session resumption)")
# The kernel gave out a port once more: the notes of its capture say so, too.
PORTS_AGAIN = "A new tcp session is started with the same ports"
GAP_NOTES = ("Previous segment(s) not captured", "a hole: byte",
             "ACKed segment that wasn't captured")
CHECKING = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
            "-o", "udp.check_checksum:TRUE",
            "-o", "udplite.check_checksum:TRUE"]


def findings(path, options):
    """What tshark complains about: (frame, group, message) for each."""
    command = ["tshark", "-n", "-r", path] + options + [
        "-Y", "_ws.expert || _ws.malformed", "-T", "fields",
        "-E", "aggregator=\x1f", "-e", "frame.number",
        "-e", "_ws.expert.severity", "-e", "_ws.expert.group",
        "-e", "_ws.expert.message", "-e", "_ws.malformed"]
    done = subprocess.run(command, capture_output=True, text=True)
    errors = [line for line in done.stderr.splitlines()
              if line and not line.startswith("Running as user")]
    found = [("file", 0, line) for line in errors]
    if done.returncode and not errors:
        found.append(("file", 0, "tshark ended with %d" % done.returncode))
    for line in done.stdout.splitlines():
        number, severities, groups, messages, malformed = line.split("\t")
        if malformed:
            found.append((number, MALFORMED_GROUP, "malformed"))
        for severity, group, message in zip(severities.split("\x1f"),
                                            groups.split("\x1f"),
                                            messages.split("\x1f")):
            if severity and int(severity, 0) >= NOTE:
                found.append((number, int(group, 0), message))
    return found


def judge_by_tshark(path, kernel_path, resets, options=()):
    """Findings that the kernel's capture does not have for the same bytes."""
    found = [f for f in findings(path, CHECKING + list(options))
             if f[2] not in OWN_NOTES]
    if resets:
        found = [f for f in found if not f[2].startswith("Connection reset")]
    if found and kernel_path:
        # A dissector may dislike what the program itself said; what it says
        # about sequence numbers and checksums is always our doing. The kernel
        # leaves checksums on lo unfinished, and nobody reassembles bad ones.
        theirs = {f[2] for f in findings(kernel_path, [])}
        found = [f for f in found if f[2] not in theirs
                 or f[1] in (0, SEQUENCE_GROUP, CHECKSUM_GROUP)
                 and not f[2].startswith(PORTS_AGAIN)]
    return ["%s: frame %s: %s" % (path, number, message)
            for number, _, message in found]


def difference(ours, theirs):
    """Where two byte strings part, in words."""
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b),
              min(len(ours), len(theirs)))
    return "%d bytes, the kernel has %d; they differ from byte %d (%r, %r)" % (
        len(ours), len(theirs), at, ours[at:at + 16], theirs[at:at + 16])


def compare_connection(ours, theirs, arguments):
    """Both directions of one connection that both captures hold."""
    wrong = []
    was_reset = any(d.reset for d in theirs.directions.values())
    for sender, mine in ours.directions.items():
        other = theirs.directions.get(sender)
        if other is None:
            if mine.data() or mine.fin:
                wrong.append("%s: %s: the kernel saw nothing" % (ours, sender))
            continue
        a = mine.without(mine.missing)
        b = other.without(mine.missing)
        short = min(len(a), len(b))
        if arguments.gaps and len(a) + mine.unseen() == len(b):
            b = b[:short]
        same = a in b if arguments.part else (
            a[:short] == b[:short]
            and (len(a) == len(b) or arguments.resets and was_reset
                 or arguments.prefix and len(a) < len(b)))
        if not same:
            wrong.append("%s: from %s: %s" % (
                ours, sender[0] + ":%d" % sender[1], difference(a, b)))
        if mine.fin and not (other.fin or was_reset):
            wrong.append("%s: a FIN that the kernel did not see" % ours)
        if mine.reset and not was_reset:
            wrong.append("%s: a reset that the kernel did not see" % ours)
    return wrong


def compare_tcp(ours, theirs, arguments):
    wrong = []
    for key in sorted(set(ours.tcp) | set(theirs.tcp), key=str):
        mine, other = ours.tcp.get(key, []), theirs.tcp.get(key, [])
        if len(mine) > len(other) or (len(mine) < len(other)
                                      and not arguments.subset
                                      and not arguments.prefix):
            wrong.append("%s: %d connections, the kernel saw %d" % (
                packets.name(key), len(mine), len(other)))
        for pair in zip(mine, other):
            wrong += compare_connection(*pair, arguments)
    return wrong


def compare_udp(ours, theirs, arguments):
    wrong = []
    for key in sorted(set(ours.udp) | set(theirs.udp), key=str):
        mine, other = ours.udp.get(key, []), theirs.udp.get(key, [])
        if not mine and arguments.subset:
            continue
        if arguments.prefix:
            other = other[:len(mine)]
        if arguments.part:
            other = [each for each in other if each in mine]
        if arguments.joined:
            mine, other = [b"".join(mine)], [b"".join(other)]
        if mine != other:
            wrong.append("udp %s: %d datagrams of %d bytes, "
                         "the kernel saw %d of %d" % (
                             packets.name(key), len(mine),
                             sum(map(packets.size, mine)), len(other),
                             sum(map(packets.size, other))))
    return wrong


def compare_others(ours, theirs, arguments):
    """ICMP, UDP-Lite and the rest: all that IP carried, byte for byte."""
    wrong = []
    for key in sorted(set(ours.others) | set(theirs.others)):
        mine, other = ours.others.get(key, []), theirs.others.get(key, [])
        if not mine and (arguments.subset or key[0].endswith("kernel")):
            continue
        if arguments.prefix or key[0].endswith("kernel"):
            other = other[:len(mine)]
        if mine != other:
            wrong.append("%s %s > %s: " % key + difference(
                b"".join(mine), b"".join(other)) + ", %d and %d packets" % (
                    len(mine), len(other)))
    return wrong


def judge(path, arguments):
    ours = packets.read(path)
    wrong = ours.own_faults(path)
    if arguments.cut:
        wrong = [w for w in wrong if "a packet was cut to" not in w]
    wrong += judge_by_tshark(path, arguments.kernel, arguments.resets)
    if arguments.gaps:
        wrong = [w for w in wrong if not any(g in w for g in GAP_NOTES)]
    if arguments.kernel:
        theirs = packets.read(arguments.kernel)
        differences = compare_tcp(ours, theirs, arguments)
        differences += compare_udp(ours, theirs, arguments)
        differences += compare_others(ours, theirs, arguments)
        wrong += ["%s: %s" % (path, line) for line in differences]
    print("%s: %d packets, %d TCP connections, %d UDP datagrams, "
          "%d others: %s" % (
        path, ours.count, sum(map(len, ours.tcp.values())),
        sum(map(len, ours.udp.values())), sum(map(len, ours.others.values())),
        "%d faults" % len(wrong) if wrong else "nothing to object to"))
    for line in wrong[:40]:
        print("  " + line)
    if len(wrong) > 40:
        print("  and %d more" % (len(wrong) - 40))
    return not wrong


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", metavar="FILE")
    parser.add_argument("--resets", action="store_true")
    parser.add_argument("--subset", action="store_true")
    parser.add_argument("--prefix", action="store_true")
    parser.add_argument("--cut", action="store_true")
    parser.add_argument("--gaps", action="store_true")
    parser.add_argument("--joined", action="store_true")
    parser.add_argument("--part", action="store_true")
    parser.add_argument("--summary", action="store_true")
    parser.add_argument("captures", nargs="+", metavar="CAPTURE")
    arguments = parser.parse_args()
    if arguments.summary:
        for path in arguments.captures:
            print("\n".join(packets.read(path).summary()))
        return 0
    verdicts = [judge(path, arguments) for path in arguments.captures]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (packets.Damaged, OSError) as damage:
        print("judge.py: %s" % damage)
        sys.exit(1)
