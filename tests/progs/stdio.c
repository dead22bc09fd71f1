/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stdio FORM...: for each a connection between this process and a child, each
 * of which has a stream for each direction. The child is the client, and only
 * the functions that FORM is about move bytes.
 */

#include "prog.h"
#include <poll.h>
#include <stdarg.h>
#include <wchar.h>

enum { BIG = 9000, FLOOD = 2000000 };

static int fd;
static FILE *in, *out;
static int full[2]; /* a pipe: the client cannot send more at the moment */

static void
open_streams(int socket)
{
	int copy = dup(socket);

	fd = socket;
	MUST(fd >= 0 && copy >= 0);
	in = fdopen(copy, "r");
	out = fdopen(fd, "w");
	MUST(in && out);
}

static void
close_streams(void)
{
	MUST(!fclose(out) && !fclose(in));
}

static void
expect_eof(void)
{
	MUST(getc(in) == EOF && feof(in));
	close_streams();
}

/* 5 + 6 + 1 + 9000 + 4 bytes, and 3 back. */
static void
ask_narrow(void)
{
	static unsigned char big[BIG];
	char line[16];

	fill(big, BIG, 0);
	MUST(fprintf(out, "GET %d", 7) == 5);
	MUST(fputs(" line\n", out) >= 0);
	MUST(putc('!', out) == '!');
	MUST(fwrite(big, 1, BIG, out) == BIG);
	MUST(fputs("end\n", out) >= 0 && !fflush(out));
	MUST(fscanf(in, "%8s", line) == 1 && !strcmp(line, "ok"));
	close_streams();
}

static void
serve_narrow(void)
{
	static unsigned char big[BIG], back[BIG];
	char line[16], *got = NULL;
	size_t len = 0;

	fill(big, BIG, 0);
	MUST(fgets(line, sizeof(line), in) == line);
	MUST(!strcmp(line, "GET 7 line\n"));
	MUST(getc(in) == '!');
	MUST(fread(back, 1, BIG, in) == BIG && !memcmp(big, back, BIG));
	MUST(getline(&got, &len, in) == 4 && !strcmp(got, "end\n"));
	free(got);
	setlinebuf(out);
	MUST(putc_unlocked('o', out) == 'o');
	MUST(fputc('k', out) == 'k' && fputc('\n', out) == '\n');
	expect_eof();
}

/* 12 bytes in ASCII. */
static void
ask_wide(void)
{
	MUST(fwide(out, 1) > 0 && fputws(L"wide ", out) >= 0);
	MUST(fwprintf(out, L"%ls %d", L"line", 1) == 6);
	MUST(putwc(L'\n', out) == L'\n');
	close_streams();
}

static void
serve_wide(void)
{
	wchar_t line[16];

	MUST(fwide(in, 1) > 0 && fgetws(line, 16, in) == line);
	MUST(!wcscmp(line, L"wide line 1\n"));
	MUST(getwc(in) == WEOF && feof(in));
	close_streams();
}

/* 3 + 10 + 1 bytes. */
static void
ask_unbuffered(void)
{
	MUST(!setvbuf(out, NULL, _IONBF, 0));
	MUST(fputs("one", out) >= 0);
	MUST(fprintf(out, "%s%04d", ", two ", 34) == 10);
	MUST(putc('.', out) == '.');
	close_streams();
}

static void
serve_unbuffered(void)
{
	char buf[16];

	MUST(!setvbuf(in, NULL, _IONBF, 0));
	MUST(fread(buf, 1, 14, in) == 14);
	MUST(!memcmp(buf, "one, two 0034.", 14));
	expect_eof();
}

static void
formatted(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	MUST(vdprintf(fd, format, list) > 0);
	va_end(list);
}

/* 6 + 4 + 3000 bytes. */
static void
ask_dprintf(void)
{
	errno = EXDEV;
	MUST(dprintf(fd, "%s %d", "line", 1) == 6);
	formatted("%4.1f", 2.5);
	MUST(dprintf(fd, "%3000d", 5) == 3000 && errno == EXDEV);
	close_streams();
}

static void
serve_dprintf(void)
{
	static char buf[3010];

	MUST(fread(buf, 1, 3010, in) == 3010);
	MUST(!memcmp(buf, "line 1 2.5   ", 13) && buf[3009] == '5');
	expect_eof();
}

/* The kernel takes a part of 2000000 bytes, and the rest later. */
static void
ask_partial(void)
{
	static char flood[FLOOD];
	int room = 100000;
	size_t len;

	fill((unsigned char *)flood, FLOOD, 0);
	MUST(!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)));
	MUST(!fcntl(fd, F_SETFL, O_NONBLOCK));
	MUST(!setvbuf(out, NULL, _IONBF, 0));
	len = fwrite(flood, 1, FLOOD, out);
	MUST(len > 0 && len < FLOOD && errno == EAGAIN);
	MUST(write(full[1], "", 1) == 1);
	while (len < FLOOD) {
		struct pollfd writable = {fd, POLLOUT, 0};

		clearerr(out);
		MUST(poll(&writable, 1, 10000) == 1);
		len += fwrite(flood + len, 1, FLOOD - len, out);
	}
	close_streams();
}

static void
serve_partial(void)
{
	static char flood[FLOOD];
	size_t len = 0;
	char byte;

	MUST(read(full[0], &byte, 1) == 1);
	MUST(!fcntl(fileno(in), F_SETFL, O_NONBLOCK));
	while (len < FLOOD) {
		struct pollfd readable = {fileno(in), POLLIN, 0};

		clearerr(in);
		MUST(poll(&readable, 1, 10000) == 1);
		len += fread(flood + len, 1, FLOOD - len, in);
		MUST(len == FLOOD || errno == EAGAIN);
	}
	for (size_t at = 0; at < FLOOD; at++)
		MUST((unsigned char)flood[at] == pattern(at));
	MUST(!fcntl(fileno(in), F_SETFL, 0));
	expect_eof();
}

