#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A name server on port 53 of some addresses, over UDP and TCP.

usage: dns-server.py ADDRESS...

host.test   192.0.2.10 and 2001:db8::10, and back
v4.test     192.0.2.20, and back
alias.test  another name of host.test
big.test    60 addresses: too many for a datagram, which is cut then
mid.test    30 addresses: too many for a datagram of 512 bytes
mute.test   no answer
Any other name does not exist.
"""

import selectors
import socket
import struct
import sys

A, CNAME, PTR, AAAA, OPT = 1, 5, 12, 28, 41
NXDOMAIN = 3
RECORDS = {
    "host.test": [(A, "192.0.2.10"), (AAAA, "2001:db8::10")],
    "v4.test": [(A, "192.0.2.20")],
    "alias.test": [(CNAME, "host.test")],
    "big.test": [(A, "198.51.100.%d" % i) for i in range(1, 61)],
    "mid.test": [(A, "198.51.100.%d" % i) for i in range(1, 31)],
    "10.2.0.192.in-addr.arpa": [(PTR, "host.test")],
    "20.2.0.192.in-addr.arpa": [(PTR, "v4.test")],
    "0.1." + "0." * 22 + "8.b.d.0.1.0.0.2.ip6.arpa": [(PTR, "host.test")],
}


def encode(name):
    labels = name.rstrip(".").split(".")
    return b"".join(bytes([len(x)]) + x.encode() for x in labels) + b"\0"


def record(name, kind, value):
    if kind == A:
        data = socket.inet_pton(socket.AF_INET, value)
    elif kind == AAAA:
        data = socket.inet_pton(socket.AF_INET6, value)
    else:
        data = encode(value)
    return encode(name) + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


def find(name, kind):
    """The records of an answer, CNAMEs followed."""
    found = []
    for own, value in RECORDS.get(name.lower(), []):
        if own == kind:
            found.append(record(name, own, value))
        elif own == CNAME:
            found.append(record(name, own, value))
            found += find(value, kind)
    return found


def answer(query, limit):
    """The reply to a query, of at most limit bytes, or None."""
    number, flags, _, _, _, more = struct.unpack("!HHHHHH", query[:12])
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind, = struct.unpack("!H", query[at + 1:at + 3])
    question = query[12:at + 5]
    name = ".".join(labels)
    if name == "mute.test":
        return None
    if more and query[at + 5:at + 8] == b"\0" + struct.pack("!H", OPT):
        limit = max(limit, struct.unpack("!H", query[at + 8:at + 10])[0])
    found = find(name, kind)
    code = 0 if name.lower() in RECORDS else NXDOMAIN
    flags = 0x8080 | flags & 0x0100 | code
    reply = question + b"".join(found)
    if len(reply) + 12 > limit:
        reply, found, flags = question, [], flags | 0x0200
    return struct.pack("!HHHHHH", number, flags, 1, len(found), 0, 0) + reply


def serve_stream(connection):
    with connection, connection.makefile("rwb") as stream:
        head = stream.read(2)
        while len(head) == 2:
            reply = answer(stream.read(struct.unpack("!H", head)[0]), 65535)
            stream.write(struct.pack("!H", len(reply)) + reply)
            stream.flush()
            head = stream.read(2)


def main():
    selector = selectors.DefaultSelector()
    for address in sys.argv[1:]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        datagrams = socket.socket(family, socket.SOCK_DGRAM)
        datagrams.bind((address, 53))
        streams = socket.create_server((address, 53), family=family)
        selector.register(datagrams, selectors.EVENT_READ)
        selector.register(streams, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj.type == socket.SOCK_DGRAM:
                query, client = key.fileobj.recvfrom(4096)
                reply = answer(query, 512)
                if reply:
                    key.fileobj.sendto(reply, client)
            else:
                serve_stream(key.fileobj.accept()[0])


if __name__ == "__main__":
    main()
