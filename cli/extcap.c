/* SPDX-License-Identifier: BSD-2-Clause */
/* The questions that Wireshark has, and the capture that it starts. */

#include "config.h"

#include "cli/extcap.h"

#include "capture/format.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/say.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define INTERFACE "netspy"

enum {
	INTERFACES,
	DLTS,
	CONFIG,
	CAPTURE,
	WHICH,
	THEIR_VERSION,
	FILTER,
	FIFO,
	COMMAND,
	TLS_KEYS,
};

struct request {
	int asked; /* INTERFACES to CAPTURE, or -1 */
	char *interface, *filter, *fifo, *command;
	bool tls_keys;
};

bool
nspy_extcap_is_called(int argc, char **argv)
{
	return argc > 1 && (strncmp(argv[1], "--extcap-", 9) == 0 ||
			    strcmp(argv[1], "--capture") == 0);
}

static int
read_request(struct request *request, int argc, char **argv)
{
	static const struct option longs[] = {
		{"extcap-interfaces", no_argument, NULL, INTERFACES},
		{"extcap-dlts", no_argument, NULL, DLTS},
		{"extcap-config", no_argument, NULL, CONFIG},
		{"capture", no_argument, NULL, CAPTURE},
		{"extcap-interface", required_argument, NULL, WHICH},
		{"extcap-version", optional_argument, NULL, THEIR_VERSION},
		{"extcap-capture-filter", required_argument, NULL, FILTER},
		{"fifo", required_argument, NULL, FIFO},
		{"command", required_argument, NULL, COMMAND},
		{"tls-keys", no_argument, NULL, TLS_KEYS},
		{NULL, 0, NULL, 0},
	};
	int option;

	memset(request, 0, sizeof(*request));
	request->asked = -1;
	while ((option = getopt_long(argc, argv, "+:", longs, NULL)) != -1) {
		if (option == '?' || option == ':')
			return nspy_complain("extcap: '%s' is not understood",
					     argv[optind - 1]);
		if (option <= CAPTURE)
			request->asked = option;
		else if (option == WHICH)
			request->interface = optarg;
		else if (option == FILTER)
			request->filter = optarg;
		else if (option == FIFO)
			request->fifo = optarg;
		else if (option == COMMAND)
			request->command = optarg;
		else if (option == TLS_KEYS)
			request->tls_keys = true;
	}
	return -1;
}

static int
answer(int asked)
{
	if (asked == INTERFACES)
		printf("extcap {version=" PACKAGE_VERSION "}{display=netspy}\n"
		       "interface {value=" INTERFACE
		       "}{display=A program, run by netspy}\n");
	else if (asked == DLTS)
		printf("dlt {number=%d}{name=LINUX_SLL}"
		       "{display=Linux cooked-mode capture v1}\n",
		       NSPY_LINKTYPE_LINUX_SLL);
	else
		printf("arg {number=0}{call=--command}{display=Command}"
		       "{tooltip=What to run, as for sh -c}{type=string}"
		       "{required=true}\n"
		       "arg {number=1}{call=--tls-keys}{display=TLS secrets}"
		       "{tooltip=Put them into the capture, to decrypt it}"
		       "{type=boolflag}{default=false}\n");
	return nspy_flush_output();
}

/* As if it had been typed; the fifo gets a stream. */
static int
capture(const struct request *request)
{
	struct nspy_options options;
	char *argv[12] = {"netspy", "-q", "-o", request->fifo};
	int argc = 4, status;

	if (!request->fifo)
		return nspy_complain("extcap: no --fifo is given");
	if (!request->command || !*request->command)
		return nspy_complain("no command given: set it in the options "
				     "of the interface");
	if (request->filter && *request->filter) {
		argv[argc++] = "-f";
		argv[argc++] = request->filter;
	}
	if (request->tls_keys)
		argv[argc++] = "--tls-keys";
	argv[argc++] = "sh";
	argv[argc++] = "-c";
	argv[argc++] = request->command;
	optind = 0; /* getopt begins anew */
	status = nspy_options_read(&options, argc, argv);
	return status < 0 ? nspy_run(&options) : status;
}

int
nspy_extcap(int argc, char **argv)
{
	struct request request;
	int status = read_request(&request, argc, argv);

	if (status >= 0)
		return status;
	if (request.asked < 0)
		return nspy_complain("extcap: nothing is asked for");
	if (request.asked != INTERFACES &&
	    (!request.interface || strcmp(request.interface, INTERFACE) != 0))
		return nspy_complain(
			"extcap: the only interface is " INTERFACE);
	return request.asked == CAPTURE ? capture(&request)
					: answer(request.asked);
}
