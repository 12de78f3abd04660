/*
 * decode/mrt: the frame of an MRT stream (RFC 6396 2): one record after another, and the way back into step
 * where the framing is damaged. In: bytes. Out: one update at a time. The reader's state is plain values.
 */
#include "decode/addpath.h"
#include "decode/record.h"

enum step { STEP_UPDATE, STEP_AGAIN, STEP_MORE };
enum { VAIN_FREE = 64 * 1024 * 1024, VAIN_PER_BYTE = 64 }; /* see search_affords */

static void update_begin(struct update *u, uint64_t at, const uint8_t *p, size_t n)
{
	memset(u, 0, sizeof *u);
	u->offset = at;
	u->record = (struct span){p, n};
}

/* Does a record begin right behind these bytes? Where there are none to look at: at the end of the stream. */
enum follow { FOLLOW_NO, FOLLOW_YES, FOLLOW_UNSEEN };
static enum follow record_follows(const struct cur *c, size_t n, bool last)
{
	struct mrt_header h;
	size_t left = cur_left(c) - n;

	if (left < MRT_HEADER)
		return !last ? FOLLOW_UNSEEN : left == 0 ? FOLLOW_YES : FOLLOW_NO;
	h = mrt_header_of(c->p + n);
	return record_plausible(&h) ? FOLLOW_YES : FOLLOW_NO;
}

static void record_count(struct mrt *m, uint16_t type)
{
	m->records[type < 63 ? type : 63]++;
	m->n_records++;
}

/*
 * While the next record is looked for, every byte may look like the header of a long one, whose body is then
 * walked to its end for nothing: a file can be made so that this never ends. So a body is only read where the
 * bodies read in vain, with it, stay below some multiple of the bytes passed over. Damage by chance stays far
 * below: few bytes look like headers.
 */
static bool search_affords(const struct mrt *m, size_t body)
{
	return m->vain + body <= VAIN_FREE + VAIN_PER_BYTE * (m->faults.skipped_bytes + m->sought);
}

static enum step lose(struct mrt *m, struct cur *c, uint64_t at)
{
	if (!m->lost)
		fault_add(&m->faults, FAULT_MRT_LENGTH, at);
	m->lost = true;
	c->p++;
	m->faults.skipped_bytes++;
	return STEP_AGAIN;
}

/* ---- TABLE_DUMP of 2000: many entries behind one view and sequence, and a length that is short by four ----
 */

static bool entries_tile(uint16_t subtype, struct span entries)
{
	while (entries.n) {
		size_t n = table_dump_entry_size(subtype, entries);
		if (n == 0)
			return false;
		entries.p += n;
		entries.n -= n;
	}
	return true;
}

/* The body's true size: as the header says, or four more; 0 where neither fits. */
static size_t table_dump_size(const struct mrt_header *h, const struct cur *c)
{
	const uint8_t *entries = c->p + MRT_HEADER + 4;

	for (size_t size = h->length; size <= h->length + 4U; size += 4)
		if (size > 4 && cur_left(c) >= MRT_HEADER + size &&
		    entries_tile(h->subtype, (struct span){entries, size - 4}))
			return size;
	return 0;
}

static enum step pending_next(struct mrt *m, struct cur *c, uint64_t at, struct update *u)
{
	struct cur body = cur_of(c->p, m->pending);
	size_t n;

	if (cur_left(c) < m->pending)
		return STEP_MORE;
	update_begin(u, at, c->p, 0);
	u->type = MRT_TABLE_DUMP;
	u->subtype = m->pending_subtype;
	u->view = m->pending_view;
	u->time = utime_of(m->pending_time, 0);
	table_dump_entry(m->pending_subtype, &body, u);
	n = m->pending - cur_left(&body);
	u->record.n = n;
	c->p += n;
	m->pending -= (unsigned)n;
	return STEP_UPDATE;
}

/* ---- one record ---- */

static enum step frame_cut(struct mrt *m, struct cur *c, uint64_t at);

static enum step frame_unknown(
    struct mrt *m, struct cur *c, const struct mrt_header *h, uint64_t at, bool last, struct update *u)
{
	size_t n = MRT_HEADER + (size_t)h->length;

	if (!record_plausible(h) && (h->type == 0 || h->length > UINT16_MAX))
		return lose(m, c, at);
	if (cur_left(c) < n)
		return last ? frame_cut(m, c, at) : STEP_MORE;
	switch (record_follows(c, n, last)) {
	case FOLLOW_NO:
		return lose(m, c, at);
	case FOLLOW_UNSEEN:
		return STEP_MORE;
	case FOLLOW_YES:
		break;
	}
	update_begin(u, at, c->p, n);
	u->kind = UPDATE_OTHER;
	u->type = h->type;
	u->subtype = h->subtype;
	u->time = utime_of(h->time, 0);
	fault_add(&m->faults, FAULT_MRT_UNKNOWN, at);
	record_count(m, h->type);
	c->p += n;
	m->lost = false;
	return STEP_UPDATE;
}

/*
 * A BGP message tells its own length. Where it ends before its record, and another record of these days
 * begins right there, it is the record's length that is damaged.
 */
static enum follow message_is_whole(
    const struct mrt *m, const struct cur *c, const struct update *u, bool last)
{
	const uint8_t *end;
	struct mrt_header h;

	if (m->lost || !u->message.n)
		return FOLLOW_NO;
	end = u->message.p + u->message.n;
	if (c->end - end < MRT_HEADER)
		return last ? FOLLOW_NO : FOLLOW_UNSEEN;
	h = mrt_header_of(end);
	return record_known(&h) && h.time - be32(c->p) + (1U << 20) <= 1U << 21 ? FOLLOW_YES : FOLLOW_NO;
}

