/* SPDX-License-Identifier: MIT */
#include "query/complexity.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "query/picks.h"

/* ---- tokens ------------------------------------------------------------------------ */

struct scan {
	enum sq_lang lang;
	const char *from, *p, *end;
	char last;                      /* last character that is no blank */
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool is_script(enum sq_lang lang)
{
	return lang == SQ_LANG_JAVASCRIPT || lang == SQ_LANG_TYPESCRIPT || lang == SQ_LANG_TSX;
}

static bool at(const struct scan *s, const char *z)
{
	size_t n = strlen(z);

	return (size_t)(s->end - s->p) >= n && !memcmp(s->p, z, n);
}

/* up to @close; with escapes it is only found behind an even number of backslashes */
static void skip_to(struct scan *s, const char *close, bool has_escapes, bool is_one_line)
{
	size_t n = strlen(close);

	while (s->p < s->end && !at(s, close)) {
		if (is_one_line && *s->p == '\n')
			return;
		s->p += has_escapes && *s->p == '\\' && s->p + 1 < s->end ? 2 : 1;
	}
	s->p = (size_t)(s->end - s->p) > n ? s->p + n : s->end;
}

/* a line of the preprocessor with its continuations */
static void skip_directive(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p += *s->p == '\\' && s->p + 1 < s->end ? 2 : 1;
	s->p = SQ_MIN(s->p, s->end);
}

static bool skip_comment(struct scan *s)
{
	if (*s->p == '#' && (s->lang == SQ_LANG_C || s->lang == SQ_LANG_CPP)) {
		skip_directive(s);
		return true;
	}
	if (s->lang == SQ_LANG_PYTHON ? *s->p == '#' : at(s, "//")) {
		while (s->p < s->end && *s->p != '\n')
			s->p++;
		return true;
	}
	if (s->lang == SQ_LANG_PYTHON || !at(s, "/*"))
		return false;
	s->p += 2;
	skip_to(s, "*/", false, false);
	return true;
}

/* 'a in Rust, 1'000 in C++ */
static bool is_no_quote(const struct scan *s)
{
	if (*s->p != '\'')
		return false;
	if (s->lang == SQ_LANG_RUST)
		return s->p + 2 < s->end && s->p[1] != '\\' && s->p[2] != '\'' && is_word(s->p[1]);
	return s->p > s->from && isxdigit((unsigned char)s->p[-1]) && s->lang == SQ_LANG_CPP;
}

static bool skip_string(struct scan *s)
{
	char close[2] = { *s->p, '\0' };

	if (is_no_quote(s))
		return false;
	if (s->lang == SQ_LANG_PYTHON && (at(s, "\"\"\"") || at(s, "'''"))) {
		s->p += 3;
		skip_to(s, close[0] == '"' ? "\"\"\"" : "'''", true, false);
	} else if (*s->p == '"' || *s->p == '\'') {
		s->p++;
		skip_to(s, close, true, s->lang != SQ_LANG_RUST);
	} else if (*s->p == '`' && (is_script(s->lang) || s->lang == SQ_LANG_GO)) {
		s->p++;
		skip_to(s, close, s->lang != SQ_LANG_GO, false);
	} else if (*s->p == '/' && is_script(s->lang) && s->last && strchr("(,=:[!&|?{};", s->last)) {
		s->p++;
		skip_to(s, close, true, true);
	} else {
		return false;
	}
	s->last = '"';
	return true;
}

static bool is_deciding_word(const struct scan *s, struct sq_slice word)
{
	static const char *const all[] = { "if", "for", "while" };
	static const char *const braces[] = { "case", "catch" };
	static const char *const python[] = { "elif", "except", "and", "or" };

	if (s->last == '.')
		return false;           /* a member of that name */
	for (size_t i = 0; i < SQ_ARRAY_SIZE(all); i++)
		if (sq_slice_is(word, all[i]))
			return true;
	for (size_t i = 0; s->lang != SQ_LANG_PYTHON && i < SQ_ARRAY_SIZE(braces); i++)
		if (sq_slice_is(word, braces[i]))
			return true;
	for (size_t i = 0; s->lang == SQ_LANG_PYTHON && i < SQ_ARRAY_SIZE(python); i++)
		if (sq_slice_is(word, python[i]))
			return true;
	return false;
}

static bool has_conditional(enum sq_lang lang)
{
	return lang == SQ_LANG_C || lang == SQ_LANG_CPP || lang == SQ_LANG_JAVA || is_script(lang);
}

/* "T&& x" and "T &&x" are types, "a && b" and "a&&b" are not */
static bool is_reference(const struct scan *s)
{
	bool before = s->p > s->from && isspace((unsigned char)s->p[-1]);
	bool after = s->p + 2 < s->end && isspace((unsigned char)s->p[2]);

	return before != after;
}

/* length of a deciding sign at the cursor, or 0 */
static unsigned deciding_sign(const struct scan *s)
{
	char next = s->p + 1 < s->end ? s->p[1] : '\0';

	if (s->lang == SQ_LANG_PYTHON)
		return 0;
	if (at(s, "&&"))
		return s->lang == SQ_LANG_CPP && is_reference(s) ? 0 : 2;
	if (at(s, "||"))        /* or a closure without parameters */
		return s->lang == SQ_LANG_RUST && s->last && strchr("(,={", s->last) ? 0 : 2;
	if (s->lang == SQ_LANG_RUST)
		return at(s, "=>") ? 2 : 0;
	/* List<?>, a?.b, a ?? b, a?: T are none */
	if (*s->p == '?' && has_conditional(s->lang) && s->last != '<' && !strchr(".?:),;=>", next ? next : ';') &&
	    s->last != '?')
		return 1;
	return 0;
}

int sq_complexity_scan(enum sq_lang lang, struct sq_slice text, struct sq_offsets *out)
{
	struct scan s = { .lang = lang, .from = text.p, .p = text.p, .end = text.p + text.n };
	int r = 0;

	while (s.p < s.end && !r) {
		const char *start = s.p;
		unsigned n;

		if (isspace((unsigned char)*s.p)) {
			s.p++;
		} else if (skip_comment(&s) || skip_string(&s)) {
			continue;
		} else if (is_word(*s.p)) {
			while (s.p < s.end && is_word(*s.p))
				s.p++;
			if (is_deciding_word(&s, sq_slice(start, (size_t)(s.p - start))))
				r = sq_vec_push(out, (uint32_t)(start - s.from));
			s.last = s.p[-1];
		} else {
			n = deciding_sign(&s);
			if (n)
				r = sq_vec_push(out, (uint32_t)(start - s.from));
			s.last = *s.p;
			s.p += n ? n : 1;
		}
	}
	return r;
}

/* ---- files --------------------------------------------------------------------------- */

struct run {
	const struct sq_version *v;
	const struct sq_complexity_ask *ask;
	struct sq_metrics *m;
	struct sq_buf text;
	struct sq_offsets decisions;
	SQ_VEC(uint32_t) lines, counts, owner;  /* of each line; [definition] decisions; nearest callable */
	uint64_t n_bytes, n_rows;
};

static bool is_callable(uint8_t kind)
{
	return kind == SQ_KIND_FUNCTION || kind == SQ_KIND_METHOD;
}

static int index_lines(struct run *run)
{
	int r;

	sq_vec_clear(&run->lines);
	r = sq_vec_push(&run->lines, 0);
	for (size_t i = 0; i < run->text.n && !r; i++)
		if (run->text.p[i] == '\n')
			r = sq_vec_push(&run->lines, (uint32_t)i + 1);
	return r;
}

/* 0; 1: left out */
static int load(struct run *run, const struct sq_bound *b)
{
	uint64_t max = run->ask->max_text ? run->ask->max_text : SQ_QUERY_MAX_TEXT;
	uint64_t max_rows = run->ask->max_rows ? run->ask->max_rows : SQ_QUERY_MAX_ROWS;
	int r;

	if (run->ask->cancel && sq_load_relaxed(run->ask->cancel))   /* relaxed: a request to stop soon */
		return sq_error_origin(-ECANCELED);
	run->n_rows += b->columns.n_defs;
	if (run->n_rows > max_rows || run->n_bytes + b->size_bytes > max) {
		run->m->cut = run->n_rows > max_rows ? SQ_CUT_ROWS : SQ_CUT_TEXT;
		return 1;
	}
	sq_buf_clear(&run->text);
	r = run->ask->source->read(run->ask->source->arg, b, &run->text);
	run->n_bytes += b->size_bytes;
	run->m->n_unread += r > 0;
	if (r)
		return r;
	sq_vec_clear(&run->decisions);
	r = sq_complexity_scan((enum sq_lang)b->lang, sq_buf_slice(&run->text), &run->decisions);
	return r ? r : index_lines(run);
}

static size_t decisions_before(const struct run *run, uint32_t line, uint32_t col)
{
	size_t lo = 0, hi = run->decisions.n;
	uint64_t offset = line && line <= run->lines.n ? (uint64_t)run->lines.v[line - 1] + col : UINT64_MAX;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (run->decisions.v[mid] < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* decisions of each definition, less those of the functions within */
static int count(struct run *run, const struct sq_bound *b)
{
	struct sq_def_cursor it;
	struct sq_def d;
	int r;

	run->counts.n = run->owner.n = 0;
	r = sq_vec_reserve(&run->counts, b->columns.n_defs);
	if (!r)
		r = sq_vec_reserve(&run->owner, b->columns.n_defs);
	if (r)
		return r;
	sq_defs_begin(&b->columns, &it);
	for (uint32_t i = 0; sq_defs_next(&it, &d); i++) {
		uint32_t outer = d.parent == SQ_NONE ? SQ_NONE : run->owner.v[d.parent], n;

		n = (uint32_t)(decisions_before(run, d.end_line, d.end_col) -
			       decisions_before(run, d.start_line, d.start_col));
		run->owner.v[i] = is_callable(d.kind) ? i : outer;
		run->counts.v[i] = n;
		if (is_callable(d.kind) && outer != SQ_NONE)
			run->counts.v[outer] -= SQ_MIN(n, run->counts.v[outer]);
	}
	return 0;
}

static int take(struct run *run, sq_file f, uint32_t def, const struct sq_def *d)
{
	uint32_t complexity = run->counts.v[def] + 1;

	if (!is_callable(d->kind) || complexity < run->ask->min)
		return 0;
	run->m->total++;
	run->m->sum += complexity;
	run->m->max = SQ_MAX(run->m->max, complexity);
	return sq_vec_push(&run->m->v, (struct sq_metric){ f, def, complexity, d->end_line - d->start_line + 1 });
}

static bool has_callable(const struct sq_bound *b)
{
	struct sq_def_cursor it;
	struct sq_def d;

	sq_defs_begin(&b->columns, &it);
	while (sq_defs_next(&it, &d))
		if (is_callable(d.kind))
			return true;
	return false;
}

/* definitions [@only, @end) of a file; NULL: all */
static int measure_file(struct run *run, sq_file f, const struct sq_match *only, const struct sq_match *end)
{
	const struct sq_bound *b = sq_version_bound(run->v, f);
	struct sq_def d;
	int r;

	if (!b || !has_callable(b))
		return 0;
	r = load(run, b);
	if (!r)
		r = count(run, b);
	for (uint32_t i = 0; !r && !only && i < b->columns.n_defs; i++) {
		sq_defs_get(&b->columns, i, &d);
		r = take(run, f, i, &d);
	}
	for (; !r && only < end; only++) {
		sq_defs_get(&b->columns, only->def, &d);
		r = take(run, f, only->def, &d);
	}
	return r < 0 ? r : 0;
}

static int measure(struct run *run)
{
	const struct sq_complexity_ask *ask = run->ask;
	int r = 0;

	for (sq_file f = 0; !ask->only && f < run->v->n_file_ids && !r && !run->m->cut; f++)
		r = measure_file(run, f, NULL, NULL);
	for (size_t i = 0, end; ask->only && i < ask->n_only && !r && !run->m->cut; i = end) {
		for (end = i + 1; end < ask->n_only && ask->only[end].file == ask->only[i].file; end++)
			;
		r = measure_file(run, ask->only[i].file, ask->only + i, ask->only + end);
	}
	return r;
}

static int cmp_places(const void *pa, const void *pb, void *arg)
{
	const struct sq_metric *a = pa, *b = pb;
	int r = a->file == b->file ? 0 : sq_file_cmp(arg, a->file, b->file);

	return r ? r : a->def < b->def ? -1 : a->def > b->def;
}

static int cmp_metrics(const void *pa, const void *pb, void *arg)
{
	const struct sq_metric *a = pa, *b = pb;

	if (a->complexity != b->complexity)
		return a->complexity > b->complexity ? -1 : 1;
	return cmp_places(pa, pb, arg);
}

void sq_metrics_deinit(struct sq_metrics *m)
{
	sq_vec_deinit(&m->v);
	*m = (struct sq_metrics)SQ_METRICS_NULL;
}

int sq_complexity_measure(const struct sq_version *v, const struct sq_complexity_ask *ask, struct sq_metrics *ret_m)
{
	struct sq_metrics m = SQ_METRICS_NULL;
	struct run run = { .v = v, .ask = ask, .m = &m };
	int r = measure(&run);

	sq_buf_deinit(&run.text);
	sq_vec_deinit(&run.decisions);
	sq_vec_deinit(&run.lines);
	sq_vec_deinit(&run.counts);
	sq_vec_deinit(&run.owner);
	if (r < 0) {
		sq_metrics_deinit(&m);
		return sq_error_trace(r);
	}
	if (m.v.n)
		qsort_r(m.v.v, m.v.n, sizeof(*m.v.v), ask->by_complexity ? cmp_metrics : cmp_places, (void *)v);
	m.v.n = SQ_MIN(m.v.n, ask->limit);
	*ret_m = m;
	return 0;
}
