# SPDX-License-Identifier: BSD-2-Clause
"""Reads capture files into TCP connections, datagrams and the rest."""

import socket
import struct

import pcapng

NANOSECOND_MAGIC = 0xa1b23c4d
MICROSECOND_MAGIC = 0xa1b2c3d4
ETHERNET, LINUX_SLL = 1, 113
OUTGOING = b"\0\4"      # the packet type of LINUX_SLL
MARK = b"\x88\xb5"      # netspy_mark()'s EtherType
FIN, SYN, RST, ACK = 1, 2, 4, 16
# What the kernel says by itself: errors, neighbours and multicast groups.
KERNEL_TYPES = {1: (3, 4, 5, 11, 12),
                58: (1, 2, 3, 4, 130, 131, 132, 133, 134, 135, 136, 137, 143)}
ERRORS = {(1, 3), (1, 11), (58, 1), (58, 3)}
PROTOCOLS = {1: "icmp", 2: "igmp", 58: "icmpv6", 132: "sctp", 136: "udplite"}


class Damaged(Exception):
    """The file cannot be read to its end."""


def name(key):
    """A four-tuple of endpoints in words."""
    return " ".join("%s:%d" % end for end in key)


class Cut(bytes):
    """The part of a datagram's payload that was kept; length is the whole."""

    length = 0

    def __eq__(self, other):
        return size(self) == size(other) and (
            self.startswith(bytes(other)) or bytes(other).startswith(self))

    def __ne__(self, other):
        return not self == other

    __hash__ = bytes.__hash__


def size(payload):
    return getattr(payload, "length", len(payload))


class Direction:
    """What one end of a TCP connection sent."""

    def __init__(self):
        self.base = None
        self.segments = []
        self.missing = []   # (start, end) of bytes that were cut off
        self.end = 0        # where its FIN stands
        self.syn = self.fin = self.reset = False

    def add(self, seq, flags, payload, missing):
        if self.base is None:
            self.base = (seq + (1 if flags & SYN else 0)) & 0xffffffff
        self.syn |= bool(flags & SYN)
        self.fin |= bool(flags & FIN)
        self.reset |= bool(flags & RST)
        offset = (seq + bool(flags & SYN) - self.base) & 0xffffffff
        if flags & FIN:
            self.end = offset + len(payload) + missing
        if payload or missing:
            if offset < 0x80000000:     # else a keep-alive before the start
                end = offset + len(payload)
                self.segments.append((offset, payload + bytes(missing)))
                if missing:
                    self.missing.append((end, end + missing))

    def data(self):
        """The stream as far as it has no hole."""
        out = bytearray()
        for offset, payload in sorted(self.segments, key=lambda s: s[0]):
            if offset > len(out):
                break
            out += payload[len(out) - offset:]
        return bytes(out)

    def without(self, gaps):
        """The stream with zeros where bytes of gaps are."""
        out = bytearray(self.data())
        for start, end in gaps:
            out[start:end] = bytes(len(out[start:end]))
        return bytes(out)

    def unseen(self):
        """Bytes that have sequence numbers but are in no packet."""
        return max(0, self.end - sum(len(p) for _, p in self.segments))

    def repeated(self):
        """Bytes that were recorded more than once, or after a hole."""
        end = 0
        for offset, payload in sorted(self.segments, key=lambda s: s[0]):
            if offset > end:
                return "a hole: byte %d follows byte %d" % (offset, end)
            if offset < end:
                return "byte %d follows byte %d" % (offset, end)
            end = offset + len(payload)
        return None


