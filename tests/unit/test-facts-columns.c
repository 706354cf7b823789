/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "facts/scan.h"
#include "facts-random.h"
#include "../support/suite.h"

static struct sq_facts_builder *builder;

static void set_up(void)
{
	ck_assert_int_eq(sq_facts_builder_new(&builder), 0);
}

static void tear_down(void)
{
	builder = sq_facts_builder_free(builder);
}

static struct sq_facts build(const struct sample *s)
{
	struct sq_facts f = SQ_FACTS_NULL;

	sample_feed(s, builder);
	ck_assert_int_eq(sq_facts_builder_finish(builder, false, &f), 0);
	ck_assert_int_eq(sq_facts_check(&f), 0);
	return f;
}

static void assert_def(const struct sq_def *a, const struct sq_def *b)
{
	ck_assert_uint_eq(a->name, b->name);
	ck_assert_uint_eq(a->kind, b->kind);
	ck_assert_uint_eq(a->flags, b->flags);
	ck_assert_uint_eq(a->parent, b->parent);
	ck_assert_uint_eq(a->start_line, b->start_line);
	ck_assert_uint_eq(a->start_col, b->start_col);
	ck_assert_uint_eq(a->end_line, b->end_line);
	ck_assert_uint_eq(a->end_col, b->end_col);
	ck_assert_uint_eq(a->sig_off, b->sig_off);
	ck_assert_uint_eq(a->sig_len, b->sig_len);
	ck_assert_uint_eq(a->body_hash, b->body_hash);
}

static void assert_ref(const struct sq_ref *a, const struct sq_ref *b)
{
	ck_assert_uint_eq(a->name, b->name);
	ck_assert_uint_eq(a->kind, b->kind);
	ck_assert_uint_eq(a->flags, b->flags);
	ck_assert_uint_eq(a->argc, b->argc);
	ck_assert_uint_eq(a->line, b->line);
	ck_assert_uint_eq(a->col, b->col);
	ck_assert_uint_eq(a->encl, b->encl);
	ck_assert_uint_eq(a->qual, b->qual);
}

static void assert_strings(const struct sq_facts *f, const struct sample *s)
{
	struct sq_string_cursor it;
	struct sq_slice text;
	char buf[200];
	uint32_t n = 0;

	sq_strings_begin(f, &it);
	while (sq_strings_next(&it, &text)) {
		size_t len = sample_text(n++, buf, sizeof(buf));

		ck_assert_uint_eq(text.n, len);
		ck_assert_mem_eq(text.p, buf, len);
	}
	ck_assert_uint_eq(n, s->n_strings);
}

static void assert_imports(const struct sq_columns *c, const struct sample *s)
{
	struct sq_import_cursor it;
	struct sq_import m;
	uint32_t n = 0;

	sq_imports_begin(c, &it);
	while (sq_imports_next(&it, &m)) {
		const struct sq_import *x = &s->imports[n++];

		ck_assert(m.target == x->target && m.name == x->name && m.alias == x->alias);
		ck_assert(m.kind == x->kind && m.flags == x->flags && m.line == x->line);
	}
	ck_assert_uint_eq(n, s->n_imports);
}

static void assert_parts(const struct sq_columns *c, const struct sample *s)
{
	struct sq_part_cursor it;
	struct sq_typed t;
	struct sq_part p;
	uint32_t n = 0, n_typed = 0;

	sq_parts_begin(c, &it);
	while (sq_parts_next(&it, &p)) {
		const struct sq_part *x = &s->parts[n++];

		ck_assert(p.hash == x->hash && p.start == x->start && p.len == x->len && p.row == x->row);
		ck_assert(p.n_rows == x->n_rows && p.steps == x->steps && p.has_error == x->has_error);
		ck_assert_uint_eq(p.n_typed, x->n_typed);
		for (uint32_t i = 0; i < p.n_typed; i++) {
			const struct sq_typed *y = &s->typed[n_typed++];

			sq_typed_next(&it, &t);
			ck_assert(t.name == y->name && t.type == y->type);
		}
	}
	ck_assert_uint_eq(n, s->n_parts);
}

