/* input/transfer: see transfer.h. */
#include "input/transfer.h"

#include "base/mem.h"

#include <curl/curl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define FIRST_CONTACT 5L /* seconds in which a host must take a connection that it has taken none of yet */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds(utime_t span, double otherwise)
{
	return span ? (double)span / 1e6 : otherwise;
}

static char *beside(const struct transfer *t, const char *suffix)
{
	return mem_printf("%s%s", t->path, suffix);
}

/* ---- the part file and its tag ---- */

static void tag_read(struct transfer *t)
{
	char *name = beside(t, ".part.tag");
	FILE *f = fopen(name, "r");

	*t->tag = '\0';
	if (f && !fgets(t->tag, sizeof t->tag, f))
		*t->tag = '\0';
	if (f)
		fclose(f);
	free(name);
}

static void tag_write(const struct transfer *t)
{
	char *name = beside(t, ".part.tag");
	FILE *f = *t->tag ? fopen(name, "w") : NULL;

	if (f) {
		fputs(t->tag, f);
		fclose(f);
	} else {
		unlink(name);
	}
	free(name);
}

static void part_remove(const struct transfer *t)
{
	char *part = beside(t, ".part"), *tag = beside(t, ".part.tag");

	unlink(part);
	unlink(tag);
	free(part);
	free(tag);
}

static bool part_open(struct transfer *t)
{
	char *name = beside(t, ".part");

	t->part = fopen(name, "ab");
	t->offset = 0;
	tag_read(t);
	if (t->part && *t->tag && fseek(t->part, 0, SEEK_END) == 0 && ftell(t->part) > 0)
		t->offset = (uint64_t)ftell(t->part);
	else if (t->part && ftruncate(fileno(t->part), 0) != 0)
		t->offset = 0;
	if (!t->part)
		snprintf(t->why, sizeof t->why, "%s: %s", name, strerror(errno));
	free(name);
	return t->part != NULL;
}

/* ---- what comes ---- */

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	static const char *const names[] = {"ETag:", "Last-Modified:"};

	if (strncmp(line, "HTTP/", 5) == 0)
		*t->tag = '\0'; /* a new answer: after a redirect, or the first */
	for (int i = 0; i < 2; i++) {
		size_t length = strlen(names[i]);
		if (n <= length || strncasecmp(line, names[i], length) != 0)
			continue;
		if (i == 1 && *t->tag)
			continue; /* an ETag is better, unless it is a weak one (RFC 9110 8.8.1) */
		while (length < n && line[length] == ' ')
			length++;
		if (strncmp(line + length, "W/", 2) != 0)
			snprintf(t->tag, sizeof t->tag, "%.*s", (int)strcspn(line + length, "\r\n"),
			    line + length);
	}
	return size * n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200 && status != 206)
		return size * n; /* a page that says what is wrong */
	t->bytes += n;
	if (!t->path) {
		out_bytes(&t->body, data, n);
		return size * n;
	}
	if (!t->begun) {
		t->begun = true;
		if (status == 200 &&
		    t->offset) { /* it changed, or the server knows no ranges: from the start */
			t->offset = 0;
			if (ftruncate(fileno(t->part), 0) != 0)
				return 0;
		}
		tag_write(t);
	}
	return fwrite(data, 1, n, t->part) == n ? size * n : 0;
}

/* ---- one try ---- */

static CURL *easy_new(const char *url, const struct fetch_options *o)
{
	CURL *c = curl_easy_init();

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "isthmus/" ISTHMUS_VERSION " (BGP archive reader)");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, 5L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 30L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)(seconds(o->silence, 60) + 0.999));
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	return c;
}

static bool begin(struct transfer *t, CURLM *multi, const struct fetch_options *o)
{
	if (t->path && !part_open(t))
		return false;
	t->tries++;
	t->begun = false;
	*t->error = '\0';
	if (!t->path)
		t->body.n = 0;
	t->easy = easy_new(t->url, o);
	if (t->first_contact)
		curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, FIRST_CONTACT);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_FILETIME, 1L);
	if (t->offset) { /* only if it is still the same file (RFC 9110 13.1.5) */
		char *range = mem_printf("Range: bytes=%llu-", (unsigned long long)t->offset),
		     *same = mem_printf("If-Range: %s", t->tag);
		t->header = curl_slist_append(curl_slist_append(NULL, range), same);
		curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->header);
		free(range);
		free(same);
	}
	curl_multi_add_handle(multi, t->easy);
	t->state = TRANSFER_RUNNING;
	return true;
}

/* ---- its end ---- */

static void again(struct transfer *t, const struct fetch_options *o, curl_off_t wait)
{
	double pause = seconds(o->backoff, 1) * (double)(1U << (t->tries - 1 < 8 ? t->tries - 1 : 8));

	t->state = TRANSFER_WAITING;
	t->not_before = now() + (wait > 0 && (double)wait > pause ? (double)wait : pause);
	if (t->tries >= (o->tries ? o->tries : 5))
		t->state = TRANSFER_FAILED;
}

/* All bytes are there: are they of use, then the file gets its name. */
static void arrived(struct transfer *t, const struct fetch_options *o)
{
	char *part = t->path ? beside(t, ".part") : NULL;

	t->state = TRANSFER_DONE;
	if (part && t->whole && !t->whole(part, t->why)) {
		part_remove(t);
		again(t, o, 0);
	} else if (part && rename(part, t->path) != 0) {
		snprintf(t->why, sizeof t->why, "%s", strerror(errno));
		t->state = TRANSFER_FAILED;
	} else if (part) {
		part_remove(t);
	}
	free(part);
}

