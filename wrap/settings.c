/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The environment, read once at start: programs overwrite it later
 * (setproctitle), and getenv is not for signal handlers.
 */

#include "wrap/settings.h"

#include "capture/format.h"
#include "capture/sys.h"
#include "wrap/report.h"
#include "wrap/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* The suffix says what it is. */
#define DEFAULT_STEM "%e_%p"
/* SLL, IPv6 and TCP headers: less than this shows no payload anyway. */
#define SNAPLEN_MIN 1

struct nspy_settings nspy_settings;

static bool
read_switch(const char *name)
{
	const char *value = getenv(name);

	if (!value || strcmp(value, "0") == 0 || !*value)
		return false;
	if (strcmp(value, "1") != 0)
		nspy_report(name, "=", value, ": expected 0 or 1; taken as 0",
			    NULL);
	return strcmp(value, "1") == 0;
}

static uint32_t
read_snaplen(void)
{
	const char *value = getenv("NETSPY_SNAPLEN");
	uint64_t number = 0;

	if (!value)
		return NSPY_SNAPLEN_MAX;
	for (const char *p = value; *p; p++) {
		if (*p < '0' || *p > '9' || number > NSPY_SNAPLEN_MAX) {
			number = UINT64_MAX;
			break;
		}
		number = number * 10 + (uint64_t)(*p - '0');
	}
	if (*value && number >= SNAPLEN_MIN && number <= NSPY_SNAPLEN_MAX)
		return (uint32_t)number;
	nspy_report("NETSPY_SNAPLEN=", value,
		    ": expected 1 to 262144 bytes; whole packets are kept",
		    NULL);
	return NSPY_SNAPLEN_MAX;
}

static bool
is_below(const char *path, const char *directory)
{
	return strncmp(path, directory, strlen(directory)) == 0;
}

/*
 * The base name that the program was started by: with /proc/self/exe every
 * python3 would be a python3.11. That is for names that say nothing, as
 * fexecve's "/dev/fd/3". Copied, as setproctitle may overwrite it.
 */
static void
read_executable(void)
{
	char *link = nspy_settings.directory; /* not used yet */
	const char *path = (const char *)getauxval(AT_EXECFN);
	const char *base;

	if (!path || is_below(path, "/dev/fd/") || is_below(path, "/proc/")) {
		long len = NSPY_SYS4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe",
				     link, PATH_MAX - 1);

		link[len > 0 ? len : 0] = '\0';
		path = link;
	}
	base = strrchr(path, '/');
	base = base ? base + 1 : path;
	if (!*base || strlen(base) > NAME_MAX)
		base = "program";
	memcpy(nspy_settings.executable, base, strlen(base) + 1);
}

/* NULL if the template is good, else what is wrong with it. */
static const char *
template_fault(const char *template)
{
	if (!*template)
		return "it is empty";
	if (strcmp(template, ".") == 0 || strcmp(template, "..") == 0)
		return "it names a directory";
	if (strlen(template) > NAME_MAX)
		return "it is longer than 255 bytes";
	if (strchr(template, '/'))
		return "it has a slash (NETSPY_DIR sets the directory)";
	if (!nspy_template_is_known(template))
		return "only %e %p %n %t %% are known";
	return NULL;
}

/* NETSPY_FORMAT decides, else the suffix of NETSPY_FILENAME. */
static void
read_filename(void)
{
	const char *value = getenv("NETSPY_FILENAME");
	const char *format = getenv("NETSPY_FORMAT");
	const char *fault = value ? template_fault(value) : NULL;
	const char *standard = DEFAULT_STEM ".pcap";

	if (format && strcmp(format, "pcap") != 0 &&
	    strcmp(format, "pcapng") != 0) {
		nspy_report("NETSPY_FORMAT=", format,
			    ": expected pcap or pcapng; the file's suffix "
			    "decides",
			    NULL);
		format = NULL;
	}
	if (format && strcmp(format, "pcapng") == 0)
		standard = DEFAULT_STEM ".pcapng";
	if (fault)
		nspy_report("NETSPY_FILENAME=", value, ": ", fault,
			    "; the name is ", standard, NULL);
	if (!value || fault)
		value = standard;
	if (!format)
		format = nspy_text_ends_with(value, ".pcapng") ? "pcapng"
							       : "pcap";
	nspy_settings.format =
		strcmp(format, "pcapng") == 0 ? NSPY_PCAPNG : NSPY_PCAP;
	memcpy(nspy_settings.filename, value, strlen(value) + 1);
}

