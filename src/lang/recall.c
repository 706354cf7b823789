/* SPDX-License-Identifier: MIT */
#include "lang/recall.h"

#include "base/hash.h"

void sq_recall_deinit(struct sq_recall *m)
{
	sq_vec_deinit(&m->parts);
	sq_vec_deinit(&m->typed);
	sq_vec_deinit(&m->defs);
	sq_vec_deinit(&m->refs);
	sq_vec_deinit(&m->imports);
	sq_vec_deinit(&m->strings);
	sq_vec_deinit(&m->same);
	sq_free(m->slots);
}

uint64_t sq_recall_state(uint64_t state, struct sq_slice name, struct sq_slice type)
{
	return sq_hash64(type.p, type.n, sq_hash64(name.p, name.n, state));
}

static struct sq_slice text(const struct sq_recall *m, uint32_t string)
{
	return string == SQ_NONE ? SQ_SLICE_NULL : m->earlier->string(m->earlier->arg, string);
}

/* what @c says as arrays */
static int decode(struct sq_recall *m, const struct sq_columns *c)
{
	struct sq_def_cursor defs;
	struct sq_ref_cursor refs;
	struct sq_import_cursor imports;

	if (sq_vec_reserve(&m->defs, c->n_defs + 1) < 0 || sq_vec_reserve(&m->refs, c->n_refs + 1) < 0 ||
	    sq_vec_reserve(&m->imports, c->n_imports + 1) < 0 || sq_vec_reserve(&m->strings, c->n_strings + 1) < 0)
		return sq_error_origin(-ENOMEM);
	sq_defs_begin(c, &defs);
	while (sq_defs_next(&defs, &m->defs.v[m->defs.n]))
		m->defs.n++;
	sq_refs_begin(c, &refs);
	while (sq_refs_next(&refs, &m->refs.v[m->refs.n]))
		m->refs.n++;
	sq_imports_begin(c, &imports);
	while (sq_imports_next(&imports, &m->imports.v[m->imports.n]))
		m->imports.n++;
	m->strings.n = c->n_strings;
	memset(m->strings.v, 0xff, c->n_strings * sizeof(*m->strings.v));
	return 0;
}

/* the items before line @row + 1 are those of parts before it */
static void find_items(struct sq_recall *m, uint32_t row, struct sq_recall_part *at)
{
	while (at->first_def < m->defs.n && m->defs.v[at->first_def].start_line <= row)
		at->first_def++;
	while (at->first_ref < m->refs.n && m->refs.v[at->first_ref].line <= row)
		at->first_ref++;
	while (at->first_import < m->imports.n && m->imports.v[at->first_import].line <= row)
		at->first_import++;
}

static int add_typed(struct sq_recall *m, struct sq_part_cursor *it, struct sq_recall_part *at)
{
	for (uint32_t i = 0; i < at->part.n_typed; i++) {
		struct sq_typed t;

		sq_typed_next(it, &t);
		at->state = sq_recall_state(at->state, text(m, t.name), text(m, t.type));
		if (sq_vec_push(&m->typed, t) < 0)
			return sq_error_origin(-ENOMEM);
	}
	return 0;
}

static int add_parts(struct sq_recall *m, const struct sq_columns *c)
{
	struct sq_recall_part at = { .state = 0 };
	struct sq_part_cursor it;
	int r = 0;

	sq_parts_begin(c, &it);
	while (!r && sq_parts_next(&it, &at.part)) {
		find_items(m, at.part.row, &at);
		at.first_typed = (uint32_t)m->typed.n;
		r = sq_vec_push(&m->parts, at);
		if (!r)
			r = add_typed(m, &it, &at);
	}
	return r < 0 ? sq_error_trace(r) : 0;
}

static int index_parts(struct sq_recall *m)
{
	uint32_t size = 16;

	while (size < 2 * m->parts.n)
		size *= 2;
	if (size > m->n_slots) {
		sq_free(m->slots);
		m->n_slots = 0;
		m->slots = sq_malloc(size * sizeof(*m->slots));
		if (!m->slots)
			return sq_error_origin(-ENOMEM);
		m->n_slots = size;
	}
	memset(m->slots, 0, m->n_slots * sizeof(*m->slots));
	for (uint32_t i = 0; i < m->parts.n; i++) {
		uint32_t slot = (uint32_t)m->parts.v[i].part.hash & (m->n_slots - 1);

		while (m->slots[slot])
			slot = (slot + 1) & (m->n_slots - 1);
		m->slots[slot] = i + 1;
	}
	return 0;
}

