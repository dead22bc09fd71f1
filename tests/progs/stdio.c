/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stdio FORM...: for each a connection with both ends in this process, which
 * are behind a stream for each direction. FORM says what goes through them.
 */

#include "prog.h"
#include <stdarg.h>
#include <wchar.h>

static int fds[2]; /* of the client and of the server */
static FILE *in[2], *out[2];

static void
open_streams(void)
{
	pair_of("4", fds);
	for (int i = 0; i < 2; i++) {
		int copy = dup(fds[i]);

		MUST(copy >= 0);
		in[i] = fdopen(copy, "r");
		out[i] = fdopen(fds[i], "w");
		MUST(in[i] && out[i]);
	}
}

static void
close_streams(void)
{
	MUST(!fclose(out[0]) && !fclose(in[0]));
	MUST(getc(in[1]) == EOF && feof(in[1]));
	MUST(!fclose(out[1]) && !fclose(in[1]));
}

/* 5 + 6 + 1 + 9000 + 4 bytes, and 3 back. */
static void
narrow(void)
{
	static unsigned char big[9000], back[9000];
	char line[16], *got = NULL;
	size_t len = 0;

	fill(big, sizeof(big), 0);
	MUST(fprintf(out[0], "GET %d", 7) == 5);
	MUST(fputs(" line\n", out[0]) >= 0);
	MUST(putc('!', out[0]) == '!');
	MUST(fwrite(big, 1, sizeof(big), out[0]) == sizeof(big));
	MUST(fputs("end\n", out[0]) >= 0 && !fflush(out[0]));
	MUST(fgets(line, sizeof(line), in[1]) == line);
	MUST(!strcmp(line, "GET 7 line\n"));
	MUST(getc(in[1]) == '!');
	MUST(fread(back, 1, sizeof(back), in[1]) == sizeof(back));
	MUST(!memcmp(big, back, sizeof(big)));
	MUST(getline(&got, &len, in[1]) == 4 && !strcmp(got, "end\n"));
	free(got);
	setlinebuf(out[1]);
	MUST(putc_unlocked('o', out[1]) == 'o');
	MUST(fputc('k', out[1]) == 'k' && fputc('\n', out[1]) == '\n');
	MUST(fscanf(in[0], "%8s", line) == 1 && !strcmp(line, "ok"));
	close_streams();
}

/* 12 bytes in ASCII. */
static void
wide(void)
{
	wchar_t line[16];

	MUST(fwide(out[0], 1) > 0 && fwide(in[1], 1) > 0);
	MUST(fputws(L"wide ", out[0]) >= 0);
	MUST(fwprintf(out[0], L"%ls %d", L"line", 1) == 6);
	MUST(putwc(L'\n', out[0]) == L'\n' && !fflush(out[0]));
	MUST(fgetws(line, 16, in[1]) == line);
	MUST(!wcscmp(line, L"wide line 1\n"));
	MUST(!fclose(out[0]) && !fclose(in[0]));
	MUST(getwc(in[1]) == WEOF && feof(in[1]));
	MUST(!fclose(out[1]) && !fclose(in[1]));
}

/* 3 + 10 + 1 bytes. */
static void
unbuffered(void)
{
	char buf[16];

	MUST(!setvbuf(out[0], NULL, _IONBF, 0));
	MUST(!setvbuf(in[1], NULL, _IONBF, 0));
	MUST(fputs("one", out[0]) >= 0);
	MUST(fprintf(out[0], "%s%04d", ", two ", 34) == 10);
	MUST(putc('.', out[0]) == '.');
	MUST(fread(buf, 1, 14, in[1]) == 14);
	MUST(!memcmp(buf, "one, two 0034.", 14));
	close_streams();
}

static void
leave(const char *text)
{
	MUST(fputs(text, out[0]) >= 0);
}

static void
expect_left(const char *text)
{
	MUST(!fclose(in[0]));
	for (const char *at = text; *at; at++)
		MUST(getc(in[1]) == *at);
	MUST(getc(in[1]) == EOF);
	MUST(!fclose(in[1]) && !fclose(out[1]));
}

