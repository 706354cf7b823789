/* SPDX-License-Identifier: MIT */
/* One file's links piece: bind every reference once per distinct meaning. */
#include "graph/link.h"

#include <stdlib.h>

#include "base/hash.h"
#include "graph/linker.h"

/* caches of other files' definitions are dropped above this many entries */
#define MAX_CACHED_CANDS (1u << 18)

int sq_linker_new(struct sq_linker **ret_l)
{
	struct sq_linker *l = sq_calloc(1, sizeof(*l));

	if (!l)
		return sq_error_origin(-ENOMEM);
	l->marked_for = SQ_FILE_NONE;
	*ret_l = l;
	return 0;
}

struct sq_linker *sq_linker_free(struct sq_linker *l)
{
	if (!l)
		return NULL;
	sq_linker_share(l, NULL);
	sq_memo_deinit(&l->cand_memo);
	sq_def_index_deinit(&l->def_index);
	sq_memo_deinit(&l->import_memo);
	sq_memo_deinit(&l->package_memo);
	sq_memo_deinit(&l->link_memo);
	sq_memo_deinit(&l->old_memo);
	sq_memo_deinit(&l->asked);
	sq_vec_deinit(&l->cands);
	sq_vec_deinit(&l->import_links);
	sq_vec_deinit(&l->import_files);
	sq_vec_deinit(&l->path_files);
	sq_vec_deinit(&l->roots);
	sq_vec_deinit(&l->paths);
	sq_buf_deinit(&l->path);
	sq_buf_deinit(&l->path2);
	sq_free(l->near);
	sq_free(l->mark);
	sq_vec_deinit(&l->queue);
	sq_vec_deinit(&l->defs);
	sq_vec_deinit(&l->first_def);
	sq_vec_deinit(&l->imports);
	sq_vec_deinit(&l->import_of);
	sq_vec_deinit(&l->import_scope);
	sq_vec_deinit(&l->kept);
	sq_vec_deinit(&l->was);
	sq_vec_deinit(&l->old_said);
	sq_vec_deinit(&l->now_said);
	sq_vec_deinit(&l->links);
	sq_vec_deinit(&l->targets);
	sq_buf_deinit(&l->ref_bytes);
	sq_vec_deinit(&l->anchors);
	sq_vec_deinit(&l->out);
	sq_vec_deinit(&l->types);
	sq_vec_deinit(&l->visited);
	sq_free(l);
	return NULL;
}

static void drop_cands(struct sq_linker *l)
{
	sq_memo_clear(&l->cand_memo);
	sq_vec_clear(&l->cands);
}

void sq_linker_begin(struct sq_linker *l, const struct sq_version *v, const struct sq_file_set *stale)
{
	sq_linker_share(l, NULL);
	l->v = v;
	l->stale = stale;
	l->error = 0;
	l->config_read = false;
	l->marked_for = SQ_FILE_NONE;
	drop_cands(l);
	sq_def_index_clear(&l->def_index);
	sq_memo_clear(&l->import_memo);
	sq_memo_clear(&l->package_memo);
	sq_vec_clear(&l->import_links);
	sq_vec_clear(&l->import_files);
	sq_vec_clear(&l->roots);
	sq_vec_clear(&l->paths);
}

/* ---- the current file ------------------------------------------------------ */

static void index_defs(struct sq_linker *l)
{
	const struct sq_columns *c = &l->b->columns;
	struct sq_def_cursor it;
	struct sq_def d;

	sq_vec_clear(&l->defs);
	sq_linker_fail(l, sq_vec_reserve(&l->defs, c->n_defs));
	sq_vec_clear(&l->first_def);
	sq_linker_fail(l, sq_vec_reserve(&l->first_def, c->n_strings));
	if (l->error)
		return;
	l->first_def.n = c->n_strings;
	for (uint32_t i = 0; i < c->n_strings; i++)
		l->first_def.v[i] = SQ_NONE;
	sq_defs_begin(c, &it);
	for (uint32_t i = 0; sq_defs_next(&it, &d); i++) {
		l->defs.v[l->defs.n++] = d;
		if (l->first_def.v[d.name] == SQ_NONE)
			l->first_def.v[d.name] = i;
	}
}

