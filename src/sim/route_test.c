/*
 * Tests of routes: graphs small enough to work by hand, the slow way against the fast one, no path with a
 * valley, the published figures of a real graph, and BGPy's published cases.
 */
#include "sim/route.h"

#include "base/mem.h"
#include "sim/rand.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those above it */
#include <cmocka.h>

struct net { /* a graph with one announcement on it */
	struct graph g;
	struct spread *s;
	struct route *r;
	struct seed seed[4];
	struct announcement a;
};

static void net_make(struct net *t, const char *const *lines)
{
	struct edges e = {0};

	memset(t, 0, sizeof *t);
	for (; *lines; lines++)
		assert_true(edges_line(&e, *lines));
	graph_build(&t->g, &e, NULL, 0);
	edges_free(&e);
	t->s = spread_new(&t->g);
	t->r = mem_array(t->g.n, sizeof *t->r);
	t->a = (struct announcement){.seed = t->seed, .seeds = 1};
}

static void net_free(struct net *t)
{
	spread_free(t->s);
	free(t->r);
	graph_free(&t->g);
}

static uint32_t node(const struct net *t, asn_t asn)
{
	uint32_t x = graph_node(&t->g, asn);

	assert_int_not_equal(x, NODE_NONE);
	return x;
}

static uint32_t link_between(const struct net *t, asn_t from, asn_t to)
{
	uint32_t l = graph_link(&t->g, node(t, from), node(t, to));

	assert_int_not_equal(l, LINK_NONE);
	return l;
}

static const char *text_of(struct net *t, asn_t asn)
{
	static char text[512];
	asn_t path[64];
	size_t n = route_path(&t->g, &t->a, t->r, node(t, asn), path, 64), at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, i ? " %u" : "%u", path[i]);
	return text;
}

static void spread(struct net *t, asn_t origin)
{
	if (origin)
		t->seed[0].node = node(t, origin);
	graph_judge(&t->g);
	assert_true(route_spread(t->s, &t->g, &t->a, t->r));
}

/* 1 and 2 peer at the top; 3 below 1, 4 below 2; 5 below 3 and 4; 6 below 4 alone; 3 and 4 peer. */
static const char *const diamond[] = {
    "1|2|0", "1|3|-1", "2|4|-1", "3|5|-1", "4|5|-1", "4|6|-1", "3|4|0", NULL};

static void export_rules(void **state)
{
	struct net t;

	net_make(&t, diamond);
	spread(&t, 5);
	assert_string_equal(text_of(&t, 5), "5");
	assert_string_equal(text_of(&t, 3), "3 5"); /* a customer's route */
	assert_string_equal(
	    text_of(&t, 1), "1 3 5"); /* a customer's customer's; its peer 2 has one as long */
	assert_string_equal(text_of(&t, 6), "6 4 5"); /* down to a customer */
	spread(&t, 6);
	assert_string_equal(text_of(&t, 3), "3 4 6");   /* the peer's customer route, not the way over 1 */
	assert_string_equal(text_of(&t, 1), "1 2 4 6"); /* 3 does not tell its provider what its peer said */
	assert_string_equal(text_of(&t, 5), "5 4 6");
	spread(&t, 1);
	assert_string_equal(text_of(&t, 4), "4 2 1"); /* 3 does not tell its peer what its provider said */
	assert_string_equal(text_of(&t, 5), "5 3 1");
	assert_string_equal(text_of(&t, 6), "6 4 2 1");
	net_free(&t);
}

static void peers_pass_nothing_on(void **state)
{
	/* Three in a row that peer: the ends do not hear of one another. */
	static const char *const row[] = {"1|2|0", "2|3|0", NULL};
	struct net t;

	net_make(&t, row);
	spread(&t, 1);
	assert_string_equal(text_of(&t, 2), "2 1");
	assert_string_equal(text_of(&t, 3), "");
	net_free(&t);
}

