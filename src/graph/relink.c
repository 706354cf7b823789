/* SPDX-License-Identifier: MIT */
/* Which files must be linked again: what follows from changed facts alone. */
#include "graph/relink.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/vec.h"
#include "graph/alike.h"
#include "graph/keys.h"

typedef SQ_VEC(sq_name) names_vec;
struct signature { uint64_t sig; sq_name name; uint32_t is_type; };   /* no padding: see alike.h */
typedef SQ_VEC(struct signature) signatures_vec;

struct collector {
	const struct sq_version *before, *after;
	unsigned disabled;
	struct sq_file_set *set;
	names_vec changed;      /* names whose definition set changed */
	signatures_vec old_sigs, new_sigs;
	uint64_t *seen;         /* [name] bits: changed, and its files are in the set */
	bool types;             /* a type or namespace is among what changed */
	int error;
};

const char *sq_trigger_name(enum sq_trigger t)
{
	static const char *const names[SQ_TRIGGER_MAX] = {
		"names", "imports", "includes", "unit", "config", "daemon",
	};

	return t < SQ_TRIGGER_MAX ? names[t] : "";
}

void sq_file_set_deinit(struct sq_file_set *s)
{
	sq_free(s->bits);
	sq_free(s->list);
	*s = (struct sq_file_set){ .bits = NULL };
}

bool sq_file_set_has(const struct sq_file_set *s, sq_file f)
{
	return f < s->n_bits && s->bits[f / 64] >> (f % 64) & 1;
}

static int grow_bits(struct sq_file_set *s, sq_file f)
{
	uint32_t n = SQ_MAX((f | 63) + 1, s->n_bits * 2);
	uint64_t *bits = sq_realloc(s->bits, n / 8);

	if (!bits)
		return sq_error_origin(-ENOMEM);
	memset(bits + s->n_bits / 64, 0, (n - s->n_bits) / 8);
	s->bits = bits;
	s->n_bits = n;
	return 0;
}

int sq_file_set_add(struct sq_file_set *s, sq_file f)
{
	size_t cap = s->cap;
	int r;

	if (sq_file_set_has(s, f))
		return 0;
	if (f >= s->n_bits && (r = grow_bits(s, f)))
		return r;
	if (s->n == s->cap) {
		r = sq_vec_grow_((void **)&s->list, &cap, s->n + 1, sizeof(*s->list));
		if (r)
			return r;
		s->cap = (uint32_t)cap;
	}
	s->bits[f / 64] |= 1ULL << (f % 64);
	s->list[s->n++] = f;
	return 0;
}

static void fail(struct collector *c, int r)
{
	if (r < 0 && !c->error)
		c->error = r;
}

static bool on(const struct collector *c, enum sq_trigger t)
{
	return !(c->disabled >> t & 1);
}

static const struct sq_lang_traits *traits_of(const struct sq_version *v, const struct sq_bound *b)
{
	return b ? v->traits[b->lang] : NULL;
}

static sq_name package_of(const struct sq_bound *b)
{
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_imports_begin(&b->columns, &it);
	while (sq_imports_next(&it, &imp))
		if (imp.kind == SQ_IMPORT_PACKAGE)
			return b->names[imp.target];
	return SQ_NAME_NONE;
}

/* ---- (1) definition sets ------------------------------------------------------ */

static uint64_t mix(uint64_t h, uint64_t v)
{
	return sq_hash_u64(h * 0x9e3779b97f4a7c15ULL + v + 1);
}

static int signature_cmp(const void *pa, const void *pb)
{
	const struct signature *a = pa, *b = pb;

	return a->name < b->name ? -1 : a->name > b->name;
}

/* what a definition says to others beyond its own columns: bases, receiver */
static void add_relations(const struct sq_bound *b, uint64_t *per_def)
{
	struct sq_ref_cursor it;
	struct sq_ref r;

	if (b->lang == SQ_LANG_C)   /* it has neither */
		return;
	sq_refs_begin(&b->columns, &it);
	while (sq_refs_next(&it, &r)) {
		bool base = r.kind == SQ_REF_INHERIT || r.kind == SQ_REF_IMPLEMENT;
		bool receiver = r.kind == SQ_REF_TYPE && (r.flags & SQ_REFF_TYPED);

		if (r.encl == SQ_NONE || (!base && !receiver))
			continue;
		per_def[r.encl] = mix(per_def[r.encl], b->names[r.name]);
		if (r.qual != SQ_NONE)
			per_def[r.encl] = mix(per_def[r.encl], b->names[r.qual]);
	}
}

