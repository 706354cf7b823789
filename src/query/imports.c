/* SPDX-License-Identifier: MIT */
/* imports: files by what their import lines say or mean; exports: definitions
 * that a file shows to others. */
#include "base/error.h"
#include "query/run.h"

static void add_file(uint64_t *files, sq_file f)
{
	files[f >> 6] |= 1ull << (f & 63);
}

/* a line that imports; a file's own package clause and configuration do not */
static bool is_import(const struct sq_import *imp)
{
	return imp->kind != SQ_IMPORT_PACKAGE && imp->kind != SQ_IMPORT_ROOT &&
	       imp->kind != SQ_IMPORT_PATH;
}

/* ---- by text --------------------------------------------------------------------- */

static bool says(const struct sq_bound *b, const struct sq_import *imp,
		 const struct sq_name_set *names)
{
	return sq_name_set_has(names, b->names[imp->target]) ||
	       (imp->name != SQ_NONE && sq_name_set_has(names, b->names[imp->name])) ||
	       (imp->alias != SQ_NONE && sq_name_set_has(names, b->names[imp->alias]));
}

static bool file_says(const struct sq_bound *b, const struct sq_name_set *names,
		      bool wildcard)
{
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_imports_begin(&b->columns, &it);
	while (sq_imports_next(&it, &imp)) {
		if (!is_import(&imp))
			continue;
		if (says(b, &imp, names) || (wildcard && (imp.flags & SQ_IMP_WILDCARD)))
			return true;
	}
	return false;
}

/* names that contain the text of the predicate, or match its expression */
static int import_names(struct sq_run *run, const struct sq_pred *p,
			struct sq_name_set *names)
{
	int r = p->re ? sq_name_set_match(run->v, p->re, run->o->cancel, names) :
			sq_name_set_contain(run->v, p->value, run->o->cancel, names);

	return r ? r : sq_run_step(run, names->n);
}

static int files_by_text(struct sq_run *run, const struct sq_pred *p, uint64_t *files)
{
	bool wildcard = !p->re && sq_slice_is(p->value, "*");
	struct sq_name_set names = { 0 };
	int r = import_names(run, p, &names);

	for (sq_file f = 0; !r && f < run->v->n_file_ids; f++) {
		const struct sq_bound *b = sq_version_bound(run->v, f);

		if (!b)
			continue;
		if (file_says(b, &names, wildcard))
			add_file(files, f);
		r = sq_run_step(run, 1 + b->columns.n_imports);
	}
	sq_name_set_deinit(&names);
	return r;
}

/* ---- by what they mean ------------------------------------------------------------ */

/* a visit of what the imports of a file mean */
struct meanings {
	struct sq_run *run;
	const struct sq_selection *of;
	/* called for each member of ->of, again when several lines mean it; 1 ends the visit */
	int (*fn)(void *arg, const struct sq_import *imp, sq_file g, uint32_t def);
	void *arg;
};

/* members in file @g. A named import means that name only */
static int visit_members(const struct meanings *m, const struct sq_import *imp, sq_file g,
			 sq_name name)
{
	const struct sq_bound *b = sq_version_bound(m->run->v, g);
	struct sq_def_cursor it;
	struct sq_def d;
	int r;

	if (!b)
		return 0;
	r = sq_run_step(m->run, b->columns.n_defs);
	sq_defs_begin(&b->columns, &it);
	for (uint32_t i = 0; !r && sq_defs_next(&it, &d); i++)
		if ((name == SQ_NAME_NONE || b->names[d.name] == name) &&
		    sq_selection_has(m->of, g, i))
			r = m->fn(m->arg, imp, g, i);
	return r;
}

/* @homes: files that have members */
static int visit_meanings(const struct meanings *m, struct sq_file_slot slot, const uint64_t *homes)
{
	const struct sq_bound *b = slot.bound;
	struct sq_import_cursor it;
	struct sq_import imp;
	int r = 0;

	sq_imports_begin(&b->columns, &it);
	for (uint32_t i = 0; !r && sq_imports_next(&it, &imp); i++) {
		const struct sq_import_link *link = &slot.links->imports[i];
		sq_name name = imp.kind == SQ_IMPORT_NAME && imp.name != SQ_NONE ?
			       b->names[imp.name] : SQ_NAME_NONE;

		if (!is_import(&imp))
			continue;
		for (uint32_t k = 0; !r && k < link->n; k++) {
			sq_file g = slot.links->files[link->first + k];

			if (homes[g >> 6] >> (g & 63) & 1)
				r = visit_members(m, &imp, g, name);
		}
	}
	return r;
}

static int stop(void *arg, const struct sq_import *imp, sq_file g, uint32_t def)
{
	(void)arg;
	(void)imp;
	(void)g;
	(void)def;
	return 1;
}

