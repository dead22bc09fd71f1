# SPDX-License-Identifier: BSD-2-Clause
"""Workloads: data bases, caches, brokers, and programs in other languages."""

import os
import signal
import sys

from run import Failed, workload

MEMCACHED = r"""
import socket
tcp = socket.create_connection(("127.0.0.1", 11211))
value = b"v" * 20000
tcp.sendall(b"set a 0 0 %d\r\n%s\r\nget a\r\n" % (len(value), value))
got = b""
while not got.endswith(b"END\r\n"):
    got += tcp.recv(65536)
assert value in got
tcp.close()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.connect(("127.0.0.1", 11211))
for number in range(20):
    head = bytes([0, number, 0, 0, 0, 1, 0, 0])
    udp.send(head + b"set k%d 0 0 5\r\nvalue\r\n" % number)
    assert udp.recv(2000)[8:] == b"STORED\r\n"
    udp.send(head + b"get k%d\r\n" % number)
    assert b"value" in udp.recv(2000)
udp.send(b"\0\1\0\0\0\1\0\0get a\r\n")
parts = [udp.recv(2000) for _ in range(15)]
assert sum(len(p) - 8 for p in parts) > 20000
print("done")
"""


@workload("redis-server", "redis-cli", "redis-benchmark", fast=True)
def redis(run):
    """redis-server, redis-cli, redis-benchmark"""
    server = run.serve("redis-server", [
        "redis-server", "--bind", "127.0.0.1", "--port", "6379", "--save",
        "", "--daemonize", "no"], tcp=[6379])
    run.run("redis-cli", ["redis-cli", "set", "a", "1"], expect=b"OK")
    run.run("redis-cli", ["redis-cli", "-x", "set", "b"],
            stdin=b"x" * 100000, expect=b"OK")
    run.run("redis-cli", ["redis-cli", "get", "b"], expect=b"xxxx")
    run.run("redis-benchmark", ["redis-benchmark", "-n", "200", "-c", "5",
                                "-d", "1000", "-q", "-t", "set,get"])
    run.stop(server)


@workload("memcached", fast=True)
def memcached(run):
    """memcached over TCP and UDP, a client in python"""
    server = run.serve("memcached", [
        "memcached", "-l", "127.0.0.1", "-p", "11211", "-U", "11211", "-u",
        "nobody"], tcp=[11211], udp=[11211])
    run.run("python socket", [sys.executable, "-c", MEMCACHED],
            expect=b"done")
    run.stop(server)


@workload("postgres", "psql", "initdb", "pgbench")
def postgres(run):
    """PostgreSQL, a process for each connection; psql, pgbench"""
    if os.getuid() != 0:
        raise Failed("needs root, to be another user")
    os.mkdir(run.path("db"))
    os.chmod(run.path("db"), 0o777)
    other = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    run.quiet("initdb", "-D", run.path("db/data"), "-A", "trust", "-U", "me",
              "--no-sync", **other)
    server = run.serve("postgres", [
        "postgres", "-D", run.path("db/data"), "-h", "127.0.0.1", "-p",
        "5432", "-k", run.path("db"), "-c", "fsync=off"], tcp=[5432], **other)
    client = ["-h", "127.0.0.1", "-U", "me"]
    psql = ["psql", "-X"] + client + ["postgres", "-c"]
    run.run("psql", psql + ["select 1"], expect=b"1 row")
    run.run("psql", psql + ["select g, repeat('x', 40) from "
                            "generate_series(1, 3000) g"])
    run.run("psql", psql + ["\\copy (select 1) to 'out'"])
    run.run("pgbench", ["pgbench"] + client + ["-i", "-q", "postgres"])
    run.run("pgbench", ["pgbench"] + client + [
        "-n", "-S", "-c", "3", "-t", "20", "postgres"])
    run.stop(server, signal.SIGINT)


@workload("mosquitto", "mosquitto_pub", "mosquitto_sub")
def mosquitto(run):
    """mosquitto with a publisher and a subscriber"""
    conf = run.write("mosquitto.conf", "listener 1883 127.0.0.1\n"
                     "allow_anonymous true\n")
    server = run.serve("mosquitto", ["mosquitto", "-c", conf], tcp=[1883])
    host = ["-h", "127.0.0.1", "-t", "a"]
    run.run("mosquitto pub", ["mosquitto_pub"] + host + [
        "-r", "-q", "1", "-m", "hello"])
    run.run("mosquitto sub", ["mosquitto_sub"] + host + ["-C", "1"],
            expect=b"hello")
    run.stop(server)


