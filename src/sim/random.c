/* sim/random: see random.h. */
#include "sim/random.h"

#include "base/mem.h"
#include "base/out.h"
#include "sim/rand.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TIER1 = 5,
	TRANSITS = 14,
	COUNTRIES = 12,
	STUBS_MAX = 3,
	PREFIXES_MAX = 10,
	SPARES = 4, /* providers that come later */
	PEERS = 24,
	HOURS = 6,
};

enum { ASN_TIER1 = 100, ASN_TRANSIT = 1000, ASN_GATEWAY = 20000, ASN_STUB = 30000 };

struct country {
	unsigned provider[3]; /* index of a transit network */
	unsigned providers;
	unsigned spare; /* a transit network that is not yet its provider */
	unsigned stubs, prefixes;
	bool used; /* something happens to it */
};
struct text {
	struct out o;
	struct rand r;
	struct country country[COUNTRIES];
	unsigned minute; /* of the next event */
};

/* User-assigned codes of ISO 3166: no real country. */
static const char *code(unsigned c)
{
	static const char codes[COUNTRIES][3] = {
	    "XA", "XB", "XC", "XD", "XE", "XF", "XG", "XH", "XI", "XJ", "XL", "XM"};
	return codes[c];
}

static unsigned below(struct text *t, unsigned n)
{
	return rand_below(&t->r, n);
}

static void write_carriers(struct text *t)
{
	out_str(&t->o, "clique");
	for (unsigned i = 0; i < TIER1; i++)
		out_printf(&t->o, " %u", ASN_TIER1 + i);
	out_char(&t->o, '\n');
	for (unsigned i = 0; i < TIER1; i++)
		out_printf(&t->o, "as %u QM Global %u\nannounce %u 9.%u.0.0/16 9.%u.0.0/16\n", ASN_TIER1 + i,
		    i, ASN_TIER1 + i, 2 * i, 2 * i + 1);
	for (unsigned i = 0; i < TRANSITS; i++) {
		out_printf(&t->o, "as %u %s Transit %u\nannounce %u 11.%u.0.0/16 11.%u.0.0/16\n",
		    ASN_TRANSIT + i, i % 2 ? "QN" : "QO", i, ASN_TRANSIT + i, 2 * i, 2 * i + 1);
		out_printf(&t->o, "provides %u %u\nprovides %u %u\n", ASN_TIER1 + i % TIER1, ASN_TRANSIT + i,
		    ASN_TIER1 + (i + 1 + below(t, TIER1 - 1)) % TIER1, ASN_TRANSIT + i);
		for (unsigned k = 0; k < i; k++)
			if (below(t, 4) == 0)
				out_printf(&t->o, "peers %u %u\n", ASN_TRANSIT + i, ASN_TRANSIT + k);
	}
}

/* A gateway with its carriers, stubs behind it, blocks of /16 cut in /24. */
static void write_country(struct text *t, unsigned c)
{
	struct country *x = &t->country[c];
	unsigned asn = ASN_GATEWAY + c, first = below(t, TRANSITS);

	x->providers = 1 + below(t, 3);
	x->stubs = below(t, STUBS_MAX + 1);
	x->prefixes = 2 + below(t, PREFIXES_MAX - 1);
	x->spare = (first + 5) % TRANSITS;
	out_printf(&t->o, "as %u %s Incumbent of %s\n", asn, code(c), code(c));
	for (unsigned i = 0; i < x->providers; i++) {
		x->provider[i] = (first + 1 + i * 2) % TRANSITS;
		if (x->provider[i] == x->spare)
			x->provider[i] = (x->spare + 1) % TRANSITS;
		out_printf(&t->o, "provides %u %u\n", ASN_TRANSIT + x->provider[i], asn);
	}
	out_printf(&t->o, "provides %u %u down\nannounce %u", ASN_TRANSIT + x->spare, asn, asn);
	for (unsigned i = 0; i < x->prefixes; i++)
		out_printf(&t->o, " %u.%u.%u.0/%u", 40 + c, 10, 4 * i, i % 3 ? 22U : 24U);
	out_char(&t->o, '\n');
	for (unsigned i = 0; i < x->stubs; i++)
		out_printf(&t->o, "as %u %s Network %u of %s\nprovides %u %u\nannounce %u %u.%u.0.0/20\n",
		    ASN_STUB + c * 10 + i, code(c), i, code(c), asn, ASN_STUB + c * 10 + i,
		    ASN_STUB + c * 10 + i, 40 + c, 20 + i);
	out_printf(&t->o, "territory %s name Made country %s\n", code(c), code(c));
}