/* what is read block by block is what the cursors read */
static void assert_blocks(const struct sq_columns *c, const struct sample *s)
{
	uint32_t names[SQ_FACTS_STRIDE];
	struct sq_def_block db;
	struct sq_ref_block rb;

	for (uint32_t at = 0; at < s->n_defs; at += db.n) {
		bool is_plain = true;

		sq_def_block_read(c, at, &db);
		ck_assert(db.first == at && db.n == SQ_MIN(s->n_defs - at, SQ_FACTS_STRIDE));
		for (uint32_t i = 0; i < db.n; i++) {
			const struct sq_def *d = &s->defs[at + i], *first = &s->defs[at];
			uint32_t k = db.is_plain ? 0 : i;

			is_plain &= d->kind == first->kind && d->flags == first->flags && d->parent == SQ_NONE;
			ck_assert(db.kind[k] == d->kind && db.flags[k] == d->flags && db.parent[k] == d->parent);
		}
		ck_assert(is_plain || !db.is_plain);
	}
	for (uint32_t at = 0; at < s->n_refs; at += rb.n) {
		sq_ref_block_read(c, at, &rb);
		sq_ref_block_names(&rb, names);
		ck_assert(rb.first == at && rb.n == SQ_MIN(s->n_refs - at, SQ_FACTS_STRIDE));
		for (uint32_t i = 0; i < rb.n; i++) {
			const struct sq_ref *r = &s->refs[at + i];

			ck_assert(rb.kind[i] == r->kind && rb.encl[i] == r->encl && names[i] == r->name);
			ck_assert(rb.is_member[i] == (r->qual != SQ_NONE || (r->flags & SQ_REFF_EXPR)));
		}
	}
}

static void assert_all(const struct sq_facts *f, const struct sample *s)
{
	const struct sq_columns *c = &f->columns;
	struct sq_def_cursor defs;
	struct sq_ref_cursor refs;
	struct sq_def d;
	struct sq_ref r;

	ck_assert_uint_eq(c->n_defs, s->n_defs);
	ck_assert_uint_eq(c->n_refs, s->n_refs);
	sq_defs_begin(c, &defs);
	for (uint32_t i = 0; i < s->n_defs; i++) {
		ck_assert(sq_defs_next(&defs, &d));
		assert_def(&d, &s->defs[i]);
	}
	ck_assert(!sq_defs_next(&defs, &d));
	sq_refs_begin(c, &refs);
	for (uint32_t i = 0; i < s->n_refs; i++) {
		ck_assert(sq_refs_next(&refs, &r));
		assert_ref(&r, &s->refs[i]);
	}
	ck_assert(!sq_refs_next(&refs, &r));
	assert_imports(c, s);
	assert_parts(c, s);
	assert_strings(f, s);
	assert_blocks(c, s);
}

START_TEST(round_trip)
{
	for (uint64_t seed = 1; seed <= 120; seed++) {
		struct sample s;
		struct sq_facts f;

		sample_make(&s, seed, seed % 3 ? 40 : 700);
		f = build(&s);
		assert_all(&f, &s);
		sq_facts_deinit(&f);
		sample_drop(&s);
	}
}
END_TEST

static void shift(uint32_t *string, uint32_t n)
{
	if (*string != SQ_NONE)
		*string = n - 1 - *string;
}

/* a blob does not depend on the order in which strings were added */
START_TEST(numbering)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct sample s;
		struct sq_facts f, g;
		uint32_t n;
		char buf[200];

		sample_make(&s, seed, 60);
		f = build(&s);
		n = s.n_strings;
		for (uint32_t i = 0; i < s.n_defs; i++)
			shift(&s.defs[i].name, n);
		for (uint32_t i = 0; i < s.n_refs; i++) {
			shift(&s.refs[i].name, n);
			shift(&s.refs[i].qual, n);
		}
		for (uint32_t i = 0; i < s.n_imports; i++) {
			shift(&s.imports[i].target, n);
			shift(&s.imports[i].name, n);
			shift(&s.imports[i].alias, n);
		}
		for (uint32_t i = 0; i < s.n_typed; i++) {
			shift(&s.typed[i].name, n);
			shift(&s.typed[i].type, n);
		}
		sq_facts_builder_reset(builder, SQ_LANG_C);
		while (n--)
			(void)sq_facts_add_string(builder, sq_slice(buf, sample_text(n, buf, sizeof(buf))));
		sample_feed_items(&s, builder);
		ck_assert_int_eq(sq_facts_builder_finish(builder, false, &g), 0);
		ck_assert_uint_eq(f.n_bytes, g.n_bytes);
		ck_assert_mem_eq(f.blob, g.blob, f.n_bytes);
		sq_facts_deinit(&f);
		sq_facts_deinit(&g);
		sample_drop(&s);
	}
}
END_TEST

