/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * kinds — the closed vocabularies of the graph: languages, definition kinds,
 * reference kinds, import kinds and their wire names. Numbers are part of the
 * facts format: append, never renumber (bump SQ_FACTS_FORMAT otherwise).
 */
#include <stdbool.h>
#include <stdint.h>

enum sq_lang {
	SQ_LANG_NONE = 0,
	SQ_LANG_C, SQ_LANG_CPP, SQ_LANG_PYTHON, SQ_LANG_JAVASCRIPT, SQ_LANG_TYPESCRIPT,
	SQ_LANG_TSX, SQ_LANG_GO, SQ_LANG_RUST, SQ_LANG_JAVA,
	/* files that configure name resolution; they have imports only */
	SQ_LANG_GOMOD, SQ_LANG_PACKAGE_JSON, SQ_LANG_TSCONFIG, SQ_LANG_CARGO,
	SQ_LANG_PYPROJECT, SQ_LANG_COMPILE_COMMANDS,
	SQ_LANG_MAX
};

/* languages whose names may bind to each other */
enum sq_family { SQ_FAMILY_NONE, SQ_FAMILY_C, SQ_FAMILY_PYTHON, SQ_FAMILY_JS, SQ_FAMILY_GO,
		 SQ_FAMILY_RUST, SQ_FAMILY_JAVA, SQ_FAMILY_CONFIG };

enum sq_kind {
	SQ_KIND_FUNCTION, SQ_KIND_METHOD, SQ_KIND_CLASS, SQ_KIND_INTERFACE, SQ_KIND_TRAIT,
	SQ_KIND_MODULE,         /* namespace, package clause, inline mod */
	SQ_KIND_VARIABLE,       /* global or static */
	SQ_KIND_CONSTANT, SQ_KIND_TYPE /* alias, typedef */, SQ_KIND_STRUCT /* union too */,
	SQ_KIND_ENUM, SQ_KIND_ENUM_VARIANT, SQ_KIND_MACRO,
	SQ_KIND_PROPERTY,       /* field, member variable */
	SQ_KIND_ANNOTATION, SQ_KIND_TYPE_PARAMETER, SQ_KIND_OTHER,
	SQ_KIND_MAX
};

enum sq_ref_kind {
	SQ_REF_CALL, SQ_REF_TYPE, SQ_REF_MACRO /* #ifdef, defined(), #undef, name!() */,
	SQ_REF_IMPORT, SQ_REF_INHERIT, SQ_REF_IMPLEMENT, SQ_REF_READ, SQ_REF_WRITE,
	SQ_REF_ADDRESS, SQ_REF_DECLARATION,
	SQ_REF_MAX
};

enum sq_import_kind {
	SQ_IMPORT_INCLUDE,      /* #include: target = path text */
	SQ_IMPORT_MODULE,       /* whole module bound to alias (or its own name) */
	SQ_IMPORT_NAME,         /* one member: target = module, name = member */
	SQ_IMPORT_MOD,          /* Rust "mod x;": target = x, a child file */
	SQ_IMPORT_USING,        /* C++ using, using namespace; TS import A = B.C: target = B, name = C */
	SQ_IMPORT_PACKAGE,      /* this file's own package clause: target = its name */
	SQ_IMPORT_ROOT,         /* a configuration file names this directory's module path / package */
	SQ_IMPORT_PATH,         /* a configuration file adds a search directory or a path alias */
	SQ_IMPORT_MAX
};

/* wire names, "" past the end */
const char *sq_lang_name(enum sq_lang lang);
static inline bool sq_is_type_kind(uint8_t kind)
{
	switch (kind) {
	case SQ_KIND_CLASS: case SQ_KIND_INTERFACE: case SQ_KIND_TRAIT: case SQ_KIND_TYPE:
	case SQ_KIND_STRUCT: case SQ_KIND_ENUM: case SQ_KIND_ANNOTATION:
		return true;
	default:
		return false;
	}
}
const char *sq_kind_name(enum sq_kind kind);
const char *sq_ref_kind_name(enum sq_ref_kind kind);
const char *sq_import_kind_name(enum sq_import_kind kind);
/* parse a wire name: the value, or -1 */
int sq_lang_parse(const char *name);
int sq_kind_parse(const char *name);
int sq_ref_kind_parse(const char *name);
