#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Shows that the comparison finds what is wrong, and only that.

usage: faults.py KERNEL

KERNEL is a capture by tcpdump of tcp-pair and udp-pair, with servers on the
ports 7001 and 7002.  It is copied into the files that a client and a server of
ours would have written, whole and with faults, and each copy has to get the
verdict that stands beside it.
"""

import importlib
import os
import sys

sys.path[:0] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

# pylint: disable=wrong-import-position
import fidelity
from packets import ACK, FIN, RST, SYN

copies = importlib.import_module("judge-faults")
TCP, UDP = 6, 17
SERVER_PORTS = (7001, 7002)


class Packet:
    """A record, with what the faults ask of it."""

    def __init__(self, record):
        self.time = record[0] * 10**9 + record[1]
        self.kind, self.raw = record[2], bytearray(record[3])
        four = self.raw[0] >> 4 == 4
        self.at = 20 if four else 40
        self.protocol = self.raw[9] if four else self.raw[6]
        self.ports = tuple(int.from_bytes(self.raw[self.at + i:self.at + i + 2],
                                          "big") for i in (0, 2))
        self.tcp = self.protocol == TCP
        self.flags = self.raw[self.at + 13] if self.tcp else 0
        self.payload_at = self.at + (
            (self.raw[self.at + 12] >> 4) * 4 if self.tcp else 8)
        self.payload_len = len(self.raw) - self.payload_at

    def changed(self, at=None, value=None, later=0):
        raw = bytearray(self.raw)
        if at is not None:
            raw[at] = value
        time = self.time + later
        return Packet((time // 10**9, time % 10**9, self.kind,
                       copies.with_checksum(bytes(raw))))

    def with_flags(self, flags):
        return self.changed(self.at + 13, flags)

    def with_other_byte(self):
        at = len(self.raw) - 1
        return self.changed(at, self.raw[at] ^ 1)

    def with_port_53(self):
        is_server = self.ports[0] in SERVER_PORTS
        at = self.at + (0 if is_server else 2)
        return self.changed(at, 0).changed(at + 1, 53)


def from_server(packet):
    return packet.ports[0] in SERVER_PORTS


def write(path, packets, own):
    """own tells the packets that this process sent."""
    with open(path, "wb") as file:
        file.write(copies.HEADER.pack(0xa1b23c4d, 2, 4, 0, 0, 262144, 113))
        for packet in packets:
            sll = (b"\0\4" if own(packet) else b"\0\0") + copies.SLL[2:]
            data = sll + packet.kind + bytes(packet.raw)
            file.write(copies.RECORD.pack(packet.time // 10**9,
                                          packet.time % 10**9,
                                          len(data), len(data)))
            file.write(data)


def place(packets, condition, last=False):
    found = [i for i, packet in enumerate(packets) if condition(packet)]
    return found[-1 if last else 0]


def replace(packets, at, *new):
    return packets[:at] + list(new) + packets[at + 1:]


def client_data(packet):
    return packet.tcp and packet.payload_len and not from_server(packet)


def client_fin(packet):
    return packet.flags & FIN and not from_server(packet)


def server_fin(packet):
    return packet.flags & FIN and from_server(packet)


def conversation_of(packet):
    return lambda other: (set(other.ports) == set(packet.ports)
                          and other.protocol == packet.protocol)


def without(packets, condition):
    return [packet for packet in packets if not condition(packet)]


def cases(good):
    """(name, the kernel's, the client's, the server's, {verdict: count})"""
    data = place(good, client_data)
    fin, answer = place(good, client_fin), place(good, server_fin)
    in_first = conversation_of(good[fin])
    end = place(good, lambda p: client_data(p) and in_first(p), last=True)
    datagram = place(good, lambda p: not p.tcp and not from_server(p))
    udp = good[datagram]
    altered = replace(good, data, good[data].with_other_byte())
    lost = replace(good, datagram)
    yield "good", good, good, good, {}
    yield "a byte of the sender", good, altered, good, {"wrong": 1}
    yield "a byte of the receiver", good, good, altered, {"wrong": 1}
    yield "a byte of both", good, altered, altered, {"wrong": 2}
    yield "no datagram sent", good, lost, good, {
        "wrong": 1, "datagrams missing": 1}
    yield "no datagram received", good, good, lost, {
        "wrong": 1, "datagrams missing": 1}
    yield ("a datagram twice", good, replace(good, datagram, udp, udp), good,
           {"wrong": 1, "datagrams wrong": 1})
    yield ("a byte of a datagram", good,
           replace(good, datagram, udp.with_other_byte()), good,
           {"wrong": 1, "datagrams wrong": 1, "datagrams missing": 1})
    yield ("no conversation", good, without(good, in_first), good,
           {"missing": 1})
    yield ("no UDP conversation", good, good,
           without(good, conversation_of(udp)),
           {"missing": 1, "datagrams missing":
            len(good) - len(without(good, conversation_of(udp)))})
    yield ("a conversation that was none", without(good, in_first), good, [],
           {"wrong": 1})
    yield ("no handshake", good, good, without(
        good, lambda p: in_first(p) and p.flags & SYN), {"wrong": 1})
    yield "no FIN", good, replace(good, fin), good, {"wrong": 1}
    yield "a FIN too many", replace(good, fin), good, good, {"wrong": 2}
    yield ("a RST for a FIN", good,
           replace(good, fin, good[fin].with_flags(RST | ACK)), good,
           {"wrong": 1})
    early = good[answer].changed(later=good[fin].time - good[answer].time - 1)
    yield ("the FIN by the wrong side", good,
           replace(replace(good, answer), fin, early, good[fin]), good,
           {"wrong": 1})
    short = replace(good, end)
    yield "read and not recorded", good, good, short, {"wrong": 1}
    reset = replace(good, answer, good[answer].with_flags(RST | ACK))
    yield ("never read", reset, reset, without(
        replace(reset, end), lambda p: in_first(p) and client_fin(p)),
        {"prefix": 1})
    yield ("sent and never on the way", replace(reset, end), reset,
           replace(reset, end), {"prefix": 1})
    yield "sent by nobody", short, good, short, {"wrong": 1}


def run_case(name, kernel, client, server, expected):
    folder = name.replace(" ", "-")
    os.mkdir(folder)
    paths = [os.path.join(folder, each) for each in
             ("kernel.pcap", "client@1.pcap", "server@2.pcap")]
    write(paths[0], kernel, lambda packet: False)
    write(paths[1], client, lambda packet: not from_server(packet))
    write(paths[2], server, from_server)
    verdicts = judge(kernel, paths)
    found = {key: count for key, count in verdicts.items()
             if count and key not in ("exact", "recorded", "datagrams",
                                      "datagrams exact")}
    if server and found == expected and verdicts["exact"] > 4:
        print("%s: %s" % (name, expected or "all exact"))
        return True
    if not server and found.get("wrong") == expected["wrong"]:
        print("%s: %s" % (name, expected))
        return True
    print("%s: %s, expected were %s" % (name, dict(verdicts), expected))
    return False


def judge(kernel, paths):
    """The sum of the verdicts on both ends."""
    begin, end = kernel[0].time - 1, kernel[-1].time + 1
    result = {"ports": {port: "server" for port in SERVER_PORTS},
              "phases": [(begin, end, "client")], "unrecorded": [],
              "both_ends": []}
    verdicts = fidelity.judge(result, paths[0], paths[1:])
    total = {"exact": 0}
    for counter in verdicts.counts.values():
        for key, count in counter.items():
            total[key] = total.get(key, 0) + count
    return total


def split_server(good):
    """A server that forks: the parent accepts, the child does the rest."""
    fin = good[place(good, client_fin)]
    is_first = conversation_of(fin)
    ack = place(good, lambda p: is_first(p) and p.flags == ACK
                and not p.payload_len)
    late = [p for i, p in enumerate(good) if is_first(p) and i > ack]
    os.mkdir("fork")
    write("fork/kernel.pcap", good, lambda packet: False)
    write("fork/client@1.pcap", good, lambda packet: not from_server(packet))
    write("fork/server@2.pcap", [p for p in good if p not in late],
          from_server)
    write("fork/server@3.pcap", late, from_server)
    found = judge(good, ["fork/kernel.pcap", "fork/client@1.pcap",
                         "fork/server@2.pcap", "fork/server@3.pcap"])
    print("two processes: %s" % found)
    return not any(found.get(key) for key in ("wrong", "missing", "prefix"))


def resolver(good):
    """What libc asks a name server is not held against the program."""
    moved = [p if p.tcp else p.with_port_53() for p in good]
    os.mkdir("resolver")
    tcp = [p for p in good if p.tcp]
    write("resolver/kernel.pcap", moved, lambda packet: False)
    write("resolver/client@1.pcap", tcp, lambda packet: not from_server(packet))
    write("resolver/server@2.pcap", tcp, from_server)
    found = judge(good, ["resolver/kernel.pcap", "resolver/client@1.pcap",
                         "resolver/server@2.pcap"])
    print("resolver: %s" % found)
    return found.get("resolver", 0) > 0 and not any(
        found.get(key) for key in ("wrong", "missing", "prefix"))


def main():
    good = [Packet(record) for record in copies.read(sys.argv[1])]
    good = [packet for packet in good if packet.protocol in (TCP, UDP)]
    results = [run_case(*case) for case in cases(good)]
    results += [split_server(good), resolver(good)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
