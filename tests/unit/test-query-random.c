/* SPDX-License-Identifier: MIT */
/*
 * Random expressions over all fields, against an evaluation that knows nothing
 * of indexes: every definition and every reference of the fixtures is decoded
 * into a list, and a predicate is a loop over it. What a whole analysis decides
 * (unused, circular) is asked of the engine alone and then combined.
 * SQ_SEED, SQ_TEST_ROUNDS: of expressions.
 */
#include "../support/treegraph.h"
#include "graph-rig.h"
#include "query/program.h"
#include "query/returns.h"
#include "query/run.h"

#include "base/varint.h"

#define MAX_DEFS 8192u
#define MAX_EDGES 32768u
#define N_TERMS 6u

struct def { sq_file file; uint32_t i; const struct sq_bound *b; struct sq_def d; struct sq_slice name; };
struct edge { uint32_t from, to, line; enum sq_ref_kind kind; const struct sq_link *link; enum sq_lang lang; };
#define NO_DEF UINT32_MAX

static struct treegraph tree;
static struct def defs[MAX_DEFS];       /* in the order of answers */
static uint32_t n_defs;
static struct edge edges[MAX_EDGES];
static uint32_t n_edges;
static char dir[4096];

/* ---- lists ---- */

static const struct sq_version *version(void)
{
	return treegraph_version(&tree);
}

static int read_file(const char *path, struct sq_buf *out)
{
	char text[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return SQ_SOURCE_E_CHANGED;
	while ((n = fread(text, 1, sizeof(text), f)))
		sq_buf_add(out, text, n);
	fclose(f);
	return 0;
}

static int read_source(void *arg, const struct sq_bound *b, struct sq_buf *out)
{
	char path[8192];

	(void)arg;
	snprintf(path, sizeof(path), "%s/%.*s", dir, (int)b->path.n, b->path.p);
	return read_file(path, out);
}
static const struct sq_source source = { read_source, NULL };

static int by_path(const void *pa, const void *pb)
{
	const struct def *a = pa, *b = pb;
	int r = sq_slice_cmp(a->b->path, b->b->path);

	return r ? r : a->i < b->i ? -1 : a->i > b->i;
}

static uint32_t find(sq_file f, uint32_t i)
{
	for (uint32_t k = 0; k < n_defs && i != SQ_NONE; k++)
		if (defs[k].file == f && defs[k].i == i)
			return k;
	return NO_DEF;
}

static uint32_t parent_of(uint32_t k)
{
	return find(defs[k].file, defs[k].d.parent);
}

static void add_edge(sq_file f, const struct sq_ref *ref, const struct sq_link *link, const struct sq_target *t)
{
	const struct sq_bound *b = sq_version_bound(version(), f);

	ck_assert_uint_lt(n_edges, MAX_EDGES);
	edges[n_edges++] = (struct edge){
		.from = find(f, ref->encl), .line = ref->line, .kind = (enum sq_ref_kind)ref->kind,
		.to = t ? find(t->file, sq_bound_find_def(sq_version_bound(version(), t->file), t->name,
							  t->ordinal)) : NO_DEF,
		.link = link, .lang = (enum sq_lang)b->lang,
	};
}

static void list_edges(sq_file f)
{
	struct sq_file_slot slot = sq_version_slot(version(), f);
	struct sq_ref_cursor it;
	struct sq_ref ref;
	const uint8_t *at;

	if (!slot.links)
		return;
	at = slot.links->ref_link;
	sq_refs_begin(&slot.bound->columns, &it);
	while (sq_refs_next(&it, &ref)) {
		const struct sq_link *link;
		uint32_t i;

		at = sq_varint_get32(at, &i);
		link = &slot.links->links[i];
		if (!link->n_listed)
			add_edge(f, &ref, link, NULL);
		for (uint32_t k = 0; k < link->n_listed; k++)
			add_edge(f, &ref, link, &slot.links->targets[link->first + k]);
	}
}

static void list_all(void)
{
	for (sq_file f = 0; f < version()->n_file_ids; f++) {
		const struct sq_bound *b = sq_version_bound(version(), f);

		for (uint32_t i = 0; b && i < b->columns.n_defs; i++) {
			struct def *d = &defs[n_defs++];

			ck_assert_uint_lt(n_defs, MAX_DEFS);
			*d = (struct def){ .file = f, .i = i, .b = b };
			sq_defs_get(&b->columns, i, &d->d);
			d->name = sq_version_string(version(), b->names[d->d.name]);
		}
	}
	qsort(defs, n_defs, sizeof(defs[0]), by_path);
	for (sq_file f = 0; f < version()->n_file_ids; f++)
		list_edges(f);
	ck_assert_uint_gt(n_defs, 300);
	ck_assert_uint_gt(n_edges, 300);
}

static void setup(void)
{
	const char *top = getenv("SQ_TOP_SRCDIR");

	n_defs = n_edges = 0;
	snprintf(dir, sizeof(dir), "%s/tests/fixtures/lang", top ? top : ".");
	ck_assert_int_eq(treegraph_init(&tree), 0);
	ck_assert_int_eq(treegraph_update(&tree, dir, true), 0);
	list_all();
}

static void teardown(void)
{
	treegraph_deinit(&tree);
}

/* ---- the engine ---- */

static struct sq_result ask(const char *text)
{
	const struct sq_query_opts o = { .limit = MAX_DEFS, .source = &source };
	struct sq_query_error err = { 0 };
	struct sq_result res = { 0 };
	struct sq_query *q = NULL;

	ck_assert_msg(!sq_query_parse(sq_slice_z(text), &q, &err), "%s: %s", text, err.message);
	ck_assert_msg(!sq_query_run_with(q, version(), &o, &res, &err), "%s: %s", text, err.message);
	sq_query_free(q);
	return res;
}

/* ---- terms ---- */

struct term { char text[256]; bool is[MAX_DEFS]; };

static bool is_plain(struct sq_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!sq_is_word_byte((uint8_t)s.p[i]))
			return false;
	return s.n && s.n < 60 && !(s.p[0] >= '0' && s.p[0] <= '9');
}

