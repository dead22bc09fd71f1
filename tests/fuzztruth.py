# SPDX-License-Identifier: BSD-2-Clause
"""Compares what was recorded of a random program with the kernel's capture.

Of the program's own ends everything must be there; of the peer's, which is not
recorded, what the program took notice of.
"""

import collections
import ipaddress

import packets
from packets import FIN, RST, SYN, ACK

UNIX_NET = "fd00:6e73:7079:"
NOWHERE = (("0.0.0.0", 0), ("::", 0))
RACE, FORK, EXEC, URGENT = 128, 8, 64, 16


class Known:
    """What is known of a run beside the captures."""

    def __init__(self, run, notes):
        high, low = run.address >> 8 & 255, run.address & 255
        six = ipaddress.ip_address("fd00:fa::7f%02x:%02x02" % (high, low))
        self.peers = {"127.%d.%d.2" % (high, low), str(six)}
        self.accepted = {int(note.split()[2]) for note in notes
                         if note.startswith("# accepted")}
        self.replaced = any(note.split()[1:2] == ["exec"] for note in notes)
        self.urgent = bool(run.features & URGENT)
        self.race = bool(run.features & RACE)
        self.processes = bool(run.features & (FORK | EXEC))
        self.counts = collections.Counter()
        self.joined = run.options.door == "command"

    def is_partial(self):
        """Whether others may have said something, or an urgent byte is one
        that nobody saw."""
        return self.urgent or (self.processes and not self.joined)

    def is_peer(self, end):
        return end[0] in self.peers


def difference(ours, theirs):
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b),
              min(len(ours), len(theirs)))
    return "%d bytes, the kernel has %d; they differ from byte %d" % (
        len(ours), len(theirs), at)


class Both:
    """A connection in our capture and in the kernel's."""

    def __init__(self, ours, theirs, known):
        self.ours, self.theirs, self.known = ours, theirs, known
        self.wrong = []
        self.was_reset = any(d.reset for d in theirs.directions.values())

    def say(self, end, text):
        self.wrong.append("%s: from %s: %s" % (
            self.theirs, packets.name([end]), text))

    def held(self, end):
        """Whether this end was ever the program's."""
        return not self.known.is_peer(end) and (
            end == self.theirs.client
            or self.theirs.client[1] in self.known.accepted)

    def compare_bytes(self, end):
        mine, other = self.ours.directions[end], self.theirs.directions[end]
        a, b = mine.without(mine.missing), other.without(mine.missing)
        if a == b:
            return
        if self.held(end):
            fine = self.was_reset and a.startswith(b)
        else:
            fine = self.was_reset and b.startswith(a)
            # The urgent byte need not be read at all.
            fine |= self.known.urgent and is_part(a, b)
        if not fine:
            self.say(end, difference(a, b))

    def compare_flags(self, end):
        mine, other = self.ours.directions[end], self.theirs.directions[end]
        if mine.fin and not other.fin and not self.was_too_late(end):
            self.say(end, "a FIN that the kernel did not see")
        # Bytes behind shutdown() of both directions reset it from this end,
        # which cannot be told from a reset of the peer's.
        peer = next(e for e in self.theirs.directions if e != end)
        unclear = (self.known.is_peer(end) and self.was_reset
                   and self.theirs.directions[peer].fin)
        if mine.reset and not other.reset and not unclear:
            self.say(end, "a RST that the kernel did not see")
        # What an inherited socket says at its end is not recorded, unless
        # the program has used it again.
        if not self.held(end) or self.known.replaced:
            return
        if other.fin and not mine.fin:
            self.say(end, "no FIN")
        if other.reset and not other.fin and not mine.reset:
            self.say(end, "no RST")

    def was_too_late(self, end):
        """Whether the peer's reset came when the FIN was to leave: behind
        what the peer had no room for, or what a call left corked."""
        ours = next(p[0] for p in self.ours.log if p[1] == end and p[2] & FIN)
        return any(p[1] != end and p[2] & RST and p[0] >= ours
                   for p in self.theirs.log)

    def compare_times(self, end):
        """No byte before the call that moved it, none after it was read."""
        at = 0
        when = []       # of the kernel: (offset of the end, time)
        for time, source, _, payload, _ in self.theirs.log:
            if source == end and payload:
                at += len(payload)
                when.append((at, time))
        at = 0
        for time, source, _, payload, outgoing in self.ours.log:
            if source != end or not payload:
                continue
            first = next((t for offset, t in when if offset > at), None)
            at += len(payload)
            last = next((t for offset, t in when if offset >= at), None)
            if outgoing and first and time > first:
                self.say(end, "byte %d is %d ns late" % (
                    at - len(payload), time - first))
                return
            if not outgoing and last and time < last:
                self.say(end, "byte %d is %d ns early" % (at, last - time))
                return

    def first_to_end(self, log):
        return next((p[1] for p in log if p[2] & (FIN | RST)), None)

    def compare_order(self):
        mine = self.first_to_end(self.ours.log)
        other = self.first_to_end(self.theirs.log)
        if mine == other or mine is None or other is None:
            return
        # What the other end did is shown when it is noticed: later.
        if self.held(other) and not self.known.replaced:
            self.say(other, "ended first, and not in our capture")

    def is_stuck(self):
        """Whether bytes never left, for which the peer had no room: nor did
        the FIN behind them, and a reset came in its place."""
        return any(len(self.theirs.directions[end].data()) <
                   len(self.ours.directions[end].data())
                   for end in self.ours.directions)

    def compare(self):
        for end in self.ours.directions:
            self.compare_bytes(end)
            if not self.is_stuck():
                self.compare_flags(end)
            if not (self.was_reset or self.theirs.directions[end].repeated()):
                self.compare_times(end)
        if not self.is_stuck():
            self.compare_order()
        return self.wrong


