# SPDX-License-Identifier: BSD-2-Clause
"""Reads the blocks of a pcapng file (draft-ietf-opsawg-pcapng)."""

import struct

SECTION, INTERFACE, NAMES, STATISTICS, PACKET = 0x0a0d0d0a, 1, 4, 5, 6
JOURNAL = 9
COMMENT, NAME, DESCRIPTION, FLAGS, PROCESS = 1, 2, 3, 2, 8


class Torn(Exception):
    """A block does not end where it says."""


class Packet:
    """One Enhanced Packet Block."""

    def __init__(self, file, body):
        self.interface, high, low, captured, self.original = (
            struct.unpack_from("=IIIII", body))
        self.when_ns = high << 32 | low
        self.data = bytes(body[20:20 + captured])
        found = dict(options(body, 20 + (captured + 3 & ~3)))
        self.comment = found.get(COMMENT, b"").decode()
        self.outgoing = struct.unpack("=I", found[FLAGS])[0] & 3 == 2
        self.pid, self.tid = struct.unpack("=II", found[PROCESS])
        if self.interface >= len(file.interfaces):
            raise Torn("interface %d is not described" % self.interface)


class Interface:
    """One Interface Description Block."""

    def __init__(self, body):
        self.link_type, _, self.snaplen = struct.unpack_from("=HHI", body)
        found = dict(options(body, 8))
        self.name = found.get(NAME, b"").decode()
        self.description = found.get(DESCRIPTION, b"").decode()
        if found.get(9) != b"\x09":
            raise Torn("an interface without nanoseconds")


def options(body, at):
    """(code, value) until the end of the options."""
    while at + 4 <= len(body):
        code, length = struct.unpack_from("=HH", body, at)
        if code == 0:
            return
        yield code, bytes(body[at + 4:at + 4 + length])
        at += 4 + (length + 3 & ~3)


def blocks(raw):
    """(offset, type, body) of each block; the end must fit exactly."""
    at = 0
    while at < len(raw):
        if at + 12 > len(raw):
            raise Torn("cut short in the head of a block")
        kind, length = struct.unpack_from("=II", raw, at)
        if length % 4 or length < 12 or at + length > len(raw):
            raise Torn("a block of %d bytes at %d" % (length, at))
        if struct.unpack_from("=I", raw, at + length - 4)[0] != length:
            raise Torn("a block with two lengths at %d" % at)
        yield at, kind, raw[at + 8:at + length - 4]
        at += length


class File:
    """What is in the file, in order."""

    def __init__(self, raw):
        self.interfaces, self.packets, self.names = [], [], []
        self.statistics, self.journal = [], []
        self.order = []  # of the types of all blocks
        for at, kind, body in blocks(raw):
            if (at == 0) != (kind == SECTION):
                raise Torn("a block of type %d at %d" % (kind, at))
            self.order.append(kind)
            if kind == INTERFACE:
                self.interfaces.append(Interface(body))
            elif kind == PACKET:
                self.packets.append(Packet(self, body))
            elif kind == NAMES:
                self.names.append(self.name(body))
            elif kind == STATISTICS:
                self.statistics.append(dict(options(body, 12)))
            elif kind == JOURNAL:
                lines = bytes(body).rstrip(b"\0").decode().splitlines()
                self.journal.append(dict(x.split("=", 1) for x in lines))

    @staticmethod
    def name(body):
        """(address, name) of the one record that we write in a block."""
        kind, length = struct.unpack_from("=HH", body)
        size = 4 if kind == 1 else 16
        value = bytes(body[4:4 + length])
        return value[:size], value[size:].rstrip(b"\0").decode()
