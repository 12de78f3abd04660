/* alert/send: one message to its receiver, by the kind of its route. In: subject and body. Out: NULL,
 * or why not. */
#include "alert/inner.h"
#include "base/mem.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SEND_SECONDS = 20, CONNECT_SECONDS = 5 };

static _Thread_local char why[CURL_ERROR_SIZE + 64];

extern char **environ;

/* ---- HTTP and SMTP, by libcurl: certificates are verified ---- */

static size_t drop_answer(char *p, size_t size, size_t n, void *arg)
{
	return size * n;
}

static CURL *curl_for(const struct alert_route *r)
{
	CURL *c = curl_easy_init();

	curl_easy_setopt(c, CURLOPT_URL, r->target);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)(r->seconds ? r->seconds : SEND_SECONDS));
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "isthmus/" ISTHMUS_VERSION);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop_answer);
	if (r->ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, r->ca_file);
	if (r->user)
		curl_easy_setopt(c, CURLOPT_USERNAME, r->user);
	if (r->password)
		curl_easy_setopt(c, CURLOPT_PASSWORD, r->password);
	return c;
}

static const char *curl_do(CURL *c)
{
	char text[CURL_ERROR_SIZE] = "";
	CURLcode rc;
	long status = 0;

	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, text);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(c);
	if (rc != CURLE_OK) {
		snprintf(why, sizeof why, "%s", text[0] ? text : curl_easy_strerror(rc));
		return why;
	}
	if (status < 200 || status > 299) {
		snprintf(why, sizeof why, "answered %ld", status);
		return why;
	}
	return NULL;
}

static const char *send_http(const struct alert_route *r, const char *subject, const char *body, size_t n)
{
	CURL *c = curl_for(r);
	struct curl_slist *head = curl_slist_append(NULL, "Content-Type: application/json");
	const char *failed;

	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)n);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, head);
	failed = curl_do(c);
	curl_slist_free_all(head);
	return failed;
}

struct upload {
	const char *p;
	size_t n;
};

static size_t upload_read(char *p, size_t size, size_t count, void *arg)
{
	struct upload *u = arg;
	size_t n = size * count < u->n ? size * count : u->n;

	memcpy(p, u->p, n);
	u->p += n;
	u->n -= n;
	return n;
}

/* A header's text: it loses what could begin another line; what is not ASCII goes in encoded words (RFC
 * 2047). */
static void write_header(struct out *o, const char *s)
{
	bool plain = true;
	size_t room = 0;

	for (const char *p = s; *p; p++)
		plain &= (unsigned char)*p < 127;
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool whole = (c & 0xc0) != 0x80; /* a character begins: words are not parted within one */
		if (plain) {
			out_char(o, c < 32 ? ' ' : *s);
			continue;
		}
		if (whole && room < 4 * 3) { /* of the 75 bytes a word may have */
			out_str(o, room ? "?=\r\n =?utf-8?q?" : "=?utf-8?q?");
			room = 60;
		}
		if (isalnum(c)) {
			out_char(o, *s);
			room--;
		} else {
			out_printf(o, "=%02X", c < 32 ? ' ' : c);
			room -= 3;
		}
	}
	if (room)
		out_str(o, "?=");
}

/* RFC 5322, lines ended by CR LF. */
static void write_mail(
    struct out *o, const struct alert_route *r, const char *subject, const char *body, size_t n)
{
	static unsigned serial;
	time_t now = time(NULL);
	struct tm tm;
	char date[64];

	gmtime_r(&now, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	out_printf(o, "Date: %s\r\nFrom: %s\r\nTo: %s\r\nSubject: ", date, r->from, r->to);
	write_header(o, subject);
	out_printf(o,
	    "\r\nMessage-ID: <%lld.%u.%d@isthmus>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n",
	    (long long)now, serial++, (int)getpid());
	out_str(o, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
	for (size_t i = 0; i < n; i++) {
		if (body[i] == '\n')
			out_char(o, '\r');
		out_char(o, body[i]);
	}
	out_str(o, "\r\n");
}

static struct curl_slist *mail_receivers(const char *to)
{
	struct curl_slist *list = NULL;

	while (*to) {
		size_t n = strcspn(to, ",");
		size_t space = strspn(to, " ");
		char *one = mem_printf("<%.*s>", (int)(n - space), to + space);
		list = curl_slist_append(list, one);
		free(one);
		to += n + (to[n] == ',');
	}
	return list;
}

static const char *send_mail(const struct alert_route *r, const char *subject, const char *body, size_t n)
{
	CURL *c = curl_for(r);
	struct curl_slist *to = mail_receivers(r->to);
	char *from = mem_printf("<%s>", r->from);
	struct out mail;
	struct upload u;
	const char *failed;

	out_open_mem(&mail);
	write_mail(&mail, r, subject, body, n);
	u = (struct upload){mail.buf, mail.n};
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(r->starttls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, from);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, upload_read);
	curl_easy_setopt(c, CURLOPT_READDATA, &u);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	failed = curl_do(c);
	curl_slist_free_all(to);
	free(from);
	out_close(&mail);
	return failed;
}

/* ---- this machine ---- */

/*
 * A datagram a line of the body, "<PRI>text", in the form of RFC 3164 (journald takes it as well). syslog(3)
 * would not say whether anybody listened.
 */
static const char *send_syslog(const struct alert_route *r, const char *subject, const char *body, size_t n)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *path = r->target ? r->target : "/dev/log", *failed = NULL;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	time_t now = time(NULL);
	char date[32];
	struct tm tm;

	snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		failed = strerror(errno);
	localtime_r(&now, &tm);
	strftime(date, sizeof date, "%b %e %H:%M:%S", &tm);
	for (const char *end = body + n, *next; !failed && body < end; body = next) {
		size_t line = strcspn(body, "\n"), pri = *body == '<' ? strcspn(body, ">") + 1 : 0;
		char *text = mem_printf("%.*s%s isthmus[%d]: %.*s", (int)pri, body, date, (int)getpid(),
		    (int)(line - pri), body + pri);
		next = body + line + (body[line] == '\n');
		if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
			failed = strerror(errno);
		free(text);
	}
	if (fd >= 0)
		close(fd);
	if (failed)
		snprintf(why, sizeof why, "%s: %s", path, failed);
	return failed ? why : NULL;
}

static const char *put_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return strerror(errno);
		p += put;
		n -= (size_t)put;
	}
	return NULL;
}

static const char *send_file(const struct alert_route *r, const char *subject, const char *body, size_t n)
{
	int fd = open(r->target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	const char *failed;
	char *line;

	if (fd < 0)
		return strerror(errno);
	line = mem_printf("%.*s\n", (int)n, body);
	failed = put_all(fd, line, strlen(line)); /* one write: lines of two writers do not mix */
	if (!failed && fsync(fd) < 0 && errno != EINVAL)
		failed = strerror(errno);
	close(fd);
	free(line);
	return failed;
}

/* How it ended; a command has as long as a server has. */
static int child_wait(pid_t child, unsigned seconds)
{
	const struct timespec moment = {.tv_nsec = 20000000};
	time_t until = time(NULL) + seconds;
	int status = -1;
	pid_t got;

	while ((got = waitpid(child, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		if (time(NULL) > until)
			kill(-child, SIGKILL);
		nanosleep(&moment, NULL);
	}
	return got == child ? status : -1;
}

/* The message on its standard input, the subject in ISTHMUS_SUBJECT; it must end with 0. */
static const char *send_command(const struct alert_route *r, const char *subject, const char *body, size_t n)
{
	char *argv[] = {"/bin/sh", "-c", (char *)r->target, NULL}, path[] = "/tmp/isthmus-alert-XXXXXX";
	char *name = mem_printf("ISTHMUS_SUBJECT=%s", subject), *env[512];
	int fd = mkostemp(path, O_CLOEXEC), status = -1;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	size_t vars = 0;
	pid_t child;

	if (fd < 0) {
		free(name);
		return strerror(errno);
	}
	unlink(path);
	put_all(fd, body, n);
	lseek(fd, 0, SEEK_SET);
	for (; vars < 510 && environ[vars]; vars++)
		env[vars] = environ[vars];
	env[vars++] = name;
	env[vars] = NULL;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fd, STDIN_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(
	    &attr, POSIX_SPAWN_SETPGROUP); /* a group of its own: its children end with it */
	if (posix_spawn(&child, argv[0], &files, &attr, argv, env) == 0)
		status = child_wait(child, r->seconds ? r->seconds : SEND_SECONDS);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	close(fd);
	free(name);
	if (status == 0)
		return NULL;
	if (WIFSIGNALED(status))
		snprintf(why, sizeof why, "ended by signal %d%s", WTERMSIG(status),
		    WTERMSIG(status) == SIGKILL ? ", as one that takes too long is" : "");
	else
		snprintf(
		    why, sizeof why, "ended with status %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return why;
}

const char *alert_send(const struct alert_route *r, const char *subject, const char *body, size_t n)
{
	static const char *(*const send[ALERT_KINDS])(
	    const struct alert_route *r, const char *subject, const char *body, size_t n) = {
	    [ALERT_WEBHOOK] = send_http,
	    [ALERT_SLACK] = send_http,
	    [ALERT_MAIL] = send_mail,
	    [ALERT_SYSLOG] = send_syslog,
	    [ALERT_COMMAND] = send_command,
	    [ALERT_FILE] = send_file,
	};

	return send[r->kind](r, subject, body, n);
}