static void choice(void **state)
{
	/* 9 hears of 1 from its customer 8 (longest), its peer 7 and its provider 6 (shortest). */
	static const char *const three[] = {
	    "8|5|-1", "5|4|-1", "4|1|-1", "9|8|-1", "7|4|-1", "9|7|0", "6|1|-1", "6|9|-1", NULL};
	static const char *const two[] = {"2|1|-1", "3|1|-1", "2|9|-1", "3|9|-1", NULL};
	unsigned over_two = 0;
	struct net t;

	net_make(&t, three);
	spread(&t, 1);
	assert_string_equal(text_of(&t, 9), "9 8 5 4 1");
	graph_set_down(&t.g, link_between(&t, 9, 8), true);
	spread(&t, 1);
	assert_string_equal(text_of(&t, 9), "9 7 4 1");
	graph_set_down(&t.g, link_between(&t, 7, 9), true);
	spread(&t, 1);
	assert_string_equal(text_of(&t, 9), "9 6 1");
	net_free(&t);
	net_make(&t, two); /* two as long: the lower neighbour, or by hash about half of the times */
	spread(&t, 1);
	assert_string_equal(text_of(&t, 9), "9 2 1");
	t.a.tie = TIE_EVEN;
	for (t.a.salt = 0; t.a.salt < 1000; t.a.salt++) {
		spread(&t, 1);
		over_two += strcmp(text_of(&t, 9), "9 2 1") == 0;
	}
	assert_in_range(over_two, 420, 580);
	net_free(&t);
}

static void origin_policy(void **state)
{
	struct net t;
	uint32_t four, three;
	struct seed_toward toward;
	asn_t victim = 77;

	net_make(&t, diamond);
	three = node(&t, 3);
	four = node(&t, 4);
	t.seed[0].only = &four; /* selective announcement */
	t.seed[0].onlys = 1;
	spread(&t, 5);
	assert_string_equal(text_of(&t, 3), "3 4 5");
	assert_string_equal(text_of(&t, 1), "1 2 4 5");
	t.seed[0].onlys = 0;
	t.seed[0].not = &four;
	t.seed[0].nots = 1;
	spread(&t, 5);
	assert_string_equal(text_of(&t, 6), "6 4 3 5");
	t.seed[0].nots = 0;
	toward = (struct seed_toward){three, 2};
	t.seed[0].toward =
	    &toward; /* prepending toward one: 1 goes the other way round no more than the rule lets it */
	t.seed[0].towards = 1;
	spread(&t, 5);
	assert_string_equal(text_of(&t, 3), "3 5 5 5"); /* still its customer's */
	assert_string_equal(text_of(&t, 1), "1 3 5 5 5");
	assert_string_equal(text_of(&t, 2), "2 4 5");
	t.seed[0] = (struct seed){.node = node(&t, 5), .tail = &victim, .tails = 1}; /* forged */
	spread(&t, 0);
	assert_string_equal(text_of(&t, 6), "6 4 5 77");
	victim = 4; /* who stands in the forged path does not take it */
	spread(&t, 0);
	assert_string_equal(text_of(&t, 4), "");
	assert_string_equal(text_of(&t, 2), "2 1 3 5 4");
	net_free(&t);
}

static void two_origins(void **state)
{
	struct net t;

	net_make(&t, diamond);
	t.a.seeds = 2;
	t.seed[0].node = node(&t, 3);
	t.seed[1].node = node(&t, 6);
	spread(&t, 0);
	assert_string_equal(text_of(&t, 1), "1 3");
	assert_string_equal(text_of(&t, 4), "4 6"); /* the customer's before the peer's */
	assert_string_equal(text_of(&t, 2), "2 4 6");
	assert_string_equal(text_of(&t, 5), "5 3");
	net_free(&t);
}

static void leak(void **state)
{
	struct net t;
	uint32_t l;

	net_make(&t, diamond);
	spread(&t, 1);
	assert_string_equal(text_of(&t, 4), "4 2 1");
	l = link_between(&t, 5, 4); /* 5 tells its provider 4 what its provider 3 told it */
	t.g.link[l].flags |= LINK_LEAK;
	spread(&t, 1);
	assert_string_equal(text_of(&t, 4), "4 5 3 1"); /* a customer's route is liked best */
	assert_string_equal(text_of(&t, 6), "6 4 5 3 1");
	assert_string_equal(text_of(&t, 2), "2 4 5 3 1"); /* even by the peer of the origin */
	assert_string_equal(text_of(&t, 3), "3 1");       /* who stands in it does not take it */
	net_free(&t);
}

