# SPDX-License-Identifier: BSD-2-Clause
"""Workloads: web servers and their clients, with and without TLS."""

import os
import signal
import sys

from run import workload

PERL = r"""
use IO::Socket::INET;
my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die $!;
print $s "GET /small HTTP/1.0\r\n\r\n"; $s->flush;
local $/; my $answer = <$s>; print length $answer, " bytes\n";
"""
RUBY = """
require 'net/http'
puts Net::HTTP.get(URI("http://127.0.0.1:#{ARGV[0]}/large")).bytesize
"""
PHP = "<?php echo strlen(file_get_contents(" \
      "'http://127.0.0.1:'.$argv[1].'/large'));"
NODE = """
fetch('http://127.0.0.1:' + process.argv[2] + '/large')
  .then(r => r.arrayBuffer()).then(b => console.log(b.byteLength));
"""
URLLIB = """
import sys, urllib.request
url = "http://127.0.0.1:%s/large" % sys.argv[1]
print(len(urllib.request.urlopen(url).read()))
"""
# A client in the shell: its output goes through stdio, cat reads its input.
BASH = 'exec 3<>/dev/tcp/127.0.0.1/$0; printf "GET /small HTTP/1.0\\r\\n\\r' \
       '\\n" >&3; cat <&3'


def site(run):
    """A folder with a page that fits one segment and one that does not."""
    os.mkdir(run.path("www"))
    run.data("www/small", 1000)
    return run.data("www/large", 300000)


def certificate(run):
    run.quiet("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
              "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
              "-subj", "/CN=localhost", "-addext",
              "subjectAltName=DNS:localhost,IP:127.0.0.1")
    with open("cert.pem") as cert, open("key.pem") as key:
        run.write("both.pem", cert.read() + key.read())


def http_server(run):
    site(run)
    run.serve("http.server", [sys.executable, "-m", "http.server", "-d",
                              "www", "--bind", "127.0.0.1", "8000"],
              tcp=[8000])


@workload("curl", fast=True)
def curl(run):
    """curl; python's http.server, a thread for each connection"""
    http_server(run)
    url = "http://127.0.0.1:8000/"
    run.run("curl", ["curl", "-sS", url + "small", url + "large"])
    run.run("curl", ["curl", "-sS", "-o", "out", url + "nothing"])
    run.run("curl", ["curl", "-sS", "-Z"] + ["-o", "out", url + "large"] * 4)
    run.run("curl", ["curl", "-sS", "-T", "www/large", url + "large"],
            expect=b"501")
    run.run("curl", ["curl", "-sS", "http://127.0.0.1:8001/"], allowed=[7])


@workload("wget")
def wget(run):
    """wget"""
    http_server(run)
    run.run("wget", ["wget", "-nv", "-O", "out",
                     "http://127.0.0.1:8000/large"])


@workload("busybox", fast=True)
def busybox_wget(run):
    """busybox wget: stdio on a socket"""
    http_server(run)
    run.run("busybox wget", ["busybox", "wget", "-q", "-O", "out",
                             "http://127.0.0.1:8000/large"])


@workload("bash")
def bash(run):
    """bash with /dev/tcp, and cat"""
    http_server(run)
    run.run("bash", ["bash", "-c", BASH, "8000"], expect=b"200 OK")


@workload("perl")
def perl(run):
    """perl, IO::Socket"""
    http_server(run)
    run.run("perl", ["perl", run.write("c.pl", PERL), "8000"],
            expect=b"bytes")


@workload("ruby")
def ruby(run):
    """ruby, net/http"""
    http_server(run)
    run.run("ruby", ["ruby", run.write("c.rb", RUBY), "8000"],
            expect=b"300000")


@workload("php")
def php(run):
    """php, streams"""
    http_server(run)
    run.run("php", ["php", run.write("c.php", PHP), "8000"],
            expect=b"300000")


@workload("node")
def node_fetch(run):
    """node, fetch"""
    http_server(run)
    run.run("node", ["node", run.write("c.js", NODE), "8000"],
            expect=b"300000")


@workload()
def urllib(run):
    """python, urllib"""
    http_server(run)
    run.run("python urllib", [sys.executable, run.write("c.py", URLLIB),
                              "8000"], expect=b"300000")


NGINX = """
daemon off;
worker_processes 2;
pid {0}/nginx.pid;
error_log {0}/error.log;
user {1};
events {{ worker_connections 64; }}
http {{
	access_log off;
	sendfile {2};
	client_body_temp_path {0}/t1;
	proxy_temp_path {0}/t2;
	fastcgi_temp_path {0}/t3;
	uwsgi_temp_path {0}/t4;
	scgi_temp_path {0}/t5;
	server {{
		listen 127.0.0.1:8080;
		listen [::1]:8080;
		listen 127.0.0.1:8443 ssl;
		ssl_certificate {0}/cert.pem;
		ssl_certificate_key {0}/key.pem;
		root {0}/www;
		location /proxy/ {{ proxy_pass http://127.0.0.1:8080/; }}
	}}
}}
"""