static bool is_type(const struct sq_def *d)
{
	return d->kind == SQ_KIND_MODULE || sq_is_type_kind(d->kind);
}

/* of one name of a file: its definitions, in source order, as one number */
struct folded { uint64_t sig; bool is_type; };

static void fold_defs(struct collector *c, const struct sq_bound *b, uint64_t seed, uint64_t *per_def,
		      struct folded *per_string, signatures_vec *out)
{
	sq_name name_default = sq_version_find(c->after, SQ_LIT("default"));
	struct sq_def_cursor it;
	uint64_t all_default = 0;
	struct sq_def d;

	sq_defs_begin(&b->columns, &it);
	for (uint32_t i = 0; sq_defs_next(&it, &d); i++) {
		uint64_t h = mix(mix(seed, d.kind), d.flags);

		h = mix(h, b->names[d.name]);
		h = mix(h, per_def[i]);
		if (d.parent != SQ_NONE)
			h = mix(h, per_def[d.parent]);
		/* the earlier definitions of the name give its ordinal */
		per_string[d.name].sig = mix(per_string[d.name].sig, h);
		per_string[d.name].is_type |= is_type(&d);
		per_def[i] = per_string[d.name].sig;
		if (d.flags & SQ_DEF_DEFAULT)
			all_default = mix(all_default, per_def[i]);
	}
	if (all_default && name_default != SQ_NAME_NONE)
		fail(c, sq_vec_push(out, (struct signature){ all_default, name_default, true }));
}

static void signatures(struct collector *c, const struct sq_bound *b, signatures_vec *out)
{
	uint32_t n_defs = b ? b->columns.n_defs : 0, n_strings = b ? b->columns.n_strings : 0;
	uint64_t seed = 0, *per_def;
	struct folded *per_string;

	sq_vec_clear(out);
	if (!n_defs)
		return;
	per_def = sq_calloc(n_defs, sizeof(*per_def));
	per_string = sq_calloc(n_strings, sizeof(*per_string));
	if (per_def && per_string) {
		if (on(c, SQ_TRIGGER_UNIT))
			seed = package_of(b);
		add_relations(b, per_def);
		fold_defs(c, b, seed, per_def, per_string, out);
		for (uint32_t i = 0; i < n_strings; i++)
			if (per_string[i].sig)
				fail(c, sq_vec_push(out, (struct signature){ per_string[i].sig, b->names[i], per_string[i].is_type }));
	} else {
		fail(c, sq_error_origin(-ENOMEM));
	}
	sq_free(per_def);
	sq_free(per_string);
}

/* names that one side has and the other has not, or has otherwise */
static void changed(struct collector *c, const struct signature *s)
{
	c->types |= s->is_type;
	fail(c, sq_vec_push(&c->changed, s->name));
}

/* definitions have one signature a name: what is the same in both is left out */
static void strike(struct collector *c)
{
	struct sq_alike a = { (char *)c->old_sigs.v, c->old_sigs.n }, b = { (char *)c->new_sigs.v, c->new_sigs.n };

	sq_alike_strike(&a, &b, sizeof(struct signature));
	c->old_sigs.n = a.n;
	c->new_sigs.n = b.n;
}

static void sort_signatures(signatures_vec *s)
{
	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), signature_cmp);
}

static void diff_signatures(struct collector *c)
{
	signatures_vec *a = &c->old_sigs, *b = &c->new_sigs;

	sort_signatures(a);
	sort_signatures(b);
	for (size_t i = 0, k = 0; (i < a->n || k < b->n) && !c->error;) {
		if (k == b->n || (i < a->n && a->v[i].name < b->v[k].name)) {
			changed(c, &a->v[i++]);
		} else if (i == a->n || b->v[k].name < a->v[i].name) {
			changed(c, &b->v[k++]);
		} else {
			if (a->v[i].sig != b->v[k].sig) {
				changed(c, &a->v[i]);
				changed(c, &b->v[k]);
			}
			i++;
			k++;
		}
	}
}