static void preference(void **state)
{
	struct net t;

	net_make(&t, diamond);
	t.g.link[link_between(&t, 5, 4)].prefer = 10; /* of two providers, that one */
	spread(&t, 1);
	assert_string_equal(text_of(&t, 5), "5 4 2 1");
	t.g.link[link_between(&t, 3, 1)].prefer = 110; /* the provider before the peer */
	spread(&t, 6);
	assert_string_equal(text_of(&t, 3), "3 1 2 4 6");
	net_free(&t);
}

/* ---- properties ---- */
static void random_net(struct net *t, struct rand *r, unsigned n)
{
	struct edges e = {0};

	memset(t, 0, sizeof *t);
	for (unsigned i = 2; i <= n; i++) {
		for (unsigned k = 0; k < 1 + rand_below(r, 3); k++)
			edges_add(&e, 1 + rand_below(r, i - 1), i, false, false); /* no circle of providers */
		if (i > 4 && rand_below(r, 2))
			edges_add(&e, i, 1 + rand_below(r, i - 2), true, false);
	}
	graph_build(&t->g, &e, NULL, 0);
	edges_free(&e);
	t->s = spread_new(&t->g);
	t->r = mem_array(t->g.n, sizeof *t->r);
	t->a =
	    (struct announcement){.seed = t->seed, .seeds = 1, .salt = rand_next(r), .tie = rand_below(r, 2)};
	t->seed[0] = (struct seed){.node = rand_below(r, t->g.n), .prepend = (uint8_t)rand_below(r, 3)};
}

/* From the origin outward: up, at most one step across, down. */
static bool has_valley(const struct graph *g, const asn_t *path, size_t n)
{
	bool down = false;

	for (size_t i = n; i-- > 1;) {
		uint32_t from, to, l;
		if (path[i] == path[i - 1])
			continue;
		from = graph_node(g, path[i]);
		to = graph_node(g, path[i - 1]);
		l = graph_link(g, from, to);
		if (l == LINK_NONE || (down && g->link[l].rel != REL_CUSTOMER))
			return true;
		down |= g->link[l].rel != REL_PROVIDER;
	}
	return false;
}

static void three_passes_agree_with_settling(void **state)
{
	struct rand r = {2017};
	uint64_t looked = 0;

	for (int round = 0; round < 300; round++) {
		struct net t;
		struct route *slow;
		unsigned n;
		random_net(&t, &r, n = 10 + rand_below(&r, 60));
		spread(&t, 0);
		slow = mem_array(t.g.n, sizeof *slow);
		assert_true(route_settle(t.s, &t.g, &t.a, slow, &t.seed[0].node, 1, &looked));
		assert_memory_equal(slow, t.r, t.g.n * sizeof *slow);
		for (uint32_t x = 0; x < t.g.n; x++) {
			asn_t path[64];
			size_t k = route_path(&t.g, &t.a, t.r, x, path, 64);
			assert_true(k > 0 || t.r[x].class == CLASS_NONE);
			assert_false(has_valley(&t.g, path, k));
		}
		free(slow);
		net_free(&t);
	}
}

static void incremental_agrees_with_anew(void **state)
{
	struct rand r = {131279};
	uint64_t looked = 0, all = 0;

	for (int round = 0; round < 100; round++) {
		struct net t;
		random_net(&t, &r, 80);
		spread(&t, 0);
		for (int k = 0; k < 20; k++) {
			uint32_t l = rand_below(&r, t.g.links), ends[2] = {t.g.link[l].from, t.g.link[l].to};
			bool down = !(t.g.link[l].flags & LINK_DOWN), used = route_uses(&t.g, t.r, l);
			struct route *before = mem_array(t.g.n, sizeof *before);
			memcpy(before, t.r, t.g.n * sizeof *before);
			graph_set_down(&t.g, l, down);
			assert_true(route_settle(t.s, &t.g, &t.a, t.r, ends, 2, &looked));
			if (down && !used) /* a link that no route takes is missed by nobody */
				assert_memory_equal(before, t.r, t.g.n * sizeof *before);
			memcpy(before, t.r, t.g.n * sizeof *before);
			spread(&t, 0);
			assert_memory_equal(before, t.r, t.g.n * sizeof *before);
			all += t.g.n;
			free(before);
		}
		net_free(&t);
	}
	assert_true(looked < all); /* and it looks at fewer nodes than there are */
}

