/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * traits — how the names of a language bind: data, read by the linker.
 * One constant per language, defined beside its extraction spec in src/lang
 * and handed to the graph as a table indexed by enum sq_lang.
 */
#include <stdbool.h>

#include "facts/kinds.h"

enum sq_import_style {
	SQ_STYLE_NONE,
	SQ_STYLE_INCLUDE,   /* C: path text, includer's directory, search dirs, suffix match */
	SQ_STYLE_DOTTED,    /* Python: leading dots relative; a.b -> a/b.py, a/b/__init__.py */
	SQ_STYLE_PACKAGE,   /* Java: a.b.C -> class C of package a.b, wherever its file lies */
	SQ_STYLE_RELATIVE,  /* JS/TS: ./x with extensions and index files, package names */
	SQ_STYLE_GOPATH,    /* Go: module path of go.mod + directory */
	SQ_STYLE_CRATE,     /* Rust: crate:: self:: super::, mod files */
	SQ_STYLE_CONFIG,    /* configuration files: nothing binds */
};
enum sq_unit {
	SQ_UNIT_FILE,       /* nothing is shared between files implicitly (Python, JS) */
	SQ_UNIT_LINKAGE,    /* C, C++: external linkage is program wide */
	SQ_UNIT_DIRECTORY,  /* Go: same directory and same package clause */
	SQ_UNIT_PACKAGE,    /* Java: same package clause */
	SQ_UNIT_CRATE,      /* Rust: modules of one crate, by path only */
};

struct sq_lang_traits {
	enum sq_lang lang;
	enum sq_family family;
	enum sq_import_style style;
	enum sq_unit unit;
	const char *const *extensions;   /* tried in order, with the dot, NULL-terminated */
	const char *const *index_stems;  /* "__init__", "index", "mod"; NULL-terminated */
	const char *const *self_names;   /* "self", "this", "Self", "cls"; NULL-terminated */
	const char *super_name;          /* "super", or NULL */
	const char *separator;           /* "::" or "." in qualifiers */
	bool duck_methods;               /* x.m() may bind to the only m of the family (low confidence) ... */
	const char *const *common_members;   /* ... but not to these, which built-in types have; or NULL */
};