/* a long run of macros, as headers of registers have it */
START_TEST(plain_blocks)
{
	struct sq_facts f = SQ_FACTS_NULL;
	struct sq_def_block b;

	sq_facts_builder_reset(builder, SQ_LANG_C);
	for (uint32_t i = 0; i < 200; i++) {
		char text[16];

		snprintf(text, sizeof(text), "M%u", i);
		sq_facts_add_def(builder, &(struct sq_def){ .name = sq_facts_add_string(builder, sq_slice_z(text)),
			.kind = i == 150 ? SQ_KIND_VARIABLE : SQ_KIND_MACRO, .parent = SQ_NONE, .start_line = i + 1,
			.end_line = i + 1, .end_col = 9 });
	}
	ck_assert_int_eq(sq_facts_builder_finish(builder, false, &f), 0);
	for (uint32_t at = 0; at < 200; at += b.n) {
		sq_def_block_read(&f.columns, at, &b);
		ck_assert_int_eq(b.is_plain, at != 128);
		ck_assert_uint_eq(b.kind[0], SQ_KIND_MACRO);
		ck_assert_uint_eq(b.parent[0], SQ_NONE);
	}
	ck_assert_uint_eq(b.n, 200 % SQ_FACTS_STRIDE);
	sq_facts_deinit(&f);
}
END_TEST

START_TEST(seek_and_find)
{
	struct sample s;
	struct sq_facts f;
	struct sq_def_cursor defs;
	struct sq_ref_cursor refs;
	struct sq_def d;
	struct sq_ref r;

	sample_make(&s, 77, 700);
	f = build(&s);
	for (uint32_t i = 0; i <= s.n_defs; i++) {
		sq_defs_seek(&f.columns, i, &defs);
		ck_assert_int_eq(sq_defs_next(&defs, &d), i < s.n_defs);
		if (i == s.n_defs)
			break;
		assert_def(&d, &s.defs[i]);
		if (sq_defs_next(&defs, &d))
			assert_def(&d, &s.defs[i + 1]);
		sq_defs_get(&f.columns, i, &d);
		assert_def(&d, &s.defs[i]);
		ck_assert_uint_eq(sq_defs_find(&f.columns, d.name, i), i);
	}
	for (uint32_t i = 0; i <= s.n_refs; i++) {
		sq_refs_seek(&f.columns, i, &refs);
		ck_assert_int_eq(sq_refs_next(&refs, &r), i < s.n_refs);
		if (i < s.n_refs)
			assert_ref(&r, &s.refs[i]);
	}
	ck_assert_uint_eq(sq_defs_find(&f.columns, s.n_strings, 0), SQ_NONE);
	ck_assert_uint_eq(sq_defs_find(&f.columns, 0, s.n_defs), SQ_NONE);
	sq_facts_deinit(&f);
	sample_drop(&s);
}
END_TEST

START_TEST(empty)
{
	struct sq_facts f;
	struct sq_def_cursor defs;
	struct sq_def d;

	sq_facts_builder_reset(builder, SQ_LANG_GO);
	ck_assert_int_eq(sq_facts_builder_finish(builder, true, &f), 0);
	ck_assert_int_eq(sq_facts_check(&f), 0);
	ck_assert_uint_eq(f.lang, SQ_LANG_GO);
	ck_assert(f.has_error);
	sq_defs_begin(&f.columns, &defs);
	ck_assert(!sq_defs_next(&defs, &d));
	sq_facts_deinit(&f);
}
END_TEST

/* equal input, equal bytes: also after the builder has seen something else */
START_TEST(deterministic)
{
	struct sample s, other;
	struct sq_facts a, b, c;

	sample_make(&s, 5, 300);
	sample_make(&other, 6, 700);
	a = build(&s);
	b = build(&other);
	c = build(&s);
	ck_assert_uint_eq(a.n_bytes, c.n_bytes);
	ck_assert_mem_eq(a.blob, c.blob, a.n_bytes);
	sq_facts_deinit(&a);
	sq_facts_deinit(&b);
	sq_facts_deinit(&c);
	sample_drop(&s);
	sample_drop(&other);
}
END_TEST

