/*
 * cmd/watch/force: a configuration put in force, at the beginning and on HUP. In: struct watch_config, read
 * well. Out: facts, territories, store, detector, sources and alerts of struct watch. On HUP what is
 * described as before goes on: connections where the sources are the same, the detector and what is under way
 * in it where what is watched is the same; what cannot be opened anew stays as it was.
 */
#include "cmd/verb.h"
#include "cmd/watch/watch.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void say_note(void *arg, const char *line)
{
	warn_line("%s", line);
}

/* ---- the store, and the detector that fills it ---- */

static bool know_carrier(void *arg, const struct carrier *c)
{
	struct watch *w = arg;

	if (c->upstream)
		detect_known_upstream(w->detect, c->territory, c->family, c->upstream, c->first,
		    c->last == UTIME_NONE ? watch_wall() : c->last);
	return true;
}

static bool open_store(struct watch *w)
{
	const char *why;
	int64_t cut;

	if (!w->config.store)
		return true;
	w->store = store_open(w->config.store, STORE_WRITE_NOW, &why);
	if (!w->store)
		warn_line("isthmus watch: store %s: %s", w->config.store, why);
	else if (store_progress(w->store, &cut, &w->upto) < 0)
		warn_line("isthmus watch: store %s: %s", w->config.store, store_error(w->store));
	return w->store;
}

/* A new watcher over the table as it stands. */
static void open_detect(struct watch *w)
{
	struct detect_options o = w->config.detect;

	o.who = w->who;
	o.whos = w->config.whos;
	o.ready = w->detect != NULL;
	if (w->detect)
		detect_free(w->detect);
	w->detect = detect_new(w->table, w->facts, &o, watch_event, w);
	if (w->store) {
		detect_on_sample(w->detect, watch_samples, w);
		w->places = 0;
		store_carriers(w->store, NULL, know_carrier, w);
		w->id_base = store_last_event(w->store);
	}
}

/* ---- facts and territories ---- */

struct facts *watch_load_facts(const struct watch_config *c)
{
	const char *const *notes;
	struct facts *f = facts_load(&(struct facts_options){
	    .registry = c->registry, .registries = c->registries, .territories = c->territories});
	size_t n = facts_notes(f, &notes);

	for (size_t i = 0; i < n; i++)
		warn_line("%s", notes[i]);
	return f;
}

const struct territory **watch_find_who(const struct watch_config *c, const struct facts *f)
{
	const struct territory **who = mem_array(c->whos + 1, sizeof *who);

	for (size_t i = 0; i < c->whos; i++) {
		const char *why = "unknown";
		who[i] = territory_find(f, c->who[i], &why);
		if (!who[i]) {
			warn_line("%s: who = %s: %s", c->path, c->who[i], why);
			free(who);
			return NULL;
		}
	}
	return who;
}

static bool is_watched(const struct territory *const *who, size_t whos, const char *id)
{
	for (size_t i = 0; i < whos; i++)
		if (strcmp(territory_id(who[i]), id) == 0)
			return true;
	return whos == 0;
}

bool watch_find_routes(struct watch_config *c, const struct facts *f, const struct territory *const *who)
{
	bool good = true;

	for (size_t i = 0; i < c->routes; i++)
		for (size_t k = 0; k < c->route[i].territories; k++) {
			const char **at = (const char **)&c->route[i].territory[k], *why = "unknown";
			const struct territory *t = territory_find(f, *at, &why);
			if (t && is_watched(who, c->whos, territory_id(t))) {
				*at = arena_strn(&c->arena, territory_id(t), strlen(territory_id(t)));
				continue; /* as events bear it */
			}
			warn_line("%s: [alert %s]: territory = %s: %s", c->path, c->route[i].name, *at,
			    t ? "is not watched: it is not in who" : why);
			good = false;
		}
	return good;
}

static uint64_t file_digest(uint64_t h, const char *path)
{
	struct stat st;

	if (!path || stat(path, &st) < 0)
		return hash_u64(h);
	h = hash_u64(h ^ (uint64_t)st.st_size ^ (uint64_t)st.st_ino << 32);
	return hash_u64(h ^ (uint64_t)st.st_mtim.tv_sec ^ (uint64_t)st.st_mtim.tv_nsec << 32);
}

/* What is watched and by which facts: of the lines in [watch], and of the files they name. */
static uint64_t watched_digest(const struct watch_config *c, const struct facts *f)
{
	uint64_t h = file_digest(c->watched_digest, c->territories);
	const char *sources = facts_sources(f);

	for (size_t i = 0; i < c->registries; i++)
		h = file_digest(h, c->registry[i]);
	return hash_u64(h ^ hash_bytes(sources, strlen(sources)));
}