/* ---- the real graph of 2017 (methods.md 3) ---- */
static void north_korea_on_the_real_graph(void **state)
{
	struct net t = {0};
	struct edges e = {0};
	char why[300];
	double *part, sum = 0;
	size_t reached = 0, lowest = 0;
	uint32_t l;

	if (!edges_read(&e, "../shared/data/as-rel/asrel_201709.txt.gz", why, sizeof why)) {
		edges_free(&e);
		print_message("skipped: no ../shared/data\n");
		skip();
	}
	edges_add(&e, 20485, 131279, false, false);
	graph_build(&t.g, &e, NULL, 0);
	edges_free(&e);
	t.s = spread_new(&t.g);
	t.r = mem_array(t.g.n, sizeof *t.r);
	part = mem_array(t.g.n, sizeof *part);
	t.a = (struct announcement){.seed = t.seed, .seeds = 1};
	spread(&t, 131279);
	l = link_between(&t, 131279, 4837);
	route_parts(t.s, &t.g, &t.a, t.r, l, part);
	for (uint32_t x = 0; x < t.g.n; x++) {
		asn_t path[64];
		size_t n = route_path(&t.g, &t.a, t.r, x, path, 64);
		if (n < 2)
			continue;
		reached++;
		sum += part[x];
		lowest += path[n - 2] == 4837;
		assert_false(has_valley(&t.g, path, n));
	}
	print_message("AS4837 %.4f of %zu ASes with ties split, %.4f with the lowest ASN\n",
	    sum / (double)reached, reached, (double)lowest / (double)reached);
	/* Published for November: 0.56 and 0.605. On the September graph, the nearest there is: */
	assert_true(fabs(sum / (double)reached - 0.56) < 0.03);
	assert_true(fabs((double)lowest / (double)reached - 0.605) < 0.03);
	graph_set_down(&t.g, link_between(&t, 131279, 20485), true);
	spread(&t, 131279);
	route_parts(t.s, &t.g, &t.a, t.r, l, part);
	for (uint32_t x = 0; x < t.g.n; x++)
		assert_true(t.r[x].class == CLASS_NONE || t.r[x].class == CLASS_OWN || part[x] == 1);
	free(part);
	net_free(&t);
}

/* ---- BGPy's published cases: engine states in YAML, read line by line ---- */
struct told_path {
	asn_t as, path[16];
	unsigned n, prefix;
	bool origin;
};
struct published {
	struct edges e;
	struct told_path v[256];
	size_t n;
	char prefix[4][64];
	unsigned prefixes;
	bool plain;
};

static bool published_read(struct published *p, const char *name)
{
	char file[256], line[256], list = 0;
	asn_t as = 0;
	FILE *f;

	snprintf(file, sizeof file, "../shared/data/results-bgpy-sim/%s.engine_gt.yaml", name);
	f = fopen(file, "r");
	if (!f)
		return false;
	memset(p, 0, sizeof *p);
	p->plain = true;
	while (fgets(line, sizeof line, f)) {
		unsigned v;
		char word[64];
		if (sscanf(line, "    %u: !yamlable/AS", &v) == 1 && line[4] != ' ')
			as = v;
		else if (strncmp(line, "      customers:", 16) == 0)
			list = 'c';
		else if (strncmp(line, "      peers:", 12) == 0)
			list = 'p';
		else if (strncmp(line, "      policy:", 13) == 0)
			p->plain &= strncmp(line + 14, "!yamlable/BGP", 13) == 0;
		else if (strncmp(line, "      - ", 8) == 0 && list == 'c')
			edges_add(&p->e, as, (asn_t)atoi(line + 8), false, false);
		else if (strncmp(line, "      - ", 8) == 0 && list == 'p')
			edges_add(&p->e, as, (asn_t)atoi(line + 8), true, false);
		else if (sscanf(line, "          %63[0-9./]: !yamlable/Announcement", word) == 1 &&
			 line[10] != ' ' && strchr(word, '/')) {
			unsigned k = 0;
			while (k < p->prefixes && strcmp(p->prefix[k], word) != 0)
				k++;
			if (k == p->prefixes)
				strcpy(p->prefix[p->prefixes++], word);
			p->v[p->n++] = (struct told_path){.as = as, .prefix = k};
			list = 'a';
		} else if (strncmp(line, "            - ", 14) == 0 && list == 'a') {
			struct told_path *x = &p->v[p->n - 1];
			x->path[x->n++] = (asn_t)atoi(line + 14);
		} else if (strncmp(line, "              name: ORIGIN", 26) == 0 && list == 'a') {
			p->v[p->n - 1].origin = true;
		} else if (line[6] != ' ' && line[6] != '-') {
			list = 0;
		}
	}
	fclose(f);
	return true;
}

