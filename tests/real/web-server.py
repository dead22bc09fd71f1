#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Serves the current folder: web-server.py PORT [tls].

python3 -m http.server, but for TLS and an orderly end.
"""

import http.server
import signal
import ssl
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        """The answer tells that all has come."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = b"got %d bytes\n" % len(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def date_time_string(self, timestamp=None):
        """Two runs shall give the same bytes."""
        return "Thu, 01 Jan 1970 00:00:00 GMT"


def main():
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])),
                                             Handler)
    server.daemon_threads = True
    if sys.argv[2:] == ["tls"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("cert.pem", "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
