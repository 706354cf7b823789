/* SPDX-License-Identifier: MIT */
#include "facts/kinds.h"

#include <string.h>

#include "base/alloc.h"

static const char *const lang_names[SQ_LANG_MAX] = {
	[SQ_LANG_NONE] = "none",
	[SQ_LANG_C] = "c",
	[SQ_LANG_CPP] = "cpp",
	[SQ_LANG_PYTHON] = "python",
	[SQ_LANG_JAVASCRIPT] = "javascript",
	[SQ_LANG_TYPESCRIPT] = "typescript",
	[SQ_LANG_TSX] = "tsx",
	[SQ_LANG_GO] = "go",
	[SQ_LANG_RUST] = "rust",
	[SQ_LANG_JAVA] = "java",
	[SQ_LANG_GOMOD] = "gomod",
	[SQ_LANG_PACKAGE_JSON] = "package-json",
	[SQ_LANG_TSCONFIG] = "tsconfig",
	[SQ_LANG_CARGO] = "cargo",
	[SQ_LANG_PYPROJECT] = "pyproject",
	[SQ_LANG_COMPILE_COMMANDS] = "compile-commands",
};

static const char *const kind_names[SQ_KIND_MAX] = {
	[SQ_KIND_FUNCTION] = "function",
	[SQ_KIND_METHOD] = "method",
	[SQ_KIND_CLASS] = "class",
	[SQ_KIND_INTERFACE] = "interface",
	[SQ_KIND_TRAIT] = "trait",
	[SQ_KIND_MODULE] = "module",
	[SQ_KIND_VARIABLE] = "variable",
	[SQ_KIND_CONSTANT] = "constant",
	[SQ_KIND_TYPE] = "type",
	[SQ_KIND_STRUCT] = "struct",
	[SQ_KIND_ENUM] = "enum",
	[SQ_KIND_ENUM_VARIANT] = "enum_variant",
	[SQ_KIND_MACRO] = "macro",
	[SQ_KIND_PROPERTY] = "property",
	[SQ_KIND_ANNOTATION] = "annotation",
	[SQ_KIND_TYPE_PARAMETER] = "type_parameter",
	[SQ_KIND_OTHER] = "other",
};

static const char *const ref_kind_names[SQ_REF_MAX] = {
	[SQ_REF_CALL] = "call",
	[SQ_REF_TYPE] = "type",
	[SQ_REF_MACRO] = "macro",
	[SQ_REF_IMPORT] = "import",
	[SQ_REF_INHERIT] = "inherit",
	[SQ_REF_IMPLEMENT] = "implement",
	[SQ_REF_READ] = "read",
	[SQ_REF_WRITE] = "write",
	[SQ_REF_ADDRESS] = "address",
	[SQ_REF_DECLARATION] = "declaration",
};

static const char *const import_kind_names[SQ_IMPORT_MAX] = {
	[SQ_IMPORT_INCLUDE] = "include",
	[SQ_IMPORT_MODULE] = "module",
	[SQ_IMPORT_NAME] = "name",
	[SQ_IMPORT_MOD] = "mod",
	[SQ_IMPORT_USING] = "using",
	[SQ_IMPORT_PACKAGE] = "package",
	[SQ_IMPORT_ROOT] = "root",
	[SQ_IMPORT_PATH] = "path",
};

static const char *name_at(const char *const *names, size_t n, unsigned i)
{
	return i < n ? names[i] : "";
}

static int parse_name(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}

const char *sq_lang_name(enum sq_lang lang)
{
	return name_at(lang_names, SQ_LANG_MAX, (unsigned)lang);
}

const char *sq_kind_name(enum sq_kind kind)
{
	return name_at(kind_names, SQ_KIND_MAX, (unsigned)kind);
}

const char *sq_ref_kind_name(enum sq_ref_kind kind)
{
	return name_at(ref_kind_names, SQ_REF_MAX, (unsigned)kind);
}

const char *sq_import_kind_name(enum sq_import_kind kind)
{
	return name_at(import_kind_names, SQ_IMPORT_MAX, (unsigned)kind);
}

int sq_lang_parse(const char *name)
{
	return parse_name(lang_names, SQ_LANG_MAX, name);
}

int sq_kind_parse(const char *name)
{
	return parse_name(kind_names, SQ_KIND_MAX, name);
}

int sq_ref_kind_parse(const char *name)
{
	return parse_name(ref_kind_names, SQ_REF_MAX, name);
}
