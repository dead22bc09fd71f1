/* SPDX-License-Identifier: BSD-2-Clause */
/* The columns of conn.log, for its own format and for JSON. */

#include "config.h"

#include "cli/zeek.h"

#include "cli/print.h"
#include "cli/quote.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* Bytes of one value; names of processes are cut. */
#define VALUE_MAX 320
#define BILLION 1000000000u

static bool
is_tcp(const struct nspy_connection *c)
{
	return c->protocol == IPPROTO_TCP && c->layer == NSPY_LAYER_IP;
}

static const char *
tcp_state(const struct nspy_side *began, const struct nspy_side *answered)
{
	bool open = began->syn && answered->syn_ack;

	if (answered->reset)
		return began->syn && !answered->syn_ack	  ? "REJ"
		       : !began->syn && answered->syn_ack ? "RSTRH"
							  : "RSTR";
	if (began->reset)
		return began->syn && !answered->syn_ack ? "RSTOS0" : "RSTO";
	if (open)
		return began->fin && answered->fin ? "SF"
		       : began->fin		   ? "S2"
		       : answered->fin		   ? "S3"
						   : "S1";
	if (began->syn)
		return began->fin ? "SH" : "S0";
	return answered->syn_ack && answered->fin ? "SHR" : "OTH";
}

const char *
nspy_zeek_state(const struct nspy_connection *c)
{
	const struct nspy_side *began = &c->side[0], *answered = &c->side[1];

	if (is_tcp(c))
		return tcp_state(began, answered);
	if (c->protocol != IPPROTO_UDP || c->layer != NSPY_LAYER_IP)
		return "OTH";
	return answered->packets ? "SF" : "S0";
}

const char *
nspy_zeek_state_words(const struct nspy_connection *c)
{
	static const char *const words[][2] = {
		{"SF", "closed"},      {"S1", "open"},
		{"S0", "no answer"},   {"REJ", "refused"},
		{"S2", "half closed"}, {"S3", "half closed"},
		{"RSTO", "reset >"},   {"RSTR", "reset <"},
		{"RSTOS0", "reset >"}, {"RSTRH", "reset <"},
		{"SH", "half closed"}, {"SHR", "half closed"},
	};
	const char *state = nspy_zeek_state(c);

	if (c->layer != NSPY_LAYER_IP)
		return "-";
	if (!is_tcp(c))
		return c->side[1].packets ? "answered" : "no answer";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], state) == 0)
			return words[i][1];
	return "joined";
}

struct source {
	const struct nspy_connection *c;
	const struct nspy_reader *reader;
};

/* Each writes its value; "" stands for none. */
typedef void column_value(const struct source *s, char *value);

static void
put_seconds(char *value, uint64_t ns)
{
	snprintf(value, VALUE_MAX, "%" PRIu64 ".%06" PRIu64, ns / BILLION,
		 ns % BILLION / 1000);
}

static void
put_count(char *value, uint64_t count)
{
	snprintf(value, VALUE_MAX, "%" PRIu64, count);
}

static void
put_ts(const struct source *s, char *value)
{
	put_seconds(value, s->c->first_ns);
}

static uint64_t
hash_bytes(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash;
}

/* The same at every reading of the same capture. */
static void
put_uid(const struct source *s, char *value)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	uint64_t hash = 0xcbf29ce484222325u;

	hash = hash_bytes(hash, &s->c->first_ns, sizeof(s->c->first_ns));
	for (int i = 0; i < 2; i++) {
		const struct nspy_endpoint *end = &s->c->side[i].address;

		hash = hash_bytes(hash, end->addr, sizeof(end->addr));
		hash = hash_bytes(hash, &end->port, sizeof(end->port));
	}
	hash = hash_bytes(hash, &s->c->protocol, 1);
	value[0] = 'C';
	for (int i = 1; i <= 17; i++) {
		value[i] = digits[hash % 62];
		hash = hash / 62 ? hash / 62 : hash_bytes(hash, value, 9);
	}
	value[18] = '\0';
}

static void
put_orig_h(const struct source *s, char *value)
{
	nspy_print_address(&s->c->side[0].address, value, VALUE_MAX);
}

static void
put_resp_h(const struct source *s, char *value)
{
	nspy_print_address(&s->c->side[1].address, value, VALUE_MAX);
}

static bool
is_icmp(const struct nspy_connection *c)
{
	return c->protocol == IPPROTO_ICMP || c->protocol == IPPROTO_ICMPV6;
}

/* Zeek has type and code of ICMP in the place of ports. */
static void
put_orig_p(const struct source *s, char *value)
{
	put_count(value,
		  is_icmp(s->c) ? s->c->icmp_type : s->c->side[0].address.port);
}

static void
put_resp_p(const struct source *s, char *value)
{
	put_count(value,
		  is_icmp(s->c) ? s->c->icmp_code : s->c->side[1].address.port);
}

static void
put_proto(const struct source *s, char *value)
{
	strcpy(value, s->c->protocol == IPPROTO_TCP   ? "tcp"
		      : s->c->protocol == IPPROTO_UDP ? "udp"
		      : is_icmp(s->c)		      ? "icmp"
						      : "unknown_transport");
}

static void
put_duration(const struct source *s, char *value)
{
	if (s->c->side[0].packets + s->c->side[1].packets > 1)
		put_seconds(value, s->c->last_ns - s->c->first_ns);
}

static void
put_orig_bytes(const struct source *s, char *value)
{
	put_count(value, s->c->side[0].bytes);
}