/* some definition with a name that needs no quotes */
static uint32_t some_def(struct rig_random *rnd)
{
	for (;;) {
		uint32_t k = rig_below(rnd, n_defs);

		if (is_plain(defs[k].name))
			return k;
	}
}

/* the same, with something inside it */
static uint32_t some_parent(struct rig_random *rnd)
{
	for (;;) {
		uint32_t k = parent_of(rig_below(rnd, n_defs));

		if (k != NO_DEF && is_plain(defs[k].name))
			return k;
	}
}

static bool same(struct sq_slice a, struct sq_slice b)
{
	return !sq_slice_cmp(a, b);
}

static bool contains(struct sq_slice text, struct sq_slice part)
{
	return text.n && memmem(text.p, text.n, part.p, part.n);
}

static void write_term(struct term *t, const char *field, struct sq_slice value)
{
	snprintf(t->text, sizeof(t->text), "%s%.*s", field, (int)value.n, value.p);
}

static void write_z(struct term *t, const char *field, const char *value)
{
	write_term(t, field, sq_slice_z(value));
}

static void by_name(struct rig_random *rnd, struct term *t)
{
	struct sq_slice name = defs[some_def(rnd)].name;
	uint32_t how = rig_below(rnd, 4);

	if (how == 1)
		name.n = 1 + name.n / 2;
	write_term(t, how == 0 ? "name:" : how == 1 ? "name ~= ^" : how == 2 ? "" : "name ~= /", name);
	if (how == 3)
		strcat(t->text, "$/i");
	for (uint32_t k = 0; k < n_defs; k++) {
		struct sq_slice n = defs[k].name;

		if (how == 0)
			t->is[k] = same(n, name);
		else if (how == 1)
			t->is[k] = sq_slice_has_prefix(n, name);
		else if (how == 2)
			t->is[k] = contains(n, name);
		else
			t->is[k] = n.n >= name.n && !strncasecmp(n.p + n.n - name.n, name.p, name.n);
	}
}

