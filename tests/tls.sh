# SPDX-License-Identifier: BSD-2-Clause
# What the tests of TLS share: a server, and what its captures show. A test
# sources it after lib.sh, in a namespace of its own.

mkdir tmp web && cd web || exit 99
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
	-subj /CN=localhost -days 2 2>err || framework_failure_ "$(cat err)"
port=61443 url=https://127.0.0.1:61443
TMPDIR=$work/tmp
export TMPDIR
preloads=$preload:$top_builddir/.libs/libnetspy-tls.so

# What Wireshark reads inside TLS, sorted: paths asked for, answers' statuses.
decrypted() {
	for stream; do
		tshark -r "$stream" -d tcp.port==$port,tls -Y http -T fields \
			-e http.request.uri -e http.response.code 2>/dev/null
	done | tr -d '\t' | sort | tr '\n' ' '
}

# shows CAPTURE PATH...: each of them was asked for once, and was there.
shows() {
	seen=$(decrypted "$1")
	capture=$1
	shift
	all=$(for path; do echo "/$path"; echo 200; done | sort | tr '\n' ' ')
	[ "$seen" = "$all" ] || fail_ "$capture shows $seen, not $all"
}

# Hexadecimal secrets in the blocks of the capture.
secrets_of() {
	"$python3" - "$tests" "$1" <<-END
	import re, sys
	sys.path.insert(0, sys.argv[1])
	import pcapng
	for _, kind, body in pcapng.blocks(open(sys.argv[2], "rb").read()):
	    if kind == 10:
	        line, = re.findall(rb"^[A-Z0-9_]+ [0-9a-f]{64} ([0-9a-f]+)\n",
	                           body[8:])
	        print(line.decode())
	END
}

# serve COMMAND...: in front of a server whose files are those of this folder.
serve() {
	start "$@" "$python3" "$tests/real/web-server.py" $port tls \
		>server.out 2>&1
	server=$pid
	wait_for_port $port
}