static void write_peers(struct text *t)
{
	for (unsigned i = 0; i < PEERS; i++) {
		unsigned asn = i < TIER1 ? ASN_TIER1 + i : ASN_TRANSIT + (i - TIER1);
		if (i == PEERS / 2)
			out_str(&t->o, "collector sim-ris ris every 5m gz\n");
		if (i == 0)
			out_printf(&t->o, "collector sim-views routeviews every 15m gz%s\n",
			    below(t, 4) ? "" : " skew 2s");
		if (asn >= ASN_TRANSIT + TRANSITS) /* the last are stubs of no measured country */
			asn = 50000 + i;
		out_printf(&t->o, "peer %u 198.18.0.%u%s\n", asn, i + 1, i % 11 == 10 ? " part 30" : "");
	}
	for (unsigned i = TIER1 + TRANSITS; i < PEERS; i++)
		out_printf(&t->o, "as %u QP Watcher %u\nprovides %u %u\nannounce %u 12.%u.0.0/16\n",
		    50000 + i, i, ASN_TRANSIT + below(t, TRANSITS), 50000 + i, 50000 + i, i);
	out_str(&t->o, "peer 50099 198.18.1.1 part 25 down\nas 50099 QP Latecomer\n");
	out_printf(&t->o, "provides %u 50099\n", ASN_TRANSIT + below(t, TRANSITS));
}

static void at(struct text *t, unsigned from, unsigned minutes)
{
	out_printf(&t->o, "at +%us", from * 60 + below(t, 60));
	if (minutes)
		out_printf(&t->o, "..+%us", minutes * 60);
	out_char(&t->o, ' ');
}

/* A country to which nothing has happened yet; two carriers or more where that is wanted. */
static struct country *fresh(struct text *t, bool two, unsigned *c)
{
	for (unsigned i = 0, start = below(t, COUNTRIES); i < COUNTRIES; i++) {
		*c = (start + i) % COUNTRIES;
		if (!t->country[*c].used && (!two || t->country[*c].providers > 1)) {
			t->country[*c].used = true;
			return &t->country[*c];
		}
	}
	return NULL;
}

static void event_new(struct text *t)
{
	unsigned c;
	struct country *x = fresh(t, false, &c);

	if (!x)
		return;
	at(t, t->minute, below(t, 2) ? 0 : 50 + below(t, 60));
	out_printf(&t->o, "up %u %u\n", ASN_TRANSIT + x->spare, ASN_GATEWAY + c);
}

static void event_lost(struct text *t)
{
	unsigned c;
	struct country *x = fresh(t, true, &c);

	if (!x)
		return;
	at(t, t->minute, below(t, 2) ? 0 : 45 + below(t, 60));
	out_printf(&t->o, "down %u %u\n", ASN_TRANSIT + x->provider[0], ASN_GATEWAY + c);
}

static void event_outage(struct text *t)
{
	unsigned c, from = t->minute, minutes = 3 + below(t, 40);
	struct country *x = fresh(t, false, &c);

	if (!x)
		return;
	/* All at one moment: the seconds are drawn once. */
	out_printf(&t->o, "at +%us..+%us withdraw %u\n", from * 60 + 11, minutes * 60, ASN_GATEWAY + c);
	for (unsigned i = 0; i < x->stubs; i++)
		out_printf(&t->o, "at +%us..+%us withdraw %u\n", from * 60 + 11, minutes * 60,
		    ASN_STUB + c * 10 + i);
}

static void event_prefix_move(struct text *t)
{
	unsigned c;
	struct country *x = fresh(t, true, &c);

	if (!x)
		return;
	at(t, t->minute, 0);
	out_printf(&t->o, "announce %u %u.10.0.0/24 not %u\n", ASN_GATEWAY + c, 40 + c,
	    ASN_TRANSIT + x->provider[0]);
}

static void event_hijack(struct text *t)
{
	unsigned c, thief = below(t, TRANSITS), minutes = 10 + below(t, 90);
	struct country *x = fresh(t, false, &c);

	if (!x)
		return;
	at(t, t->minute, minutes);
	switch (below(t, 3)) {
	case 0:
		out_printf(&t->o, "announce %u %u.10.0.0/24\n", ASN_TRANSIT + thief, 40 + c);
		break;
	case 1:
		out_printf(&t->o, "announce %u %u.10.5.0/24\n", ASN_TRANSIT + thief,
		    40 + c); /* of the second, a /22 */
		break;
	default:
		out_printf(&t->o, "announce %u %u.10.0.0/24 path %u\n", ASN_TRANSIT + thief, 40 + c,
		    ASN_GATEWAY + c);
	}
}

