# SPDX-License-Identifier: BSD-2-Clause
"""Runs the programs of one workload, recorded, beside tcpdump.

A workload is a function of a Run: it starts servers with serve() and clients
with run(), by a label that the table will show.  It runs as the first process
of namespaces of its own (network, mounts, processes): every port is free, all
traffic on lo is its own, and nothing that it starts outlives it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/lib/postgresql/15/bin"
NOBODY = "nobody"


class Failed(Exception):
    """A workload cannot run, or a program in it did not do its work."""


class Workload:
    def __init__(self, function, needs, fast, about):
        self.function, self.needs = function, needs
        self.name = function.__name__.replace("_", "-")
        self.fast, self.about = fast, about

    def absent(self):
        """The programs that are not installed here."""
        return [tool for tool in self.needs
                if not shutil.which(tool, path=PATH)]


WORKLOADS = []


def workload(*needs, fast=False):
    """Decorates a function; its first line says what it is about."""
    def register(function):
        WORKLOADS.append(Workload(function, needs, fast,
                                  function.__doc__.splitlines()[0]))
        return function
    return register


def file_label(label):
    return label.replace(" ", "_").replace("/", "-")


def until(seconds, condition, what):
    """Waits for the condition; the workload fails when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed("waited %d s for %s" % (seconds, what))
        time.sleep(0.01)


def bound_ports():
    """{(protocol, port)} of the kernel's tables, which sends no packet."""
    found = set()
    for name in ("tcp", "tcp6", "udp", "udp6"):
        with open("/proc/self/net/" + name) as table:
            next(table)
            for line in table:
                words = line.split()
                if name.startswith("udp") or words[3] == "0A":
                    found.add((name[:3], int(words[1].split(":")[1], 16)))
    return found


def connections():
    """How many TCP sockets wait for somebody to close them, by the kernel."""
    count = 0
    for name in ("tcp", "tcp6"):
        with open("/proc/self/net/" + name) as table:
            next(table)
            # Not LISTEN, TIME_WAIT nor CLOSE.
            count += sum(line.split()[3] not in ("0A", "06", "07")
                         for line in table)
    return count


BARE, PRELOAD, COMMAND = "bare", "preload", "command"
DOORS = (BARE, PRELOAD, COMMAND)


