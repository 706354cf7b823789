/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * graph-rig — what the tests of src/graph share: a graph with an epoch, made-up
 * languages, files whose facts follow from a seed, and workers.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/suite.h"
#include "base/epoch.h"
#include "base/hash.h"
#include "facts/facts.h"
#include "graph/draft.h"
#include "graph/dump.h"
#include "graph/graph.h"

/* ---- languages ---- */

static const char *const rig_c_ext[] = { ".c", ".h", NULL };
static const char *const rig_py_ext[] = { ".py", NULL };
static const char *const rig_js_ext[] = { ".js", NULL };
static const char *const rig_java_ext[] = { ".java", NULL };
static const char *const rig_none[] = { NULL };
static const char *const rig_py_index[] = { "__init__", NULL };
static const char *const rig_js_index[] = { "index", NULL };
static const char *const rig_self[] = { "self", "this", NULL };

static const struct sq_lang_traits rig_c = {
	.lang = SQ_LANG_C, .family = SQ_FAMILY_C, .style = SQ_STYLE_INCLUDE, .unit = SQ_UNIT_LINKAGE,
	.extensions = rig_c_ext, .index_stems = rig_none, .self_names = rig_none, .separator = "::",
};
static const struct sq_lang_traits rig_py = {
	.lang = SQ_LANG_PYTHON, .family = SQ_FAMILY_PYTHON, .style = SQ_STYLE_DOTTED, .unit = SQ_UNIT_FILE,
	.extensions = rig_py_ext, .index_stems = rig_py_index, .self_names = rig_self,
	.super_name = "super", .separator = ".", .duck_methods = true,
};
static const struct sq_lang_traits rig_js = {
	.lang = SQ_LANG_JAVASCRIPT, .family = SQ_FAMILY_JS, .style = SQ_STYLE_RELATIVE, .unit = SQ_UNIT_FILE,
	.extensions = rig_js_ext, .index_stems = rig_js_index, .self_names = rig_self,
	.super_name = "super", .separator = ".",
};
static const struct sq_lang_traits rig_java = {
	.lang = SQ_LANG_JAVA, .family = SQ_FAMILY_JAVA, .style = SQ_STYLE_PACKAGE, .unit = SQ_UNIT_PACKAGE,
	.extensions = rig_java_ext, .index_stems = rig_none, .self_names = rig_self,
	.super_name = "super", .separator = ".",
};
static const struct sq_lang_traits *const rig_traits[SQ_LANG_MAX] = {
	[SQ_LANG_C] = &rig_c,
	[SQ_LANG_PYTHON] = &rig_py,
	[SQ_LANG_JAVASCRIPT] = &rig_js,
	[SQ_LANG_TYPESCRIPT] = &rig_js,
	[SQ_LANG_TSX] = &rig_js,
	[SQ_LANG_JAVA] = &rig_java,
};

/* ---- chance ---- */

struct rig_random { uint64_t state; };
static inline uint32_t rig_below(struct rig_random *r, uint32_t n)
{
	r->state += 0x9e3779b97f4a7c15ULL;
	return (uint32_t)(sq_hash_u64(r->state) % n);
}

/* ---- workers ---- */

#define RIG_WORKERS 3u
struct rig_call { int (*fn)(void *arg, unsigned worker); void *arg; unsigned worker; int r; };
static inline void *rig_call_run(void *p)
{
	struct rig_call *c = p;

	c->r = c->fn(c->arg, c->worker);
	return NULL;
}
static inline int rig_run(void *pool, int (*fn)(void *arg, unsigned worker), void *arg)
{
	struct rig_call calls[RIG_WORKERS];
	pthread_t threads[RIG_WORKERS];
	int r = 0;

	(void)pool;
	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		calls[i] = (struct rig_call){ fn, arg, i, 0 };
		if (pthread_create(&threads[i], NULL, rig_call_run, &calls[i]))
			abort();
	}
	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		pthread_join(threads[i], NULL);
		if (!r)
			r = calls[i].r;
	}
	return r;
}
static const struct sq_parallel rig_parallel = { RIG_WORKERS, rig_run, NULL };