static void by_path_part(struct rig_random *rnd, struct term *t)
{
	struct sq_slice path = defs[rig_below(rnd, n_defs)].b->path;
	const char *slash = memchr(path.p, '/', path.n);

	if (slash)
		path.n = (size_t)(slash - path.p) + 1;
	write_term(t, "path:", path);
	for (uint32_t k = 0; k < n_defs; k++)
		t->is[k] = contains(defs[k].b->path, path);
}

/* what a definition says by itself */
static void by_own(struct rig_random *rnd, struct term *t, enum sq_field f)
{
	static const char *const vis[] = { "public", "private", "protected", "package" };
	static const uint8_t vis_of[] = { SQ_DEF_VIS_PUBLIC, SQ_DEF_VIS_PRIVATE, SQ_DEF_VIS_PROTECTED,
					  SQ_DEF_VIS_PACKAGE };
	const struct def *some = &defs[rig_below(rnd, n_defs)];
	bool yes = rig_below(rnd, 2);
	uint32_t v = rig_below(rnd, 4);

	if (f == SQ_FIELD_KIND)
		write_z(t, "kind:", sq_kind_name((enum sq_kind)some->d.kind));
	else if (f == SQ_FIELD_LANG)
		write_z(t, "lang:", sq_lang_name((enum sq_lang)some->b->lang));
	else if (f == SQ_FIELD_VISIBILITY)
		write_z(t, "visibility:", vis[v]);
	else
		write_z(t, f == SQ_FIELD_ASYNC ? "async:" : "static:", yes ? "true" : "false");
	for (uint32_t k = 0; k < n_defs; k++) {
		const struct sq_def *d = &defs[k].d;

		if (f == SQ_FIELD_KIND)
			t->is[k] = d->kind == some->d.kind;
		else if (f == SQ_FIELD_LANG)
			t->is[k] = defs[k].b->lang == some->b->lang;
		else if (f == SQ_FIELD_VISIBILITY)
			t->is[k] = (d->flags & SQ_DEF_VIS_MASK) == vis_of[v];
		else
			t->is[k] = !(d->flags & (f == SQ_FIELD_ASYNC ? SQ_DEF_ASYNC : SQ_DEF_STATIC)) != yes;
	}
}

static const char *scope_of(uint32_t k)
{
	uint32_t up = parent_of(k);

	if (up == NO_DEF)
		return "file";
	switch (defs[up].d.kind) {
	case SQ_KIND_MODULE:
		return "module";
	case SQ_KIND_FUNCTION:
	case SQ_KIND_METHOD:
	case SQ_KIND_MACRO:
		return "function";
	default:
		return "class";
	}
}

static void by_scope(struct rig_random *rnd, struct term *t, enum sq_field f)
{
	static const char *const scopes[] = { "file", "module", "class", "function", "block" };
	const char *scope = scopes[rig_below(rnd, 5)];
	uint8_t kind = defs[some_parent(rnd)].d.kind;

	if (f == SQ_FIELD_SCOPE)
		write_z(t, "scope:", scope);
	else
		write_z(t, "scope.type:", sq_kind_name((enum sq_kind)kind));
	for (uint32_t k = 0; k < n_defs; k++) {
		uint32_t up = parent_of(k);

		if (f == SQ_FIELD_SCOPE_TYPE)
			t->is[k] = up != NO_DEF && defs[up].d.kind == kind;
		else if (!strcmp(scope, "block"))
			t->is[k] = up != NO_DEF && (defs[k].d.flags & SQ_DEF_NESTED);
		else
			t->is[k] = !strcmp(scope_of(k), scope);
	}
}

static void by_parent(struct rig_random *rnd, struct term *t, enum sq_field f)
{
	struct sq_slice name = defs[some_parent(rnd)].name;

	write_term(t, f == SQ_FIELD_PARENT ? "parent:" : f == SQ_FIELD_SCOPE_NAME ? "scope.name:" :
		   f == SQ_FIELD_SCOPE_PARENT ? "scope.parent:" : "scope.ancestor:", name);
	for (uint32_t k = 0; k < n_defs; k++) {
		uint32_t up = parent_of(k);

		while (f == SQ_FIELD_SCOPE_ANCESTOR && up != NO_DEF && !same(defs[up].name, name))
			up = parent_of(up);
		t->is[k] = up != NO_DEF && same(defs[up].name, name);
	}
}