static void
put_resp_bytes(const struct source *s, char *value)
{
	put_count(value, s->c->side[1].bytes);
}

static void
put_state(const struct source *s, char *value)
{
	strcpy(value, nspy_zeek_state(s->c));
}

static void
put_missed(const struct source *s, char *value)
{
	put_count(value, nspy_side_missing(&s->c->side[0]) +
				 nspy_side_missing(&s->c->side[1]));
}

static void
put_history(const struct source *s, char *value)
{
	strcpy(value, s->c->history);
}

static void
put_orig_pkts(const struct source *s, char *value)
{
	put_count(value, s->c->side[0].packets);
}

static void
put_resp_pkts(const struct source *s, char *value)
{
	put_count(value, s->c->side[1].packets);
}

static void
put_orig_ip_bytes(const struct source *s, char *value)
{
	put_count(value, s->c->side[0].ip_bytes);
}

static void
put_resp_ip_bytes(const struct source *s, char *value)
{
	put_count(value, s->c->side[1].ip_bytes);
}

static void
put_process(const struct source *s, int side, char *value)
{
	uint32_t number = nspy_side_process(&s->c->side[side]);

	if (number)
		snprintf(value, VALUE_MAX, "%s",
			 nspy_reader_process(s->reader, number));
}

static void
put_orig_process(const struct source *s, char *value)
{
	put_process(s, 0, value);
}

static void
put_resp_process(const struct source *s, char *value)
{
	put_process(s, 1, value);
}

static void
put_nothing(const struct source *s, char *value)
{
	(void)s;
	(void)value;
}

/* As Zeek has them; the last two are netspy's own. */
static const struct {
	const char *name, *type;
	column_value *put;
} columns[] = {
	{"ts", "time", put_ts},
	{"uid", "string", put_uid},
	{"id.orig_h", "addr", put_orig_h},
	{"id.orig_p", "port", put_orig_p},
	{"id.resp_h", "addr", put_resp_h},
	{"id.resp_p", "port", put_resp_p},
	{"proto", "enum", put_proto},
	{"service", "string", put_nothing},
	{"duration", "interval", put_duration},
	{"orig_bytes", "count", put_orig_bytes},
	{"resp_bytes", "count", put_resp_bytes},
	{"conn_state", "string", put_state},
	{"local_orig", "bool", put_nothing},
	{"local_resp", "bool", put_nothing},
	{"missed_bytes", "count", put_missed},
	{"history", "string", put_history},
	{"orig_pkts", "count", put_orig_pkts},
	{"orig_ip_bytes", "count", put_orig_ip_bytes},
	{"resp_pkts", "count", put_resp_pkts},
	{"resp_ip_bytes", "count", put_resp_ip_bytes},
	{"tunnel_parents", "set[string]", put_nothing},
	{"orig_process", "string", put_orig_process},
	{"resp_process", "string", put_resp_process},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void
print_header(uint64_t first_ns, FILE *out)
{
	time_t seconds = (time_t)(first_ns / BILLION);
	char when[32] = "";
	struct tm parts;

	if (gmtime_r(&seconds, &parts))
		strftime(when, sizeof(when), "%Y-%m-%d-%H-%M-%S", &parts);
	fprintf(out,
		"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n"
		"#unset_field\t-\n#path\tconn\n#open\t%s\n#fields",
		when);
	for (size_t i = 0; i < COLUMNS; i++)
		fprintf(out, "\t%s", columns[i].name);
	fprintf(out, "\n#types");
	for (size_t i = 0; i < COLUMNS; i++)
		fprintf(out, "\t%s", columns[i].type);
	fprintf(out, "\n");
}

/* Bytes that would end a column, or are no text, in Zeek's spelling. */
static void
print_value(const char *value, FILE *out)
{
	if (!*value)
		value = "-";
	else if (strcmp(value, "-") == 0)
		value = "\\x2d";
	for (; *value; value++)
		if ((unsigned char)*value < ' ')
			fprintf(out, "\\x%02x", (unsigned char)*value);
		else
			putc(*value, out);
}

void
nspy_zeek_log(const struct nspy_connections *connections,
	      const struct nspy_reader *reader, FILE *out)
{
	print_header(connections->first_ns, out);
	for (const struct nspy_connection *c = connections->first; c;
	     c = c->next) {
		const struct source source = {c, reader};

		if (c->layer != NSPY_LAYER_IP)
			continue;
		for (size_t i = 0; i < COLUMNS; i++) {
			char value[VALUE_MAX] = "";

			columns[i].put(&source, value);
			if (i)
				putc('\t', out);
			print_value(value, out);
		}
		putc('\n', out);
	}
	fprintf(out, "#close\n");
}

static bool
is_number(const char *type)
{
	return strcmp(type, "count") == 0 || strcmp(type, "port") == 0 ||
	       strcmp(type, "time") == 0 || strcmp(type, "interval") == 0;
}

void
nspy_zeek_json(const struct nspy_connection *c,
	       const struct nspy_reader *reader, FILE *out)
{
	const struct source source = {c, reader};
	const char *before = "{";

	for (size_t i = 0; i < COLUMNS; i++) {
		char value[VALUE_MAX] = "";

		columns[i].put(&source, value);
		if (!*value)
			continue;
		fprintf(out, "%s\"%s\":", before, columns[i].name);
		if (is_number(columns[i].type))
			fputs(value, out);
		else
			nspy_print_json(value, out);
		before = ",";
	}
	putc('}', out);
}