/* ---- import records: names a module passes on ------------------------------------- */

static void import_signatures(struct collector *c, const struct sq_bound *b, signatures_vec *out)
{
	const struct sq_lang_traits *t = traits_of(c->after, b);
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_vec_clear(out);
	if (!t || t->style == SQ_STYLE_INCLUDE || t->style == SQ_STYLE_CONFIG)
		return;
	sq_imports_begin(&b->columns, &it);
	while (sq_imports_next(&it, &imp)) {
		uint32_t bound = imp.alias != SQ_NONE ? imp.alias : imp.name;

		if (imp.name == SQ_NONE)
			continue;
		fail(c, sq_vec_push(out, (struct signature){
			mix(mix(b->names[imp.target], b->names[imp.name]), imp.flags), b->names[bound], true }));
	}
}

/* ---- files by names ---------------------------------------------------------------- */

static void add_list(struct collector *c, sq_name name, enum sq_list list)
{
	struct sq_posting_iter it;
	struct sq_posting p;

	sq_version_postings(c->after, name, list, &it);
	while (sq_posting_next(&it, &p) && !c->error)
		fail(c, sq_file_set_add(c->set, p.file));
}

/* a file that passes a changed name on under another one changes that one too */
static void follow_aliases(struct collector *c, sq_file f, sq_name name)
{
	const struct sq_bound *b = sq_version_bound(c->after, f);
	const struct sq_lang_traits *t = traits_of(c->after, b);
	struct sq_import_cursor it;
	struct sq_import imp;

	if (!t || t->style == SQ_STYLE_INCLUDE || t->style == SQ_STYLE_GOPATH || t->style == SQ_STYLE_PACKAGE)
		return;
	sq_imports_begin(&b->columns, &it);
	while (sq_imports_next(&it, &imp))
		if (imp.alias != SQ_NONE && imp.name != SQ_NONE && b->names[imp.name] == name)
			fail(c, sq_vec_push(&c->changed, b->names[imp.alias]));
}