/* bytes of a definition, line by line */
static struct sq_slice text_of(const struct def *d, struct sq_slice text)
{
	size_t from = 0, to = 0;
	uint32_t line = 1;

	for (size_t i = 0; i <= text.n; i++) {
		if (line == d->d.start_line && (!i || text.p[i - 1] == '\n'))
			from = i + d->d.start_col;
		if (line == d->d.end_line && (!i || text.p[i - 1] == '\n'))
			to = i + d->d.end_col;
		if (i < text.n)
			line += text.p[i] == '\n';
	}
	return from <= to && to <= text.n ? sq_slice(text.p + from, to - from) : SQ_SLICE_NULL;
}

static bool returns(const struct def *d, struct sq_slice text, struct sq_slice want)
{
	struct sq_slice sig = sq_slice(text.p + d->d.sig_off, d->d.sig_len);

	if (d->d.kind != SQ_KIND_FUNCTION && d->d.kind != SQ_KIND_METHOD)
		return false;
	return sq_returns_match(sq_returns_of((enum sq_lang)d->b->lang, sig, d->name), want);
}

static void by_source(struct rig_random *rnd, struct term *t, enum sq_field f)
{
	static const char *const types[] = { "int", "void", "string", "bool", "Self", "Result" };
	struct sq_slice want = f == SQ_FIELD_TEXT ? defs[some_def(rnd)].name :
			       sq_slice_z(types[rig_below(rnd, SQ_ARRAY_SIZE(types))]);
	struct sq_buf text = SQ_BUF_NULL;

	write_term(t, f == SQ_FIELD_TEXT ? "text ~= " : "returns:", want);
	for (uint32_t k = 0; k < n_defs; k++) {
		if (!k || defs[k].file != defs[k - 1].file) {
			sq_buf_clear(&text);
			ck_assert_int_eq(read_source(NULL, defs[k].b, &text), 0);
		}
		t->is[k] = f == SQ_FIELD_TEXT ? contains(text_of(&defs[k], sq_buf_slice(&text)), want) :
			   returns(&defs[k], sq_buf_slice(&text), want);
	}
	sq_buf_deinit(&text);
}

static bool is_call(const struct edge *e)
{
	return e->kind == SQ_REF_CALL || e->kind == SQ_REF_MACRO;
}

static bool implements(const struct edge *e)
{
	return e->kind == SQ_REF_IMPLEMENT ||
	       (e->kind == SQ_REF_INHERIT && e->to != NO_DEF &&
		(defs[e->to].d.kind == SQ_KIND_INTERFACE || defs[e->to].d.kind == SQ_KIND_TRAIT));
}

/* those related to what is called @name, or to all of a kind */
static void by_relation(struct rig_random *rnd, struct term *t, enum sq_field f)
{
	static const char *const names[] = { "callers:", "callees:", "references:", "impl:" };
	const char *field = names[f == SQ_FIELD_CALLERS ? 0 : f == SQ_FIELD_CALLEES ? 1 :
				  f == SQ_FIELD_REFERENCES ? 2 : 3];
	const struct def *some = &defs[some_def(rnd)];
	bool by_kind = !rig_below(rnd, 3);

	/* more often something that has relations */
	for (uint32_t i = 0, at = rig_below(rnd, n_edges); i < n_edges && f != SQ_FIELD_CALLEES; i++) {
		const struct edge *e = &edges[(at + i) % n_edges];

		if (f != SQ_FIELD_IMPL && i == 20)
			break;
		if (e->to != NO_DEF && is_plain(defs[e->to].name) && (f != SQ_FIELD_IMPL || implements(e)))
			some = &defs[e->to];
	}
	if (f == SQ_FIELD_IMPL)
		by_kind = true;         /* a name that no definition has counts too */
	if (by_kind)
		snprintf(t->text, sizeof(t->text), "%s(kind:%s)", field,
			 sq_kind_name((enum sq_kind)some->d.kind));
	else
		write_term(t, field, some->name);
	for (uint32_t i = 0; i < n_edges; i++) {
		const struct edge *e = &edges[i];
		bool wanted = f == SQ_FIELD_REFERENCES || (f == SQ_FIELD_IMPL ? implements(e) : is_call(e));
		uint32_t of = f == SQ_FIELD_CALLEES ? e->from : e->to;

		if (!wanted || e->to == NO_DEF || e->from == NO_DEF)
			continue;
		/* what lies inside calls for it, a method that is written elsewhere too */
		for (uint32_t at = of; at != NO_DEF; at = f == SQ_FIELD_CALLEES ? parent_of(at) : NO_DEF) {
			if (by_kind ? defs[at].d.kind == some->d.kind : same(defs[at].name, some->name))
				t->is[f == SQ_FIELD_CALLEES ? e->to : e->from] = true;
		}
	}
}

