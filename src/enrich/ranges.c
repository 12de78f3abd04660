/* enrich/ranges: see ranges.h. */
#include "enrich/ranges.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void intervals_add(struct intervals *list, uint64_t first, uint64_t last, uint32_t value, uint32_t rank)
{
	if (last < first)
		return;
	list->v = vec_room(list->v, list->n, &list->cap, sizeof *list->v);
	list->v[list->n++] = (struct interval){first, last, value, rank};
}

void intervals_join(struct intervals *to, const struct intervals *from)
{
	for (size_t i = 0; i < from->n; i++)
		intervals_add(to, from->v[i].first, from->v[i].last, from->v[i].value, from->v[i].rank);
}

/* The open intervals at the sweep's place: a heap with the one that wins on top. */
struct open {
	uint32_t *heap; /* indices into the list */
	size_t n;
	const struct interval *v;
	const uint32_t *order; /* of each interval as it was given */
};

static bool wins(const struct open *o, uint32_t a, uint32_t b)
{
	const struct interval *x = &o->v[a], *y = &o->v[b];
	uint64_t nx = x->last - x->first, ny = y->last - y->first;

	if (x->rank != y->rank)
		return x->rank > y->rank;
	if (nx != ny)
		return nx < ny;
	return o->order[a] > o->order[b];
}

static void open_push(struct open *o, uint32_t id)
{
	size_t i = o->n++;

	while (i > 0 && wins(o, id, o->heap[(i - 1) / 2])) {
		o->heap[i] = o->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	o->heap[i] = id;
}

static void open_pop(struct open *o)
{
	uint32_t id = o->heap[--o->n];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= o->n)
			break;
		if (child + 1 < o->n && wins(o, o->heap[child + 1], o->heap[child]))
			child++;
		if (!wins(o, o->heap[child], id))
			break;
		o->heap[i] = o->heap[child];
		i = child;
	}
	if (o->n)
		o->heap[i] = id;
}

static void emit(struct ranges *r, size_t *cap, uint64_t start, uint32_t value)
{
	if (r->n && r->start[r->n - 1] == start)
		r->n--; /* an empty range */
	if (r->n && r->value[r->n - 1] == value)
		return;
	if (r->n + 1 >= *cap) {
		*cap = *cap ? *cap * 2 : 64;
		r->start = mem_grow(r->start, *cap, sizeof *r->start);
		r->value = mem_grow(r->value, *cap, sizeof *r->value);
	}
	r->start[r->n] = start;
	r->value[r->n++] = value;
}

struct keyed {
	struct interval x;
	uint32_t order;
};

static int by_first(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->x.first != y->x.first)
		return x->x.first < y->x.first ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Sorts by first; returns where each stood before, to be freed. Files come sorted, then nothing moves. */
static uint32_t *sort_list(struct intervals *list)
{
	uint32_t *order = mem_array(list->n + 1, sizeof *order);
	struct keyed *k;
	bool sorted = true;

	for (size_t i = 0; i < list->n; i++) {
		order[i] = (uint32_t)i;
		sorted = sorted && (i == 0 || list->v[i - 1].first <= list->v[i].first);
	}
	if (sorted)
		return order;
	k = mem_array(list->n, sizeof *k);
	for (size_t i = 0; i < list->n; i++)
		k[i] = (struct keyed){list->v[i], (uint32_t)i};
	qsort(k, list->n, sizeof *k, by_first);
	for (size_t i = 0; i < list->n; i++) {
		list->v[i] = k[i].x;
		order[i] = k[i].order;
	}
	free(k);
	return order;
}

/* Up to the key `until`, the winner changes wherever it ends before that. */
static void sweep(struct ranges *r, size_t *cap, struct open *o, uint64_t *at, uint64_t until)
{
	while (o->n) {
		const struct interval *top = &o->v[o->heap[0]];
		if (top->last < *at) {
			open_pop(o);
			continue;
		}
		emit(r, cap, *at, top->value);
		if (top->last >= until)
			return;
		*at = top->last + 1;
	}
	emit(r, cap, *at, 0);
}

/* About four cells a range are enough: a small table gets a small index. */
static unsigned enough_bits(size_t n, unsigned most)
{
	unsigned bits = 2;

	while (bits < most && n >> (bits - 2))
		bits++;
	return bits;
}

void ranges_index(struct ranges *r, unsigned most)
{
	unsigned bits = enough_bits(r->n, most);
	size_t cells = (size_t)1 << bits, i = 0;

	r->shift = 64 - bits;
	r->index = mem_array(cells + 1, sizeof *r->index);
	for (size_t c = 0; c < cells; c++) {
		while (i + 1 < r->n && r->start[i + 1] <= (uint64_t)c << r->shift)
			i++;
		r->index[c] = (uint32_t)i;
	}
	r->index[cells] = (uint32_t)(r->n - 1);
}

void ranges_build(struct ranges *r, struct intervals *list, unsigned index_bits)
{
	uint32_t *order = sort_list(list);
	struct open o = {.heap = mem_array(list->n + 1, sizeof *o.heap), .v = list->v, .order = order};
	uint64_t at = 0;
	size_t cap = 0;

	memset(r, 0, sizeof *r);
	emit(r, &cap, 0, 0);
	for (size_t i = 0; i < list->n; i++) {
		if (list->v[i].first > at) {
			sweep(r, &cap, &o, &at, list->v[i].first - 1);
			at = list->v[i].first;
		}
		open_push(&o, (uint32_t)i);
	}
	sweep(r, &cap, &o, &at, UINT64_MAX);
	r->start[r->n] = UINT64_MAX;
	ranges_index(r, index_bits);
	free(o.heap);
	free(order);
}

void ranges_free(struct ranges *r)
{
	if (!r->borrowed) {
		free(r->start);
		free(r->value);
	}
	free(r->index);
	memset(r, 0, sizeof *r);
}

uint32_t ranges_of(const struct ranges *r, const struct prefix *p)
{
	uint64_t first = prefix_first(p), last = prefix_last(p), most = 0;
	size_t i = ranges_at(r, first), end;
	uint32_t best = 0;
	uint64_t sum[64];
	uint32_t value[64];
	size_t n = 0;

	if (ranges_last(r, i) >= last)
		return r->value[i];
	end = ranges_at(r, last);
	for (; i <= end; i++) {
		uint64_t low = r->start[i] < first ? first : r->start[i];
		uint64_t high = ranges_last(r, i) > last ? last : ranges_last(r, i);
		size_t k = 0;
		while (k < n && value[k] >> 8 != r->value[i] >> 8)
			k++;
		if (k == 64)
			continue;
		if (k == n) {
			value[n] = r->value[i];
			sum[n++] = 0;
		}
		sum[k] += (high - low) / 2 + 1; /* halved: a whole family would overflow */
	}
	for (size_t k = 0; k < n; k++)
		if (value[k] && sum[k] > most) {
			most = sum[k];
			best = value[k];
		}
	return best;
}
