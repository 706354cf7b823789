/* SPDX-License-Identifier: MIT */
/* The fields of query.md §1: names, what may be written for them, and the bits
 * of those that are a choice. */
#include <ctype.h>

#include "graph/unused.h"
#include "query/expr.h"

const struct sq_field_info sq_fields[SQ_FIELD_MAX] = {
	[SQ_FIELD_KIND] = { .name = "kind", .type = SQ_TAKES_CHOICE, .can_group = true },
	[SQ_FIELD_NAME] = { .name = "name", .type = SQ_TAKES_TEXT, .can_group = true },
	[SQ_FIELD_PATH] = { .name = "path", .type = SQ_TAKES_TEXT, .can_group = true },
	[SQ_FIELD_LANG] = { .name = "lang", .type = SQ_TAKES_CHOICE, .can_group = true },
	[SQ_FIELD_REPO] = { .name = "repo", .type = SQ_TAKES_TEXT },
	[SQ_FIELD_PARENT] = { .name = "parent", .type = SQ_TAKES_TEXT, .can_group = true },
	[SQ_FIELD_SCOPE] = { .name = "scope", .type = SQ_TAKES_CHOICE, .no_regex = true, .can_group = true },
	[SQ_FIELD_TEXT] = { .name = "text", .type = SQ_TAKES_REGEX_ONLY },
	[SQ_FIELD_CALLERS] = { .name = "callers", .type = SQ_TAKES_RELATION, .has_order = true },
	[SQ_FIELD_CALLEES] = { .name = "callees", .type = SQ_TAKES_RELATION, .has_order = true },
	[SQ_FIELD_IMPORTS] = { .name = "imports", .type = SQ_TAKES_RELATION },
	[SQ_FIELD_EXPORTS] = { .name = "exports", .type = SQ_TAKES_RELATION },
	[SQ_FIELD_RETURNS] = { .name = "returns", .type = SQ_TAKES_TEXT },
	[SQ_FIELD_IMPL] = { .name = "impl", .type = SQ_TAKES_RELATION },
	[SQ_FIELD_REFERENCES] = { .name = "references", .type = SQ_TAKES_RELATION, .has_order = true },
	[SQ_FIELD_SCOPE_TYPE] = { .name = "scope.type", .type = SQ_TAKES_CHOICE, .can_group = true },
	[SQ_FIELD_SCOPE_NAME] = { .name = "scope.name", .type = SQ_TAKES_TEXT, .can_group = true },
	[SQ_FIELD_SCOPE_PARENT] = { .name = "scope.parent", .type = SQ_TAKES_TEXT, .can_group = true },
	[SQ_FIELD_SCOPE_ANCESTOR] = { .name = "scope.ancestor", .type = SQ_TAKES_TEXT },
	[SQ_FIELD_DUPLICATES] = { .name = "duplicates", .type = SQ_TAKES_CHOICE, .no_regex = true },
	[SQ_FIELD_UNUSED] = { .name = "unused", .type = SQ_TAKES_CHOICE, .no_regex = true },
	[SQ_FIELD_CIRCULAR] = { .name = "circular", .type = SQ_TAKES_CHOICE, .no_regex = true },
	[SQ_FIELD_ASYNC] = { .name = "async", .type = SQ_TAKES_BOOL, .no_regex = true, .can_group = true },
	[SQ_FIELD_STATIC] = { .name = "static", .type = SQ_TAKES_BOOL, .no_regex = true, .can_group = true },
	[SQ_FIELD_VISIBILITY] = { .name = "visibility", .type = SQ_TAKES_CHOICE, .can_group = true },
	[SQ_FIELD_ADDRESS_TAKEN] = { .name = "address_taken", .type = SQ_TAKES_BOOL, .no_regex = true },
	[SQ_FIELD_RESOLVED_VIA] = { .name = "resolved_via", .type = SQ_TAKES_CHOICE },
	[SQ_FIELD_CALLSITE_PROMISCUOUS] = { .name = "callsite_promiscuous", .type = SQ_TAKES_BOOL, .no_regex = true },
};