/* ---- files ---- */

/* ten words in four languages: names meet all the time */
static inline uint32_t rig_word(struct sq_facts_builder *b, struct rig_random *rnd, uint32_t n)
{
	char text[16];

	snprintf(text, sizeof(text), "w%u", rig_below(rnd, n));
	return sq_facts_add_string(b, sq_slice_z(text));
}

static inline uint32_t rig_text(struct sq_facts_builder *b, const char *z)
{
	return sq_facts_add_string(b, sq_slice_z(z));
}

static inline void rig_add_defs(struct sq_facts_builder *b, struct rig_random *rnd, uint32_t n)
{
	static const uint8_t kinds[] = { SQ_KIND_FUNCTION, SQ_KIND_CLASS, SQ_KIND_METHOD, SQ_KIND_VARIABLE,
					 SQ_KIND_MACRO, SQ_KIND_MODULE };

	for (uint32_t i = 0; i < n; i++) {
		struct sq_def d = {
			.name = rig_word(b, rnd, 12),
			.kind = kinds[rig_below(rnd, SQ_ARRAY_SIZE(kinds))],
			.flags = rig_below(rnd, 4) ? 0 : SQ_DEF_FILE_LOCAL,
			.parent = SQ_NONE,
			.start_line = i * 10 + 1,
			.end_line = i * 10 + 9,
			.sig_off = i * 100,
			.sig_len = 20,
			.body_hash = rnd->state,
		};
		/* inside the definition before, or beside it in what is around it */
		if (i && rig_below(rnd, 2))
			d.parent = rig_below(rnd, 2) ? i - 1 : sq_facts_def(b, i - 1)->parent;
		sq_facts_add_def(b, &d);
		if (sq_facts_n_defs(b) != i + 1)
			return;         /* out of memory: finish() tells */
	}
	for (uint32_t i = n; i-- > 0;) {
		const struct sq_def *d = sq_facts_def(b, i);

		if (d->parent != SQ_NONE)
			sq_facts_def(b, d->parent)->end_line =
				SQ_MAX(d->end_line, sq_facts_def(b, d->parent)->end_line);
	}
}

static inline void rig_add_refs(struct sq_facts_builder *b, struct rig_random *rnd, uint32_t n_defs,
				uint32_t n)
{
	static const char *const quals[] = { "w1.w2", "w3", "w4::w5", "self", "w6->w7", "extra.part" };

	for (uint32_t i = 0; i < n; i++) {
		struct sq_ref r = {
			.name = rig_word(b, rnd, 14),
			.kind = (uint8_t)rig_below(rnd, SQ_REF_MAX),
			.argc = SQ_ARGC_UNKNOWN,
			.line = i + 2,
			.col = rig_below(rnd, 40),
			.encl = SQ_NONE,
			.qual = SQ_NONE,
		};
		if (i / 10 < n_defs && i % 10 < 7)
			r.encl = i / 10;
		if (r.kind == SQ_REF_CALL)
			r.argc = (uint8_t)rig_below(rnd, 4);
		if (!rig_below(rnd, 4))
			r.qual = rig_text(b, quals[rig_below(rnd, SQ_ARRAY_SIZE(quals))]);
		sq_facts_add_ref(b, &r);
	}
}