static uint32_t add_def(const char *name, uint32_t line, uint32_t parent)
{
	struct sq_def d = {
		.name = name ? sq_facts_add_string(builder, sq_slice_z(name)) : SQ_NONE,
		.parent = parent, .start_line = line, .end_line = line + 1,
	};

	return sq_facts_add_def(builder, &d);
}

/* out of order, one without a name: sorted, dropped, parents and references follow */
START_TEST(reorder)
{
	struct sq_ref r = { .line = 9, .argc = SQ_ARGC_UNKNOWN, .qual = SQ_NONE };
	struct sq_facts f;
	struct sq_ref_cursor refs;
	struct sq_def d;
	uint32_t late, dropped, child;

	sq_facts_builder_reset(builder, SQ_LANG_C);
	late = add_def("late", 20, SQ_NONE);
	dropped = add_def(NULL, 21, late);
	child = add_def("child", 22, dropped);
	(void)add_def("early", 3, SQ_NONE);
	r.name = sq_facts_add_string(builder, SQ_LIT("x"));
	r.encl = child;
	(void)sq_facts_add_ref(builder, &r);
	r.line = 4;
	r.encl = dropped;
	(void)sq_facts_add_ref(builder, &r);
	ck_assert_int_eq(sq_facts_builder_finish(builder, false, &f), 0);
	ck_assert_int_eq(sq_facts_check(&f), 0);
	ck_assert_uint_eq(f.columns.n_defs, 3);
	sq_defs_get(&f.columns, 0, &d);
	ck_assert_uint_eq(d.start_line, 3);
	sq_defs_get(&f.columns, 1, &d);
	ck_assert_uint_eq(d.start_line, 20);
	sq_defs_get(&f.columns, 2, &d);
	ck_assert_uint_eq(d.parent, 1);
	sq_refs_begin(&f.columns, &refs);
	ck_assert(sq_refs_next(&refs, &r));
	ck_assert(r.line == 4 && r.encl == 1);
	ck_assert(sq_refs_next(&refs, &r));
	ck_assert(r.line == 9 && r.encl == 2);
	sq_facts_deinit(&f);
}
END_TEST

/* whatever is accepted can be read to its end: the sanitizers watch */
static void read_all(const struct sq_facts *f)
{
	struct sq_buf out = SQ_BUF_NULL;

	sq_facts_print(f, &out);
	sq_buf_deinit(&out);
}

static int open_copy(const uint8_t *bytes, uint32_t n)
{
	uint8_t *copy = sq_memdup(bytes, n ? n : 1);
	struct sq_facts f;
	int r;

	ck_assert_ptr_nonnull(copy);
	r = sq_facts_open(copy, n, &f);
	if (r < 0) {
		ck_assert_int_eq(r, -EINVAL);
		sq_free(copy);
		return r;
	}
	read_all(&f);
	sq_facts_deinit(&f);
	return 0;
}

START_TEST(damaged)
{
	struct sample s;
	struct sq_facts f;
	uint8_t *bytes;
	uint32_t n, refused = 0;

	sample_make(&s, 11, 150);
	f = build(&s);
	n = f.n_bytes;
	bytes = f.blob;
	ck_assert_int_eq(open_copy(bytes, n), 0);
	for (uint32_t i = 0; i < n; i += 1 + i / 512)
		ck_assert_int_eq(open_copy(bytes, i), -EINVAL);
	for (unsigned i = 0; i < 4000; i++) {
		uint32_t at = sample_below(&s, sample_below(&s, 2) ? n : 200);
		uint8_t was = bytes[at];

		bytes[at] = (uint8_t)sample_next(&s);
		refused += open_copy(bytes, n) < 0;
		bytes[at] = was;
	}
	ck_assert_uint_gt(refused, 400);
	sq_facts_deinit(&f);
	sample_drop(&s);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("columns");
	Suite *s = suite_create("facts-columns");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, round_trip);
	tcase_add_test(tc, numbering);
	tcase_add_test(tc, plain_blocks);
	tcase_add_test(tc, seek_and_find);
	tcase_add_test(tc, empty);
	tcase_add_test(tc, deterministic);
	tcase_add_test(tc, reorder);
	tcase_add_test(tc, damaged);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
