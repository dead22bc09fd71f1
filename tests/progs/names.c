/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Looks up names in every way there is, in forms that succeed and that fail.
 *
 * names            each call, its results checked
 * names connect    look-ups, then a socket, then look-ups in parent and child
 */

#include "prog.h"

#include <netdb.h>

static struct sockaddr_in
address_of(const char *text)
{
	struct sockaddr_in four = {.sin_family = AF_INET};

	MUST(inet_pton(AF_INET, text, &four.sin_addr) == 1);
	return four;
}

static int
resolve(const char *node, int family, int flags, const char *canonical)
{
	struct addrinfo hints = {.ai_family = family, .ai_flags = flags};
	struct addrinfo *list = NULL;
	int ret = getaddrinfo(node, node ? NULL : "80", &hints, &list);

	if (ret == 0) {
		MUST(list && list->ai_addr);
		MUST(!canonical || !strcmp(list->ai_canonname, canonical));
		freeaddrinfo(list);
	}
	return ret;
}

static void
use_getaddrinfo(void)
{
	MUST(resolve("host.test", AF_UNSPEC, 0, NULL) == 0);
	MUST(resolve("alias.test", AF_INET, AI_CANONNAME, "host.test") == 0);
	MUST(resolve("big.test", AF_INET, 0, NULL) == 0);
	MUST(resolve("v4.test", AF_INET6, AI_V4MAPPED, NULL) == 0);
	/* No names. */
	MUST(resolve("192.0.2.99", AF_UNSPEC, 0, NULL) == 0);
	MUST(resolve("2001:db8::99", AF_UNSPEC, AI_NUMERICHOST, NULL) == 0);
	MUST(resolve(NULL, AF_UNSPEC, AI_PASSIVE, NULL) == 0);
	MUST(resolve("missing.test", AF_UNSPEC, 0, NULL) == EAI_NONAME);
}

static void
use_getnameinfo(void)
{
	struct sockaddr_in four = address_of("192.0.2.20");
	struct sockaddr_in none = address_of("192.0.2.99");
	char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";

	MUST(getnameinfo((struct sockaddr *)&four, sizeof(four), host,
			 sizeof(host), NULL, 0, 0) == 0);
	MUST(!strcmp(host, "v4.test"));
	MUST(getnameinfo((struct sockaddr *)&four, sizeof(four), host,
			 sizeof(host), NULL, 0, NI_NUMERICHOST) == 0);
	MUST(!strcmp(host, "192.0.2.20"));
	MUST(getnameinfo((struct sockaddr *)&four, sizeof(four), NULL, 0, port,
			 sizeof(port), NI_NUMERICSERV) == 0);
	MUST(getnameinfo((struct sockaddr *)&none, sizeof(none), host,
			 sizeof(host), NULL, 0, 0) == 0);
	MUST(getnameinfo((struct sockaddr *)&none, sizeof(none), host,
			 sizeof(host), NULL, 0, NI_NAMEREQD) == EAI_NONAME);
	MUST(getnameinfo((struct sockaddr *)&four, sizeof(four), host, 2, NULL,
			 0, 0) == EAI_OVERFLOW);
}

static void
use_gethost(void)
{
	struct in_addr four = address_of("192.0.2.10").sin_addr;
	struct in_addr none = address_of("192.0.2.99").sin_addr;
	struct hostent *host = gethostbyname("alias.test");

	MUST(host && !strcmp(host->h_name, "host.test"));
	host = gethostbyname2("host.test", AF_INET6);
	MUST(host && host->h_length == 16);
	host = gethostbyaddr(&four, sizeof(four), AF_INET);
	MUST(host && !strcmp(host->h_name, "host.test"));
	errno = 0;
	MUST(!gethostbyname("missing.test") && h_errno == HOST_NOT_FOUND);
	MUST(!gethostbyname2("v4.test", AF_INET6) && h_errno == NO_DATA);
	MUST(!gethostbyaddr(&none, sizeof(none), AF_INET) &&
	     h_errno == HOST_NOT_FOUND);
	MUST(gethostbyname("192.0.2.99"));
}

static void
use_gethost_r(void)
{
	struct in_addr four = address_of("192.0.2.20").sin_addr;
	struct hostent own, *host = NULL;
	char buf[4096], small[8];
	int why = 0;

	MUST(gethostbyname_r("v4.test", &own, buf, sizeof(buf), &host, &why) ==
	     0);
	MUST(host == &own && host->h_addr_list[0] && !host->h_addr_list[1]);
	MUST(gethostbyname2_r("host.test", AF_INET6, &own, buf, sizeof(buf),
			      &host, &why) == 0);
	MUST(host == &own);
	MUST(gethostbyaddr_r(&four, sizeof(four), AF_INET, &own, buf,
			     sizeof(buf), &host, &why) == 0);
	MUST(host == &own && !strcmp(host->h_name, "v4.test"));
	MUST(gethostbyname_r("v4.test", &own, small, sizeof(small), &host,
			     &why) == ERANGE);
	MUST(gethostbyname_r("missing.test", &own, buf, sizeof(buf), &host,
			     &why) == 0);
	MUST(!host && why == HOST_NOT_FOUND);
}

/* Requests whose results come later. */
static void
use_getaddrinfo_a(void)
{
#ifdef GAI_WAIT
	struct gaicb host = {.ar_name = "host.test"};
	struct gaicb missing = {.ar_name = "missing.test"};
	struct gaicb four = {.ar_name = "v4.test"};
	struct gaicb *list[] = {&host, NULL, &missing}, *later = &four;

	MUST(getaddrinfo_a(GAI_WAIT, list, 3, NULL) == 0);
	MUST(gai_error(&host) == 0 && gai_error(&missing) == EAI_NONAME);
	freeaddrinfo(host.ar_result);
	MUST(getaddrinfo_a(GAI_NOWAIT, &later, 1, NULL) == 0);
	while (gai_error(&four) == EAI_INPROGRESS)
		gai_suspend((const struct gaicb *const *)&later, 1, NULL);
	MUST(gai_error(&four) == 0);
	freeaddrinfo(four.ar_result);
	/* It is looked at no more. */
	four.ar_result = (struct addrinfo *)8;
	MUST(gai_error(&four) == 0);
#endif
}

/* A datagram makes the capture; a kill leaves the ring. */
static void
use_connect(void)
{
	struct endpoint end;
	int server = bound("4", SOCK_DGRAM, 0, &end), client;
	pid_t child;

	MUST(resolve("host.test", AF_UNSPEC, 0, NULL) == 0);
	MUST(resolve("host.test", AF_UNSPEC, 0, NULL) == 0);
	client = connected(&end, SOCK_DGRAM);
	MUST(send(client, "x", 1, 0) == 1);
	MUST(resolve("v4.test", AF_INET, 0, NULL) == 0);
	MUST(resolve("host.test", AF_UNSPEC, 0, NULL) == 0);
	child = fork();
	MUST(child >= 0);
	MUST(send(client, "y", 1, 0) == 1);
	if (child == 0)
		raise(SIGKILL);
	MUST(waitpid(child, NULL, 0) == child);
	printf("%d\n", child);
	MUST(fflush(stdout) == 0 && close(server) == 0);
	raise(SIGKILL);
}

int
main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "connect"))
		use_connect();
	use_getaddrinfo();
	use_getnameinfo();
	use_gethost();
	use_gethost_r();
	use_getaddrinfo_a();
	return 0;
}
