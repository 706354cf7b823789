/* SPDX-License-Identifier: MIT */
/*
 * The links of a C file that was linked before. A reference whose meaning is
 * not touched has the link that the older piece gives its meaning. An edit
 * changes one place: the references before it and behind it are those of the
 * older facts, and only those between ask which older one means the same.
 */
#include <string.h>

#include "base/hash.h"
#include "base/varint.h"
#include "facts/scan.h"
#include "graph/linker.h"

#define LINK_BYTES 5u   /* a varint of 32 bits */

/* May the reference mean something else now? With a receiver it may by that one's
 * type, or by a type that is behind that one. */
static bool is_touched(const struct sq_said *s, const struct sq_changed_names *names)
{
	if (!names->any)
		return false;
	return s->how >> 8 == SQ_REF_IMPORT || (names->bits[s->name / 64] >> (s->name % 64) & 1) ||
	       (names->types && (s->qual != SQ_NAME_NONE || (s->how & SQ_REFF_EXPR)));
}

/* each link of the older piece is of one meaning, and stands where that came first */
static uint32_t keep_link(struct sq_linker *l, const struct sq_links *old, uint32_t index)
{
	struct sq_link link = old->links[index];

	if (!index || l->kept.v[index])
		return l->kept.v[index];
	for (unsigned k = 0; k < link.n_listed; k++)
		sq_linker_fail(l, sq_vec_push(&l->targets, old->targets[link.first + k]));
	if (link.state != SQ_LINK_ELIDED)
		link.first = (uint32_t)l->targets.n - link.n_listed;
	sq_linker_fail(l, sq_vec_push(&l->links, link));
	return l->kept.v[index] = (uint32_t)l->links.n - 1;
}

static bool is_base(const struct sq_said *s)
{
	return s->how >> 8 == SQ_REF_INHERIT || s->how >> 8 == SQ_REF_IMPLEMENT;
}

static void clear_kept(struct sq_linker *l, const struct sq_links *old)
{
	sq_vec_clear(&l->kept);
	sq_linker_fail(l, sq_vec_reserve(&l->kept, old->n_links));
	if (l->error)
		return;
	l->kept.n = old->n_links;
	memset(l->kept.v, 0, old->n_links * sizeof(*l->kept.v));
}

/* @ret: [columns.n_refs] */
static void read_said(const struct sq_bound *b, struct sq_said *ret)
{
	struct sq_ref_texts t;

	for (uint32_t first = 0; first < b->columns.n_refs; first += SQ_FACTS_STRIDE) {
		sq_ref_texts_read(&b->columns, first, &t);
		for (uint32_t i = 0; i < t.n; i++)
			ret[first + i] = (struct sq_said){
				.name = b->names[t.name[i]],
				.qual = t.qual[i] == SQ_NONE ? SQ_NAME_NONE : b->names[t.qual[i]],
				.how = (uint32_t)t.kind[i] << 8 | t.flags[i],
			};
	}
}

static void read_links(const struct sq_links *old, uint32_t n_refs, uint32_t *ret)
{
	const uint8_t *at = old->ref_link;

	for (uint32_t i = 0; i < n_refs; i++)
		at = sq_varint_get32(at, &ret[i]);
}

/* what both say, and room for the links */
static int prepare(struct sq_linker *l, const struct sq_file_slot *old)
{
	uint32_t n_old = old->bound->columns.n_refs, n_now = l->b->columns.n_refs;

	if (sq_vec_reserve(&l->old_said, n_old + 1) < 0 || sq_vec_reserve(&l->now_said, n_now + 1) < 0 ||
	    sq_vec_reserve(&l->was, n_old + 1) < 0 || sq_vec_reserve(&l->anchors, n_now / SQ_FACTS_STRIDE + 1) < 0 ||
	    sq_buf_reserve(&l->ref_bytes, (size_t)n_now * LINK_BYTES) < 0)
		return sq_error_origin(-ENOMEM);
	read_said(l->b, l->now_said.v);
	if (old->bound != l->b)
		read_said(old->bound, l->old_said.v);
	read_links(old->links, n_old, l->was.v);
	return 0;
}

/* references [from, to) of @now and as many less or more of @old, between those that are the same */
struct middle { uint32_t from, to, old_to; };

static bool is_same(const struct sq_said *a, const struct sq_said *b)
{
	return a->name == b->name && a->qual == b->qual && a->how == b->how;
}

static struct middle find_middle(const struct sq_linker *l, uint32_t n_old, uint32_t n_now)
{
	struct middle m = { 0, n_now, n_old };

	while (m.from < m.to && m.from < m.old_to && is_same(&l->old_said.v[m.from], &l->now_said.v[m.from]))
		m.from++;
	while (m.to > m.from && m.old_to > m.from && is_same(&l->old_said.v[m.old_to - 1], &l->now_said.v[m.to - 1])) {
		m.to--;
		m.old_to--;
	}
	return m;
}