int sq_field_find(struct sq_slice name)
{
	static const struct { const char *alias; enum sq_field field; } aliases[] = {
		{ "file", SQ_FIELD_PATH }, { "language", SQ_FIELD_LANG },
		{ "implements", SQ_FIELD_IMPL },
	};

	for (int i = 0; i < SQ_FIELD_MAX; i++)
		if (sq_slice_is(name, sq_fields[i].name))
			return i;
	for (size_t i = 0; i < SQ_ARRAY_SIZE(aliases); i++)
		if (sq_slice_is(name, aliases[i].alias))
			return aliases[i].field;
	return -1;
}

/* ---- choices ---------------------------------------------------------------- */

struct choice { const char *value; uint64_t mask; };

static const struct choice scopes[] = {
	{ "file", SQ_SCOPE_FILE }, { "module", SQ_SCOPE_MODULE },
	{ "class", SQ_SCOPE_CLASS }, { "function", SQ_SCOPE_FUNCTION },
	{ "block", SQ_SCOPE_BLOCK }, { NULL, 0 },
};
static const struct choice duplicates[] = {
	{ "body", SQ_DUP_BODY }, { "function", SQ_DUP_FUNCTION },
	{ "signature", SQ_DUP_SIGNATURE }, { "struct", SQ_DUP_STRUCT },
	{ NULL, 0 },
};
static const struct choice unused[] = {
	{ "public", 1u << SQ_UNUSED_PUBLIC }, { "private", 1u << SQ_UNUSED_PRIVATE },
	{ "function", 1u << SQ_UNUSED_FUNCTION }, { "struct", 1u << SQ_UNUSED_STRUCT },
	{ "all", 1u << SQ_UNUSED_ALL }, { NULL, 0 },
};
static const struct choice circular[] = {
	{ "calls", SQ_CIRCULAR_CALLS }, { "imports", SQ_CIRCULAR_IMPORTS },
	{ "all", SQ_CIRCULAR_CALLS | SQ_CIRCULAR_IMPORTS }, { NULL, 0 },
};
static const struct choice visibilities[] = {
	{ "public", 1u << SQ_DEF_VIS_PUBLIC }, { "pub", 1u << SQ_DEF_VIS_PUBLIC },
	{ "private", 1u << SQ_DEF_VIS_PRIVATE },
	{ "protected", 1u << SQ_DEF_VIS_PROTECTED },
	{ "package", 1u << SQ_DEF_VIS_PACKAGE }, { "crate", 1u << SQ_DEF_VIS_PACKAGE },
	{ "internal", 1u << SQ_DEF_VIS_PACKAGE }, { NULL, 0 },
};
static const struct choice booleans[] = {
	{ "true", 1 }, { "false", 2 }, { "yes", 1 }, { "no", 2 }, { "1", 1 },
	{ "0", 2 }, { NULL, 0 },
};
/* vocabulary.md §2; what no rule of ours gives is a value all the same */
static const char *const vias[] = {
	"direct", "type_match", "binding_plane", "virtual_dispatch",
	"interface_dispatch", "duck_typed", "structural",
};

#define KINDS "function, method, class, interface, trait, module, variable, " \
	"constant, type, struct, enum, enum_variant, macro, property, " \
	"annotation, type_parameter"

static const struct choice *choices_of(enum sq_field f, const char **ret_allowed)
{
	switch (f) {
	case SQ_FIELD_SCOPE:
		*ret_allowed = "scopes are file, module, class, function, block";
		return scopes;
	case SQ_FIELD_DUPLICATES:
		*ret_allowed = "duplicates are body, function, signature, struct";
		return duplicates;
	case SQ_FIELD_UNUSED:
		*ret_allowed = "unused are public, private, function, struct, all";
		return unused;
	case SQ_FIELD_CIRCULAR:
		*ret_allowed = "circular are calls, imports, all";
		return circular;
	case SQ_FIELD_VISIBILITY:
		*ret_allowed = "visibilities are public, private, protected, package";
		return visibilities;
	default:
		*ret_allowed = "the value is true or false";
		return booleans;
	}
}

static uint64_t via_mask(const char *via)
{
	uint64_t mask = 0;

	for (int r = SQ_RULE_NONE + 1; r < SQ_RULE_MAX; r++)
		if (!strcmp(via, sq_rule_resolved_via((enum sq_rule)r)))
			mask |= 1ull << r;
	return mask;
}

