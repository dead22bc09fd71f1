# SPDX-License-Identifier: BSD-2-Clause
"""Compares the captures of a run with the kernel's capture of the same run.

A conversation is what two endpoints said from one SYN on, or the datagrams of
two endpoints.  Each end that a recorded program held counts once, under the
label of its program: the files of all processes that held this end are one
view of the conversation.

exact    every byte in both directions, the handshake and the end are the
         kernel's
prefix   true, but what the program never read is missing: the kernel shows
         that it was unread (a RST of this end, or no end at all)
wrong    anything else that the kernel's capture contradicts
missing  no file of ours has this end
"""

import collections

import packets
from packets import ACK, FIN, RST, SYN

EXACT, PREFIX, WRONG, MISSING = "exact", "prefix", "wrong", "missing"
# libc asks a name server inside itself, which a preloaded library cannot see.
RESOLVER, RESOLVER_PORT = "resolver", 53


class Verdicts:
    """What the comparison found: counts by label, and the reasons."""

    def __init__(self):
        self.counts = collections.defaultdict(collections.Counter)
        self.reasons = []

    def add(self, label, verdict, reason=None):
        self.counts[label][verdict] += 1
        if verdict not in (MISSING, RESOLVER):
            self.counts[label]["recorded"] += 1
        if reason:
            self.reasons.append("%s: %s: %s" % (label, verdict, reason))

    def add_datagrams(self, label, verdict, count, reason):
        self.counts[label]["datagrams " + verdict] += count
        if verdict != MISSING:
            self.counts[label]["datagrams"] += count
        if count and verdict != EXACT:
            self.reasons.append("%s: %d datagrams %s: %s" % (
                label, count, verdict, reason))


class Run:
    """What is known of a run beside the captures."""

    def __init__(self, ports=(), phases=(), unrecorded=(), both_ends=()):
        # port -> label of its server; 0: of every other port
        self.ports = dict(ports)
        self.phases = list(phases)      # (begin, end, label) of the clients
        self.unrecorded = set(unrecorded)
        # Programs that talk to themselves: each packet is written once, by
        # whichever end told of it first.
        self.both_ends = set(both_ends)

    def label(self, end, when, is_server):
        """Whose end this is by port and time, when no file tells."""
        if is_server:
            return self.ports.get(end[1], self.ports.get(0))
        for begin, finish, label in self.phases:
            if begin <= when <= finish:
                return label
        return self.ports.get(end[1])


def ends_of(connection, both):
    """The ends whose process wrote this: those that packets go out from."""
    if both:
        return set(connection.directions)
    ends = {sender for _, sender, _, _, outgoing in connection.log
            if outgoing}
    if not ends:
        sender = connection.log[0][1]
        ends = {end for end in connection.directions if end != sender}
    return ends


def same_in_kernel(connection, kernel):
    """The kernel's connection of the same endpoints and the nearest start."""
    key = tuple(sorted((connection.client, connection.server)))
    start = connection.log[0][0]
    began = [k for k in kernel.tcp.get(key, [])
             if k.log[0][0] <= connection.log[-1][0] + 10**9]
    return min(began, key=lambda k: abs(k.log[0][0] - start), default=None)


class View:
    """All that the files of one program say of one end of a connection."""

    def __init__(self, end):
        self.end = end
        self.parts = []

    def packets(self):
        """In the order of time; in the files' own order where it is equal."""
        if len(self.parts) == 1:
            return self.parts[0].log
        return sorted((packet for part in self.parts for packet in part.log),
                      key=lambda packet: packet[0])

    def data(self, sender):
        if len(self.parts) == 1:
            return self.parts[0].directions[sender].data()
        return b"".join(payload for _, source, _, payload, _ in self.packets()
                        if source == sender)

    def told(self, sender, flag):
        return any(packet[2] & flag and packet[1] == sender
                   for part in self.parts for packet in part.log)

    def handshake(self):
        log = [packet for part in self.parts for packet in part.log]
        return (any(p[2] & (SYN | ACK) == SYN for p in log),
                any(p[2] & (SYN | ACK) == SYN | ACK for p in log))