/* The definition to which an import is confined: the innermost function around its
 * line; of Rust's, the innermost module, too. */
static uint32_t scope_of_import(const struct sq_linker *l, const struct sq_import *imp)
{
	uint32_t found = SQ_NONE;

	if (!(imp->flags & SQ_IMP_NESTED))
		return SQ_NONE;
	for (uint32_t i = 0; i < l->defs.n && l->defs.v[i].start_line <= imp->line; i++) {
		const struct sq_def *d = &l->defs.v[i];
		bool holds = d->kind == SQ_KIND_FUNCTION || d->kind == SQ_KIND_METHOD ||
			     (d->kind == SQ_KIND_MODULE && l->t->family == SQ_FAMILY_RUST);

		if (holds && d->end_line >= imp->line)
			found = i;
	}
	return found;
}

static void index_imports(struct sq_linker *l)
{
	const struct sq_columns *c = &l->b->columns;
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_vec_clear(&l->imports);
	sq_vec_clear(&l->import_of);
	sq_vec_clear(&l->import_scope);
	sq_linker_fail(l, sq_vec_reserve(&l->import_of, c->n_strings));
	if (l->error)
		return;
	l->import_of.n = c->n_strings;
	if (c->n_strings)
		memset(l->import_of.v, 0, c->n_strings * sizeof(*l->import_of.v));
	sq_imports_begin(c, &it);
	while (sq_imports_next(&it, &imp)) {
		uint32_t bound = imp.alias != SQ_NONE ? imp.alias : imp.name;

		sq_linker_fail(l, sq_vec_push(&l->imports, imp));
		sq_linker_fail(l, sq_vec_push(&l->import_scope, scope_of_import(l, &imp)));
		if (l->t && bound != SQ_NONE && sq_import_binds_member(l->t, &imp) && !l->import_of.v[bound])
			l->import_of.v[bound] = (uint32_t)l->imports.n;
	}
}

/* ---- links ------------------------------------------------------------------ */

/* qsort has no argument for the version: candidates carry their path's rank instead */
struct ranked { struct sq_slice path; struct sq_cand cand; };

static int ranked_cmp(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;
	int r = sq_slice_cmp(a->path, b->path);

	return r ? r : a->cand.def < b->cand.def ? -1 : a->cand.def > b->cand.def;
}

static void sort_out(struct sq_linker *l)
{
	struct ranked *v;

	if (l->out.n < 2 || l->out.n > SQ_LINK_MAX_LISTED)
		return;
	v = sq_malloc(l->out.n * sizeof(*v));
	if (!v) {
		sq_linker_fail(l, sq_error_origin(-ENOMEM));
		return;
	}
	for (size_t i = 0; i < l->out.n; i++)
		v[i] = (struct ranked){ sq_version_bound(l->v, l->out.v[i].file)->path, l->out.v[i] };
	qsort(v, l->out.n, sizeof(*v), ranked_cmp);
	for (size_t i = 0; i < l->out.n; i++)
		l->out.v[i] = v[i].cand;
	sq_free(v);
}

/* one link from what the rules left in out; returns its index */
static uint32_t add_link(struct sq_linker *l)
{
	struct sq_link link = {
		.rule = (uint8_t)l->rule,
		.first = (uint32_t)l->targets.n,
	};

	if (!l->out.n)
		return 0;
	sort_out(l);
	link.n_listed = (uint16_t)SQ_MIN(l->out.n, (size_t)SQ_LINK_MAX_LISTED);
	link.state = l->out.n == 1 ? SQ_LINK_BOUND :
		     l->out.n > SQ_LINK_MAX_LISTED ? SQ_LINK_ELIDED : SQ_LINK_AMBIGUOUS;
	if (link.state == SQ_LINK_ELIDED) {
		link.n_listed = 0;
		link.first = (uint32_t)l->out.n;
	}
	for (unsigned i = 0; i < link.n_listed; i++)
		sq_linker_fail(l, sq_vec_push(&l->targets, (struct sq_target){
			l->out.v[i].file, l->out.v[i].name, l->out.v[i].ordinal }));
	sq_linker_fail(l, sq_vec_push(&l->links, link));
	return (uint32_t)l->links.n - 1;
}

