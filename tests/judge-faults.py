#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Copies a capture of tcpdump into the form of ours, whole and with faults.

usage: judge-faults.py KERNEL

Writes good.pcap, which the judge has to accept, and bad-*.pcap, which it has
to refuse, into the current folder.
"""

import struct
import sys

HEADER = struct.Struct("<IHHiIII")
RECORD = struct.Struct("<IIII")
SLL = bytes.fromhex("0004fffe00080000000000000000")


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def with_checksum(packet):
    """The kernel leaves transport checksums on lo for nobody to fill in."""
    packet = bytearray(packet)
    four = packet[0] >> 4 == 4
    at = 20 if four else 40
    protocol = packet[9] if four else packet[6]
    field = at + (16 if protocol == 6 else 6)
    packet[field:field + 2] = b"\0\0"
    pseudo = packet[12:20] if four else packet[8:40]
    pseudo = bytes(pseudo) + struct.pack("!II", len(packet) - at, protocol)
    value = checksum(pseudo + bytes(packet[at:])) or 0xffff
    packet[field:field + 2] = struct.pack("!H", value)
    return bytes(packet)


def read(path):
    """[(seconds, nanoseconds, ethertype, packet)]"""
    with open(path, "rb") as file:
        raw = file.read()
    out, at = [], HEADER.size
    while at < len(raw):
        seconds, micro, length, _ = RECORD.unpack_from(raw, at)
        at += RECORD.size
        frame = raw[at:at + length]
        at += length
        if frame[12:14] in (b"\x08\0", b"\x86\xdd"):
            out.append((seconds, micro * 1000, frame[12:14],
                        with_checksum(frame[14:])))
    return out


def write(name, records, magic=0xa1b23c4d, tail=b""):
    with open(name + ".pcap", "wb") as file:
        file.write(HEADER.pack(magic, 2, 4, 0, 0, 262144, 113))
        for seconds, nano, kind, packet in records:
            data = SLL + kind + packet
            file.write(RECORD.pack(seconds, nano, len(data), len(data)))
            file.write(data)
        file.write(tail)


def has_payload(record):
    packet = record[3]
    return packet[0] >> 4 == 4 and packet[9] == 6 and len(packet) > 200


def main():
    good = read(sys.argv[1])
    at = next(i for i, record in enumerate(good) if has_payload(record))
    udp = next(i for i, record in enumerate(good)
               if record[3][0] >> 4 == 4 and record[3][9] == 17)
    victim = good[at]
    flipped = bytearray(victim[3])
    flipped[150] ^= 1
    wrong_sum = victim[:3] + (bytes(flipped),)
    wrong_byte = victim[:3] + (with_checksum(flipped),)
    earlier = (victim[0] - 1,) + victim[1:]
    write("good", good)
    write("bad-checksum", good[:at] + [wrong_sum] + good[at + 1:])
    write("bad-byte", good[:at] + [wrong_byte] + good[at + 1:])
    write("bad-missing-segment", good[:at] + good[at + 1:])
    write("bad-twice", good[:at] + [victim] + good[at:])
    write("bad-missing-datagram", good[:udp] + good[udp + 1:])
    write("bad-extra-datagram", good[:udp] + good[udp:udp + 1] + good[udp:])
    write("bad-order-in-time", good[:at] + [earlier] + good[at + 1:])
    write("bad-end-missing", [r for r in good if not has_payload(r)])
    write("bad-precision", good, magic=0xa1b2c3d4)
    write("bad-torn", good, tail=b"\1" * 20)
    write("bad-padded", good, tail=b"\0" * 16)
    return 0


if __name__ == "__main__":
    sys.exit(main())
