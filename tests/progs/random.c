/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * random SEED STEPS FEATURES ADDRESS LOG: calls on sockets by chance, the same
 * for the same SEED. A line of LOG tells what each returned. All is on the
 * addresses 127.x.y.1 and fd00:fa::7fxx:yy01, ADDRESS being 256 x + y; from
 * 127.x.y.2 a peer, which passes the C library by, takes part.
 */

#include "random-data.h"
#include "random-process.h"
#include "random-socket.h"

struct op {
	void (*run)(void);
	int weight;
	unsigned int feature;
	bool peer_too;
};

static const struct op ops[] = {
	{op_send, 24, 0, true},		 {op_receive, 24, 0, true},
	{op_drain, 4, 0, true},		 {op_open, 5, 0, true},
	{op_pair, 4, 0, false},		 {op_link, 6, F_PEER, false},
	{op_bind, 4, 0, true},		 {op_listen, 3, 0, true},
	{op_connect, 7, 0, true},	 {op_accept, 5, 0, true},
	{op_shutdown, 3, 0, true},	 {op_close, 4, 0, true},
	{op_names, 3, 0, true},		 {op_options, 6, F_OPTIONS, true},
	{op_dup, 6, F_DUP, false},	 {op_flood, 3, F_LARGE, true},
	{op_sendfile, 4, F_XFER, false}, {op_splice, 4, F_XFER, false},
	{op_stdio, 4, F_STDIO, false},	 {op_pass, 4, F_UNIX, false},
	{op_signal, 4, F_SIGNAL, false}, {op_race, 4, F_RACE, false},
	{op_fork, 3, F_FORK, false},	 {op_exec, 2, F_EXEC, false},
	{op_peer, 24, F_PEER, false},
};

#define OPS (sizeof(ops) / sizeof(ops[0]))

static bool
may_run(const struct op *op)
{
	return (!op->feature || now.features & op->feature) &&
	       (!peer || op->peer_too);
}

void
run_one(void)
{
	uint32_t sum = 0, at;

	for (size_t i = 0; i < OPS; i++)
		sum += may_run(&ops[i]) ? (uint32_t)ops[i].weight : 0;
	at = chance(sum);
	for (size_t i = 0; i < OPS; i++) {
		uint32_t weight =
			may_run(&ops[i]) ? (uint32_t)ops[i].weight : 0;

		if (at < weight) {
			ops[i].run();
			return;
		}
		at -= weight;
	}
}

static void
make_page(void)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(pages != MAP_FAILED && !mprotect(pages + 4096, 4096, PROT_NONE));
	page_end = pages + 4096;
}

/* Numbers that no call of ours takes. */
static int
out_of_the_way(int fd)
{
	int high = fcntl(fd, F_DUPFD, 200);

	MUST(high >= 200);
	close(fd);
	return high;
}

static void
begin(char **argv)
{
	now.chance = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15u + 1;
	now.steps = atoi(argv[2]);
	now.features = (unsigned int)strtoul(argv[3], NULL, 0);
	now.address = atoi(argv[4]);
	now.log = open(argv[5], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	MUST(now.log >= 0);
	now.log = out_of_the_way(now.log);
	for (int i = 0; i < SLOTS; i++)
		now.slots[i].fd = -1;
	for (int i = 0; i < 8; i++)
		chance(2);
	start_peer();
}

/* How programs end. */
static void
end(void)
{
	uint32_t how = chance(5);

	uncork();
	tell("end", 0, L(how), 0, "");
	switch (how) {
	case 0:
		for (int i = 0; i < SLOTS; i++)
			do_close(now.slots[i].fd);
		/* fall through */
	case 1:
		exit(0);
	case 2:
		_exit(0);
	case 3:
		close_range(3, 100, 0);
		/* fall through */
	default:
		return;
	}
}

int
main(int argc, char **argv)
{
	MUST(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	make_page();
	if (argc == 2)
		resume(argv[1]);
	else if (argc == 6)
		begin(argv);
	else
		return 2;
	while (now.step++ < now.steps)
		run_one();
	end();
	return 0;
}