class Run:
    def __init__(self, build, folder, door):
        self.build, self.folder, self.door = build, folder, door
        self.captures = os.path.join(folder, "captures")
        self.preload = os.path.join(build, ".libs", "libnetspy.so")
        self.ports, self.phases = {}, []
        self.unrecorded, self.both_ends = [], []
        self.servers, self.started = [], 0
        os.chmod(folder, 0o755)
        os.mkdir(self.captures)
        os.chmod(self.captures, 0o1777)
        os.chdir(folder)

    # What a workload uses

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content, mode=0o644):
        with open(self.path(name), "wb") as file:
            file.write(content.encode() if isinstance(content, str)
                       else content)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def data(self, name, size):
        """A file of bytes that are the same in each run."""
        pattern = bytes((i * 7 + i // 251) & 255 for i in range(4096))
        return self.write(name, (pattern * (size // 4096 + 1))[:size])

    def quiet(self, *argv, **more):
        """A command of the preparation, which is not recorded."""
        done = subprocess.run(argv, capture_output=True, timeout=60,
                              env=self.environment(None), **more)
        if done.returncode:
            raise Failed("%s: %s" % (argv[0], done.stderr.decode()[-300:]))
        return done.stdout

    def serve(self, label, argv, tcp=(), udp=(), recorded=True, **more):
        """Starts a server and waits until it has its ports."""
        self.ports.update({port: label for port in tuple(tcp) + tuple(udp)})
        log = open(self.path(file_label(label) + ".log"), "ab")
        process = subprocess.Popen(
            self.recording(label if recorded else None, argv),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=self.environment(label if recorded else None, more), **more)
        process.label, process.log = label, log.name
        self.servers.append(process)
        wanted = {("tcp", p) for p in tcp} | {("udp", p) for p in udp}
        until(20, lambda: wanted <= bound_ports()
              or process.poll() is not None, "%s to listen" % label)
        if wanted - bound_ports():
            raise Failed("%s ended: %s" % (label, self.tail(process)))
        return process

    def run(self, label, argv, expect=None, allowed=(0,), stdin=None,
            timeout=30, recorded=True, both_ends=False, **more):
        """Runs a client to its end; returns what it wrote to stdout."""
        begin = time.time_ns()
        if both_ends:
            self.both_ends.append(label)
        source = {"input": stdin} if stdin is not None else {
            "stdin": subprocess.DEVNULL}
        done = subprocess.run(
            self.recording(label if recorded else None, argv),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, env=self.environment(
                label if recorded else None, more), **source, **more)
        self.phases.append((begin, time.time_ns(), label))
        if done.returncode not in allowed or (
                expect is not None and expect not in done.stdout):
            raise Failed("%s: status %d, %r, %s" % (
                label, done.returncode, done.stdout[-100:],
                done.stderr.decode(errors="replace")[-300:]))
        return done.stdout

    def stop(self, process, how=signal.SIGTERM):
        """Ends a server in the way that lets it finish what it has begun."""
        self.servers.remove(process)
        self.settle()
        if process.poll() is not None:
            raise Failed("%s has ended by itself: %s" % (
                process.label, self.tail(process)))
        process.send_signal(how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed("%s does not stop" % process.label) from None

    # The machinery

    def settle(self):
        """Lets servers see the end of what clients have ended."""
        end = time.monotonic() + 0.5
        while connections() and time.monotonic() < end:
            time.sleep(0.01)

    def recording(self, label, argv):
        """The words that start a program."""
        if not label or self.door != COMMAND:
            return argv
        self.started += 1
        return [os.path.join(self.build, "netspy"), "-q", "-o",
                os.path.join(self.captures, "%s@-%d.pcapng" % (
                    file_label(label).replace("%", "%%"), self.started))
                ] + argv

    def environment(self, label, more=None):
        given = dict(os.environ, PATH=PATH, HOME=self.folder, LC_ALL="C",
                     PYTHONDONTWRITEBYTECODE="1", NO_PROXY="*")
        given.update((more or {}).pop("env", {}))
        if label and self.door != BARE:
            given.update(NETSPY_DIR=self.captures, NETSPY_FILENAME="%s@%%p.pcap"
                         % file_label(label).replace("%", "%%"))
            if self.door == PRELOAD:
                given.setdefault("LD_PRELOAD", self.preload)
        return given

    def tail(self, process):
        with open(process.log, errors="replace") as log:
            return "status %s, %s" % (process.returncode, log.read()[-300:])

    def others(self):
        """Every process here but this one and tcpdump."""
        keep = {os.getpid(), self.tcpdump.pid}
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) not in keep:
                try:
                    with open("/proc/%s/stat" % name) as file:
                        if file.read().rpartition(")")[2].split()[0] != "Z":
                            found.append(int(name))
                except OSError:
                    pass
        return found

    def start_tcpdump(self):
        self.tcpdump = subprocess.Popen(
            ["tcpdump", "-Z", "root", "-i", "lo", "-s", "65600", "-U",
             "--immediate-mode", "-B", "131072", "-w", "kernel.pcap"],
            stderr=open("tcpdump.err", "wb"), stdin=subprocess.DEVNULL)

        def listens():
            with open("tcpdump.err") as file:
                return "listening on" in file.read()
        until(20, listens, "tcpdump to start")

    def stop_tcpdump(self):
        """What it has not been given when it ends is lost: let it rest."""
        size = -1
        while os.path.getsize("kernel.pcap") != size:
            size = os.path.getsize("kernel.pcap")
            time.sleep(0.15)
        self.tcpdump.send_signal(signal.SIGINT)
        self.tcpdump.wait(20)
        with open("tcpdump.err") as file:
            text = file.read()
        if "\n0 packets dropped" not in text:
            raise Failed("tcpdump: " + text.replace("\n", " "))

    def finish(self):
        """Everything ends before the kernel's capture does."""
        for process in list(reversed(self.servers)):
            self.stop(process)
        try:
            until(5, lambda: not self.others(), "processes to end")
        except Failed:
            for pid in self.others():
                os.kill(pid, signal.SIGTERM)
            until(5, lambda: not self.others(), "processes to be ended")

    def recover(self):
        """The captures of programs that a signal has ended."""
        rings = [n for n in os.listdir(self.captures) if n.endswith(".ring")]
        for name in rings:
            self.quiet(os.path.join(self.build, "netspy"), "recover",
                       os.path.join(self.captures, name[:-len(".ring")]))
        return rings

    def result(self, failure):
        with open("run.json", "w") as file:
            json.dump({"failure": failure, "ports": self.ports,
                       "phases": self.phases, "unrecorded": self.unrecorded,
                       "both_ends": self.both_ends}, file)


def inside(build, folder, name, door):
    """The first process of the namespaces."""
    # In the background of a shell it is ignored, and so it would be in ours.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # Ports that no protocol of Wireshark's claims.
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as file:
        file.write("61000 64999")
    chosen = next(w for w in WORKLOADS if w.name == name)
    run = Run(build, folder, door)
    failure = None
    run.start_tcpdump()
    try:
        chosen.function(run)
        run.finish()
    except (Failed, OSError, subprocess.SubprocessError) as failed:
        failure = str(failed)
    try:
        run.stop_tcpdump()
        run.recover()
    except (Failed, OSError, subprocess.SubprocessError) as failed:
        failure = failure or str(failed)
    run.result(failure)


def namespaces():
    """The words that make namespaces, or None: no right to."""
    words = ["unshare", "-n", "-m", "-p", "-f", "--kill-child",
             "--mount-proc"]
    for extra in ([], ["-r"]):
        if subprocess.run(words + extra + ["true"],
                          capture_output=True).returncode == 0:
            return words + extra
    return None


def start(words, build, folder, name, door):
    """Runs a workload in namespaces of its own; returns its result."""
    command = words + [sys.executable, "-B",
                       os.path.join(HERE, "fidelity.py"),
                       "--inside", name, folder, "--build", build,
                       "--door", door]
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=90, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return {"failure": "not done after 90 s"}
    try:
        with open(os.path.join(folder, "run.json")) as file:
            return json.load(file)
    except OSError:
        return {"failure": done.stderr[-500:]}