/*
 * The command's key log is no file: another user, or a process in a namespace,
 * cannot open it, and Python's ssl would fail for that.
 */
static void
drop_key_log(void)
{
	const char *path = getenv("SSLKEYLOGFILE");
	long fd;

	if (!path || !is_below(path, "/proc/"))
		return;
	fd = NSPY_SYS4(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	if (fd >= 0)
		NSPY_SYS1(SYS_close, fd);
	else
		unsetenv("SSLKEYLOGFILE");
}

/* What keeps secrets from being told, or NULL. */
static const char *
tls_keys_need(void)
{
	/* Classic pcap has no place for them. */
	if (nspy_settings.format != NSPY_PCAPNG)
		return "NETSPY_FORMAT=pcapng";
#ifdef NSPY_BINDING_PRELOAD
	if (!&nspy_tls_doors)
		return "libnetspy-tls.so in LD_PRELOAD, too";
#endif
	return NULL;
}

static void
read_tls_keys(void)
{
	const char *need;

	nspy_settings.tls_keys = read_switch("NETSPY_TLS_KEYS");
	if (!nspy_settings.tls_keys)
		return;
	drop_key_log();
	need = tls_keys_need();
	if (!need)
		return;
	nspy_report("NETSPY_TLS_KEYS=1: needs ", need, "; no keys are kept",
		    NULL);
	nspy_settings.tls_keys = false;
}

/* The directory of the start: relative names and chdir() do not mix. */
static void
read_directory(void)
{
	char *directory = nspy_settings.directory;
	const char *value = getenv("NETSPY_DIR");
	size_t len = 0, value_len = value ? strlen(value) : 0;

	if (value && (value_len == 0 || value_len > PATH_MAX / 2)) {
		nspy_report("NETSPY_DIR=", value_len ? "(too long)" : "",
			    ": expected a directory; the current one is taken",
			    NULL);
		value_len = 0;
	}
	if (value_len == 0 || *value != '/') {
		long result = NSPY_SYS2(SYS_getcwd, directory, PATH_MAX);

		if (result <= 0 || *directory != '/')
			memcpy(directory, ".", 2);
		len = strlen(directory);
		if (value_len && len + value_len + 2 <= PATH_MAX)
			directory[len++] = '/';
	}
	if (len + value_len + 1 <= PATH_MAX) {
		memcpy(directory + len, value ? value : "", value_len);
		len += value_len;
	}
	while (len > 1 && directory[len - 1] == '/')
		len--;
	directory[len] = '\0';
}

/* NETSPY_ONLY and NETSPY_SKIP: shell patterns for the executable's name. */
static bool
is_excluded(void)
{
	const char *only = getenv("NETSPY_ONLY"), *skip = getenv("NETSPY_SKIP");
	const char *name = nspy_settings.executable;

	return (only && *only && fnmatch(only, name, 0) != 0) ||
	       (skip && *skip && fnmatch(skip, name, 0) == 0);
}

/* Set by the netspy command, for the programs that it runs. */
static void
read_run(void)
{
	const char *parent = getenv("NETSPY_PARENT");
	char pid[NSPY_DECIMAL_MAX];
	const char *value = getenv("NETSPY_RUN");

	if (value && strlen(value) < sizeof(nspy_settings.run) - 16)
		memcpy(nspy_settings.run, value, strlen(value) + 1);
	nspy_settings.drop = read_switch("NETSPY_DROP");
	nspy_settings.off = is_excluded();
	if (parent) {
		/* Only the process that the command has started itself. */
		nspy_decimal(pid, NSPY_SYS0(SYS_getppid));
		nspy_settings.alone = true;
		nspy_settings.off |= strcmp(parent, pid) != 0;
	}
}

void
nspy_settings_read(void)
{
	nspy_settings.quiet = read_switch("NETSPY_QUIET");
	nspy_settings.debug = read_switch("NETSPY_DEBUG");
	nspy_settings.unix_sockets = read_switch("NETSPY_UNIX");
	nspy_settings.netlink = read_switch("NETSPY_NETLINK");
	nspy_settings.snaplen = read_snaplen();
	read_executable();
	read_filename();
	read_tls_keys();
	read_directory();
	read_run();
}