def nginx_server(run, label, sendfile):
    site(run)
    certificate(run)
    user = "root root" if os.getuid() == 0 else "nobody nogroup"
    run.write("nginx.conf", NGINX.format(run.folder, user, sendfile))
    return run.serve(label, ["nginx", "-p", run.folder, "-c",
                             run.path("nginx.conf")], tcp=[8080, 8443])


@workload("nginx", "openssl", "curl", "ab", fast=True)
def nginx(run):
    """nginx and two workers: files without sendfile, IPv6, TLS, a proxy"""
    server = nginx_server(run, "nginx", "off")
    url = "http://127.0.0.1:8080/"
    run.run("curl", ["curl", "-sS", "-o", "out", url + "large",
                     "-o", "out", "http://[::1]:8080/large"])
    run.run("curl https", ["curl", "-sS", "-o", "out", "--cacert",
                           "cert.pem", "https://127.0.0.1:8443/large"])
    run.run("curl", ["curl", "-sS", "-o", "out", url + "proxy/large"])
    run.run("ab", ["ab", "-q", "-n", "40", "-c", "4", url + "small"])
    run.run("ab", ["ab", "-q", "-k", "-n", "40", "-c", "4", url + "large"])
    run.stop(server, signal.SIGQUIT)


@workload("nginx", "openssl", "curl", "wget")
def nginx_sendfile(run):
    """nginx with sendfile; wget with TLS (GnuTLS)"""
    server = nginx_server(run, "nginx sendfile", "on")
    url = "http://127.0.0.1:8080/"
    run.run("curl", ["curl", "-sS", "-o", "out", url + "large",
                     "-o", "out", url + "small"])
    run.run("curl", ["curl", "-sS", "-o", "out", "-r", "1000-250000",
                     url + "large"])
    run.run("wget https", ["wget", "-nv", "-O", "out", "--ca-certificate",
                           "cert.pem", "https://localhost:8443/large"])
    run.stop(server, signal.SIGQUIT)


APACHE = """
ServerRoot {0}
ServerName localhost
PidFile {0}/apache.pid
ErrorLog {0}/error.log
Listen 127.0.0.1:8081
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
StartServers 2
ServerLimit 2
ThreadsPerChild 8
MaxRequestWorkers 16
User {1}
Group {1}
DocumentRoot {0}/www
EnableSendfile On
"""


@workload("apache2", "ab", "curl")
def apache2(run):
    """apache2, the event MPM: processes and threads, sendfile"""
    site(run)
    group = "nogroup"
    config = APACHE.format(run.folder, "nobody").replace("Group nobody",
                                                         "Group " + group)
    server = run.serve("apache2", ["apache2", "-DFOREGROUND", "-f",
                                   run.write("apache.conf", config)],
                       tcp=[8081])
    url = "http://127.0.0.1:8081/"
    run.run("curl", ["curl", "-sS", "-o", "out", url + "large",
                     "-o", "out", url + "small"])
    run.run("ab", ["ab", "-q", "-n", "40", "-c", "4", url + "small"])
    run.run("ab", ["ab", "-q", "-k", "-n", "20", "-c", "2", url + "large"])
    run.stop(server, signal.SIGWINCH)


LIGHTTPD = """
server.document-root = "{0}/www"
server.port = 8082
server.bind = "127.0.0.1"
server.errorlog = "{0}/lighttpd.err"
"""


@workload("lighttpd", "curl")
def lighttpd(run):
    """lighttpd"""
    site(run)
    server = run.serve("lighttpd", ["lighttpd", "-D", "-f", run.write(
        "lighttpd.conf", LIGHTTPD.format(run.folder))], tcp=[8082])
    url = "http://127.0.0.1:8082/"
    run.run("curl", ["curl", "-sS", "-o", "out", url + "large",
                     "-o", "out", url + "small"])
    run.stop(server, signal.SIGINT)


HAPROXY = """
defaults
	timeout connect 5s
	timeout client 5s
	timeout server 5s
listen web
	mode http
	bind 127.0.0.1:8083
	server a 127.0.0.1:8000
listen stream
	mode tcp
	option splice-auto
	option splice-request
	option splice-response
	bind 127.0.0.1:8084
	server a 127.0.0.1:8000
"""


@workload("haproxy", "curl")
def haproxy(run):
    """haproxy, HTTP and TCP with splice"""
    http_server(run)
    server = run.serve("haproxy", ["haproxy", "-f", run.write(
        "haproxy.cfg", HAPROXY)], tcp=[8083, 8084])
    run.run("curl", ["curl", "-sS", "-o", "out",
                     "http://127.0.0.1:8083/large"])
    run.run("curl", ["curl", "-sS", "-o", "out",
                     "http://127.0.0.1:8084/large"])
    run.stop(server, signal.SIGUSR1)