def kernel_handshake(theirs):
    return (any(p[2] & (SYN | ACK) == SYN for p in theirs.log),
            any(p[2] & (SYN | ACK) == SYN | ACK for p in theirs.log))


def first_to_end(log):
    return next((p[1] for p in log if p[2] & (FIN | RST)), None)


def may_be_unread(theirs, end):
    """Whether this end may have left something in its socket.

    Linux answers a close with unread bytes by a RST, and so it does to bytes
    that come after the close.
    """
    mine = theirs.directions[end]
    return mine.reset or not mine.fin


def difference(ours, theirs):
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b),
              min(len(ours), len(theirs)))
    return "%d bytes, the kernel has %d; they differ from byte %d" % (
        len(ours), len(theirs), at)


def compare_bytes(view, theirs, end, peer):
    """(verdict, reason) of what this end sent and received."""
    sent, truth = view.data(end), theirs.directions[end].data()
    was_reset = any(d.reset for d in theirs.directions.values())
    verdict, reason = EXACT, None
    if sent != truth:
        # What waited in the socket when the reset came never left.
        if not (was_reset and sent.startswith(truth)):
            return WRONG, "sent: " + difference(sent, truth)
        verdict, reason = PREFIX, (
            "sent: a reset threw away %d of %d bytes before they left" % (
                len(sent) - len(truth), len(sent)))
    got, truth = view.data(peer), theirs.directions[peer].data()
    if got != truth:
        if not truth.startswith(got):
            return WRONG, "received: " + difference(got, truth)
        if not may_be_unread(theirs, end):
            return WRONG, "received: %s, and it left none unread" % (
                difference(got, truth))
        verdict, reason = PREFIX, (
            "received: the program left the last %d of %d bytes unread" % (
                len(truth) - len(got), len(truth)))
    return verdict, reason


def compare_ends(view, theirs, end, peer):
    """What is wrong with the FINs and RSTs, or None."""
    own, other = theirs.directions[end], theirs.directions[peer]
    if view.told(peer, FIN) and not other.fin:
        return "a FIN of the peer that the kernel did not see"
    if view.told(peer, RST) and not other.reset:
        return "a RST of the peer that the kernel did not see"
    if view.told(end, FIN) and not own.fin:
        return "a FIN that the kernel did not send"
    if view.told(end, RST) and not own.reset:
        return "a RST that the kernel did not send"
    if own.fin and not view.told(end, FIN):
        return "no FIN of its own"
    if own.reset and not own.fin and not view.told(end, RST):
        return "no RST of its own"
    # The peer's FIN counts as seen when it is read, so it may stand late,
    # but never early.
    if (first_to_end(view.packets()) == peer
            and first_to_end(theirs.log) == end):
        return "the peer ends first, the kernel saw this end first"
    return None


def judge_end(view, theirs):
    """(verdict, reason)"""
    end = view.end
    peer = next(e for e in theirs.directions if e != end)
    if view.handshake() != kernel_handshake(theirs):
        return WRONG, "SYN and SYN-ACK are %s, in the kernel's %s" % (
            view.handshake(), kernel_handshake(theirs))
    verdict, reason = compare_bytes(view, theirs, end, peer)
    if verdict == WRONG:
        return verdict, reason
    fault = compare_ends(view, theirs, end, peer)
    return (WRONG, fault) if fault else (verdict, reason)


def compare_tcp(files, kernel, run, verdicts):
    views = {}
    for label, capture in files:
        for connection in sum(capture.tcp.values(), []):
            theirs = same_in_kernel(connection, kernel)
            if not theirs:
                verdicts.add(label, WRONG,
                             "%s: the kernel saw none" % connection)
                continue
            for end in ends_of(connection, label in run.both_ends):
                view = views.setdefault((id(theirs), end), (View(end), label))
                view[0].parts.append(connection)
    for theirs in sum(kernel.tcp.values(), []):
        for end in (theirs.client, theirs.server):
            view, label = views.get((id(theirs), end), (None, None))
            if view:
                verdict, reason = judge_end(view, theirs)
                verdicts.add(label, verdict, reason and "%s, %s: %s" % (
                    theirs, packets.name([end]), reason))
            elif end == theirs.client or kernel_handshake(theirs)[1]:
                missing(theirs, end, run, verdicts)