int sq_recall_open(struct sq_recall *m, const struct sq_earlier *earlier)
{
	struct sq_part_cursor it;
	int r;

	sq_vec_clear(&m->parts);
	sq_vec_clear(&m->typed);
	sq_vec_clear(&m->defs);
	sq_vec_clear(&m->refs);
	sq_vec_clear(&m->imports);
	m->earlier = earlier;
	if (!earlier || !earlier->columns)
		return 0;
	sq_parts_begin(earlier->columns, &it);
	if (it.at == it.end)
		return 0;
	r = decode(m, earlier->columns);
	if (!r)
		r = add_parts(m, earlier->columns);
	if (!r)
		r = index_parts(m);
	if (r < 0)
		sq_vec_clear(&m->parts);
	return r < 0 ? sq_error_trace(r) : 0;
}

const struct sq_recall_part *sq_recall_find(const struct sq_recall *m, uint64_t hash, size_t len, uint64_t state)
{
	if (!m->parts.n)
		return NULL;
	for (uint32_t slot = (uint32_t)hash & (m->n_slots - 1); m->slots[slot]; slot = (slot + 1) & (m->n_slots - 1)) {
		const struct sq_recall_part *p = &m->parts.v[m->slots[slot] - 1];

		if (p->part.hash == hash && p->part.len == len && p->state == state)
			return p;
	}
	return NULL;
}

/* ---- saying it again ------------------------------------------------------------ */

struct say {
	struct sq_recall *m;
	struct sq_walk *w;
	const struct sq_recall_part *from;
	uint32_t last_row;              /* lines up to it are the part's */
	uint32_t rows, bytes;           /* how far it moved, modulo 2^32 */
	uint32_t defs;                  /* what is added to the number of a definition */
};

static uint32_t string(const struct say *s, uint32_t i)
{
	uint32_t *known = i == SQ_NONE ? NULL : &s->m->strings.v[i];

	if (!known)
		return SQ_NONE;
	if (*known == SQ_NONE)
		*known = sq_facts_add_string(s->w->builder, text(s->m, i));
	return *known;
}

static void say_defs(const struct say *s)
{
	for (uint32_t i = s->from->first_def; i < s->m->defs.n; i++) {
		struct sq_def d = s->m->defs.v[i];

		if (d.start_line > s->last_row)
			return;
		d.name = string(s, d.name);
		d.parent += d.parent == SQ_NONE ? 0 : s->defs;
		d.start_line += s->rows;
		d.end_line += s->rows;
		d.sig_off += s->bytes;
		(void)sq_facts_add_def(s->w->builder, &d);
	}
}

static void say_refs(const struct say *s)
{
	uint32_t first = s->from->first_ref, end = first;
	struct sq_ref *to;

	while (end < s->m->refs.n && s->m->refs.v[end].line <= s->last_row)
		end++;
	to = sq_facts_add_refs(s->w->builder, end - first);
	for (uint32_t i = first; to && i < end; i++, to++) {
		*to = s->m->refs.v[i];
		to->name = string(s, to->name);
		to->qual = string(s, to->qual);
		to->encl += to->encl == SQ_NONE ? 0 : s->defs;
		to->line += s->rows;
	}
}

static void say_imports(const struct say *s)
{
	for (uint32_t i = s->from->first_import; i < s->m->imports.n; i++) {
		struct sq_import m = s->m->imports.v[i];

		if (m.line > s->last_row)
			return;
		m.target = string(s, m.target);
		m.name = string(s, m.name);
		m.alias = string(s, m.alias);
		m.line += s->rows;
		sq_facts_add_import(s->w->builder, &m);
	}
}

static void say_typed(const struct say *s)
{
	for (uint32_t i = 0; i < s->from->part.n_typed; i++) {
		const struct sq_typed *t = &s->m->typed.v[s->from->first_typed + i];

		sq_walk_local(s->w, sq_walk_sym(s->w, text(s->m, t->name)), sq_walk_sym(s->w, text(s->m, t->type)));
	}
}

int sq_recall_say(struct sq_recall *m, struct sq_walk *w, const struct sq_recall_part *from,
		const struct sq_piece *piece)
{
	const struct say s = {
		.m = m, .w = w, .from = from,
		.last_row = from->part.row + from->part.n_rows,
		.rows = piece->row - from->part.row,
		.bytes = piece->start - from->part.start,
		.defs = sq_facts_n_defs(w->builder) - from->first_def,
	};

	say_defs(&s);
	say_refs(&s);
	say_imports(&s);
	say_typed(&s);
	return w->error;
}

const uint32_t *sq_recall_same(struct sq_recall *m, const struct sq_facts_builder *b, uint32_t n)
{
	sq_vec_clear(&m->same);
	if (!m->parts.n || sq_vec_reserve(&m->same, (size_t)n + 1) < 0)
		return NULL;
	memset(m->same.v, 0xff, n * sizeof(*m->same.v));
	for (uint32_t i = 0; i < m->strings.n; i++) {
		uint32_t rank = m->strings.v[i] == SQ_NONE ? SQ_NONE : sq_facts_builder_rank(b, m->strings.v[i]);

		if (rank != SQ_NONE)
			m->same.v[rank] = i;
	}
	return m->same.v;
}