/* of references with equal meaning; see meaning() in link.c */
static uint64_t key_of(const struct sq_said *s)
{
	uint32_t how = s->how & ~(uint32_t)0xff;

	how |= s->how & (SQ_REFF_TYPED | SQ_REFF_EXPR | SQ_REFF_ARROW);
	return sq_hash_u64((uint64_t)s->name << 32 | s->qual) * 0x9e3779b97f4a7c15ULL ^ sq_hash_u64(how + 1);
}

/* the older links of what the middle says: a filter by name spares most of the older references the look-up */
static void learn_old_refs(struct sq_linker *l, uint32_t n_old, const struct middle *m,
			   const struct sq_changed_names *names)
{
	uint64_t seen[1024 / 64] = { 0 };

	sq_memo_clear(&l->old_memo);
	for (uint32_t i = m->from; i < m->to; i++)
		seen[l->now_said.v[i].name % 1024 / 64] |= 1ull << l->now_said.v[i].name % 64;
	for (uint32_t i = 0; i < n_old && m->from < m->to && !l->error; i++) {
		const struct sq_said *s = &l->old_said.v[i];

		if (!(seen[s->name % 1024 / 64] >> s->name % 64 & 1) || is_touched(s, names))
			continue;
		if (!sq_memo_get(&l->old_memo, key_of(s)))
			sq_linker_fail(l, sq_memo_put(&l->old_memo, key_of(s), l->was.v[i], 0));
	}
}

/* @ret_known: the older link of reference @i, if it has one */
static bool find_old(const struct sq_linker *l, uint32_t i, uint32_t n_old, uint32_t n_now, const struct middle *m,
		     uint32_t *ret_link)
{
	const struct sq_memo_slot *s;

	if (i < m->from || i >= m->to) {
		*ret_link = l->was.v[i < m->from ? i : i - n_now + n_old];
		return true;
	}
	s = sq_memo_get(&l->old_memo, key_of(&l->now_said.v[i]));
	if (s)
		*ret_link = s->first;
	return s != NULL;
}

static uint32_t bind_again(struct sq_linker *l, uint32_t i)
{
	struct sq_ref_cursor it;
	struct sq_ref r;

	sq_refs_seek(&l->b->columns, i, &it);
	(void)sq_refs_next(&it, &r);   /* there is one */
	return sq_link_ref(l, &r);
}

/* the next reference, the @i-th, has the link @index; there is room */
static void put_ref(struct sq_linker *l, uint32_t i, uint32_t index)
{
	uint8_t *at = (uint8_t *)l->ref_bytes.p + l->ref_bytes.n;

	if (i % SQ_FACTS_STRIDE == 0)
		l->anchors.v[l->anchors.n++] = (uint32_t)l->ref_bytes.n;
	l->ref_bytes.n += (size_t)(sq_varint_put(at, index) - at);
}

/* Links are numbered by first use: those of the first references are the older piece's
 * as they stand, while no name is touched. Return: how many references that were */
static uint32_t keep_start(struct sq_linker *l, const struct sq_links *old, uint32_t n_old, uint32_t from)
{
	uint32_t n = from - from % SQ_FACTS_STRIDE, n_blocks = n / SQ_FACTS_STRIDE, last = 0;

	for (uint32_t i = 0; i < n; i++)
		last = SQ_MAX(last, l->was.v[i]);
	for (uint32_t k = 1; k <= last; k++)
		if (keep_link(l, old, k) != k)   /* memory ran out */
			return n_old;
	if (!n)
		return 0;
	l->anchors.n = n_blocks;
	memcpy(l->anchors.v, old->ref_anchor, n_blocks * sizeof(*l->anchors.v));
	l->ref_bytes.n = n < n_old ? old->ref_anchor[n_blocks] : old->n_ref_bytes;
	memcpy(l->ref_bytes.p, old->ref_link, l->ref_bytes.n);
	return n;
}

bool sq_link_refs_again(struct sq_linker *l, const struct sq_file_slot *old, const struct sq_changed_names *names)
{
	uint32_t n_old = old->bound->columns.n_refs, n_now = l->b->columns.n_refs, link;
	bool is_same_facts = old->bound == l->b, bases = !is_same_facts && names->types;   /* also one that is gone */
	struct middle m = { n_now, n_now, n_old };

	clear_kept(l, old->links);
	sq_linker_fail(l, l->error ? 0 : prepare(l, old));
	if (l->error)
		return bases;
	if (!is_same_facts)
		m = find_middle(l, n_old, n_now);
	learn_old_refs(l, n_old, &m, names);
	for (uint32_t i = names->any ? 0 : keep_start(l, old->links, n_old, m.from); i < n_now && !l->error; i++) {
		const struct sq_said *s = &l->now_said.v[i];
		bool is_known = !is_touched(s, names) && find_old(l, i, n_old, n_now, &m, &link);

		bases |= !is_known && is_base(s);
		put_ref(l, i, is_known ? keep_link(l, old->links, link) : bind_again(l, i));
	}
	return bases;
}
