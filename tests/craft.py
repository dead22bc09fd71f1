# SPDX-License-Identifier: BSD-2-Clause
"""Makes captures as others write them: any format, byte order and link type."""

import socket
import struct

FLAGS = {"S": 2, "A": 16, "F": 1, "R": 4, "P": 8}


def ip(source, target, protocol, body):
    if ":" in source:
        return (struct.pack(">IHBB", 6 << 28, len(body), protocol, 64)
                + socket.inet_pton(socket.AF_INET6, source)
                + socket.inet_pton(socket.AF_INET6, target) + body)
    return (struct.pack(">BBHIBBH", 0x45, 0, 20 + len(body), 0, 64, protocol, 0)
            + socket.inet_aton(source) + socket.inet_aton(target) + body)


def tcp(source, target, flags, sequence, acknowledged, data=b"", window=1000):
    """source and target: (address, port); flags: letters as in "SA"."""
    bits = sum(FLAGS[letter] for letter in flags)
    return ip(source[0], target[0], 6, struct.pack(
        ">HHIIBBHHH", source[1], target[1], sequence & 0xffffffff,
        acknowledged & 0xffffffff, 5 << 4, bits, window, 0, 0) + data)


def udp(source, target, data):
    return ip(source[0], target[0], 17, struct.pack(
        ">HHHH", source[1], target[1], 8 + len(data), 0) + data)


class Talk:
    """A TCP connection from script: each step is ">SA" or "<A:data".

    "+n" in front of the flags skips n bytes that nobody captured, "-n" says
    n bytes again."""

    def __init__(self, client, server, script):
        self.ends, self.next = (client, server), [1000, 0xfffffff0]
        self.packets = [self.step(step) for step in script.split()]

    def step(self, step):
        side = 0 if step[0] == ">" else 1
        head, _, data = step[1:].partition(":")
        digits = head.lstrip("+-0123456789")
        self.next[side] += int(head[:len(head) - len(digits)] or 0)
        flags, data = digits, data.encode()
        refused = "R" in flags and self.next[side] == 0xfffffff0
        packet = tcp(self.ends[side], self.ends[not side], flags,
                     0 if refused else self.next[side],
                     self.next[not side] if "A" in flags else 0, data)
        self.next[side] += len(data) + ("S" in flags) + ("F" in flags)
        return packet


def pcap(packets, order="<", magic=0xa1b2c3d4, link=101, head=b""):
    """Classic; one packet each millisecond."""
    out = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, link)
    unit = 1000 if magic == 0xa1b2c3d4 else 1000000
    for number, packet in enumerate(packets):
        packet = head + packet
        out += struct.pack(order + "IIII", 1700000000, number * unit,
                           len(packet), len(packet)) + packet
    return out


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def option(order, code, value):
    return (struct.pack(order + "HH", code, len(value)) + value
            + b"\0" * (-len(value) % 4))


def section(order):
    return block(order, 0x0a0d0d0a,
                 struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))


def interface(order, link=101, options=b""):
    return block(order, 1, struct.pack(order + "HHI", link, 0, 0) + options)


def packet(order, number, when, data, options=b""):
    return block(order, 6, struct.pack(
        order + "IIIII", number, when >> 32, when & 0xffffffff, len(data),
        len(data)) + data + b"\0" * (-len(data) % 4) + options)