def missing(theirs, end, run, verdicts):
    is_server = end == theirs.server
    label = run.label(end, theirs.log[0][0], is_server)
    if label in run.unrecorded:
        return
    if RESOLVER_PORT == theirs.server[1] and not is_server:
        verdicts.add(label or "?", RESOLVER)
    else:
        verdicts.add(label or "?", MISSING, "%s, the end %s" % (
            theirs, packets.name([end])))


def local_ends(capture, both):
    """The endpoints of datagrams that are this process's own."""
    if both:
        return {end for _, key, _, _ in capture.datagrams for end in key}
    return {key[0] if outgoing else key[1]
            for _, key, _, outgoing in capture.datagrams}


def count_datagrams(label, key, ours, theirs, verdicts):
    """True when all that we have is the kernel's and the reverse."""
    if ours == theirs or b"".join(ours) == b"".join(theirs):
        # Segmentation offload: several datagrams in one packet on lo.
        verdicts.add_datagrams(label, EXACT, len(ours), None)
        return True
    mine, other = collections.Counter(ours), collections.Counter(theirs)
    both = sum((mine & other).values())
    what = "udp " + packets.name(key)
    verdicts.add_datagrams(label, EXACT, both, None)
    verdicts.add_datagrams(label, WRONG, len(ours) - both, what)
    verdicts.add_datagrams(label, MISSING, len(theirs) - both, what)
    if both == len(ours) == len(theirs):
        verdicts.add_datagrams(label, WRONG, 1, what + ": another order")
    return False


def collect_datagrams(files, run):
    """{(end, key): (label, [payload])}: by whose end it is, in time order."""
    collected = {}
    for label, capture in files:
        local = local_ends(capture, label in run.both_ends)
        for when, key, payload, _ in capture.datagrams:
            for end in set(key) & local:
                collected.setdefault((end, key), (label, []))[1].append(
                    (when, payload))
    return {at: (label, [p for _, p in sorted(said, key=lambda s: s[0])])
            for at, (label, said) in collected.items()}


def compare_udp(files, kernel, run, verdicts):
    ours = collect_datagrams(files, run)
    held = {}       # end -> label, of all that are in our files
    for (end, _), (label, _) in ours.items():
        held.setdefault(end, label)
    first = {}
    for when, key, _, _ in kernel.datagrams:
        first.setdefault(tuple(sorted(key)), (when, key[0]))
    keys = set(kernel.udp) | {key for _, key in ours}
    for pair in sorted({tuple(sorted(key)) for key in keys}, key=str):
        when, client = first.get(pair, (0, pair[0]))
        for end in pair:
            label = held.get(end) or run.label(end, when, end != client)
            said = [(key, ours.get((end, key), (None, []))[1])
                    for key in (pair, pair[::-1])]
            if not any(payloads for _, payloads in said):
                if label is None or label in run.unrecorded:
                    continue
                if RESOLVER_PORT in (pair[0][1], pair[1][1]):
                    verdicts.add(label, RESOLVER)
                    continue
            fine = [count_datagrams(label, key, payloads,
                                    kernel.udp.get(key, []), verdicts)
                    for key, payloads in said]
            verdicts.add(label, EXACT if all(fine) else
                         WRONG if any(payloads for _, payloads in said)
                         else MISSING)


def compare(files, kernel, run):
    """files: [(label, Capture)]; the Verdicts of one run."""
    verdicts = Verdicts()
    compare_tcp(files, kernel, run, verdicts)
    compare_udp(files, kernel, run, verdicts)
    return verdicts