/*
 * References with equal keys have equal meaning. The enclosing definition is
 * part of the key only where it can matter: C knows no nested scopes.
 */
static uint64_t meaning(const struct sq_linker *l, const struct sq_ref *r)
{
	bool scoped = l->b->lang != SQ_LANG_C && r->encl != SQ_NONE;
	uint64_t a = (uint64_t)r->name << 32 | r->qual;
	uint64_t b = (uint64_t)(scoped ? r->encl : SQ_NONE) << 16 | (uint64_t)r->kind << 8 |
		     (r->flags & (SQ_REFF_TYPED | SQ_REFF_EXPR | SQ_REFF_ARROW));

	return sq_hash_u64(a) * 0x9e3779b97f4a7c15ULL ^ sq_hash_u64(b + 1);
}

/* what binding asks of the file, before it first does; an edit may ask nothing */
static void index_file(struct sq_linker *l)
{
	if (l->is_indexed)
		return;
	l->is_indexed = true;
	index_defs(l);
	index_imports(l);
}

static void clear_file(struct sq_linker *l)
{
	l->is_indexed = false;
	sq_memo_clear(&l->link_memo);
	sq_vec_clear(&l->links);
	sq_vec_clear(&l->targets);
	sq_vec_clear(&l->anchors);
	sq_buf_clear(&l->ref_bytes);
	sq_linker_fail(l, sq_vec_push(&l->links, (struct sq_link){ .state = SQ_LINK_UNRESOLVED }));
}

uint32_t sq_link_ref(struct sq_linker *l, const struct sq_ref *r)
{
	uint64_t key = meaning(l, r);
	const struct sq_memo_slot *s = sq_memo_get(&l->link_memo, key);
	uint32_t index;

	if (s)
		return s->first;
	index_file(l);
	/* nearly every C name asks what is included; others ask when they need it */
	if (l->t->style == SQ_STYLE_INCLUDE)
		sq_mark_closure(l, l->file);
	sq_bind(l, r);
	index = l->error ? 0 : add_link(l);
	sq_linker_fail(l, sq_memo_put(&l->link_memo, key, index, 0));
	return index;
}

/* the next reference, the @i-th, has the link @index */
static void put_ref(struct sq_linker *l, uint32_t i, uint32_t index)
{
	uint8_t buf[SQ_VARINT_MAX];

	if (i % SQ_FACTS_STRIDE == 0)
		sq_linker_fail(l, sq_vec_push(&l->anchors, (uint32_t)l->ref_bytes.n));
	sq_buf_add(&l->ref_bytes, buf, (size_t)(sq_varint_put(buf, index) - buf));
}

static void link_refs(struct sq_linker *l)
{
	struct sq_ref_cursor it;
	struct sq_ref r;

	sq_refs_begin(&l->b->columns, &it);
	for (uint32_t i = 0; sq_refs_next(&it, &r) && !l->error; i++)
		put_ref(l, i, sq_link_ref(l, &r));
	sq_linker_fail(l, sq_buf_error(&l->ref_bytes));
}

/* ---- the piece --------------------------------------------------------------- */

static void *take(char **at, size_t n)
{
	void *p = *at;

	*at += (n + 7) & ~(size_t)7;
	return p;
}

static size_t padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* what the imports mean, as a piece has it */
struct meant {
	const struct sq_import_link *links;
	const sq_file *files;
	uint32_t n_links, n_files;
	bool is_packed;          /* links count their first from the start of files */
};

static struct meant meant_before(const struct sq_links *old)
{
	return (struct meant){ old->imports, old->files, old->n_imports, old->n_files, true };
}

static struct meant meant_now(struct sq_linker *l)
{
	uint32_t first = sq_imports_of(l, l->file);
	struct meant m = { .files = l->import_files.v };