/* The peer is gone: a reset, then EPIPE. 1 byte. */
static void
ask_broken(void)
{
	char byte;

	MUST(fputs("x", out) >= 0 && !fflush(out));
	MUST(fread(&byte, 1, 1, in) == 0 && ferror(in));
	MUST(errno == ECONNRESET && fputs("y", out) >= 0);
	MUST(fflush(out) == EOF && errno == EPIPE);
	fclose(out);
	MUST(!fclose(in));
}

static void
serve_broken(void)
{
	struct linger hard = {1, 0};

	MUST(getc(in) == 'x');
	MUST(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close_streams();
}

/* 6 bytes that fclose writes. */
static void
ask_fclose(void)
{
	MUST(fputs("fclose", out) >= 0);
	close_streams();
}

/* 7 bytes that freopen writes; the number is a file's afterwards. */
static void
ask_freopen(void)
{
	char byte;

	MUST(fputs("freopen", out) >= 0);
	MUST(freopen("/dev/null", "r+", out) == out && !fclose(in));
	MUST(fputs("file", out) >= 0 && !fflush(out));
	MUST(read(fileno(out), &byte, 1) == 0);
	MUST(!freopen("/nowhere/at/all", "r", out) && errno == ENOENT);
}

/* 4 bytes that exit writes, nothing closed. */
static void
ask_exit(void)
{
	MUST(fputs("exit", out) >= 0);
}

static int cleaned;

static void
clean(void *unused UNUSED)
{
	cleaned++;
}

static void *
read_for_ever(void *unused UNUSED)
{
	pthread_cleanup_push(clean, NULL);
	getc(in);
	pthread_cleanup_pop(0);
	return NULL;
}

/* 9 bytes, after a thread was cancelled that waited inside the stream. */
static void
ask_cancel(void)
{
	pthread_t reader;
	void *result;

	MUST(!pthread_create(&reader, NULL, read_for_ever, NULL));
	MUST(!usleep(50000)); /* it waits in read() now */
	MUST(!pthread_cancel(reader) && !pthread_join(reader, &result));
	MUST(result == PTHREAD_CANCELED && cleaned == 1);
	MUST(fputs("cancelled", out) >= 0);
	close_streams();
}

static void
serve_text(const char *text)
{
	for (; *text; text++)
		MUST(getc(in) == *text);
	expect_eof();
}

static void
serve_fclose(void)
{
	serve_text("fclose");
}

static void
serve_freopen(void)
{
	serve_text("freopen");
}

static void
serve_cancel(void)
{
	serve_text("cancelled");
}

static void
serve_exit(void)
{
	serve_text("exit");
}

static ssize_t
cookie_write(void *count, const char *buf UNUSED, size_t len)
{
	*(size_t *)count += len;
	return (ssize_t)len;
}

/* Streams on all but a socket; nothing of it in a capture. */
static void
other_streams(void)
{
	cookie_io_functions_t functions = {.write = cookie_write};
	char line[16];
	size_t count = 0;
	FILE *stream;

	/* The shell may be a program of another C library. */
	unsetenv("LD_PRELOAD");
	errno = EXDEV;
	MUST(puts("stdout") >= 0 && !fflush(stdout) && errno == EXDEV);
	stream = popen("cat", "w");
	MUST(stream && fputs("to the pipe\n", stream) >= 0);
	MUST(pclose(stream) == 0);
	stream = popen("echo from the pipe", "r");
	MUST(stream && fgets(line, sizeof(line), stream));
	MUST(pclose(stream) == 0);
	stream = fopencookie(&count, "w", functions);
	MUST(stream && fputs("cookie", stream) >= 0 && !fclose(stream));
	MUST(count == 6);
	stream = tmpfile();
	MUST(stream && fputs("file", stream) >= 0 && !fseek(stream, 0, 0));
	MUST(fgets(line, sizeof(line), stream) && !strcmp(line, "file"));
	MUST(!fclose(stream));
}

static const struct {
	const char *name;
	void (*ask)(void), (*serve)(void);
} forms[] = {
	{"narrow", ask_narrow, serve_narrow},
	{"wide", ask_wide, serve_wide},
	{"unbuffered", ask_unbuffered, serve_unbuffered},
	{"dprintf", ask_dprintf, serve_dprintf},
	{"partial", ask_partial, serve_partial},
	{"broken", ask_broken, serve_broken},
	{"fclose", ask_fclose, serve_fclose},
	{"freopen", ask_freopen, serve_freopen},
	{"cancel", ask_cancel, serve_cancel},
	{"exit", ask_exit, serve_exit},
};

int
main(int argc, char **argv)
{
	struct endpoint end;
	int door, status;
	pid_t child;

	MUST(signal(SIGPIPE, SIG_IGN) != SIG_ERR && argc > 1);
	other_streams();
	door = listener("4", 0, &end);
	MUST(!pipe(full));
	child = fork();
	MUST(child >= 0);
	for (int arg = 1; arg < argc; arg++) {
		size_t form = 0;

		while (strcmp(forms[form].name, argv[arg]))
			MUST(++form < sizeof(forms) / sizeof(forms[0]));
		if (child) {
			open_streams(accept(door, NULL, NULL));
			forms[form].serve();
		} else {
			open_streams(connected(&end, SOCK_STREAM));
			forms[form].ask();
		}
	}
	MUST(!child || (wait(&status) == child && status == 0));
	return 0;
}
