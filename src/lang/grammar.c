/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/atomic.h"
#include "base/lock.h"
#include "lang/spec.h"
#include "lang/table.h"
#include "lang/tsalloc.h"

#ifndef SQ_GRAMMAR_DIR
#define SQ_GRAMMAR_DIR "/usr/local/lib/sqryd/grammars"
#endif

struct sq_lang_registry {
	struct sq_lock lock;
	char *dir;
	struct sq_grammar grammars[SQ_LANG_MAX];
	bool loaded[SQ_LANG_MAX];       /* released after grammars[] is filled */
	char *why[SQ_LANG_MAX];         /* set once, with the first failure */
};

int sq_lang_registry_new(const char *grammar_dir, struct sq_lang_registry **ret_r)
{
	struct sq_lang_registry *r = sq_calloc(1, sizeof(*r));
	int err;

	if (!r)
		return sq_error_origin(-ENOMEM);
	if (!grammar_dir)
		grammar_dir = getenv("SQRYD_GRAMMAR_DIR");
	r->dir = sq_strdup(grammar_dir ? grammar_dir : SQ_GRAMMAR_DIR);
	err = r->dir ? sq_tsalloc_install() : -ENOMEM;
	if (!err)
		err = sq_lock_init(&r->lock, SQ_RANK_GRAMMAR, "grammar");
	if (err < 0) {
		sq_free(r->dir);
		sq_free(r);
		return sq_error_trace(err);
	}
	*ret_r = r;
	return 0;
}

struct sq_lang_registry *sq_lang_registry_free(struct sq_lang_registry *r)
{
	if (!r)
		return NULL;
	for (unsigned i = 0; i < SQ_LANG_MAX; i++) {
		sq_free(r->grammars[i].rules);
		sq_free(r->grammars[i].roles);
		sq_table_deinit(&r->grammars[i].table);
		sq_free(r->why[i]);
		if (r->grammars[i].handle)
			dlclose(r->grammars[i].handle);
	}
	sq_lock_deinit(&r->lock);
	sq_free(r->dir);
	sq_free(r);
	return NULL;
}

/* compiling a spec against a grammar */

static bool find_symbol(const struct sq_grammar *g, const char *type, bool named, TSSymbol *ret)
{
	TSSymbol s = ts_language_symbol_for_name(g->language, type, (uint32_t)strlen(type), named);

	if (!s || s >= g->n_rules)
		return false;
	*ret = s;
	return true;
}

static void default_rules(struct sq_grammar *g)
{
	for (uint32_t i = 0; i < g->n_rules; i++) {
		g->rules[i].token_hash = sq_hash_u64(i + 1);
		g->rules[i].child_role = SQ_ROLE_VALUE;
		if (ts_language_symbol_type(g->language, (TSSymbol)i) == TSSymbolTypeAnonymous)
			g->rules[i].flags = SQ_RULE_BARE;
	}
}

static const char *add_rule(struct sq_grammar *g, const struct sq_rule_row *row)
{
	struct sq_rule *rule;
	TSSymbol s;

	if (!find_symbol(g, row->type, !(row->flags & SQ_RULE_TOKEN), &s))
		return row->type;
	rule = &g->rules[s];
	rule->enter = row->enter;
	rule->leave = row->leave;
	rule->flags = row->flags & (uint8_t)~SQ_RULE_TOKEN;
	if (row->flags & SQ_RULE_TOKEN)
		rule->flags |= SQ_RULE_LEAF;
	rule->child_role = row->child_role;
	rule->arg = row->arg;
	return NULL;
}

/* role tables of all node types that have rows, n_fields bytes each */
static const char *add_role(struct sq_grammar *g, const struct sq_role_row *row, uint32_t n_fields,
			    uint8_t *pool, uint32_t *n_used)
{
	TSFieldId field = ts_language_field_id_for_name(g->language, row->field,
							(uint32_t)strlen(row->field));
	TSSymbol s;
	uint8_t *roles;

	if (!find_symbol(g, row->type, true, &s))
		return row->type;
	if (!field)
		return row->field;
	roles = (uint8_t *)g->rules[s].roles;
	if (!roles) {
		roles = pool + (size_t)(*n_used)++ * n_fields;
		g->rules[s].roles = roles;
	}
	roles[field] = (uint8_t)(row->role + 1);
	return NULL;
}

static uint32_t count_role_rows(const struct sq_spec *spec)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < SQ_SPEC_PARTS; i++)
		for (const struct sq_role_row *row = spec->roles[i]; row && row->type; row++)
			n++;
	return n;
}