/* A record whose body does not fit it, or a first one after damage: *n becomes its size, or the stream is
 * lost. */
static enum step frame_doubtful(
    struct mrt *m, struct cur *c, const struct update *u, enum fault fault, size_t *n, uint64_t at, bool last)
{
	enum follow follow = fault == FAULT_MRT_BODY ? message_is_whole(m, c, u, last) : FOLLOW_NO;

	if (follow == FOLLOW_YES) {
		fault_add(&m->faults, FAULT_MRT_LENGTH, at);
		*n = (size_t)(u->message.p + u->message.n - c->p);
		return STEP_UPDATE;
	}
	if (follow == FOLLOW_NO)
		follow = record_follows(c, *n, last);
	if (follow == FOLLOW_UNSEEN)
		return STEP_MORE;
	if (follow == FOLLOW_NO || (m->lost && fault))
		return lose(m, c, at);
	if (fault)
		fault_add(&m->faults, fault, at);
	return STEP_UPDATE;
}

static enum step frame_known(
    struct mrt *m, struct cur *c, const struct mrt_header *h, uint64_t at, bool last, struct update *u)
{
	size_t n = MRT_HEADER + (size_t)h->length, size;
	enum fault fault;
	unsigned rest;

	if (m->lost && !search_affords(m, h->length))
		return lose(m, c, at);
	if (cur_left(c) < n)
		return last ? frame_cut(m, c, at) : STEP_MORE;
	update_begin(u, at, c->p, n);
	fault = record_read(h, cur_of(c->p + MRT_HEADER, h->length), u, &rest);
	if (h->type == MRT_TABLE_DUMP && (fault || rest)) {
		if (cur_left(c) < n + 4 && !last)
			return STEP_MORE;
		if ((size = table_dump_size(h, c)) > 0) {
			m->pending = (unsigned)size - 4;
			m->pending_time = h->time;
			m->pending_subtype = h->subtype;
			m->pending_view = be16(c->p + MRT_HEADER);
			record_count(m, h->type);
			c->p += MRT_HEADER + 4;
			m->lost = false;
			return STEP_AGAIN;
		}
		fault = FAULT_MRT_BODY;
	}
	if (fault || (m->lost && !record_certain(h))) {
		enum step step = frame_doubtful(m, c, u, fault, &n, at, last);
		if (step == STEP_AGAIN)
			m->vain += h->length;
		if (step != STEP_UPDATE)
			return step;
	}
	m->lost = false;
	record_count(m, h->type);
	if (u->kind == UPDATE_MESSAGE)
		addpath_settle(m, u);
	c->p += n;
	return STEP_UPDATE;
}

static enum step frame(struct mrt *m, struct cur *c, uint64_t at, bool last, struct update *u)
{
	struct mrt_header h;

	if (cur_left(c) < MRT_HEADER) {
		m->found = 0;
		return last && cur_left(c) ? frame_cut(m, c, at) : STEP_MORE;
	}
	h = mrt_header_of(c->p);
	if (record_known(&h))
		return frame_known(m, c, &h, at, last, u);
	if (m->lost)
		return lose(m, c, at);
	return frame_unknown(m, c, &h, at, last, u);
}

/* Does a whole record that cannot be chance, or one that ends with them, begin with these last bytes? */
static bool record_begins(struct mrt *m, const struct cur *c)
{
	struct mrt_header h = mrt_header_of(c->p);
	size_t left = cur_left(c) - MRT_HEADER;
	struct update u;
	unsigned rest;

	if (!record_known(&h) || left < h.length || (!record_certain(&h) && left > h.length) ||
	    !search_affords(m, h.length))
		return false;
	update_begin(&u, 0, c->p, 0);
	if (record_read(&h, cur_of(c->p + MRT_HEADER, h.length), &u, &rest) == FAULT_NONE && !rest)
		return true;
	m->vain += h.length;
	return false;
}

/* Is there one somewhere behind these? Where one was found, it is there for all before it. */
static bool record_within(struct mrt *m, struct cur c)
{
	if (m->found && cur_left(&c) > m->found)
		return true;
	for (c.p++; cur_left(&c) >= MRT_HEADER; c.p++) {
		m->sought++;
		if (record_begins(m, &c)) {
			m->found = cur_left(&c);
			return true;
		}
	}
	return false;
}

/* The last bytes are no whole record: the stream was cut here, or this record's length is damaged. */
static enum step frame_cut(struct mrt *m, struct cur *c, uint64_t at)
{
	if (record_within(m, *c))
		return lose(m, c, at);
	if (m->lost)
		m->faults.skipped_bytes += cur_left(c);
	else
		fault_add(&m->faults, FAULT_MRT_CUT, at);
	c->p = c->end;
	m->found = 0;
	return STEP_MORE;
}

enum mrt_status mrt_next(struct mrt *m, struct cur *c, uint64_t offset, bool last, struct update *u)
{
	const uint8_t *begin = c->p;

	for (;;) {
		uint64_t at = offset + (uint64_t)(c->p - begin);
		enum step step = m->pending ? pending_next(m, c, at, u) : frame(m, c, at, last, u);
		if (step != STEP_AGAIN)
			return step == STEP_UPDATE ? MRT_UPDATE : MRT_MORE;
	}
}