/* ---- alerts ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/*
 * The alerts of w->config; `spool` is that of those before. Where theirs cannot be opened, the ones before
 * go on.
 */
static bool open_alerts(struct watch *w, const char *spool)
{
	struct alerts *before = w->alerts, *fresh = NULL;
	const char *why = "";

	if (before && w->config.routes && same_text(spool, w->config.spool)) {
		alerts_reroute(before, w->config.route, w->config.routes, w->facts);
		return true;
	}
	if (w->config.routes) {
		fresh = alerts_new(
		    w->config.spool, w->config.route, w->config.routes, w->facts, say_note, NULL, &why);
		if (!fresh)
			warn_line("%s: spool = %s: %s", w->config.path, w->config.spool, why);
		else if (before)
			alerts_remember(fresh, before);
	}
	w->alerts = fresh;
	if (!fresh && w->config.routes) {
		w->alerts = before;
		return false;
	}
	if (before && alerts_waiting(before))
		warn_line(
		    "isthmus watch: %zu alerts wait in %s, the spool before, and are not sent from there",
		    alerts_waiting(before), spool);
	alerts_free(before);
	return true;
}

/* ---- all of it ---- */

bool watch_force(struct watch *w)
{
	struct table_options o = {0};

	w->facts = watch_load_facts(&w->config);
	w->who = watch_find_who(&w->config, w->facts);
	if (!w->who || !watch_find_routes(&w->config, w->facts, w->who))
		return false;
	w->watched = watched_digest(&w->config, w->facts);
	o.drop_asns = facts_route_servers(w->facts, &o.drop_asn);
	w->table = table_new(&o);
	w->feed = feed_new(w->table, &w->config);
	watch_begin_hearing(w);
	if (!open_store(w))
		return false;
	open_detect(w);
	return open_alerts(w, NULL) && watch_open_sources(w);
}

/* False: some source does not work; the others do. */
static bool take_sources(struct watch *w, const struct watch_config *old, bool same)
{
	bool good;

	if (same) {
		w->config.source = old->source;
		feed_config(w->feed, &w->config);
		return true;
	}
	live_free(w->live);
	feed_restart(w->feed, &w->batch, watch_wall());
	feed_config(w->feed, &w->config);
	watch_begin_hearing(w);
	good = watch_open_sources(w);
	live_start(w->live);
	return good;
}

static bool asks_by_territory(const struct watch_config *c)
{
	for (size_t i = 0; i < c->sources; i++)
		if (c->source[i].kind == SOURCE_RIS && !c->source[i].ris_all)
			return true;
	return false;
}

void watch_force_again(struct watch *w, struct watch_config *fresh)
{
	struct facts *facts = watch_load_facts(fresh), *facts_before = NULL;
	const struct territory **who = watch_find_who(fresh, facts);
	struct watch_config old = w->config;
	uint64_t watched = watched_digest(fresh, facts);
	bool goes_on = watched == w->watched, good = true, alerts_good;
	bool same = old.sources_digest == fresh->sources_digest && old.sources == fresh->sources &&
		    (goes_on || !asks_by_territory(fresh));

	if (!who || !watch_find_routes(fresh, facts, who)) {
		warn_line("isthmus watch: the configuration before stays in force");
		free(who);
		facts_free(facts);
		watch_config_free(fresh);
		return;
	}
	watch_deliver(w);
	watch_commit(w);
	w->config = *fresh;
	w->kept = mem_grow(w->kept, w->n_kept + 1, sizeof *w->kept);
	w->kept[w->n_kept++] = old; /* sources that go on, and alerts that do, point into it */
	if (goes_on) {
		facts_free(facts);
		free(who);
	} else {
		facts_before = w->facts;
		w->facts = facts;
		free(w->who);
		w->who = who;
		w->watched = watched;
	}
	good &= take_sources(w, &old, same);
	if (!goes_on) {
		if (w->store)
			store_close(w->store);
		w->store = NULL;
		good &= open_store(w);
		open_detect(w);
		warn_line("isthmus watch: what is watched has changed: watching begins anew, and events "
			  "under way are not told as over");
	}
	alerts_good = open_alerts(w, old.spool);
	if (!alerts_good && w->alerts) { /* those go on and name networks by the facts that they have */
		w->old_facts = mem_grow(w->old_facts, w->n_old_facts + 1, sizeof *w->old_facts);
		w->old_facts[w->n_old_facts++] = facts_before;
	} else {
		facts_free(facts_before);
	}
	warn_line("isthmus watch: %s configuration is in force: %zu sources, %zu alert routes",
	    good && alerts_good ? "the new" : "what works of the new", w->config.sources, w->config.routes);
}