ASYNCIO = r"""
import asyncio
async def echo(reader, writer):
    while data := await reader.read(5000):
        writer.write(data)
        await writer.drain()
    writer.close()
async def talk(host, number):
    reader, writer = await asyncio.open_connection(host, 7100)
    text = b"%d" % number * 20000
    writer.write(text)
    writer.write_eof()
    assert await reader.read() == text
    writer.close()
    await writer.wait_closed()
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport
    def datagram_received(self, data, peer):
        self.transport.sendto(data, peer)
class Client(asyncio.DatagramProtocol):
    def __init__(self):
        self.got = asyncio.get_running_loop().create_future()
    def datagram_received(self, data, peer):
        self.got.set_result(data)
async def main():
    loop = asyncio.get_running_loop()
    await asyncio.start_server(echo, ["127.0.0.1", "::1"], 7100)
    await asyncio.gather(*[talk(host, i) for i in range(5)
                           for host in ("127.0.0.1", "::1")])
    await loop.create_datagram_endpoint(Echo, ("127.0.0.1", 7101))
    for i in range(5):
        transport, client = await loop.create_datagram_endpoint(
            Client, remote_addr=("127.0.0.1", 7101))
        transport.sendto(b"%d" % i * 100)
        assert await client.got == b"%d" % i * 100
        transport.close()
    print("done")
asyncio.run(main())
"""


@workload(fast=True)
def asyncio(run):
    """asyncio: clients and server in one process, IPv4, IPv6, UDP"""
    run.run("python asyncio", [sys.executable, "-c", ASYNCIO],
            expect=b"done", both_ends=True)


NODE = r"""
const net = require('net'), dgram = require('dgram'), http = require('http');
const big = Buffer.alloc(200000, 'node');
const web = http.createServer((q, r) => q.pipe(r)).listen(7200, '::1', () => {
  const q = http.request({host: '::1', port: 7200, method: 'POST'}, r => {
    let n = 0;
    r.on('data', d => n += d.length);
    r.on('end', () => { if (n != big.length) process.exit(1); web.close();
                        web.closeAllConnections(); udp(); });
  });
  q.end(big);
});
function udp() {
  const a = dgram.createSocket('udp4'), b = dgram.createSocket('udp4');
  a.on('message', (m, from) => a.send(m, from.port, from.address));
  let left = 10;
  b.on('message', () => {
    if (--left == 0) { a.close(); b.close(); console.log('done'); }
    else b.send('datagram ' + left, 7201, '127.0.0.1');
  });
  a.bind(7201, '127.0.0.1', () => b.bind(0, '127.0.0.1',
    () => b.send('datagram', 7201, '127.0.0.1')));
}
"""


@workload("node")
def node(run):
    """node: an HTTP server and client over IPv6, UDP, in one process"""
    run.run("node", ["node", "-e", NODE], expect=b"done", both_ends=True)


JAVA = r"""
import com.sun.net.httpserver.HttpServer;
import java.io.*;
import java.net.*;
import java.net.http.*;
import java.nio.channels.*;
import java.nio.file.*;
public class Talk {
  public static void main(String[] a) throws Exception {
    HttpServer s = HttpServer.create(new InetSocketAddress("127.0.0.1", 7300),
                                     0);
    s.createContext("/", x -> {
      byte[] body = x.getRequestBody().readAllBytes();
      x.sendResponseHeaders(200, body.length);
      x.getResponseBody().write(body);
      x.close();
    });
    s.start();
    byte[] big = new byte[200000];
    HttpResponse<byte[]> r = HttpClient.newHttpClient().send(
      HttpRequest.newBuilder(URI.create("http://127.0.0.1:7300/")).POST(
        HttpRequest.BodyPublishers.ofByteArray(big)).build(),
      HttpResponse.BodyHandlers.ofByteArray());
    ServerSocketChannel door = ServerSocketChannel.open().bind(
      new InetSocketAddress("127.0.0.1", 7301));
    SocketChannel c = SocketChannel.open(
      new InetSocketAddress("127.0.0.1", 7301));
    SocketChannel d = door.accept();
    FileChannel f = FileChannel.open(Path.of(a[0]));
    f.transferTo(0, f.size(), c);
    c.shutdownOutput();
    int n = d.socket().getInputStream().readAllBytes().length;
    d.close(); c.close(); door.close();
    DatagramSocket u = new DatagramSocket(7302,
      InetAddress.getByName("127.0.0.1"));
    DatagramSocket v = new DatagramSocket();
    for (int i = 0; i < 5; i++) {
      v.send(new DatagramPacket(big, 1000, u.getLocalSocketAddress()));
      DatagramPacket p = new DatagramPacket(new byte[2000], 2000);
      u.receive(p);
      u.send(p);
      v.receive(p);
    }
    s.stop(0);
    System.out.println(r.body().length + " " + n);
    System.exit(0);
  }
}
"""


@workload("java", "javac")
def java(run):
    """java: HttpServer and HttpClient, transferTo, UDP, in one process"""
    run.write("Talk.java", JAVA)
    run.data("large", 50000)
    run.quiet("javac", "Talk.java")
    run.run("java", ["java", "-cp", ".", "Talk", "large"],
            expect=b"200000 50000", both_ends=True)