/* a bit for each file that has a member; NULL: no memory */
static uint64_t *homes_of(const struct sq_run *run, const struct sq_selection *of)
{
	uint64_t *homes = sq_calloc(run->v->n_file_ids / 64 + 1, sizeof(*homes));
	struct sq_selection_cursor it = sq_selection_begin(of);
	uint64_t key;

	while (homes && sq_selection_next(&it, &key))
		add_file(homes, sq_key_file(key));
	return homes;
}

static int mark_files(struct sq_run *run, const struct sq_selection *of, const uint64_t *homes,
		      uint64_t *files)
{
	const struct meanings m = { run, of, stop, NULL };
	int r = 0;

	for (sq_file f = 0; !r && f < run->v->n_file_ids; f++) {
		struct sq_file_slot slot = sq_version_slot(run->v, f);

		if (!slot.links)
			continue;
		r = visit_meanings(&m, slot, homes);
		if (r == 1)
			add_file(files, f);
		if (r == 0 || r == 1)
			r = sq_run_step(run, 1 + slot.bound->columns.n_imports);
	}
	return r;
}

static int files_by_meaning(struct sq_run *run, const struct sq_pred *p, uint64_t *files)
{
	struct sq_selection of = { .numbering = &run->numbering };
	uint64_t *homes = NULL;
	int r = sq_run_subset(run, p->sub, &of);

	if (!r) {
		homes = homes_of(run, &of);
		r = homes ? mark_files(run, &of, homes, files) : sq_error_origin(-ENOMEM);
	}
	sq_selection_deinit(&of);
	sq_free(homes);
	return r;
}

/* the pairs of one item on the left */
struct import_pairs {
	struct sq_pair_list *pairs;
	size_t first;
	struct sq_match left;
};

static int take_imported(void *arg, const struct sq_import *imp, sq_file g, uint32_t def)
{
	struct import_pairs *p = arg;

	return sq_pair_list_add(p->pairs, p->first,
				(struct sq_pair){ p->left, { g, def, 0 }, imp->line });
}

int sq_run_import_pairs(struct sq_run *run, const struct sq_selection *right,
			const struct sq_result *res, struct sq_pair_list *pairs)
{
	uint64_t *homes = homes_of(run, right);
	int r = homes ? 0 : sq_error_origin(-ENOMEM);

	for (size_t i = 0; !r && i < res->n_items; i++) {
		struct import_pairs p = { pairs, pairs->n, res->items[i] };
		const struct meanings m = { run, right, take_imported, &p };
		struct sq_file_slot slot = sq_version_slot(run->v, p.left.file);

		if (slot.links)
			r = visit_meanings(&m, slot, homes);
	}
	sq_free(homes);
	return r;
}

int sq_run_imports(struct sq_run *run, const struct sq_pred *p, struct sq_pred_state *s)
{
	s->files = sq_calloc(run->v->n_file_ids / 64 + 1, sizeof(*s->files));
	if (!s->files)
		return sq_error_origin(-ENOMEM);
	return p->sub ? files_by_meaning(run, p, s->files) :
			files_by_text(run, p, s->files);
}

/* ---- exports ----------------------------------------------------------------------- */

static bool at_top(const struct sq_bound *b, const struct sq_def *d)
{
	struct sq_def up = *d;

	while (up.parent != SQ_NONE) {
		sq_defs_get(&b->columns, up.parent, &up);
		if (up.kind != SQ_KIND_MODULE)
			return false;
	}
	return true;
}

/* what a file shows: by an export clause where the language has one, else what is public at its top */
bool sq_def_is_exported(const struct sq_version *v, const struct sq_bound *b,
			const struct sq_def *d)
{
	const struct sq_lang_traits *t = v->traits[b->lang];

	if (t && t->family == SQ_FAMILY_JS)
		return d->flags & (SQ_DEF_EXPORTED | SQ_DEF_DEFAULT);
	if (d->flags & (SQ_DEF_NESTED | SQ_DEF_FILE_LOCAL))
		return false;
	return (d->flags & SQ_DEF_VIS_MASK) == SQ_DEF_VIS_PUBLIC && at_top(b, d);
}

static int exported_of(struct sq_run *run, const struct sq_selection *of,
		       struct sq_selection *set)
{
	struct sq_selection_cursor it = sq_selection_begin(of);
	uint64_t key;
	int r = 0;

	while (!r && sq_selection_next(&it, &key)) {
		const struct sq_bound *b = sq_version_bound(run->v, sq_key_file(key));
		struct sq_def d;

		sq_defs_get(&b->columns, sq_key_def(key), &d);
		if (sq_def_is_exported(run->v, b, &d))
			r = sq_selection_add(set, sq_key_file(key), sq_key_def(key));
		if (!r)
			r = sq_run_step(run, 1);
	}
	return r;
}

int sq_run_exports(struct sq_run *run, const struct sq_pred *p, struct sq_selection *set)
{
	struct sq_selection of = { .numbering = &run->numbering };
	int r = sq_run_meant(run, p, &of);

	if (!r)
		r = exported_of(run, &of, set);
	sq_selection_deinit(&of);
	return r;
}
