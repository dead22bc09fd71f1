/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting the command, collecting while it runs, its status and a summary. */

#include "config.h"

#include "cli/run.h"

#include "cli/check.h"
#include "cli/clock.h"
#include "cli/collect.h"
#include "cli/environment.h"
#include "cli/filter.h"
#include "cli/folder.h"
#include "cli/io_uring.h"
#include "cli/keep.h"
#include "cli/library.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/say.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a command may take to end after SIGTERM. */
#define GRACE_S 5u
#define BILLION 1000000000u

extern char **environ;

struct run {
	const struct nspy_options *options;
	struct nspy_output output;
	struct nspy_filter *filter;
	struct nspy_collector *collector; /* NULL: --per-process */
	struct nspy_folder link_folder;	  /* "": none */
	struct nspy_display display;
	sigset_t signals, saved_signals;
	int signal_fd;
	pid_t pid;
	int status;	      /* as wait() gives it */
	uint64_t deadline_ns; /* of the command, by CLOCK_MONOTONIC; or 0 */
	bool timed_out;
};

/* All that could end or interrupt us goes through a descriptor. */
static int
catch_signals(struct run *run)
{
	static const int caught[] = {SIGCHLD, SIGINT,  SIGQUIT, SIGTERM,
				     SIGHUP,  SIGUSR1, SIGUSR2, SIGWINCH};

	sigemptyset(&run->signals);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&run->signals, caught[i]);
	sigprocmask(SIG_BLOCK, &run->signals, &run->saved_signals);
	run->signal_fd = signalfd(-1, &run->signals, SFD_CLOEXEC);
	return run->signal_fd < 0 ? -errno : 0;
}

static int
start(struct run *run)
{
	posix_spawnattr_t attributes;
	int err;

	posix_spawnattr_init(&attributes);
	/* What has to end in time ends with all that it has started. */
	posix_spawnattr_setflags(
		&attributes,
		POSIX_SPAWN_SETSIGMASK |
			(run->options->timeout_s ? POSIX_SPAWN_SETPGROUP : 0));
	posix_spawnattr_setsigmask(&attributes, &run->saved_signals);
	err = posix_spawnp(&run->pid, run->options->command[0], NULL,
			   &attributes, run->options->command, environ);
	posix_spawnattr_destroy(&attributes);
	run->output.pid = run->pid;
	if (run->options->timeout_s)
		run->deadline_ns = nspy_clock_ns(CLOCK_MONOTONIC) +
				   run->options->timeout_s * BILLION;
	return -err;
}

