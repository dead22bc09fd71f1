/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What programs do to their threads, one after the other on connections of
 * their own: a thread is cancelled in a blocking recv, deferred and
 * asynchronous; a handler that interrupted one leaves it by siglongjmp; threads
 * have small stacks. The program's own malloc must not be called from within a
 * call that libc makes without it.
 */

#include "prog.h"

#include <limits.h>
#include <setjmp.h>
#include <stdatomic.h>

/* Our allocator gives nothing back. */
static _Alignas(64) char heap[64 << 20];
static _Atomic size_t heap_used;
static _Thread_local bool forbidden;

static void
end_if_forbidden(void)
{
	static const char text[] = "the allocator is used within a call\n";

	if (!forbidden)
		return;
	(void)!write(2, text, sizeof(text) - 1);
	_exit(3);
}

void *
malloc(size_t size)
{
	size_t room = (size + 63) / 64 * 64 + 64, at;

	end_if_forbidden();
	at = atomic_fetch_add(&heap_used, room);
	if (at + room > sizeof(heap))
		return NULL;
	*(size_t *)(void *)(heap + at) = size;
	return heap + at + 64;
}

void
free(void *block)
{
	if (block)
		end_if_forbidden();
}

void *
calloc(size_t count, size_t size)
{
	return malloc(count * size);
}

void *
realloc(void *block, size_t size)
{
	size_t *old = block ? (void *)((char *)block - 64) : NULL;
	void *new = malloc(size);

	if (new &&old)
		memcpy(new, block, *old < size ? *old : size);
	return new;
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	char *block = malloc(size + alignment);
	size_t past = (size_t)block % alignment;

	return block && past ? block + alignment - past : block;
}

void *
memalign(size_t alignment, size_t size)
{
	return aligned_alloc(alignment, size);
}

int
posix_memalign(void **block, size_t alignment, size_t size)
{
	*block = aligned_alloc(alignment, size);
	return *block ? 0 : ENOMEM;
}

static void
talk(const char *what)
{
	struct endpoint end;
	size_t len = strlen(what);
	struct iovec iov = {(void *)(unsigned long)what, len};
	int door, fds[2];
	char buf[16];

	forbidden = true;
	door = listener("4", 0, &end);
	fds[0] = connected(&end, SOCK_STREAM);
	fds[1] = accept(door, NULL, NULL);
	MUST(fds[1] >= 0 && !close(door));
	send_all(fds[0], what, len);
	recv_all(fds[1], buf, len);
	MUST(writev(fds[1], &iov, 1) == (ssize_t)len);
	MUST(read(fds[0], buf, sizeof(buf)) == (ssize_t)len);
	MUST(!shutdown(fds[0], SHUT_WR));
	expect_end(fds[1]);
	MUST(!close(fds[1]) && !close(fds[0]));
	forbidden = false;
}

/* A thread that waits in recv, for what never comes. */
struct waiting {
	int fds[2], type;
	_Atomic pid_t tid;
};

static void *
wait_in_recv(void *argument)
{
	struct waiting *waiting = argument;
	char byte;

	MUST(!pthread_setcanceltype(waiting->type, NULL));
	waiting->tid = gettid();
	recv(waiting->fds[0], &byte, 1, 0);
	return NULL;
}

static bool
sleeps(pid_t tid)
{
	char path[64], stat[256];
	int fd;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		len = read(fd, stat, sizeof(stat));
		close(fd);
		return len > 0 && strncmp(stat, "running", 7) != 0;
	}
	/* A kernel without this file. */
	usleep(100000);
	return true;
}

static void
cancel(int type)
{
	struct waiting waiting = {.type = type};
	void *result;
	pthread_t thread;
	char byte;

	pair_of("4", waiting.fds);
	MUST(!pthread_create(&thread, NULL, wait_in_recv, &waiting));
	while (!waiting.tid || !sleeps(waiting.tid))
		usleep(1000);
	MUST(!pthread_cancel(thread) && !pthread_join(thread, &result));
	MUST(result == PTHREAD_CANCELED);
	/* The connection is as it was. */
	send_all(waiting.fds[1], "x", 1);
	recv_all(waiting.fds[0], &byte, 1);
	MUST(!close(waiting.fds[0]));
	expect_end(waiting.fds[1]);
	MUST(!close(waiting.fds[1]));
}

static sigjmp_buf back;
static int told_by_handler;

static void
leave(int number UNUSED)
{
	send(told_by_handler, "handler", 7, 0);
	siglongjmp(back, 1);
}

static void *
interrupt(void *argument)
{
	struct waiting *waiting = argument;

	while (!waiting->tid || !sleeps(waiting->tid))
		usleep(1000);
	kill(getpid(), SIGUSR1);
	return NULL;
}

/* The signal is for the thread that waits: all others have blocked it. */
static void
jump(void)
{
	struct sigaction action = {.sa_handler = leave};
	struct waiting waiting = {.tid = 0};
	pthread_t thread;
	sigset_t set;
	char buf[8];

	pair_of("4", waiting.fds);
	told_by_handler = waiting.fds[0];
	MUST(!sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	MUST(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	MUST(!pthread_create(&thread, NULL, interrupt, &waiting));
	MUST(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	if (!sigsetjmp(back, 1)) {
		waiting.tid = gettid();
		recv(waiting.fds[0], buf, 1, 0);
		MUST(!"not interrupted");
	}
	MUST(!pthread_join(thread, NULL));
	send_all(waiting.fds[0], "later", 5);
	MUST(recv(waiting.fds[1], buf, 7, MSG_WAITALL) == 7);
	MUST(recv(waiting.fds[1], buf, 5, MSG_WAITALL) == 5);
	MUST(!close(waiting.fds[0]));
	expect_end(waiting.fds[1]);
	MUST(!close(waiting.fds[1]));
}

static void *
talk_in_thread(void *what)
{
	talk(what);
	return NULL;
}

static void
talk_on_stack(size_t size, const char *what)
{
	pthread_attr_t attributes;
	pthread_t thread;

	MUST(!pthread_attr_init(&attributes));
	MUST(!pthread_attr_setstacksize(&attributes, size));
	MUST(!pthread_create(&thread, &attributes, talk_in_thread,
			     (void *)(unsigned long)what));
	MUST(!pthread_join(thread, NULL));
}

int
main(void)
{
	/* The first event of all makes the capture on a small stack. */
	talk_on_stack((size_t)PTHREAD_STACK_MIN, "smallest");
	talk_on_stack(64 << 10, "small");
	talk("main");
	for (int i = 0; i < 2; i++) {
		cancel(PTHREAD_CANCEL_DEFERRED);
		cancel(PTHREAD_CANCEL_ASYNCHRONOUS);
		jump();
	}
	talk("end");
	return 0;
}