static int compile(struct sq_grammar *g, const struct sq_spec *spec, const char **ret_missing)
{
	uint32_t n_fields = ts_language_field_count(g->language) + 1, n_used = 0;
	const char *missing = NULL;

	g->n_rules = ts_language_symbol_count(g->language);
	g->rules = sq_calloc(g->n_rules, sizeof(*g->rules));
	g->roles = sq_calloc((size_t)count_role_rows(spec) + 1, n_fields);
	if (!g->rules || !g->roles)
		return sq_error_origin(-ENOMEM);
	default_rules(g);
	for (unsigned i = 0; i < SQ_SPEC_PARTS && !missing; i++)
		for (const struct sq_rule_row *row = spec->rules[i]; row && row->type && !missing; row++)
			missing = add_rule(g, row);
	for (unsigned i = 0; i < SQ_SPEC_PARTS && !missing; i++)
		for (const struct sq_role_row *row = spec->roles[i]; row && row->type && !missing; row++)
			missing = add_role(g, row, n_fields, g->roles, &n_used);
	*ret_missing = missing;
	return missing ? SQ_LANG_E_UNKNOWN : 0;
}

/* loading */

static int refuse(char **ret_why, char *why)
{
	if (!why)
		return sq_error_origin(-ENOMEM);
	*ret_why = why;
	return SQ_LANG_E_UNKNOWN;
}

static int open_grammar(const char *path, const char *name, struct sq_grammar *g, char **ret_why)
{
	const TSLanguage *(*get)(void);
	char symbol[64];
	uint32_t abi;

	g->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!g->handle)
		return refuse(ret_why, sq_asprintf("cannot load grammar: %s", dlerror()));
	(void)snprintf(symbol, sizeof(symbol), "tree_sitter_%s", name);
	*(void **)&get = dlsym(g->handle, symbol);
	if (!get)
		return refuse(ret_why, sq_asprintf("%s has no symbol %s", path, symbol));
	g->language = get();
	abi = ts_language_abi_version(g->language);
	if (abi < TREE_SITTER_MIN_COMPATIBLE_LANGUAGE_VERSION || abi > TREE_SITTER_LANGUAGE_VERSION)
		return refuse(ret_why, sq_asprintf("%s has ABI %u, need %d to %d", path, abi,
						   TREE_SITTER_MIN_COMPATIBLE_LANGUAGE_VERSION,
						   TREE_SITTER_LANGUAGE_VERSION));
	return sq_table_init(&g->table, g->handle, &g->language) ?
	       refuse(ret_why, sq_asprintf("%s was built for another parser", path)) : 0;
}

static void drop_grammar(struct sq_grammar *g)
{
	sq_free(g->rules);
	sq_free(g->roles);
	sq_table_deinit(&g->table);
	if (g->handle)
		dlclose(g->handle);
	*g = (struct sq_grammar){ .language = NULL };
}

static int load(struct sq_lang_registry *r, const struct sq_spec *spec, struct sq_grammar *g,
		char **ret_why)
{
	_cleanup_(sq_freep) char *path =
		sq_asprintf("%s/sqry-grammar-%s.so", r->dir, spec->grammar);
	const char *missing = NULL;
	int err;

	if (!path)
		return sq_error_origin(-ENOMEM);
	err = open_grammar(path, spec->grammar, g, ret_why);
	if (!err)
		err = compile(g, spec, &missing);
	if (err && missing)
		err = refuse(ret_why, sq_asprintf("%s does not know %s, which its spec names",
						  path, missing));
	if (err)
		drop_grammar(g);
	return err;
}

static int load_locked(struct sq_lang_registry *r, const struct sq_spec *spec) SQ_REQUIRES(&r->lock)
{
	struct sq_grammar *g = &r->grammars[spec->lang];
	int err;

	/* relaxed: written under the lock that is held */
	if (sq_load_relaxed(&r->loaded[spec->lang]))
		return 0;
	if (r->why[spec->lang])
		return SQ_LANG_E_UNKNOWN;
	err = load(r, spec, g, &r->why[spec->lang]);
	if (!err)
		sq_store_release(&r->loaded[spec->lang], true);   /* pairs with sq_registry_grammar */
	return err;
}

int sq_registry_grammar(struct sq_lang_registry *r, enum sq_lang lang,
			const struct sq_grammar **ret_g, const char **ret_why)
{
	const struct sq_spec *spec = sq_spec_get(lang);
	int err = 0;

	if (!spec || !spec->grammar) {
		if (ret_why)
			*ret_why = "no grammar for this language";
		return SQ_LANG_E_UNKNOWN;
	}
	if (!sq_load_acquire(&r->loaded[lang])) {   /* pairs with load_locked */
		sq_lock(&r->lock);
		err = load_locked(r, spec);
		if (err && ret_why)
			*ret_why = r->why[lang] ? r->why[lang] : "no memory for the grammar";
		sq_unlock(&r->lock);
	}
	if (!err)
		*ret_g = &r->grammars[lang];
	return err;
}

int sq_lang_load(struct sq_lang_registry *r, enum sq_lang lang, const char **ret_why)
{
	const struct sq_spec *spec = sq_spec_get(lang);
	const struct sq_grammar *g;

	if (spec && !spec->grammar)
		return 0;
	return sq_registry_grammar(r, lang, &g, ret_why);
}
