/* SPDX-License-Identifier: MIT */
#include "graph/segment.h"

#include <string.h>

#include "base/varint.h"

/*
 * What users of the protocol see of a rule. Confidence is the share of right
 * bindings that we expect of the rule, in percent; rules of the language's own
 * scoping come near 100, guesses by name alone do not.
 */
static const struct {
	const char *name, *resolved_via;
	uint8_t confidence;
} rules[SQ_RULE_MAX] = {
	[SQ_RULE_NONE] = { "none", "", 0 },
	[SQ_RULE_SCOPE] = { "scope", "direct", 99 },
	[SQ_RULE_SELF] = { "self", "type_match", 97 },
	[SQ_RULE_TYPE] = { "type", "type_match", 95 },
	[SQ_RULE_INHERITED] = { "inherited", "virtual_dispatch", 90 },
	[SQ_RULE_IMPORT] = { "import", "binding_plane", 98 },
	[SQ_RULE_WILDCARD] = { "wildcard", "binding_plane", 90 },
	[SQ_RULE_INCLUDE] = { "include", "binding_plane", 95 },
	[SQ_RULE_UNIT] = { "unit", "direct", 96 },
	[SQ_RULE_LINKAGE] = { "linkage", "direct", 92 },
	[SQ_RULE_UNIQUE] = { "unique", "direct", 75 },
	[SQ_RULE_DUCK] = { "duck", "duck_typed", 50 },
};

const char *sq_rule_name(enum sq_rule r)
{
	return r < SQ_RULE_MAX ? rules[r].name : "";
}

const char *sq_rule_resolved_via(enum sq_rule r)
{
	return r < SQ_RULE_MAX ? rules[r].resolved_via : "";
}

uint8_t sq_rule_confidence(enum sq_rule r)
{
	return r < SQ_RULE_MAX ? rules[r].confidence : 0;
}

const struct sq_link *sq_links_of_ref(const struct sq_links *l, uint32_t i)
{
	const uint8_t *at = l->ref_link + l->ref_anchor[i / SQ_FACTS_STRIDE];
	uint32_t index;

	for (uint32_t skip = i % SQ_FACTS_STRIDE; skip; at++)
		skip -= *at < 0x80;
	sq_varint_get32(at, &index);
	return &l->links[index];
}

static bool same(const void *a, const void *b, size_t n)
{
	return !n || !memcmp(a, b, n);
}

static bool links_same(const struct sq_links *a, const struct sq_links *b)
{
	for (uint32_t i = 0; i < a->n_links; i++) {
		const struct sq_link *x = &a->links[i], *y = &b->links[i];

		if (x->state != y->state || x->rule != y->rule || x->n_listed != y->n_listed ||
		    x->first != y->first)
			return false;
	}
	for (uint32_t i = 0; i < a->n_imports; i++) {
		const struct sq_import_link *x = &a->imports[i], *y = &b->imports[i];

		if (x->first != y->first || x->n != y->n || x->state != y->state)
			return false;
	}
	return true;
}

/* the anchors follow from ref_link, so they need no comparison; padding inside
 * structs is not compared either, since nobody promises its value */
bool sq_links_equal(const struct sq_links *a, const struct sq_links *b)
{
	return a->n_links == b->n_links && a->n_targets == b->n_targets &&
	       a->n_imports == b->n_imports && a->n_files == b->n_files &&
	       a->n_ref_bytes == b->n_ref_bytes &&
	       same(a->ref_link, b->ref_link, a->n_ref_bytes) &&
	       same(a->targets, b->targets, a->n_targets * sizeof(*a->targets)) &&
	       same(a->files, b->files, a->n_files * sizeof(*a->files)) && links_same(a, b);
}