static int name_cmp(const void *pa, const void *pb)
{
	const sq_name *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

/* every file that mentions a changed name; the list grows while aliases are followed */
static void add_mentions(struct collector *c)
{
	uint64_t *seen;

	if (!c->changed.n)   /* as most edits: half a MiB of bits in a kernel */
		return;
	seen = sq_calloc(c->after->n_names / 64 + 1, sizeof(*seen));
	if (!seen) {
		fail(c, sq_error_origin(-ENOMEM));
		return;
	}
	if (c->changed.n)
		qsort(c->changed.v, c->changed.n, sizeof(*c->changed.v), name_cmp);
	for (size_t i = 0; i < c->changed.n && !c->error; i++) {
		sq_name name = c->changed.v[i];
		struct sq_posting_iter it;
		struct sq_posting p;

		if (seen[name / 64] >> (name % 64) & 1)
			continue;
		seen[name / 64] |= 1ULL << (name % 64);
		/* a Java import finds a class by name: importers depend on it as mentions do */
		add_list(c, name, SQ_LIST_IMPORTER);
		sq_version_postings(c->after, name, SQ_LIST_MENTION, &it);
		while (sq_posting_next(&it, &p) && !c->error) {
			fail(c, sq_file_set_add(c->set, p.file));
			follow_aliases(c, p.file, name);
		}
	}
	c->seen = seen;
}

/* ---- (2) imports, (4) units, (5) configuration --------------------------------------- */

static void add_key(struct collector *c, struct sq_slice key, bool mentions)
{
	sq_name name = sq_version_find(c->after, key);

	if (name == SQ_NAME_NONE)
		return;
	add_list(c, name, SQ_LIST_IMPORTER);
	if (mentions)
		add_list(c, name, SQ_LIST_MENTION);
}

static void add_family(struct collector *c, enum sq_family family, struct sq_slice below)
{
	for (sq_file f = 0; f < c->after->n_file_ids && !c->error; f++) {
		const struct sq_bound *b = sq_version_bound(c->after, f);
		const struct sq_lang_traits *t = traits_of(c->after, b);

		if (t && t->family == family &&
		    (!below.n || (sq_slice_has_prefix(b->path, below) && b->path.p[below.n] == '/')))
			fail(c, sq_file_set_add(c->set, f));
	}
}

/* names that configuration files give to the directories above a file, under
 * which imports may mean it although its path does not end with them */
static void add_configured_keys(struct collector *c, const struct sq_version *v, struct sq_slice path,
				const char *config, bool own_dir_only)
{
	sq_name base = sq_version_find(v, sq_slice_z(config));
	struct sq_slice dir = sq_path_dir(path);
	struct sq_posting_iter it;
	struct sq_posting p;

	if (base == SQ_NAME_NONE)
		return;
	sq_version_postings(v, base, SQ_LIST_KEY, &it);
	while (sq_posting_next(&it, &p) && !c->error) {
		const struct sq_bound *b = sq_version_bound(v, p.file);
		struct sq_slice at = sq_path_dir(b->path);
		struct sq_import_cursor imports;
		struct sq_import imp;
		bool above = sq_slice_eq(at, dir) || !at.n ||
			     (sq_slice_has_prefix(dir, at) && dir.p[at.n] == '/');

		if (own_dir_only ? !sq_slice_eq(at, dir) : !above)
			continue;
		sq_imports_begin(&b->columns, &imports);
		while (sq_imports_next(&imports, &imp)) {
			uint32_t local = imp.kind == SQ_IMPORT_PATH ? imp.name : imp.target;

			if (local != SQ_NONE)
				add_key(c, sq_path_base(sq_version_string(v, b->names[local])), false);
		}
	}
}

/* a file came or went: everyone whose imports may mean it */
static void file_moved(struct collector *c, const struct sq_version *v, const struct sq_bound *b)
{
	const struct sq_lang_traits *t = traits_of(v, b);
	sq_name package;
	struct sq_keys k;

	if (!t)
		return;
	package = package_of(b);
	if (on(c, SQ_TRIGGER_IMPORTS)) {
		sq_keys_of_file(t, b->path, package == SQ_NAME_NONE ? SQ_SLICE_NULL :
				sq_version_string(v, package), &k);
		for (unsigned i = 0; i < k.n; i++)
			add_key(c, k.key[i], t->family != SQ_FAMILY_C);
		if (t->family == SQ_FAMILY_GO)
			add_configured_keys(c, v, b->path, "go.mod", true);
		if (t->family == SQ_FAMILY_JS) {
			add_configured_keys(c, v, b->path, "package.json", false);
			add_configured_keys(c, v, b->path, "tsconfig.json", false);
		}
		if (t->family == SQ_FAMILY_RUST) {
			add_configured_keys(c, v, b->path, "Cargo.toml", false);
			add_key(c, SQ_LIT("super"), true);
			add_key(c, SQ_LIT("self"), true);
			add_key(c, SQ_LIT("crate"), true);
		}
	}
	if (!on(c, SQ_TRIGGER_UNIT))
		return;
	/* a package marker moves the root of every package below it */
	if (t->style == SQ_STYLE_DOTTED &&
	    sq_slice_is(sq_keys_stem(t, sq_path_base(b->path)), t->index_stems[0]))
		add_family(c, t->family, sq_path_dir(b->path));
	/* so does a crate root */
	if (t->style == SQ_STYLE_CRATE && (sq_slice_is(sq_path_base(b->path), "lib.rs") ||
					   sq_slice_is(sq_path_base(b->path), "main.rs")))
		add_family(c, t->family, SQ_SLICE_NULL);
}

static enum sq_family configured_family(uint8_t lang)
{
	switch (lang) {
	case SQ_LANG_GOMOD:
		return SQ_FAMILY_GO;
	case SQ_LANG_PACKAGE_JSON:
	case SQ_LANG_TSCONFIG:
		return SQ_FAMILY_JS;
	case SQ_LANG_CARGO:
		return SQ_FAMILY_RUST;
	case SQ_LANG_PYPROJECT:
		return SQ_FAMILY_PYTHON;
	case SQ_LANG_COMPILE_COMMANDS:
		return SQ_FAMILY_C;
	default:
		return SQ_FAMILY_NONE;
	}
}

static void config_changed(struct collector *c, const struct sq_bound *b)
{
	enum sq_family family = b ? configured_family(b->lang) : SQ_FAMILY_NONE;

	if (family != SQ_FAMILY_NONE && on(c, SQ_TRIGGER_CONFIG))
		add_family(c, family, SQ_SLICE_NULL);
}

static void one_change(struct collector *c, const struct sq_file_change *ch)
{
	const struct sq_bound *a = ch->old_bound, *b = ch->new_bound;

	if (b)
		fail(c, sq_file_set_add(c->set, ch->file));
	config_changed(c, a);
	config_changed(c, b);
	if (!a || !b || a->lang != b->lang) {
		if (a)
			file_moved(c, c->before, a);
		if (b)
			file_moved(c, c->after, b);
	} else if (package_of(a) != package_of(b) && on(c, SQ_TRIGGER_UNIT)) {
		file_moved(c, c->before, a);
		file_moved(c, c->after, b);
	}
	if (on(c, SQ_TRIGGER_NAMES) || (on(c, SQ_TRIGGER_UNIT) && a && b && package_of(a) != package_of(b))) {
		signatures(c, a, &c->old_sigs);
		signatures(c, b, &c->new_sigs);
		strike(c);
		diff_signatures(c);
	}
	if (on(c, SQ_TRIGGER_INCLUDES)) {
		import_signatures(c, a, &c->old_sigs);
		import_signatures(c, b, &c->new_sigs);
		diff_signatures(c);
	}
}

int sq_relink_collect(const struct sq_version *before, const struct sq_version *after,
		      const struct sq_file_change *changes, size_t n, unsigned disabled,
		      struct sq_file_set *set, struct sq_changed_names *ret_names)
{
	struct collector c = { .before = before, .after = after, .disabled = disabled, .set = set };
	struct sq_changed_names names;

	for (size_t i = 0; i < n && !c.error; i++)
		one_change(&c, &changes[i]);
	if (!c.error)
		add_mentions(&c);
	names = (struct sq_changed_names){ .bits = c.seen, .any = c.changed.n, .types = c.types };
	sq_vec_deinit(&c.changed);
	sq_vec_deinit(&c.old_sigs);
	sq_vec_deinit(&c.new_sigs);
	if (c.error)
		sq_free(c.seen);
	else
		*ret_names = names;
	return c.error;
}

/* ---- changes of names alone --------------------------------------------------------- */

static bool is_same_text(const struct sq_bound *a, uint32_t i, const struct sq_bound *b, uint32_t k)
{
	if (i == SQ_NONE || k == SQ_NONE)
		return i == k;
	return a->names[i] == b->names[k];
}

static bool imports_same(const struct sq_bound *a, const struct sq_bound *b)
{
	struct sq_import_cursor at, bt;
	struct sq_import x, y;

	if (a->columns.n_imports != b->columns.n_imports)
		return false;
	sq_imports_begin(&a->columns, &at);
	sq_imports_begin(&b->columns, &bt);
	while (sq_imports_next(&at, &x) && sq_imports_next(&bt, &y))
		if (x.kind != y.kind || x.flags != y.flags || !is_same_text(a, x.target, b, y.target) ||
		    !is_same_text(a, x.name, b, y.name) || !is_same_text(a, x.alias, b, y.alias))
			return false;
	return true;
}

bool sq_relink_names_only(const struct sq_version *after, const struct sq_file_change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct sq_bound *a = changes[i].old_bound, *b = changes[i].new_bound;
		const struct sq_lang_traits *t = traits_of(after, b);

		if (!a || !t || t->style != SQ_STYLE_INCLUDE || a->lang != b->lang || !imports_same(a, b))
			return false;
	}
	return true;
}
