# SPDX-License-Identifier: BSD-2-Clause
"""Workloads: tools that talk TCP and UDP, names, TLS without a web server."""

import signal
import sys
import time

from run import workload
from web import certificate, http_server

DNS_SERVER = r"""
import socket, struct, threading
def answer(question):
    end = question.index(b"\0", 12) + 5
    four = question[end - 4:end - 2] == b"\0\1"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if four else b""
    return (question[:2] + b"\x85\x80\0\1" + (b"\0\1" if four else b"\0\0")
            + b"\0\0\0\0" + question[12:end] + record)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 53))
tcp = socket.socket()
tcp.bind(("127.0.0.1", 53))
tcp.listen()
def over_tcp():
    while True:
        connection = tcp.accept()[0]
        length = struct.unpack("!H", connection.recv(2))[0]
        reply = answer(connection.recv(length))
        connection.sendall(struct.pack("!H", len(reply)) + reply)
        while connection.recv(100):
            pass
        connection.close()
threading.Thread(target=over_tcp, daemon=True).start()
while True:
    question, peer = udp.recvfrom(2000)
    udp.sendto(answer(question), peer)
"""


def dns_server(run):
    run.serve("python dns", [sys.executable, "-c", DNS_SERVER],
              tcp=[53], udp=[53])


@workload("dig", "host", "nslookup", fast=True)
def dns(run):
    """dig over UDP and TCP, host, nslookup; a server in python"""
    dns_server(run)
    run.run("dig", ["dig", "@127.0.0.1", "www.test"], expect=b"127.0.0.1")
    run.run("dig", ["dig", "+tcp", "@127.0.0.1", "www.test"],
            expect=b"127.0.0.1")
    run.run("host", ["host", "www.test", "127.0.0.1"], expect=b"127.0.0.1")
    run.run("nslookup", ["nslookup", "www.test", "127.0.0.1"],
            expect=b"127.0.0.1")


@workload("curl", "mount", "getent")
def resolver(run):
    """names that libc looks up inside itself: curl, getent"""
    run.write("resolv.conf", "nameserver 127.0.0.1\n")
    run.write("nsswitch.conf", "hosts: dns\n")
    run.quiet("mount", "--bind", run.path("resolv.conf"), "/etc/resolv.conf")
    run.quiet("mount", "--bind", run.path("nsswitch.conf"),
              "/etc/nsswitch.conf")
    dns_server(run)
    http_server(run)
    run.run("curl by name", ["curl", "-sS", "-o", "out",
                             "http://www.test:8000/small"])
    run.run("getent", ["getent", "ahosts", "www.test"], expect=b"127.0.0.1")


def socat_echo(run, family):
    """An echo server for each of the two protocols, clients of it."""
    host = "127.0.0.1" if family == 4 else "[::1]"
    text = b"hello " * 1000
    server = run.serve("socat tcp%d" % family, [
        "socat", "TCP%d-LISTEN:7001,fork,reuseaddr" % family, "EXEC:cat"],
        tcp=[7001])
    for _ in range(3):
        run.run("socat tcp%d" % family, [
            "socat", "-t2", "-", "TCP%d:%s:7001" % (family, host)],
            stdin=text, expect=text)
    run.stop(server)
    server = run.serve("socat udp%d" % family, [
        "socat", "UDP%d-LISTEN:7002" % family, "PIPE"], udp=[7002])
    run.run("socat udp%d" % family, [
        "socat", "-t0.3", "-", "UDP%d:%s:7002" % (family, host)],
        stdin=b"one datagram", expect=b"one datagram")
    run.stop(server)
    server = run.serve("socat udp%d" % family, [
        "socat", "UDP%d-RECVFROM:7003,fork" % family, "EXEC:cat"],
        udp=[7003])
    for _ in range(2):
        run.run("socat udp%d" % family, [
            "socat", "-t0.3", "-", "UDP%d:%s:7003" % (family, host)],
            stdin=b"another datagram", expect=b"another datagram")
    run.stop(server)


@workload("socat", fast=True)
def socat4(run):
    """socat: TCP with fork, UDP with and without"""
    socat_echo(run, 4)


@workload("socat")
def socat6(run):
    """socat over IPv6"""
    socat_echo(run, 6)


@workload("nc")
def nc(run):
    """nc, both ends, TCP and UDP"""
    large = open(run.data("large", 200000), "rb")
    server = run.serve("nc", ["nc", "-l", "-N", "127.0.0.1", "7004"],
                       tcp=[7004])
    run.run("nc", ["nc", "-N", "127.0.0.1", "7004"], stdin=large.read())
    large.close()
    server.wait(5)
    run.servers.remove(server)
    server = run.serve("nc", ["nc", "-l", "-u", "127.0.0.1", "7005"],
                       udp=[7005])
    run.run("nc", ["nc", "-u", "-w1", "127.0.0.1", "7005"], stdin=b"datagram")
    run.stop(server)


@workload("ncat")
def ncat(run):
    """ncat with a program for each connection, and with TLS"""
    for label, port, extra in (("ncat", "7006", []),
                               ("ncat ssl", "7007", ["--ssl"])):
        server = run.serve(label, ["ncat", "-l", "-k", "-c", "seq 2000"]
                           + extra + ["127.0.0.1", port], tcp=[int(port)])
        run.run(label, ["ncat", "--recv-only"] + extra + ["127.0.0.1", port],
                expect=b"2000")
        run.stop(server)


@workload("openssl", "gnutls-cli")
def tls(run):
    """openssl s_server, s_client and gnutls-cli"""
    certificate(run)
    server = run.serve("openssl s_server", [
        "openssl", "s_server", "-accept", "127.0.0.1:7008", "-cert",
        "cert.pem", "-key", "key.pem", "-rev", "-quiet"], tcp=[7008])
    for version in ("-tls1_2", "-tls1_3"):
        run.run("openssl s_client", [
            "openssl", "s_client", "-connect", "127.0.0.1:7008", version,
            "-quiet", "-ign_eof"], stdin=b"hello\nCLOSE\n", expect=b"olleh")
    run.run("gnutls-cli", [
        "gnutls-cli", "--x509cafile", "cert.pem", "-p", "7008",
        "localhost"], stdin=b"hello\nCLOSE\n", expect=b"olleh")
    run.stop(server)


@workload("iperf3")
def iperf3(run):
    """iperf3: TCP both ways, four streams, sendfile, UDP"""
    server = run.serve("iperf3", ["iperf3", "-s", "-B", "127.0.0.1"],
                       tcp=[5201])
    run.ports[5201] = "iperf3"
    for options in (["-n", "2M"], ["-n", "2M", "-R"], ["-n", "2M", "-P", "4"],
                    ["-n", "2M", "-Z"], ["-u", "-n", "200K", "-b", "20M"]):
        run.run("iperf3", ["iperf3", "-c", "127.0.0.1"] + options)
    time.sleep(0.1)
    run.stop(server, signal.SIGTERM)
