/* SPDX-License-Identifier: BSD-2-Clause */

/* Looks up names by functions that every C library has. */

#include "prog.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

int
main(void)
{
	static unsigned char answer[4096];
	int room = sizeof(answer);
	struct addrinfo *list;
	struct in_addr four;

	MUST(res_query("host.test", C_IN, T_A, answer, room) > 0);
	MUST(res_search("host.test", C_IN, T_AAAA, answer, room) > 0);
	MUST(res_querydomain("v4", "test", C_IN, T_A, answer, room) > 0);
	MUST(getaddrinfo("host.test", NULL, NULL, &list) == 0);
	freeaddrinfo(list);
	MUST(inet_pton(AF_INET, "192.0.2.10", &four) == 1);
	MUST(gethostbyaddr(&four, sizeof(four), AF_INET));
	MUST(gethostbyname("host.test"));
	getservbyport(htons(80), "tcp");
	return 0;
}