static void by_count(struct rig_random *rnd, struct term *t)
{
	uint32_t least = rig_below(rnd, 3);

	snprintf(t->text, sizeof(t->text), "callers > %u", least);
	for (uint32_t k = 0; k < n_defs; k++) {
		static bool seen[MAX_DEFS];
		uint32_t n = 0;

		memset(seen, 0, n_defs);
		for (uint32_t i = 0; i < n_edges; i++)
			if (edges[i].to == k && is_call(&edges[i]) && edges[i].from != NO_DEF) {
				n += !seen[edges[i].from];
				seen[edges[i].from] = true;
			}
		t->is[k] = n > least;
	}
}

static bool file_imports(const struct sq_bound *b, struct sq_slice part)
{
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_imports_begin(&b->columns, &it);
	while (sq_imports_next(&it, &imp)) {
		uint32_t said[] = { imp.target, imp.name, imp.alias };

		if (imp.kind == SQ_IMPORT_PACKAGE || imp.kind == SQ_IMPORT_ROOT || imp.kind == SQ_IMPORT_PATH)
			continue;
		for (int i = 0; i < 3; i++)
			if (said[i] != SQ_NONE && contains(sq_version_string(version(), b->names[said[i]]), part))
				return true;
	}
	return false;
}

static void by_imports(struct rig_random *rnd, struct term *t)
{
	static const char *const parts[] = { "os", "std", "fmt", "a", "util", "java", "x", "h" };
	const char *part = parts[rig_below(rnd, SQ_ARRAY_SIZE(parts))];

	write_z(t, "imports:", part);
	for (uint32_t k = 0; k < n_defs; k++)
		t->is[k] = file_imports(defs[k].b, sq_slice_z(part));
}

static void by_exports(struct rig_random *rnd, struct term *t)
{
	struct sq_slice name = defs[some_def(rnd)].name;

	write_term(t, "exports:", name);
	for (uint32_t k = 0; k < n_defs; k++)
		t->is[k] = same(defs[k].name, name) && sq_def_is_exported(version(), defs[k].b, &defs[k].d);
}

static void by_body(struct term *t)
{
	write_z(t, "duplicates:", "body");
	for (uint32_t k = 0; k < n_defs; k++)
		for (uint32_t i = 0; i < n_defs; i++)
			t->is[k] |= i != k && defs[k].d.body_hash && defs[i].d.body_hash == defs[k].d.body_hash;
}

static bool takes_address(const struct edge *e)
{
	const struct sq_lang_traits *traits = version()->traits[e->lang];

	if (e->kind == SQ_REF_ADDRESS)
		return true;
	return e->kind == SQ_REF_READ && traits && traits->family == SQ_FAMILY_C &&
	       (defs[e->to].d.kind == SQ_KIND_FUNCTION || defs[e->to].d.kind == SQ_KIND_METHOD);
}

