/*
 * cmd/evidence: see evidence.h. A record is behind an event where it lies within five minutes of its first
 * sign or its end and says something of its prefixes; for health events, where it is of its peer and tells of
 * its state. Records are copied as they were read, so that any reader of MRT opens them.
 */
#include "cmd/evidence.h"

#include "base/mem.h"
#include "cmd/verb.h"
#include "input/input.h"
#include "show/events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const utime_t around = 5 * 60 * UTIME_SECOND;

struct proof { /* one event's folder */
	const struct event *e;
	struct out records;
};

static bool in_window(utime_t t, utime_t mark)
{
	return mark != UTIME_NONE && t >= mark - UTIME_SECOND && t <= mark + around;
}

static bool event_names(const struct event *e, const struct prefix *p)
{
	size_t low = 0, high = e->prefixes;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = prefix_cmp(&e->prefix[mid], p);
		if (c == 0)
			return true;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static bool list_names(struct nlri list, const struct event *e)
{
	struct fault_count ignored = {0};
	struct prefix p;
	uint32_t id;

	while (nlri_next(&list, &p, &id, &ignored, 0))
		if (event_names(e, &p))
			return true;
	return false;
}

static bool record_is_behind(const struct update *u, const struct event *e)
{
	if (!in_window(u->time, e->first_seen) && !in_window(u->time, e->end))
		return false;
	if (u->kind == UPDATE_STATE)
		return e->scope == SCOPE_HEALTH && (!e->asn || e->asn == u->peer.asn);
	if (u->kind != UPDATE_MESSAGE)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (list_names(u->withdrawn[i], e) || list_names(u->announced[i], e))
			return true;
	return false;
}

static void update_sort(const struct update *u, struct proof *proof, size_t n)
{
	for (size_t i = 0; i < n && proof[i].e->first_seen - UTIME_SECOND <= u->time; i++)
		if (record_is_behind(u, proof[i].e))
			out_bytes(&proof[i].records, u->record.p, u->record.n);
}

static void file_sort(const char *path, struct proof *proof, size_t n)
{
	struct input *in = input_open(path);
	struct mrt *mrt = mem_alloc(sizeof *mrt);
	struct update *u = mem_alloc(sizeof *u);
	struct block block;
	struct cur cur = {0};
	enum input_status got;

	do {
		got = input_next(in, cur_left(&cur), &block);
		if (got == INPUT_BLOCK)
			cur = cur_of(block.data, block.len);
		while (got != INPUT_BAD && mrt_next(mrt, &cur, 0, got == INPUT_END, u) == MRT_UPDATE)
			update_sort(u, proof, n);
	} while (got != INPUT_END);
	free(u);
	free(mrt);
	input_close(in);
}

/* ---- the folders ---- */

static bool write_file(const char *dir, const char *name, const struct out *text)
{
	char *path = mem_printf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	size_t at = 0;

	while (fd >= 0 && at < text->n) {
		ssize_t k = write(fd, text->buf + at, text->n - at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			break;
		at += (size_t)k;
	}
	if (fd < 0 || close(fd) || at < text->n)
		warn_line("%s: %s", path, strerror(errno));
	free(path);
	return at == text->n;
}

static void print_path(struct out *o, const char *word, const asn_t *asn, unsigned n)
{
	out_printf(o, "  %-7s", word);
	for (unsigned i = 0; i < n; i++)
		out_printf(o, " %u", asn[i]);
	out_str(o, n ? "\n" : " no route\n");
}

static void print_paths(struct out *o, const struct event *e)
{
	char peer[ADDR_TEXT + 1], when[UTIME_TEXT];

	out_printf(o, "%s: %s\n", event_kind_text(e->kind), e->why);
	for (unsigned i = 0; i < e->evidences; i++) {
		const struct evidence *v = &e->evidence[i];
		peer[addr_text(peer, &v->peer.addr)] = '\0';
		utime_text(when, v->at);
		out_printf(o, "\nAS%u %s at %s\n", v->peer.asn, peer, when);
		print_path(o, "before", v->before, v->before_n);
		print_path(o, "after", v->after, v->after_n);
	}
}

static bool folder_make(const char *dir)
{
	if (mkdir(dir, 0777) == 0 || errno == EEXIST)
		return true;
	warn_line("%s: %s", dir, strerror(errno));
	return false;
}

static bool proof_write(const char *dir, const struct proof *p, size_t number)
{
	char *sub = mem_printf("%s/%04zu-%s%s%s", dir, number, event_kind_text(p->e->kind),
	    *p->e->territory ? "-" : "", p->e->territory);
	struct out text;
	bool ok;

	for (char *c = sub + strlen(dir) + 1; *c; c++)
		if (*c == '/')
			*c = '_'; /* a territory that is a prefix */
	ok = folder_make(sub) && write_file(sub, "records.mrt", &p->records);
	out_open_mem(&text);
	print_paths(&text, p->e);
	ok = ok && write_file(sub, "paths.txt", &text);
	text.n = 0;
	event_json(&text, p->e);
	ok = ok && write_file(sub, "event.json", &text);
	(void)out_close(&text);
	free(sub);
	return ok;
}

bool evidence_write(const char *dir, const struct event *e, size_t n, char *const *path, size_t paths)
{
	struct proof *proof = mem_array(n + 1, sizeof *proof);
	struct input_list list;
	bool ok = folder_make(dir);

	for (size_t i = 0; i < n; i++) {
		proof[i].e = &e[i];
		out_open_mem(&proof[i].records);
	}
	input_list_make(&list, path, paths);
	for (size_t i = 0; i < list.n; i++)
		if (!list.file[i].rib)
			file_sort(list.file[i].path, proof, n);
	input_list_free(&list);
	for (size_t i = 0; i < n; i++) {
		ok = ok && proof_write(dir, &proof[i], i + 1);
		(void)out_close(&proof[i].records);
	}
	free(proof);
	return ok;
}