static inline void rig_add_imports(struct sq_facts_builder *b, struct rig_random *rnd, enum sq_lang lang)
{
	static const char *const targets[][4] = {
		[SQ_LANG_C] = { "f1.h", "sub/f2.h", "../f3.h", "gone.h" },
		[SQ_LANG_PYTHON] = { "f1", "sub.f2", ".f3", "sub" },
		[SQ_LANG_JAVASCRIPT] = { "./f1", "./sub/f2.js", "../f3", "./sub" },
		[SQ_LANG_JAVA] = { "a.w1", "a.b.w2", "a", "b.w3" },
	};
	uint32_t n = rig_below(rnd, 4);

	if (lang == SQ_LANG_JAVA)
		sq_facts_add_import(b, &(struct sq_import){
			.target = rig_text(b, rig_below(rnd, 2) ? "a" : "a.b"), .name = SQ_NONE,
			.alias = SQ_NONE, .kind = SQ_IMPORT_PACKAGE, .line = 1 });
	for (uint32_t i = 0; i < n; i++) {
		struct sq_import imp = {
			.target = rig_text(b, targets[lang][rig_below(rnd, 4)]),
			.name = SQ_NONE,
			.alias = SQ_NONE,
			.kind = lang == SQ_LANG_C ? SQ_IMPORT_INCLUDE : SQ_IMPORT_MODULE,
			.line = i + 1,
		};
		if (lang != SQ_LANG_C && rig_below(rnd, 2)) {
			imp.kind = SQ_IMPORT_NAME;
			imp.name = rig_word(b, rnd, 12);
			if (rig_below(rnd, 2))
				imp.alias = rig_word(b, rnd, 14);
			imp.flags = rig_below(rnd, 2) ? SQ_IMP_REEXPORT : 0;
		}
		sq_facts_add_import(b, &imp);
	}
}

/* facts that follow from the language and the seed alone; 0, or -ENOMEM */
static inline int rig_facts(struct sq_facts_builder *b, enum sq_lang lang, uint64_t seed, struct sq_facts *ret_f)
{
	struct rig_random rnd = { seed * 977 + lang };
	uint32_t n_defs = rig_below(&rnd, 6);

	sq_facts_builder_reset(b, lang);
	rig_add_imports(b, &rnd, lang);
	rig_add_defs(b, &rnd, n_defs);
	rig_add_refs(b, &rnd, n_defs, rig_below(&rnd, 80));
	return sq_facts_builder_finish(b, rig_below(&rnd, 8) == 0, ret_f);
}

/* ---- a tree: paths, each with a seed; 0: not there, odd seeds below 0: skipped ---- */

#define RIG_PATHS 24u
struct rig_path { const char *path; enum sq_lang lang; };
static const struct rig_path rig_paths[RIG_PATHS] = {
	{ "f1.h", SQ_LANG_C }, { "sub/f2.h", SQ_LANG_C }, { "f3.h", SQ_LANG_C }, { "sub/f3.h", SQ_LANG_C },
	{ "a.c", SQ_LANG_C }, { "sub/b.c", SQ_LANG_C }, { "other/f1.h", SQ_LANG_C }, { "other/c.c", SQ_LANG_C },
	{ "f1.py", SQ_LANG_PYTHON }, { "sub/f2.py", SQ_LANG_PYTHON }, { "sub/__init__.py", SQ_LANG_PYTHON },
	{ "f3.py", SQ_LANG_PYTHON }, { "sub/f3.py", SQ_LANG_PYTHON }, { "sub/f1.py", SQ_LANG_PYTHON },
	{ "f1.js", SQ_LANG_JAVASCRIPT }, { "sub/f2.js", SQ_LANG_JAVASCRIPT }, { "f3.js", SQ_LANG_JAVASCRIPT },
	{ "sub/index.js", SQ_LANG_JAVASCRIPT }, { "sub/d.js", SQ_LANG_JAVASCRIPT },
	{ "w1.java", SQ_LANG_JAVA }, { "w2.java", SQ_LANG_JAVA }, { "x/w1.java", SQ_LANG_JAVA },
	{ "x/w3.java", SQ_LANG_JAVA }, { "x/e.java", SQ_LANG_JAVA },
};
struct rig_tree { uint64_t seed[RIG_PATHS]; };
#define RIG_SKIPPED 1u      /* the seed of a file that is listed as skipped */

struct rig {
	struct sq_epoch *epoch;
	struct sq_epoch_record *rec;
	struct sq_graph *g;
};

