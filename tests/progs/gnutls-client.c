/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gnutls-client PORT PATH12 PATH13: tls-client with GnuTLS, whose sessions have
 * a key log function of the library's at first.
 */

#include "prog.h"

#include <gnutls/gnutls.h>

static int lines;

static int
count_line(gnutls_session_t session, const char *label,
	   const gnutls_datum_t *secret)
{
	(void)session;
	lines += label && secret->size >= 32;
	return 0;
}

static void
get(gnutls_certificate_credentials_t none, int port, const char *path,
    const char *priority)
{
	struct endpoint server = loopback("4", port);
	int fd = connected(&server, SOCK_STREAM), len;
	gnutls_keylog_func before;
	gnutls_session_t session;
	char buf[4096];

	MUST(gnutls_init(&session, GNUTLS_CLIENT) == 0);
	before = gnutls_session_get_keylog_function(session);
	MUST(before);
	gnutls_session_set_keylog_function(session, count_line);
	MUST(gnutls_session_get_keylog_function(session) == count_line);
	gnutls_session_set_keylog_function(session, before);
	MUST(gnutls_session_get_keylog_function(session) == before);
	gnutls_session_set_keylog_function(session, count_line);
	MUST(gnutls_priority_set_direct(session, priority, NULL) == 0);
	MUST(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, none) ==
	     0);
	gnutls_transport_set_int(session, fd);
	MUST(gnutls_handshake(session) == 0);
	len = snprintf(buf, sizeof(buf), "GET %s HTTP/1.0\r\n\r\n", path);
	MUST(gnutls_record_send(session, buf, (size_t)len) == len);
	/* A ticket in between makes it ask to be called again. */
	do
		len = (int)gnutls_record_recv(session, buf, sizeof(buf));
	while (len > 0 || len == GNUTLS_E_AGAIN);
	gnutls_deinit(session);
	MUST(!close(fd));
}

int
main(int argc, char **argv)
{
	gnutls_certificate_credentials_t none;

	MUST(argc == 4);
	MUST(gnutls_certificate_allocate_credentials(&none) == 0);
	get(none, atoi(argv[1]), argv[2], "NORMAL:-VERS-ALL:+VERS-TLS1.2");
	get(none, atoi(argv[1]), argv[3], "NORMAL");
	gnutls_certificate_free_credentials(none);
	printf("%d\n", lines);
	return 0;
}