static void by_link(struct rig_random *rnd, struct term *t, enum sq_field f)
{
	static const char *const vias[] = { "direct", "type_match", "binding_plane", "virtual_dispatch",
					    "duck_typed" };
	const char *via = vias[rig_below(rnd, SQ_ARRAY_SIZE(vias))];
	bool yes = rig_below(rnd, 2);

	if (f == SQ_FIELD_RESOLVED_VIA)
		write_z(t, "resolved_via:", via);
	else
		write_z(t, f == SQ_FIELD_ADDRESS_TAKEN ? "address_taken:" : "callsite_promiscuous:",
			yes ? "true" : "false");
	for (uint32_t i = 0; i < n_edges; i++) {
		const struct edge *e = &edges[i];

		if (f == SQ_FIELD_ADDRESS_TAKEN && e->to != NO_DEF && takes_address(e))
			t->is[e->to] = true;
		if (f == SQ_FIELD_CALLSITE_PROMISCUOUS && is_call(e) && e->from != NO_DEF)
			t->is[e->from] |= e->link->state == SQ_LINK_ELIDED;
		if (f == SQ_FIELD_RESOLVED_VIA && is_call(e) && e->from != NO_DEF &&
		    e->link->state != SQ_LINK_ELIDED && e->link->state != SQ_LINK_UNRESOLVED)
			t->is[e->from] |= !strcmp(sq_rule_resolved_via((enum sq_rule)e->link->rule), via);
	}
	for (uint32_t k = 0; k < n_defs && f != SQ_FIELD_RESOLVED_VIA && !yes; k++)
		t->is[k] = !t->is[k];
}

/* what only the analysis knows */
static void by_analysis(struct rig_random *rnd, struct term *t, enum sq_field f)
{
	static const char *const unused[] = { "public", "private", "function", "struct", "all" };
	struct sq_result res;
	size_t at = 0;

	if (f == SQ_FIELD_UNUSED)
		write_z(t, "unused:", unused[rig_below(rnd, 5)]);
	else
		write_z(t, "circular:", rig_below(rnd, 2) ? "calls" : "all");
	res = ask(t->text);
	for (uint32_t k = 0; k < n_defs && at < res.n_items; k++)
		if (res.items[at].file == defs[k].file && res.items[at].def == defs[k].i) {
			t->is[k] = true;
			at++;
		}
	ck_assert_uint_eq(at, res.n_items);
	sq_result_deinit(&res);
}

static void make_term(struct rig_random *rnd, struct term *t, enum sq_field f)
{
	memset(t, 0, sizeof(*t));
	switch (f) {
	case SQ_FIELD_KIND:
	case SQ_FIELD_LANG:
	case SQ_FIELD_ASYNC:
	case SQ_FIELD_STATIC:
	case SQ_FIELD_VISIBILITY:
		return by_own(rnd, t, f);
	case SQ_FIELD_PATH:
		return by_path_part(rnd, t);
	case SQ_FIELD_SCOPE:
	case SQ_FIELD_SCOPE_TYPE:
		return by_scope(rnd, t, f);
	case SQ_FIELD_PARENT:
	case SQ_FIELD_SCOPE_NAME:
	case SQ_FIELD_SCOPE_PARENT:
	case SQ_FIELD_SCOPE_ANCESTOR:
		return by_parent(rnd, t, f);
	case SQ_FIELD_TEXT:
	case SQ_FIELD_RETURNS:
		return by_source(rnd, t, f);
	case SQ_FIELD_CALLERS:
		if (rig_below(rnd, 4) == 0)
			return by_count(rnd, t);
		return by_relation(rnd, t, f);
	case SQ_FIELD_CALLEES:
	case SQ_FIELD_IMPL:
	case SQ_FIELD_REFERENCES:
		return by_relation(rnd, t, f);
	case SQ_FIELD_IMPORTS:
		return by_imports(rnd, t);
	case SQ_FIELD_EXPORTS:
		return by_exports(rnd, t);
	case SQ_FIELD_DUPLICATES:
		return by_body(t);
	case SQ_FIELD_UNUSED:
	case SQ_FIELD_CIRCULAR:
		return by_analysis(rnd, t, f);
	case SQ_FIELD_ADDRESS_TAKEN:
	case SQ_FIELD_RESOLVED_VIA:
	case SQ_FIELD_CALLSITE_PROMISCUOUS:
		return by_link(rnd, t, f);
	default:
		return by_name(rnd, t);
	}
}