static inline void rig_init(struct rig *rig)
{
	ck_assert_int_eq(sq_epoch_new(&rig->epoch), 0);
	ck_assert_int_eq(sq_epoch_record_acquire(rig->epoch, &rig->rec), 0);
	ck_assert_int_eq(sq_graph_new(rig->epoch, rig_traits, &rig->g), 0);
}

static inline void rig_deinit(struct rig *rig)
{
	sq_epoch_barrier(rig->rec);
	sq_graph_reclaim(rig->g, rig->rec);
	sq_graph_free(rig->g);
	sq_epoch_barrier(rig->rec);
	sq_epoch_record_release(rig->rec);
	sq_epoch_free(rig->epoch);
}

static inline int rig_put(struct sq_draft *d, unsigned worker, uint32_t path, uint64_t seed)
{
	struct sq_facts_builder *b;
	struct sq_facts facts = SQ_FACTS_NULL;
	struct sq_put put = {
		.path = sq_slice_z(rig_paths[path].path),
		.lang = rig_paths[path].lang,
		.content_hash = seed,
		.size_bytes = seed % 1000 + 1,
	};
	int r;

	if (seed == RIG_SKIPPED) {
		put.skip = 3;
		return sq_draft_put(d, worker, &put);
	}
	r = sq_facts_builder_new(&b);
	if (r < 0)
		return r;
	r = rig_facts(b, put.lang, seed, &facts);
	if (r >= 0) {
		put.facts = &facts;
		r = sq_draft_put(d, worker, &put);
	}
	sq_facts_deinit(&facts);
	sq_facts_builder_free(b);
	return r;
}

/* bring the graph to @to; @from: what it holds, NULL with opts->clear; published */
static inline int rig_update(struct rig *rig, const struct rig_tree *from, const struct rig_tree *to,
			     const struct sq_draft_opts *opts)
{
	struct sq_draft *d;
	int r = sq_draft_new(rig->g, opts, &d);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < RIG_PATHS && r >= 0; i++) {
		uint32_t k = (i * 7 + (uint32_t)to->seed[0]) % RIG_PATHS;

		if (from && from->seed[k] == to->seed[k])
			continue;
		r = to->seed[k] ? rig_put(d, 0, k, to->seed[k]) :
		    sq_draft_remove(d, sq_slice_z(rig_paths[k].path));
	}
	if (r >= 0)
		r = sq_draft_finish(d, NULL);
	if (r < 0) {
		sq_draft_free(d);
		return r;
	}
	sq_graph_publish(rig->g, d, rig->rec);
	sq_graph_reclaim(rig->g, rig->rec);
	return 0;
}

static inline int rig_write(void *arg, const void *p, size_t n)
{
	sq_buf_add(arg, p, n);
	return 0;
}

static inline struct sq_buf rig_dump(const struct rig *rig)
{
	struct sq_buf out = SQ_BUF_NULL;

	ck_assert_int_eq(sq_dump(sq_graph_current(rig->g), SQ_SLICE_NULL, rig_write, &out), 0);
	ck_assert_int_eq(sq_buf_error(&out), 0);
	return out;
}

static inline void rig_check(const struct rig *rig)
{
	const char *what = NULL;
	int r = sq_version_check(sq_graph_current(rig->g), &what);

	ck_assert_msg(!r, "generation %llu: %s", (unsigned long long)sq_graph_current(rig->g)->generation, what);
}

/* first line in which two texts differ */
static inline void rig_same_text(struct sq_buf *a, struct sq_buf *b, const char *what)
{
	size_t i = 0, line = 0;

	if (sq_slice_eq(sq_buf_slice(a), sq_buf_slice(b)))
		return;
	for (; i < a->n && i < b->n && a->p[i] == b->p[i]; i++)
		if (a->p[i] == '\n')
			line = i + 1;
	sq_buf_putc(a, '\0');
	sq_buf_putc(b, '\0');
	ck_abort_msg("%s\n  incremental: %.*s\n  clean:       %.*s", what, (int)strcspn(a->p + line, "\n"),
		     a->p + line, (int)strcspn(b->p + line, "\n"), b->p + line);
}
