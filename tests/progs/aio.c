/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * aio: requests on sockets, fulfilled by a thread of libc; alone and in lists,
 * asked for once and twice, and failing.
 */

#include "prog.h"
#include <aio.h>

static struct aiocb
request(int fd, void *buf, size_t len)
{
	return (struct aiocb){
		.aio_fildes = fd,
		.aio_buf = buf,
		.aio_nbytes = len,
		.aio_sigevent.sigev_notify = SIGEV_NONE,
	};
}

static int
finish(struct aiocb *control)
{
	const struct aiocb *list[] = { control };

	while (aio_error(control) == EINPROGRESS)
		MUST(!aio_suspend(list, 1, NULL) || errno == EINTR);
	return (int)aio_return(control);
}

static void
lists(int fds[2])
{
	char text[] = "four, ", more[] = "five", buf[16];
	struct aiocb first = request(fds[0], text, 6);
	struct aiocb other = request(fds[1], more, 4);
	struct aiocb reads = request(fds[1], buf, 6), none = first;
	struct aiocb *list[] = { &first, NULL, &other, &none };

	first.aio_lio_opcode = other.aio_lio_opcode = LIO_WRITE;
	none.aio_lio_opcode = LIO_NOP;
	MUST(!lio_listio(LIO_WAIT, list, 4, NULL));
	MUST(finish(&first) == 6 && finish(&other) == 4);
	reads.aio_lio_opcode = LIO_READ;
	list[0] = &reads;
	MUST(!lio_listio(LIO_NOWAIT, list, 1, NULL));
	MUST(finish(&reads) == 6);
	recv_all(fds[0], buf, 4);
	MUST(lio_listio(9, list, 1, NULL) == -1 && errno == EINVAL);
}

int
main(void)
{
	char one[] = "one, ", two[] = "two, three, ", buf[64];
	struct aiocb out, in;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	pair_of("4", fds);
	in = request(fds[1], buf, sizeof(buf));
	MUST(!aio_read(&in));
	out = request(fds[0], one, 5);
	MUST(!aio_write(&out));
	MUST(finish(&out) == 5 && finish(&in) == 5);
#ifdef __GLIBC__
	{
		struct aiocb64 same;

		/* Asked for again: the bytes came once. */
		aio_return(&out);
		out = request(fds[0], two, 12);
		memcpy(&same, &out, sizeof(same));
		MUST(!aio_write64(&same));
		while (aio_error64(&same) == EINPROGRESS)
			;
		MUST(aio_return64(&same) == 12);
		recv_all(fds[1], buf, 12);
	}
#endif
	lists(fds);
	/* The end, and what comes after it. */
	in = request(fds[1], buf, sizeof(buf));
	MUST(!aio_read(&in));
	MUST(!shutdown(fds[0], SHUT_WR));
	MUST(finish(&in) == 0);
	out = request(fds[0], one, 5);
	MUST(aio_write(&out) || finish(&out) == -1);
	out = request(-1, one, 5);
	MUST(aio_write(&out) || finish(&out) == -1);
	MUST(!close(fds[1]));
	MUST(!close(fds[0]));
	return 0;
}