/* 6 bytes that fclose writes. */
static void
by_fclose(void)
{
	leave("fclose");
	MUST(!fclose(out[0]));
	expect_left("fclose");
}

/* 7 bytes that freopen writes; the number is a file's afterwards. */
static void
by_freopen(void)
{
	FILE *file = out[0];
	char byte;

	leave("freopen");
	MUST(freopen("/dev/null", "r+", file) == file);
	expect_left("freopen");
	MUST(fputs("file", file) >= 0 && !fflush(file));
	MUST(read(fileno(file), &byte, 1) == 0);
	MUST(!freopen("/nowhere/at/all", "r", file) && errno == ENOENT);
}

/* 4 bytes that exit writes, nothing closed. */
static void
by_exit(void)
{
	leave("exit");
}

/* The kernel takes a part of 2000000 bytes, and the rest later. */
static void
partial(void)
{
	enum { SIZE = 2000000 };
	static char big[SIZE];
	size_t len = 100000, got = 0;

	MUST(!setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &len, sizeof(int)));
	MUST(!setvbuf(out[0], NULL, _IONBF, 0));
	MUST(!fcntl(fds[0], F_SETFL, O_NONBLOCK));
	MUST(!fcntl(fds[1], F_SETFL, O_NONBLOCK));
	len = fwrite(big, 1, SIZE, out[0]);
	MUST(len > 0 && len < SIZE && errno == EAGAIN);
	while (got < SIZE) {
		errno = 0;
		got += fread(big, 1, SIZE - got, in[1]);
		MUST(got == SIZE || errno == EAGAIN);
		clearerr(in[1]);
		clearerr(out[0]);
		len += fwrite(big, 1, SIZE - len, out[0]);
	}
	MUST(len == SIZE);
	close_streams();
}

/* The peer is gone: a reset, then EPIPE. */
static void
broken(void)
{
	struct linger hard = {1, 0};
	char byte;

	MUST(fputs("x", out[0]) >= 0 && !fflush(out[0]));
	MUST(getc(in[1]) == 'x');
	MUST(!setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	MUST(!fclose(in[1]) && !fclose(out[1]));
	MUST(fread(&byte, 1, 1, in[0]) == 0 && ferror(in[0]));
	MUST(errno == ECONNRESET);
	MUST(fputs("y", out[0]) >= 0);
	MUST(fflush(out[0]) == EOF && errno == EPIPE);
	fclose(out[0]);
	MUST(!fclose(in[0]));
}

static ssize_t
cookie_write(void *count, const char *buf UNUSED, size_t len)
{
	*(size_t *)count += len;
	return (ssize_t)len;
}

/* Streams on all but a socket; nothing of it in the capture. */
static void
others(void)
{
	cookie_io_functions_t functions = {.write = cookie_write};
	char line[16];
	size_t count = 0;
	FILE *stream;

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

static void
formatted(int fd, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	MUST(vdprintf(fd, format, list) > 0);
	va_end(list);
}

/* 6 + 4 + 3000 bytes. */
static void
by_dprintf(void)
{
	static char buf[3010];

	errno = EXDEV;
	MUST(dprintf(fds[0], "%s %d", "line", 1) == 6);
	formatted(fds[0], "%4.1f", 2.5);
	MUST(dprintf(fds[0], "%3000d", 5) == 3000 && errno == EXDEV);
	MUST(fread(buf, 1, 3010, in[1]) == 3010);
	MUST(!memcmp(buf, "line 1 2.5   ", 13) && buf[3009] == '5');
	close_streams();
}

static const struct {
	const char *name;
	void (*function)(void);
} forms[] = {
	{"narrow", narrow},	    {"wide", wide},
	{"unbuffered", unbuffered}, {"dprintf", by_dprintf},
	{"partial", partial},	    {"broken", broken},
	{"fclose", by_fclose},	    {"freopen", by_freopen},
	{"exit", by_exit},
};

int
main(int argc, char **argv)
{
	MUST(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	others();
	for (int arg = 1; arg < argc; arg++) {
		size_t form = 0;

		while (strcmp(forms[form].name, argv[arg]))
			MUST(++form < sizeof(forms) / sizeof(forms[0]));
		open_streams();
		forms[form].function();
	}
	return 0;
}
