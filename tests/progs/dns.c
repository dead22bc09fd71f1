/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Talks to a name server in every way there is, each way well and in vain.
 *
 * dns [edns]   with "edns" only a query that allows for large datagrams
 */

#include "peer.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

/* As programs that were linked long ago know them. */
ANOTHER_NAME(res_query, __res_query);
ANOTHER_NAME(res_search, __res_search);
ANOTHER_NAME(res_querydomain, __res_querydomain);
ANOTHER_NAME(res_nquery, __res_nquery);
ANOTHER_NAME(res_nsearch, __res_nsearch);
ANOTHER_NAME(res_nquerydomain, __res_nquerydomain);
ANOTHER_NAME(res_send, __res_send);
ANOTHER_NAME(res_nsend, __res_nsend);

static unsigned char query[NS_PACKETSZ], answer[4096];
static struct __res_state own;

/* The number of records in the answer. */
static int
records(void)
{
	return answer[6] << 8 | answer[7];
}

static void
use_queries(void)
{
	int room = sizeof(answer);

	MUST(res_query("host.test", C_IN, T_A, answer, room) > 0);
	MUST(records() == 1);
	MUST(res_search("host.test", C_IN, T_AAAA, answer, room) > 0);
	MUST(res_querydomain("v4", "test", C_IN, T_A, answer, room) > 0);
	MUST(res_nquery(&own, "alias.test", C_IN, T_A, answer, room) > 0);
	MUST(records() == 2);
	MUST(res_nsearch(&own, "v4.test", C_IN, T_A, answer, room) > 0);
	MUST(res_nquerydomain(&own, "host", "test", C_IN, T_A, answer, room) >
	     0);

	MUST(res_query("missing.test", C_IN, T_A, answer, room) == -1);
	MUST(h_errno == HOST_NOT_FOUND);
	MUST(res_nquery(&own, "v4.test", C_IN, T_AAAA, answer, room) == -1);
	MUST(h_errno == NO_DATA);
	/* Nobody is asked. */
	MUST(res_query("two..dots", C_IN, T_A, answer, room) == -1);
	/* Too large for a datagram; too large for the buffer. */
	MUST(res_query("big.test", C_IN, T_A, answer, room) > NS_PACKETSZ);
	MUST(records() == 60);
	MUST(res_query("big.test", C_IN, T_A, answer, 600) > 600);
}

static void
use_old_queries(void)
{
	int room = sizeof(answer);

	MUST(NAME(res_query, __res_query)("host.test", C_IN, T_A, answer,
					  room) > 0);
	MUST(NAME(res_search, __res_search)("host.test", C_IN, T_A, answer,
					    room) > 0);
	MUST(NAME(res_querydomain, __res_querydomain)("host", "test", C_IN, T_A,
						      answer, room) > 0);
	MUST(NAME(res_nquery, __res_nquery)(&own, "host.test", C_IN, T_A,
					    answer, room) > 0);
	MUST(NAME(res_nsearch, __res_nsearch)(&own, "host.test", C_IN, T_A,
					      answer, room) > 0);
	MUST(NAME(res_nquerydomain, __res_nquerydomain)(
		     &own, "host", "test", C_IN, T_A, answer, room) > 0);
	MUST(NAME(res_query, __res_query)("two..dots", C_IN, T_A, answer,
					  room) == -1);
}

static int
make(const char *name)
{
	int len = res_nmkquery(&own, QUERY, name, C_IN, T_A, NULL, 0, NULL,
			       query, sizeof(query));

	MUST(len > 0);
	return len;
}

static void
use_send(void)
{
	int room = sizeof(answer), len = make("host.test");

	MUST(res_send(query, len, answer, room) > 0 && records() == 1);
	len = make("missing.test");
	MUST(res_nsend(&own, query, len, answer, room) == len);
	len = make("big.test");
	MUST(res_send(query, len, answer, room) > NS_PACKETSZ);
	len = make("host.test");
	MUST(NAME(res_send, __res_send)(query, len, answer, room) > 0);
	MUST(NAME(res_nsend, __res_nsend)(&own, query, len, answer, room) > 0);
	len = make("mute.test");
	own.retrans = own.retry = 1;
	MUST(res_nsend(&own, query, len, answer, room) == -1);
	MUST(errno == ETIMEDOUT);
	/* By TCP alone. */
	own.options |= RES_USEVC;
	len = make("v4.test");
	MUST(res_nsend(&own, query, len, answer, room) > 0);
	own.options &= ~(unsigned long)RES_USEVC;
}

static void
use_edns(void)
{
	own.options |= RES_USE_EDNS0;
	MUST(res_nquery(&own, "mid.test", C_IN, T_A, answer, sizeof(answer)) >
	     NS_PACKETSZ);
	MUST(records() == 30);
}

static void
use_names(void)
{
	/* Of two queries one reply may come too late: TCP has begun by then. */
	struct addrinfo one = {.ai_family = AF_INET}, *list;
	struct in_addr four;

	MUST(getaddrinfo("host.test", NULL, NULL, &list) == 0);
	freeaddrinfo(list);
	MUST(getaddrinfo("big.test", NULL, &one, &list) == 0);
	freeaddrinfo(list);
	MUST(getaddrinfo("missing.test", NULL, NULL, &list) == EAI_NONAME);
	MUST(inet_pton(AF_INET, "192.0.2.10", &four) == 1);
	MUST(gethostbyaddr(&four, sizeof(four), AF_INET));
}

int
main(int argc, char **argv)
{
	MUST(res_ninit(&own) == 0);
	if (argc > 1 && !strcmp(argv[1], "edns")) {
		use_edns();
	} else {
		use_queries();
		use_old_queries();
		use_send();
		use_names();
	}
	res_nclose(&own);
	return 0;
}