def is_open(theirs):
    return any(p[2] & (SYN | ACK) == SYN | ACK for p in theirs.log)


def compare_tcp(ours, theirs, known):
    wrong = []
    for key in sorted(set(ours.tcp) | set(theirs.tcp), key=str):
        if key[0][0].startswith(UNIX_NET) or key[1][0].startswith(UNIX_NET):
            continue
        mine, other = list(ours.tcp.get(key, [])), theirs.tcp.get(key, [])
        expected = [c for c in other if not known.is_peer(c.client)
                    or (is_open(c) and c.client[1] in known.accepted)]
        if len(mine) != len(expected):
            wrong.append("%s: %d connections, the kernel saw %d" % (
                packets.name(key), len(mine), len(expected)))
            continue
        if key[0] == key[1]:
            continue
        known.counts["connections"] += len(mine)
        for pair in zip(mine, expected):
            wrong += Both(*pair, known).compare()
    return wrong


def is_part(mine, other):
    """Whether mine is other without some, in the same order."""
    rest = iter(other)
    return all(any(a == b for b in rest) for a in mine)


def compare_udp(ours, theirs, known):
    wrong = []
    for key in sorted(set(ours.udp) | set(theirs.udp), key=str):
        if key[0] in NOWHERE or key[0][0].startswith(UNIX_NET) or (
                key[1][0].startswith(UNIX_NET)):
            continue
        mine, other = ours.udp.get(key, []), theirs.udp.get(key, [])
        known.counts["datagrams"] += len(mine)
        if known.race:
            mine, other = sorted(mine), sorted(other)
        if known.is_peer(key[0]):
            fine = is_part(mine, other)
        else:
            fine = mine == other
        if not fine:
            wrong.append("udp %s: %s of the kernel's %s" % (
                packets.name(key), [packets.size(m) for m in mine],
                [packets.size(m) for m in other]))
    return wrong


def compare_others(ours, theirs):
    wrong = []
    for key, mine in ours.others.items():
        extra = collections.Counter(mine)
        extra.subtract(theirs.others.get(key, []))
        if max(extra.values(), default=0) > 0:
            wrong.append("%s %s > %s: not the kernel's" % key)
    return wrong


def compare(paths, kernel, known):
    """What is wrong with the captures of one run."""
    theirs = packets.read(kernel)
    captures = [packets.read(path) for path in paths]
    wrong = []
    for path, capture in zip(paths, captures):
        wrong += [w for w in capture.own_faults(path.rsplit("/", 1)[-1])
                  if "a packet was cut to" not in w
                  and not (known.is_partial() and "a hole: byte" in w)]
    if len(captures) > 1 or (known.processes and not known.joined):
        return wrong
    ours = captures[0] if captures else packets.Capture()
    wrong += compare_tcp(ours, theirs, known)
    wrong += compare_udp(ours, theirs, known)
    wrong += compare_others(ours, theirs)
    return wrong