class Connection:
    """One TCP connection; sender -> Direction."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.directions = {client: Direction(), server: Direction()}
        self.log = []       # (time, sender, flags, payload, outgoing)

    def __str__(self):
        return "tcp " + name((self.client, self.server))

    def over(self):
        ends = self.directions.values()
        return any(d.reset for d in ends) or all(d.fin for d in ends)

    def summary(self):
        to, back = (self.directions[self.client], self.directions[self.server])
        if to.syn and back.syn:
            opened = "open"
        elif to.syn and back.reset:
            return "tcp %s refused" % self.server[0]
        else:
            opened = "unanswered" if to.syn else "joined late"
        ends = ["fin>"] * to.fin + ["fin<"] * back.fin
        missing = sum(end - start for d in (to, back)
                      for start, end in d.missing)
        if missing:
            ends.insert(0, "%d missing," % missing)
        ends += ["rst>"] * to.reset + ["rst<"] * back.reset
        ends += ["%d unseen%s" % (d.unseen(), arrow)
                 for d, arrow in ((to, ">"), (back, "<")) if d.unseen()]
        return " ".join(["tcp %s %s, %d sent, %d received," % (
            self.server[0], opened, len(to.data()), len(back.data()))]
            + (ends or ["no end"]))


class Capture:
    """All that a file holds."""

    def __init__(self):
        self.tcp, self.udp, self.order = {}, {}, []
        # (protocol, source, target) -> what IP carried, without its header
        self.others = {}
        self.datagrams = []     # (time, (source, target), payload, outgoing)
        self.count = 0
        self.magic = self.link_type = None
        self.faults = []

    def add_tcp(self, when, outgoing, src, dst, data, missing):
        ports, seq, flags = data[:4], data[4:8], data[13]
        sport, dport = struct.unpack("!HH", ports)
        seq, = struct.unpack("!I", seq)
        source, target = (src, sport), (dst, dport)
        key = tuple(sorted((source, target)))
        known = self.tcp.setdefault(key, [])
        opening = flags & (SYN | ACK) == SYN
        if not known or (opening and known[-1].over()):
            if opening or not flags & SYN:
                known.append(Connection(source, target))
            else:
                known.append(Connection(target, source))
            self.order.append(known[-1])
        payload = data[(data[12] >> 4) * 4:]
        known[-1].log.append((when, source, flags, payload, outgoing))
        known[-1].directions[source].add(seq, flags, payload, missing)

    def add_udp(self, when, outgoing, src, dst, data):
        sport, dport, length = struct.unpack("!HHH", data[:6])
        key = ((src, sport), (dst, dport))
        length = length or len(data)
        if key not in self.udp:
            self.order.append(key)
        payload = bytes(data[8:length])
        if len(payload) < length - 8:
            payload = Cut(payload)
            payload.length = length - 8
        self.udp.setdefault(key, []).append(payload)
        self.datagrams.append((when, key, payload, outgoing))

    @staticmethod
    def error(data, ipv4):
        """What an ICMP error says, without what may differ: how much of the
        packet it quotes, identification and checksums."""
        quoted, header = data[8:], 20 if ipv4 else 40
        if quoted[9 if ipv4 else 6] != socket.IPPROTO_UDP:
            return bytes(data)
        ends = quoted[12:20] if ipv4 else quoted[8:40]
        return bytes(data[:2]) + bytes(data[4:8]) + bytes(ends) + bytes(
            quoted[header:header + 6])

    def add_other(self, protocol, src, dst, data):
        name = PROTOCOLS.get(protocol, "ip %d" % protocol)
        if data and protocol in KERNEL_TYPES:
            name += " %d" % data[0]
            if data[0] in KERNEL_TYPES[protocol]:
                name += " by the kernel"
        if (protocol, *data[:1]) in ERRORS:
            data = self.error(data, protocol == socket.IPPROTO_ICMP)
        key = (name, src, dst)
        if key not in self.others:
            self.order.append(key)
        self.others.setdefault(key, []).append(bytes(data))

    def add_ip(self, when, outgoing, data):
        if data[0] >> 4 == 4:
            header = (data[0] & 15) * 4
            total, = struct.unpack("!H", data[2:4])
            fragment, = struct.unpack("!H", data[6:8])
            protocol, fragmented = data[9], fragment & 0x3fff
            src, dst = (socket.inet_ntop(socket.AF_INET, data[at:at + 4])
                        for at in (12, 16))
        else:
            header, protocol, fragmented = 40, data[6], data[6] == 44
            total = 40 + struct.unpack("!H", data[4:6])[0]
            if protocol == 0 and total == 40 and data[42:44] == b"\xc2\x04":
                # A jumbogram: RFC 2675.
                header, protocol = 48, data[40]
                total += struct.unpack("!I", data[44:48])[0]
            src, dst = (socket.inet_ntop(socket.AF_INET6, data[at:at + 16])
                        for at in (8, 24))
        if fragmented:
            self.faults.append("a fragment, which this reader cannot compare")
            return
        missing = max(total - len(data), 0)
        if missing:
            self.faults.append("a packet was cut to %d of %d bytes" % (
                len(data), total))
        body = data[header:total]
        if protocol == socket.IPPROTO_TCP and len(body) >= 20:
            self.add_tcp(when, outgoing, src, dst, body, missing)
        elif protocol == socket.IPPROTO_UDP:
            self.add_udp(when, outgoing, src, dst, body)
        else:
            self.add_other(protocol, src, dst, body)

    def own_faults(self, path):
        """What must never be in a file of ours, whatever the kernel saw."""
        wrong = list(self.faults)
        if (self.magic, self.link_type) != (NANOSECOND_MAGIC, LINUX_SLL):
            wrong.append("magic %x and link type %d" % (self.magic,
                                                        self.link_type))
        for connections in self.tcp.values():
            for one in connections:
                times = [packet[0] for packet in one.log]
                if times != sorted(times):
                    wrong.append("%s: time runs backwards" % one)
                for direction in one.directions.values():
                    if direction.repeated():
                        wrong.append("%s: %s" % (one, direction.repeated()))
        return ["%s: %s" % (path, line) for line in wrong]

    def summary(self):
        lines = []
        for each in self.order:
            if isinstance(each, Connection):
                lines.append(each.summary())
            elif each in self.others:
                lines.append("%s %s > %s: %d packets, %d bytes" % (
                    *each, len(self.others[each]),
                    sum(map(len, self.others[each]))))
            else:
                (src, _), (dst, _) = each
                lines.append("udp %s > %s: %d datagrams, %d bytes" % (
                    src, dst, len(self.udp[each]),
                    sum(map(size, self.udp[each]))))
        return lines


def records(path, raw, order):
    """(seconds, fraction, data) of each record; the end must fit exactly."""
    at = 24
    while at < len(raw):
        if at + 16 > len(raw):
            raise Damaged("%s: cut short in a record header" % path)
        seconds, part, captured, _ = struct.unpack_from(order + "IIII",
                                                        raw, at)
        at += 16
        if captured > 262144 or at + captured > len(raw):
            raise Damaged("%s: cut short in a record" % path)
        mark = bytes(raw[at + 14:at + 16]) == MARK
        if captured < (16 if mark else 14 + 20):
            raise Damaged("%s: a record of %d bytes" % (path, captured))
        yield seconds, part, raw[at:at + captured]
        at += captured


def read_pcapng(path, raw):
    try:
        file = pcapng.File(raw)
    except (pcapng.Torn, KeyError, struct.error) as error:
        raise Damaged("%s: %s" % (path, error)) from error
    capture = Capture()
    capture.magic, capture.link_type = NANOSECOND_MAGIC, LINUX_SLL
    for interface in file.interfaces:
        capture.link_type = interface.link_type
    for packet in file.packets:
        capture.count += 1
        kind, = struct.unpack_from("!H", packet.data, 14)
        if kind in (0x0800, 0x86dd):
            outgoing = bytes(packet.data[:2]) == OUTGOING
            capture.add_ip(packet.when_ns, outgoing,
                           bytes(packet.data[16:]))
    return capture


def read(path):
    """The Capture in a file, whatever its byte order and precision."""
    with open(path, "rb") as file:
        raw = memoryview(file.read())
    if len(raw) < 24:
        raise Damaged("%s: no pcap header" % path)
    if struct.unpack_from("=I", raw)[0] == pcapng.SECTION:
        return read_pcapng(path, raw)
    for order in "<>":
        magic, = struct.unpack_from(order + "I", raw)
        if magic in (NANOSECOND_MAGIC, MICROSECOND_MAGIC):
            break
    else:
        raise Damaged("%s: not a pcap file" % path)
    capture = Capture()
    capture.magic = magic
    capture.link_type, = struct.unpack_from(order + "I", raw, 20)
    if capture.link_type not in (ETHERNET, LINUX_SLL):
        raise Damaged("%s: link type %d" % (path, capture.link_type))
    skip = 14 if capture.link_type == ETHERNET else 16
    unit = 1 if magic == NANOSECOND_MAGIC else 1000
    for seconds, part, data in records(path, raw, order):
        capture.count += 1
        kind, = struct.unpack_from("!H", data, skip - 2)
        if kind in (0x0800, 0x86dd):
            outgoing = skip == 16 and bytes(data[:2]) == OUTGOING
            capture.add_ip(seconds * 10**9 + part * unit, outgoing,
                           bytes(data[skip:]))
    return capture
