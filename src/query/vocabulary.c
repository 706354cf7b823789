/* SPDX-License-Identifier: MIT */
#include <ctype.h>

#include "query/query.h"

/* kinds that users may name although no language produces them yet */
static const char *const absent_kinds[] = {
	"parameter", "call_site", "import", "export", "style_rule",
	"style_at_rule", "style_variable", "lifetime", "component", "service",
	"resource", "endpoint", "test", "annotation_value", "lambda_target",
	"java_module", "enum_constant", "channel",
};

static const struct { const char *alias, *name; } lang_aliases[] = {
	{ "c++", "cpp" }, { "golang", "go" }, { "js", "javascript" },
	{ "jsx", "javascript" }, { "py", "python" }, { "rs", "rust" },
	{ "ts", "typescript" },
};

/* lower case and NUL-terminated; false when no wire name is that long */
static bool fold(struct sq_slice s, char *buf, size_t cap)
{
	if (s.n >= cap)
		return false;
	for (size_t i = 0; i < s.n; i++)
		buf[i] = (char)tolower((unsigned char)s.p[i]);
	buf[s.n] = '\0';
	return true;
}

int sq_query_kind(struct sq_slice name)
{
	char buf[32];
	int kind;

	if (!fold(name, buf, sizeof(buf)))
		return -1;
	kind = sq_kind_parse(buf);
	for (size_t i = 0; kind < 0 && i < SQ_ARRAY_SIZE(absent_kinds); i++)
		if (!strcmp(buf, absent_kinds[i]))
			return SQ_KIND_MAX;
	return kind;
}

int sq_query_lang(struct sq_slice name)
{
	char buf[32];

	if (!fold(name, buf, sizeof(buf)))
		return -1;
	for (size_t i = 0; i < SQ_ARRAY_SIZE(lang_aliases); i++)
		if (!strcmp(buf, lang_aliases[i].alias))
			return sq_lang_parse(lang_aliases[i].name);
	return sq_lang_parse(buf);
}
