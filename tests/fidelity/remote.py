# SPDX-License-Identifier: BSD-2-Clause
"""Workloads: copies and shells on other machines: git, ssh, rsync, ftp."""

import os
import signal
import sys

from run import Failed, workload

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c",
       "init.defaultBranch=main", "-c", "protocol.version=2"]


def repository(run):
    """A bare repository that is served, repos/a.git."""
    os.mkdir(run.path("repos"))
    run.quiet(*GIT, "init", "-q", "source")
    run.data("source/large", 100000)
    run.write("source/random", os.urandom(100000))
    run.quiet(*GIT, "-C", "source", "add", ".")
    run.quiet(*GIT, "-C", "source", "commit", "-q", "-m", "first")
    run.quiet(*GIT, "clone", "-q", "--bare", "source", "repos/a.git")
    run.quiet(*GIT, "-C", "repos/a.git", "update-server-info")


@workload("git")
def git(run):
    """git clone and push over git://: daemon, upload-pack, stdio"""
    repository(run)
    server = run.serve("git daemon", [
        "git", "daemon", "--reuseaddr", "--listen=127.0.0.1", "--export-all",
        "--base-path=" + run.path("repos"), "--enable=receive-pack",
        run.path("repos")], tcp=[9418])
    run.run("git clone", ["git", "clone", "-q", "git://127.0.0.1/a.git", "b"])
    run.write("b/new", "new\n")
    run.quiet(*GIT, "-C", "b", "add", ".")
    run.quiet(*GIT, "-C", "b", "commit", "-q", "-m", "second")
    run.run("git push", ["git", "-C", "b", "push", "-q"])
    run.stop(server)


@workload("git")
def git_http(run):
    """git clone over HTTP"""
    repository(run)
    run.serve("http.server", [sys.executable, "-m", "http.server", "-d",
                              "repos", "--bind", "127.0.0.1", "8000"],
              tcp=[8000])
    run.run("git clone http", ["git", "clone", "-q",
                               "http://127.0.0.1:8000/a.git", "b"])


SSHD = """
Port 2222
ListenAddress 127.0.0.1
HostKey {0}/host
PidFile none
AuthorizedKeysFile {0}/user.pub
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
"""


def sshd(run):
    """Starts sshd; returns the options that clients need."""
    if os.getuid() != 0 or not os.path.exists("/usr/sbin/sshd"):
        raise Failed("needs root and sshd")
    os.makedirs("/run/sshd", exist_ok=True)
    for key in ("host", "user"):
        run.quiet("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    run.serve("sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", run.write(
        "sshd_config", SSHD.format(run.folder))], tcp=[2222])
    return ["-F", "none", "-i", run.path("user"), "-o",
            "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR"]


@workload("ssh", "sshd", "sftp", "scp")
def ssh(run):
    """ssh, scp and sftp; sshd with its sandboxed child"""
    options = sshd(run)
    run.data("large", 200000)
    run.run("ssh", ["ssh"] + options + ["-p", "2222", "root@127.0.0.1",
                                        "cat; echo done"],
            stdin=b"x" * 50000, expect=b"done")
    run.run("scp", ["scp"] + options + ["-P", "2222", "large",
                                        "root@127.0.0.1:" + run.path("c")])
    run.run("sftp", ["sftp"] + options + [
        "-P", "2222", "-b", run.write("batch", "get %s\n" % run.path("large")),
        "root@127.0.0.1:" + run.path("d")], allowed=(0, 1))


@workload("rsync", "ssh", "sshd")
def rsync_ssh(run):
    """rsync over ssh"""
    options = sshd(run)
    run.data("large", 200000)
    run.run("rsync ssh", [
        "rsync", "-a", "-e", " ".join(["ssh -p 2222"] + options), "large",
        "root@127.0.0.1:" + run.path("copy")])


RSYNCD = """
use chroot = no
port = 8730
address = 127.0.0.1
[files]
path = {0}/files
read only = no
uid = 0
gid = 0
"""


@workload("rsync")
def rsync(run):
    """rsync with its daemon, a process for each connection"""
    os.mkdir(run.path("files"))
    run.data("files/one", 200000)
    run.write("files/two", os.urandom(100000))
    server = run.serve("rsync daemon", [
        "rsync", "--daemon", "--no-detach", "--config=" + run.write(
            "rsyncd.conf", RSYNCD.format(run.folder))], tcp=[8730])
    url = "rsync://127.0.0.1:8730/files/"
    run.run("rsync", ["rsync", "-a", url, "copy"])
    run.data("copy/one", 150000)
    run.run("rsync", ["rsync", "-a", "copy/", url])
    run.stop(server)


VSFTPD = """
listen=YES
listen_address=127.0.0.1
listen_port=2121
background=NO
anonymous_enable=YES
anon_root={0}/files
no_anon_password=YES
local_enable=NO
secure_chroot_dir={0}/empty
ftp_data_port=2120
"""


@workload("vsftpd", "lftp")
def ftp(run):
    """vsftpd and lftp: passive and active data connections"""
    for name in ("files", "empty"):
        os.mkdir(run.path(name))
    run.data("files/large", 200000)
    server = run.serve("vsftpd", ["vsftpd", run.write(
        "vsftpd.conf", VSFTPD.format(run.folder))], tcp=[2121])
    run.ports[0] = "vsftpd"     # its ports for data
    for passive in ("on", "off"):
        run.run("lftp", ["lftp", "-c", "set ftp:passive-mode %s; set "
                         "net:max-retries 1; open ftp://127.0.0.1:2121; "
                         "ls; get -e large" % passive], expect=b"large")
    run.stop(server, signal.SIGTERM)