static void published_check(const struct published *p, const char *name)
{
	struct net t = {0};
	size_t checked = 0;

	graph_build(&t.g, &p->e, NULL, 0);
	t.s = spread_new(&t.g);
	t.r = mem_array(t.g.n, sizeof *t.r);
	for (unsigned k = 0; k < p->prefixes; k++) {
		uint32_t routes = 0;
		t.a = (struct announcement){.seed = t.seed};
		for (size_t i = 0; i < p->n; i++)
			if (p->v[i].prefix == k && p->v[i].origin && t.a.seeds < 4)
				t.seed[t.a.seeds++] = (struct seed){.node = graph_node(&t.g, p->v[i].as),
				    .tail = p->v[i].path + 1,
				    .tails = p->v[i].n - 1};
		spread(&t, 0);
		for (uint32_t x = 0; x < t.g.n; x++)
			routes += t.r[x].class != CLASS_NONE;
		for (size_t i = 0; i < p->n; i++) {
			asn_t path[64];
			size_t n;
			if (p->v[i].prefix != k)
				continue;
			n = route_path(&t.g, &t.a, t.r, graph_node(&t.g, p->v[i].as), path, 64);
			assert_int_equal(n, p->v[i].n);
			assert_memory_equal(path, p->v[i].path, n * sizeof *path);
			routes--;
			checked++;
		}
		assert_int_equal(routes, 0); /* nobody has a route there that has none here */
	}
	print_message("%s: %zu paths\n", name, checked);
	assert_true(checked > 0);
	net_free(&t);
}

static void bgpy_cases(void **state)
{
	static const char *const names[] = {"ex_000_valid_prefix_bgp_simple",
	    "ex_001_prefix_hijack_bgp_simple", "ex_002_subprefix_hijack_bgp_simple_gao_rexford_demo",
	    "ex_003_subprefix_hijack_bgp", "internal_000", "internal_001", "internal_config_006"};
	static struct published p;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!published_read(&p, names[i])) {
			print_message("skipped: no ../shared/data\n");
			skip();
		}
		assert_true(p.plain); /* every AS there plays by the plain rules */
		published_check(&p, names[i]);
		edges_free(&p.e);
	}
}

static void topology_text(void **state)
{
	struct edges e = {0};

	assert_true(edges_line(&e, "3356|4837|-1|bgp\n"));
	assert_true(edges_line(&e, "1|2|0"));
	assert_false(edges_line(&e, "1|2|1"));
	assert_false(edges_line(&e, "1|2"));
	assert_false(edges_line(&e, "1|1|0"));
	assert_false(edges_line(&e, "x|2|0"));
	assert_int_equal(e.n, 2);
	assert_true(!e.v[0].peers && e.v[0].a == 3356 && e.v[1].peers);
	edges_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(topology_text),
	    cmocka_unit_test(export_rules),
	    cmocka_unit_test(peers_pass_nothing_on),
	    cmocka_unit_test(choice),
	    cmocka_unit_test(origin_policy),
	    cmocka_unit_test(two_origins),
	    cmocka_unit_test(leak),
	    cmocka_unit_test(preference),
	    cmocka_unit_test(three_passes_agree_with_settling),
	    cmocka_unit_test(incremental_agrees_with_anew),
	    cmocka_unit_test(north_korea_on_the_real_graph),
	    cmocka_unit_test(bgpy_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