/* Nobody answered at all: no such name, nobody listens, or the network swallows it. */
static bool never_met(const struct transfer *t, CURLcode code)
{
	curl_off_t connected = 0;

	curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connected);
	return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
	       code == CURLE_COULDNT_CONNECT || (code == CURLE_OPERATION_TIMEDOUT && !connected);
}

static void judge(struct transfer *t, CURLcode code, const struct fetch_options *o)
{
	long status = 0;
	curl_off_t wait = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &wait);
	t->unreachable = never_met(t, code);
	if (code == CURLE_OK && (status == 200 || status == 206)) {
		arrived(t, o);
		return;
	}
	if (code != CURLE_OK)
		snprintf(t->why, sizeof t->why, "%.159s", *t->error ? t->error : curl_easy_strerror(code));
	else
		snprintf(t->why, sizeof t->why, "the server answers %ld", status);
	if (code == CURLE_OK && (status == 404 || status == 410)) {
		t->state = TRANSFER_MISSING;
		if (t->path)
			part_remove(t);
	} else if (code == CURLE_OK && status == 416) { /* what is there is not of this file */
		part_remove(t);
		again(t, o, 0);
	} else if (code == CURLE_OK && status >= 400 && status < 500 && status != 408 && status != 429) {
		t->state = TRANSFER_FAILED;
	} else if (code == CURLE_WRITE_ERROR || code == CURLE_UNSUPPORTED_PROTOCOL ||
		   code == CURLE_URL_MALFORMAT || code == CURLE_TOO_MANY_REDIRECTS ||
		   code == CURLE_PEER_FAILED_VERIFICATION || (t->first_contact && t->unreachable)) {
		t->state = TRANSFER_FAILED;
	} else {
		again(t, o, wait);
	}
}

static void close_try(struct transfer *t, CURLM *multi)
{
	curl_multi_remove_handle(multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->header);
	t->easy = NULL;
	t->header = NULL;
	t->offset = 0;
}

static void finish(struct transfer *t, CURLM *multi, CURLcode code, const struct fetch_options *o)
{
	if (t->part)
		fclose(t->part);
	t->part = NULL;
	judge(t, code, o);
	close_try(t, multi);
}

/* What came stays in the part file, for the next run. */
static void stop_all(struct transfer *t, size_t n, CURLM *multi)
{
	for (size_t i = 0; i < n; i++) {
		if (t[i].state == TRANSFER_RUNNING) {
			if (t[i].part)
				fclose(t[i].part);
			t[i].part = NULL;
			close_try(&t[i], multi);
		} else if (t[i].state != TRANSFER_WAITING) {
			continue;
		}
		t[i].state = TRANSFER_FAILED;
		snprintf(t[i].why, sizeof t[i].why, "stopped here");
	}
}

/* ---- all of them ---- */

static void start_some(struct transfer *t, size_t n, CURLM *multi, const struct fetch_options *o)
{
	unsigned running = 0, most = o->parallel ? o->parallel : 4;
	double at = now();

	for (size_t i = 0; i < n; i++)
		running += t[i].state == TRANSFER_RUNNING;
	for (size_t i = 0; i < n && running < most; i++) {
		if (t[i].state != TRANSFER_WAITING || t[i].not_before > at)
			continue;
		if (begin(&t[i], multi, o))
			running++;
		else
			t[i].state = TRANSFER_FAILED;
	}
}

static void tell(const struct transfer *t, size_t n, const struct fetch_options *o)
{
	uint64_t bytes = 0;
	size_t done = 0;

	if (!o->progress)
		return;
	for (size_t i = 0; i < n; i++) {
		bytes += t[i].bytes;
		done += t[i].state >= TRANSFER_DONE;
	}
	o->progress(o->arg, bytes, done, n);
}

static bool any_left(const struct transfer *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].state == TRANSFER_WAITING || t[i].state == TRANSFER_RUNNING)
			return true;
	return false;
}

void transfer_all(struct transfer *t, size_t n, const struct fetch_options *o)
{
	CURLM *multi;
	CURLMsg *m;
	int running, left;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)(o->parallel ? o->parallel : 4));
	for (size_t i = 0; i < n; i++)
		if (!t[i].path)
			out_open_mem(&t[i].body);
	while (any_left(t, n)) {
		if (o->stop && *o->stop) {
			stop_all(t, n, multi);
			break;
		}
		start_some(t, n, multi, o);
		curl_multi_perform(multi, &running);
		while ((m = curl_multi_info_read(multi, &left))) {
			struct transfer *one = NULL;
			CURLcode code = m->data.result;
			if (m->msg != CURLMSG_DONE)
				continue;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &one);
			finish(one, multi, code, o);
		}
		tell(t, n, o);
		if (any_left(t, n))
			curl_multi_poll(multi, NULL, 0, running ? 200 : 50, NULL);
	}
	curl_multi_cleanup(multi);
}

bool transfer_size(const char *url, const struct fetch_options *o, uint64_t *size)
{
	curl_off_t length = -1;
	long status = 0;
	CURL *c;
	bool known;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	c = easy_new(url, o);
	curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	known = curl_easy_perform(c) == CURLE_OK &&
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status == 200 &&
		curl_easy_getinfo(c, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) == CURLE_OK && length >= 0;
	curl_easy_cleanup(c);
	*size = known ? (uint64_t)length : 0;
	return known;
}