/* True when the command has ended. */
static bool
handle_signal(struct run *run)
{
	struct signalfd_siginfo info;

	if (read(run->signal_fd, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGCHLD)
		return waitpid(run->pid, &run->status, WNOHANG) == run->pid;
	/*
	 * What comes from the terminal, the command gets from there too, unless
	 * it has a process group of its own.
	 */
	if (run->options->timeout_s)
		kill(-run->pid, (int)info.ssi_signo);
	else if (info.ssi_code != SI_KERNEL)
		kill(run->pid, (int)info.ssi_signo);
	return false;
}

/* First the command is asked to end; if it does not, it is killed. */
static void
look_at_clock(struct run *run)
{
	if (!run->deadline_ns ||
	    nspy_clock_ns(CLOCK_MONOTONIC) < run->deadline_ns)
		return;
	kill(-run->pid, run->timed_out ? SIGKILL : SIGTERM);
	run->deadline_ns = nspy_clock_ns(CLOCK_MONOTONIC) + GRACE_S * BILLION;
	run->timed_out = true;
}

/* Until something happens, it is time to look at the rings, or at the clock. */
static void
wait_for(const struct run *run, struct pollfd fds[2], uint64_t pause_ns)
{
	uint64_t now = nspy_clock_ns(CLOCK_MONOTONIC), until = UINT64_MAX;
	struct timespec left;

	if (run->collector)
		until = now + pause_ns;
	if (run->deadline_ns && run->deadline_ns < until)
		until = run->deadline_ns > now ? run->deadline_ns : now;
	left.tv_sec = (time_t)((until - now) / BILLION);
	left.tv_nsec = (long)((until - now) % BILLION);
	ppoll(fds, 2, until == UINT64_MAX ? NULL : &left, NULL);
}

static void
collect(struct run *run)
{
	struct pollfd fds[2] = {{run->signal_fd, POLLIN, 0}, {-1, POLLIN, 0}};
	uint64_t pause_ns = 0;
	bool ended = false;

	if (run->collector)
		fds[1].fd = nspy_collector_fd(run->collector);
	while (!ended) {
		wait_for(run, fds, pause_ns);
		if (fds[0].revents)
			ended = handle_signal(run);
		if (!ended)
			look_at_clock(run);
		if (!run->collector)
			continue;
		pause_ns = nspy_collector_step(run->collector);
		nspy_display_update(&run->display, run->collector);
	}
	nspy_display_close(&run->display);
}

static void
summarize(struct run *run, const struct nspy_totals *totals)
{
	const char *place = run->output.in_memory ? "stream" : run->output.path;

	if (totals->missing.dropped || totals->missing.lost)
		nspy_say("%" PRIu64 " calls are missing in the capture",
			 totals->missing.dropped + totals->missing.lost);
	if (totals->missing.unseen_sockets)
		nspy_say("%s: %" PRIu64 " bytes of %" PRIu64 " socket%s were "
			 "not seen and are missing in it",
			 place, totals->missing.unseen_bytes,
			 totals->missing.unseen_sockets,
			 nspy_plural(totals->missing.unseen_sockets));
	if (totals->full && !run->options->quiet)
		nspy_say("recording ended at the limit that was given");
	if (run->options->quiet)
		return;
	if (totals->alive == 1)
		nspy_say("one process goes on, and records by itself now");
	else if (totals->alive)
		nspy_say("%u processes go on, and record by themselves now",
			 totals->alive);
	if (totals->packets == 0 && !totals->loaded[0] &&
	    (run->options->only || run->options->skip))
		nspy_say("nothing recorded: no program was started that --only "
			 "and --skip let through");
	else if (totals->packets == 0 && !totals->processes)
		nspy_check_explain(run->options->command[0], totals->loaded);
	else if (totals->packets == 0 && run->options->filter)
		nspy_say("nothing recorded: no packet passed the filter");
	else if (!*place)
		nspy_say("nothing recorded: the sockets were not used");
	else
		nspy_say("%s: %" PRIu64 " packet%s, %" PRIu64
			 " conversation%s, %" PRIu64 " bytes, %u process%s, "
			 "%" PRIu64 " dropped",
			 place, totals->packets, nspy_plural(totals->packets),
			 totals->conversations,
			 nspy_plural(totals->conversations), totals->bytes,
			 totals->processes, totals->processes == 1 ? "" : "es",
			 totals->missing.dropped);
}

/* As if the command had been run without us. */
static int
pass_status(int status)
{
	struct rlimit no_core = {0, 0};

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

static void
show(const struct nspy_options *options, const char *library, const char *tls)
{
	printf("LD_PRELOAD=%s%s%s", library, tls ? ":" : "", tls ? tls : "");
	for (char **word = options->command; *word; word++)
		printf(" %s", *word);
	printf("\n");
}

/* Without a collector a folder is needed for a link to the library only. */
static int
set_environment(struct run *run, const char *library)
{
	const char *folder = NULL, *word;

	if (run->collector) {
		folder = nspy_collector_folder(run->collector);
	} else if (nspy_library_needs_link(library)) {
		if (nspy_folder_make(&run->link_folder) < 0)
			return -EIO;
		folder = run->link_folder.path;
	}
	word = nspy_library_words(library, folder, run->options->tls_keys);
	if (!word)
		return -errno;
	/* It is not recorded then, unless netspy is linked in, but it runs. */
	if (!nspy_check_starts(run->options->command[0], library))
		word = NULL;
	return nspy_environment_set(&run->output, word,
				    run->collector ? folder : NULL);
}

/* Everything that can go wrong before the command is started. */
static int
prepare(struct run *run)
{
	const struct nspy_options *options = run->options;
	const char *library = nspy_library_find();
	const char *tls = library && options->tls_keys
				  ? nspy_library_find_tls(library)
				  : NULL;
	bool found = library && (tls || !options->tls_keys);
	int status = nspy_display_open(&run->display, options), err;

	/* Before -o - takes the place of standard output. */
	if (status < 0)
		status = found ? nspy_output_prepare(&run->output, options) : 2;
	if (status >= 0)
		return status;
	if (options->filter) {
		run->filter = nspy_filter_compile(options->filter);
		if (!run->filter)
			return 2;
	}
	if (options->dry_run) {
		show(options, library, tls);
		return nspy_flush_output();
	}
	if (!options->per_process) {
		run->collector =
			nspy_collector_create(&run->output, run->filter);
		if (!run->collector)
			return 2;
	}
	if (options->tls_keys && !options->quiet)
		nspy_say("the capture will hold the keys of TLS connections: "
			 "who can read it can read what they say");
	err = set_environment(run, library);
	if (!err && options->no_io_uring)
		err = nspy_refuse_io_uring();
	if (!err)
		err = catch_signals(run);
	return err ? nspy_complain("%s", strerror(-err)) : -1;
}

int
nspy_run(const struct nspy_options *options)
{
	struct run run = {.options = options};
	struct nspy_totals totals = {0};
	int status = prepare(&run), err;

	if (status >= 0)
		return status;
	nspy_keep_begin(options);
	err = start(&run);
	/* Not before: the command would inherit it. */
	signal(SIGPIPE, SIG_IGN);
	if (err) {
		nspy_say("%s: %s", options->command[0], strerror(-err));
		status = err == -ENOENT ? 127 : 126;
	} else {
		collect(&run);
	}
	if (run.collector)
		nspy_collector_end(run.collector, &totals);
	if (!err && run.collector && !options->on_failure)
		summarize(&run, &totals);
	if (!err)
		nspy_keep_end(&run.output, &totals, run.status, run.timed_out);
	if (run.link_folder.path[0])
		nspy_folder_remove(&run.link_folder, totals.loaded,
				   sizeof(totals.loaded));
	nspy_filter_free(run.filter);
	sigprocmask(SIG_SETMASK, &run.saved_signals, NULL);
	if (err)
		return status;
	return run.timed_out ? NSPY_STATUS_TIMED_OUT : pass_status(run.status);
}