static void event_leak(struct text *t)
{
	unsigned c, victim;
	struct country *x = fresh(t, true, &c), *y = fresh(t, false, &victim);

	if (!x || !y)
		return;
	at(t, t->minute, 20 + below(t, 60));
	out_printf(&t->o, "leak %u %u", ASN_GATEWAY + c, ASN_TRANSIT + x->provider[1]);
	for (unsigned i = 0; i < y->prefixes; i++)
		out_printf(&t->o, " %u.10.%u.0/%u", 40 + victim, 4 * i, i % 3 ? 22U : 24U);
	out_char(&t->o, '\n');
}

static void event_primary(struct text *t)
{
	unsigned c;
	struct country *x = fresh(t, true, &c);

	if (!x)
		return;
	at(t, t->minute, below(t, 2) ? 0 : 60 + below(t, 60));
	out_printf(&t->o, "prepend %u %u %u\n", ASN_GATEWAY + c,
	    ASN_TRANSIT + x->provider[below(t, x->providers)], 3 + below(t, 3));
}

static const char *peer_somewhere(struct text *t, char text[32])
{
	unsigned i = below(t, TIER1 + TRANSITS);

	/* Half of the peers are at each collector. */
	snprintf(text, 32, "%s 198.18.0.%u", i < PEERS / 2 ? "sim-views" : "sim-ris", i + 1);
	return text;
}

static void fault(struct text *t, unsigned kind, unsigned minute)
{
	char peer[32];
	unsigned c = below(t, COUNTRIES), i;

	switch (kind) {
	case 0:
		at(t, minute, 1 + below(t, 30));
		out_printf(&t->o, "reset %s\n", peer_somewhere(t, peer));
		break;
	case 1:
		at(t, minute, 1 + below(t, 10));
		out_printf(&t->o, "reset %s silent\n", peer_somewhere(t, peer));
		break;
	case 2:
		at(t, minute, 2 + below(t, 20));
		out_printf(&t->o, "restart %s\n", below(t, 2) ? "sim-ris" : "sim-views");
		break;
	case 3:
		at(t, minute, 0);
		out_str(&t->o, "join sim-ris 50099\n");
		break;
	case 4: /* too short to be an outage */
		i = minute * 60;
		out_printf(
		    &t->o, "at +%us..+%us withdraw %u %u.10.0.0/24\n", i, 25U, ASN_GATEWAY + c, 40 + c);
		break;
	default:
		at(t, minute, 200);
		out_printf(
		    &t->o, "zombie %u,%u\n", ASN_TRANSIT + below(t, TRANSITS), ASN_TIER1 + below(t, TIER1));
	}
}

char *scenario_random(uint64_t seed)
{
	static void (*const events[])(struct text *) = {
	    event_new, event_lost, event_outage, event_prefix_move, event_hijack, event_leak, event_primary};
	struct text t = {.r = {rand_of(seed, 2024, 7)}, .minute = 35};
	unsigned n;

	out_open_mem(&t.o);
	out_printf(&t.o, "# Made by `isthmus simulate --random --seed %lu`.\nname random-%lu\n",
	    (unsigned long)seed, (unsigned long)seed);
	out_printf(&t.o, "start 2024-03-01T00:00:00Z\nend +%uh\nseed %lu\n", (unsigned)HOURS,
	    (unsigned long)(seed & 0x7fffffff));
	out_str(&t.o, "convergence 20s\nchurn 20\nrib every 8h\n");
	write_carriers(&t);
	for (unsigned c = 0; c < COUNTRIES; c++)
		write_country(&t, c);
	write_peers(&t);
	n = 3 + below(&t, 4);
	for (unsigned i = 0; i < n; i++) {
		events[below(&t, sizeof events / sizeof *events)](&t);
		t.minute += 25 + below(&t, 20);
	}
	for (unsigned kind = 0; kind < 6; kind++)
		if (below(&t, 2))
			fault(&t, kind, 20 + below(&t, HOURS * 60 - 100));
	out_char(&t.o, '\0');
	return t.o.buf;
}