static int via_choice(struct sq_slice value, uint64_t *ret_mask,
		      const char **ret_allowed)
{
	*ret_allowed = "values are direct, type_match, binding_plane, "
		       "virtual_dispatch, interface_dispatch, duck_typed, "
		       "structural, promiscuous_elided";
	if (sq_slice_is(value, "promiscuous_elided")) {
		*ret_mask = SQ_VIA_ELIDED;
		return 0;
	}
	for (size_t i = 0; i < SQ_ARRAY_SIZE(vias); i++) {
		if (!sq_slice_is(value, vias[i]))
			continue;
		*ret_mask = via_mask(vias[i]);
		return 0;
	}
	return SQ_QUERY_E_SYNTAX;
}

static int kind_choice(enum sq_field f, struct sq_slice value, uint64_t *ret_mask,
		       const char **ret_allowed)
{
	int kind;

	*ret_allowed = f == SQ_FIELD_KIND ? "kinds are " KINDS :
					    "types are file, " KINDS;
	if (f == SQ_FIELD_SCOPE_TYPE && sq_slice_is(value, "file")) {
		*ret_mask = SQ_SCOPE_TYPE_FILE;
		return 0;
	}
	kind = sq_query_kind(sq_slice_is(value, "namespace") ? SQ_LIT("module") :
							       value);
	if (kind < 0)
		return SQ_QUERY_E_SYNTAX;
	*ret_mask = kind == SQ_KIND_MAX ? 0 : 1ull << kind;
	return 0;
}

static int lang_choice(struct sq_slice value, uint64_t *ret_mask,
		       const char **ret_allowed)
{
	int lang = sq_query_lang(value);

	*ret_allowed = "languages are c, cpp, python, javascript, typescript, "
		       "tsx, go, rust, java";
	if (lang < 0)
		return SQ_QUERY_E_SYNTAX;
	*ret_mask = 1ull << lang;
	return 0;
}

int sq_field_choice(enum sq_field f, struct sq_slice value, uint64_t *ret_mask,
		    const char **ret_allowed)
{
	const struct choice *c;

	if (f == SQ_FIELD_KIND || f == SQ_FIELD_SCOPE_TYPE)
		return kind_choice(f, value, ret_mask, ret_allowed);
	if (f == SQ_FIELD_LANG)
		return lang_choice(value, ret_mask, ret_allowed);
	if (f == SQ_FIELD_RESOLVED_VIA)
		return via_choice(value, ret_mask, ret_allowed);
	for (c = choices_of(f, ret_allowed); c->value; c++) {
		if (!sq_slice_is(value, c->value))
			continue;
		*ret_mask = c->mask;
		return 0;
	}
	return SQ_QUERY_E_SYNTAX;
}

static bool matches(const struct sq_regex *re, const char *z)
{
	return sq_regex_match(re, sq_slice_z(z));
}

static uint64_t kinds_matching(enum sq_field f, const struct sq_regex *re)
{
	uint64_t mask = 0;

	for (int i = 0; i < SQ_KIND_MAX; i++)
		if (matches(re, sq_kind_name((enum sq_kind)i)))
			mask |= 1ull << i;
	if (f == SQ_FIELD_SCOPE_TYPE && matches(re, "file"))
		mask |= SQ_SCOPE_TYPE_FILE;
	return mask;
}

static uint64_t langs_matching(const struct sq_regex *re)
{
	uint64_t mask = 0;

	for (int i = SQ_LANG_NONE + 1; i < SQ_LANG_MAX; i++)
		if (matches(re, sq_lang_name((enum sq_lang)i)))
			mask |= 1ull << i;
	return mask;
}

uint64_t sq_field_choice_regex(enum sq_field f, const struct sq_regex *re)
{
	const char *allowed;
	uint64_t mask = 0;

	if (f == SQ_FIELD_KIND || f == SQ_FIELD_SCOPE_TYPE)
		return kinds_matching(f, re);
	if (f == SQ_FIELD_LANG)
		return langs_matching(re);
	if (f == SQ_FIELD_RESOLVED_VIA) {
		for (size_t i = 0; i < SQ_ARRAY_SIZE(vias); i++)
			if (matches(re, vias[i]))
				mask |= via_mask(vias[i]);
		return mask | (matches(re, "promiscuous_elided") ? SQ_VIA_ELIDED : 0);
	}
	for (const struct choice *c = choices_of(f, &allowed); c->value; c++)
		if (matches(re, c->value))
			mask |= c->mask;
	return mask;
}
