/* cmd/serve: the API and the dashboard over a store, until told to stop. */
#include "cmd/answer.h"
#include "cmd/verb.h"
#include "serve/http.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct opt opts[] = {
    {"store", 's', "STORE", "the history to serve (isthmus ingest makes one)"},
    {"listen", 'l', "ADDRESS:PORT", "where to listen (default 127.0.0.1:8080; port 0: any free one)"},
    {"cors", 0, "ORIGIN", "let pages of this origin (or \"*\") ask the API"},
    {"threads", 0, "N", "threads that answer (default: one a processor, at most 8)"},
    {"connections", 0, "N", "connections at once (default 1000)"},
    {"registry", 'r', "FILE...", "registry files for names and countries"},
    {"territories", 't', "FILE", "the territories file"},
    {NULL, 0, NULL, NULL},
};

/* "127.0.0.1:8080", "[::1]:8080", ":8080", "8080" */
static bool listen_parse(char *text, struct http_options *o)
{
	char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text, *end;
	unsigned long v = strtoul(port, &end, 10);

	if (*end || end == port || v > 65535)
		return false;
	o->port = (uint16_t)v;
	if (!colon || colon == text)
		return true;
	*colon = '\0';
	if (*text == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		text++;
	}
	o->host = text;
	return true;
}

static bool count_option(const struct args *a, const char *name, unsigned max, unsigned *v)
{
	const char *text = args_get(a, name);
	char *end;
	unsigned long n;

	if (!text)
		return true;
	n = strtoul(text, &end, 10);
	*v = (unsigned)n;
	return !*end && n >= 1 && n <= max;
}

static void wait_for_stop(void)
{
	sigset_t stop;
	int which;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigwait(&stop, &which);
}

/* Signals are taken by wait_for_stop alone: blocked before any thread is born. */
static void block_signals(void)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
}

static int serve_run(const struct args *a)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct http_options o = {.store = args_get(a, "store"),
	    .origin = args_get(a, "cors"),
	    .host = "127.0.0.1",
	    .port = 8080,
	    .threads = cores < 1   ? 1
		       : cores > 8 ? 8
				   : (unsigned)cores,
	    .connections = 1000};
	char where[128] = "";
	const char *why = NULL, *listen = args_get(a, "listen");
	struct http *http;
	struct facts *facts;

	if (!o.store)
		return usage(a, "--store is wanted: which history?");
	if (listen && (strlen(listen) >= sizeof where || !listen_parse(strcpy(where, listen), &o)))
		return usage(a, "--listen takes ADDRESS:PORT, not \"%s\"", listen);
	if (!count_option(a, "threads", 64, &o.threads) ||
	    !count_option(a, "connections", 100000, &o.connections))
		return usage(a, "--threads takes 1 to 64, --connections 1 to 100000");
	facts = answer_facts(a);
	o.facts = facts;
	block_signals();
	http = http_start(&o, &why);
	if (!http) {
		warn_line("isthmus serve: %s", why);
		facts_free(facts);
		return EXIT_BAD_INPUT;
	}
	printf("http://%s%s%s:%u/\n", strchr(o.host, ':') ? "[" : "", o.host, strchr(o.host, ':') ? "]" : "",
	    http_port(http));
	fflush(stdout);
	wait_for_stop();
	http_stop(http);
	facts_free(facts);
	return EXIT_ANSWERED;
}

const struct verb verb_serve = {
    "serve", "--store STORE [--listen ADDRESS:PORT]", "the API and the dashboard", opts, serve_run};
