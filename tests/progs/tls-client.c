/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls-client PORT PATH12 PATH13: gets the paths from 127.0.0.1 with TLS 1.2 and
 * 1.3, with a key log function of its own, which must be called and found as if
 * nobody else had one. Prints how many lines that function has got.
 */

#include "prog.h"

#include <openssl/ssl.h>

static int lines;

static void
count_line(const SSL *ssl, const char *line)
{
	(void)ssl;
	lines += strlen(line) > 64;
}

static void
get(SSL_CTX *ctx, int port, const char *path, int version)
{
	struct endpoint server = loopback("4", port);
	SSL *ssl = SSL_new(ctx);
	char buf[4096];
	int len, fd = connected(&server, SOCK_STREAM);

	MUST(ssl && SSL_set_fd(ssl, fd) == 1);
	MUST(SSL_set_max_proto_version(ssl, version) == 1);
	MUST(SSL_connect(ssl) == 1);
	len = snprintf(buf, sizeof(buf), "GET %s HTTP/1.0\r\n\r\n", path);
	MUST(SSL_write(ssl, buf, len) == len);
	while (SSL_read(ssl, buf, sizeof(buf)) > 0)
		;
	SSL_free(ssl);
	MUST(!close(fd));
}

static SSL_CTX *
make_newer(void)
{
#if OPENSSL_VERSION_MAJOR >= 3
	return SSL_CTX_new_ex(NULL, NULL, TLS_client_method());
#else
	return SSL_CTX_new(TLS_client_method());
#endif
}

static void
get_with(SSL_CTX *ctx, int port, const char *path, int version)
{
	MUST(ctx);
	MUST(!SSL_CTX_get_keylog_callback(ctx));
	SSL_CTX_set_keylog_callback(ctx, count_line);
	MUST(SSL_CTX_get_keylog_callback(ctx) == count_line);
	get(ctx, port, path, version);
	SSL_CTX_set_keylog_callback(ctx, NULL);
	MUST(!SSL_CTX_get_keylog_callback(ctx));
	SSL_CTX_free(ctx);
}

int
main(int argc, char **argv)
{
	MUST(argc == 4);
	get_with(SSL_CTX_new(TLS_client_method()), atoi(argv[1]), argv[2],
		 TLS1_2_VERSION);
	get_with(make_newer(), atoi(argv[1]), argv[3], TLS1_3_VERSION);
	printf("%d\n", lines);
	return 0;
}