/* ---- expressions ---- */

/* a random tree over terms [from, to); its text to @out, its truth to the first of them */
static void combine(struct rig_random *rnd, struct term *terms, unsigned from, unsigned to, struct sq_buf *out)
{
	unsigned mid = from + 1 + (to - from > 2 ? rig_below(rnd, to - from - 1) : 0);
	bool not = !rig_below(rnd, 4), or = rig_below(rnd, 2);

	sq_buf_puts(out, not ? "NOT (" : "(");
	if (to - from == 1) {
		sq_buf_puts(out, terms[from].text);
	} else {
		combine(rnd, terms, from, mid, out);
		sq_buf_puts(out, or ? " OR " : rig_below(rnd, 2) ? " AND " : " ");
		combine(rnd, terms, mid, to, out);
	}
	sq_buf_puts(out, ")");
	for (uint32_t k = 0; k < n_defs; k++) {
		bool a = terms[from].is[k], b = to - from == 1 ? a : terms[mid].is[k];

		terms[from].is[k] = (or ? a || b : a && b) != not;
	}
}

static void compare(const char *text, const bool *want)
{
	struct sq_result res = ask(text);
	size_t at = 0;

	for (uint32_t k = 0; k < n_defs; k++) {
		bool is = at < res.n_items && res.items[at].file == defs[k].file &&
			  res.items[at].def == defs[k].i;

		ck_assert_msg(is == want[k], "%s: %.*s in %.*s:%u %s", text, (int)defs[k].name.n, defs[k].name.p,
			      (int)defs[k].b->path.n, defs[k].b->path.p, defs[k].d.start_line,
			      is ? "too much" : "missed");
		at += is;
	}
	ck_assert_uint_eq(at, res.total);
	sq_result_deinit(&res);
}

static struct rig_random seeded(void)
{
	const char *seed = getenv("SQ_SEED");
	struct rig_random rnd = { seed ? strtoull(seed, NULL, 0) : 1 };

	printf("query-random: seed %llu\n", (unsigned long long)rnd.state);
	return rnd;
}

/* each field alone, and often enough with matches and without */
START_TEST(fields)
{
	struct rig_random rnd = seeded();
	static struct term t;

	for (int f = 0; f < SQ_FIELD_MAX; f++) {
		uint32_t n_yes = 0;

		if (f == SQ_FIELD_REPO)
			continue;       /* of workspace queries only */
		for (int i = 0; i < 8; i++) {
			make_term(&rnd, &t, (enum sq_field)f);
			compare(t.text, t.is);
			for (uint32_t k = 0; k < n_defs; k++)
				n_yes += t.is[k];
		}
		ck_assert_msg(n_yes || f == SQ_FIELD_CALLSITE_PROMISCUOUS, "nothing matches %s", sq_fields[f].name);
	}
}
END_TEST

START_TEST(expressions)
{
	const char *env = getenv("SQ_TEST_ROUNDS");
	struct rig_random rnd = seeded();
	static struct term t[N_TERMS];

	for (int rounds = env ? atoi(env) : 150; rounds > 0; rounds--) {
		unsigned n = 2 + rig_below(&rnd, N_TERMS - 1);
		struct sq_buf text = SQ_BUF_NULL;

		for (unsigned i = 0; i < n; i++) {
			uint32_t f = rig_below(&rnd, SQ_FIELD_MAX);

			make_term(&rnd, &t[i], f == SQ_FIELD_REPO ? SQ_FIELD_NAME : (enum sq_field)f);
		}
		combine(&rnd, t, 0, n, &text);
		compare(sq_buf_z(&text), t[0].is);
		sq_buf_deinit(&text);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("query-random");
	TCase *c = tcase_create("random");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 1200);
	tcase_add_test(c, fields);
	tcase_add_test(c, expressions);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