	if (first == SQ_NONE)
		return m;
	m.links = l->import_links.v + first;
	m.n_links = (uint32_t)l->imports.n;
	for (uint32_t i = 0; i < m.n_links; i++)
		m.n_files += m.links[i].n;
	return m;
}

static void put_imports(const struct meant *m, struct sq_import_link *links, sq_file *files)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < m->n_links; i++) {
		links[i] = m->links[i];
		if (m->is_packed)
			continue;
		if (links[i].n)
			memcpy(files + at, m->files + links[i].first, links[i].n * sizeof(sq_file));
		links[i].first = at;
		at += links[i].n;
	}
	if (m->is_packed && m->n_files)
		memcpy(files, m->files, m->n_files * sizeof(sq_file));
}

/* copy the scratch arrays into one allocation */
static int make_piece(struct sq_linker *l, const struct meant *m, struct sq_birth birth, struct sq_links **ret_links)
{
	struct sq_import_link *imports;
	struct sq_links *p;
	sq_file *files;
	char *at;

	if (l->error)
		return l->error;
	p = sq_piece_alloc(SQ_PIECE_LINKS, birth,
			   sizeof(*p) + padded(l->links.n * sizeof(struct sq_link)) +
			   padded(l->targets.n * sizeof(struct sq_target)) +
			   padded(m->n_links * sizeof(*imports)) + padded(m->n_files * sizeof(sq_file)) +
			   padded(l->anchors.n * sizeof(uint32_t)) + padded(l->ref_bytes.n));
	if (!p)
		return sq_error_origin(-ENOMEM);
	at = (char *)(p + 1);
	p->n_links = (uint32_t)l->links.n;
	p->n_targets = (uint32_t)l->targets.n;
	p->n_imports = m->n_links;
	p->n_files = m->n_files;
	p->n_ref_bytes = (uint32_t)l->ref_bytes.n;
	p->links = memcpy(take(&at, l->links.n * sizeof(struct sq_link)), l->links.v,
			  l->links.n * sizeof(struct sq_link));
	p->targets = take(&at, l->targets.n * sizeof(struct sq_target));
	if (l->targets.n)
		memcpy((void *)p->targets, l->targets.v, l->targets.n * sizeof(struct sq_target));
	p->imports = imports = take(&at, m->n_links * sizeof(*imports));
	p->files = files = take(&at, m->n_files * sizeof(sq_file));
	put_imports(m, imports, files);
	p->ref_anchor = take(&at, l->anchors.n * sizeof(uint32_t));
	if (l->anchors.n)
		memcpy((void *)p->ref_anchor, l->anchors.v, l->anchors.n * sizeof(uint32_t));
	p->ref_link = (const uint8_t *)at;
	if (l->ref_bytes.n)
		memcpy(at, l->ref_bytes.p, l->ref_bytes.n);
	*ret_links = p;
	return 0;
}

static void begin_file(struct sq_linker *l, sq_file f)
{
	l->file = f;
	l->b = sq_version_bound(l->v, f);
	l->t = l->v->traits[l->b->lang];
	if (l->cands.n > MAX_CACHED_CANDS)
		drop_cands(l);
	clear_file(l);
}

int sq_link_file(struct sq_linker *l, sq_file f, struct sq_birth birth, struct sq_links **ret_links)
{
	struct meant m;

	begin_file(l, f);
	index_file(l);
	if (!l->error && l->t)
		link_refs(l);
	m = meant_now(l);
	return make_piece(l, &m, birth, ret_links);
}

int sq_link_file_again(struct sq_linker *l, sq_file f, const struct sq_file_slot *old,
		       const struct sq_changed_names *names, struct sq_birth birth, struct sq_links **ret_links)
{
	struct meant m = meant_before(old->links);
	bool bases;
	int r;

	begin_file(l, f);
	bases = !l->error && sq_link_refs_again(l, old, names);
	r = make_piece(l, &m, birth, ret_links);
	return r < 0 ? sq_error_trace(r) : bases ? SQ_LINK_E_BASES : 0;
}
