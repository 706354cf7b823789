/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * linker — scratch state of one linking worker, shared by the files that
 * implement link.h: cand.c (definitions of a name in a file), import.c and
 * import_*.c (what imports mean), bind.c (the rules), link.c (one file's
 * pieces). Everything is memory that is reused; nothing survives
 * sq_linker_begin() but its capacity.
 * Threads: one.
 * Errors:  running out of memory is remembered in ->error and makes every
 *          later step a no-op; sq_link_file() reports it.
 */
#include "base/vec.h"
#include "graph/def_index.h"
#include "graph/link.h"
#include "graph/memo.h"
#include "graph/reach.h"

/* one definition of a name */
struct sq_cand {
	sq_file file;
	sq_name name;
	uint32_t ordinal, def;
	uint32_t parent_def;            /* SQ_NONE at file level */
	sq_name parent;                 /* parent's name, or the receiver type's of a foreign method */
	uint16_t flags;
	uint8_t kind, bits;             /* bits: class bits of this definition */
	bool foreign;                   /* method defined outside its type's body (Go, Rust, C++) */
};

/* a type that was searched for a member: was there one, its own or inherited? */
struct sq_visit { sq_file file; uint32_t def; sq_name name; bool hit; };

/* package.json, go.mod, Cargo.toml, ...: a name for a directory */
struct sq_config_root { struct sq_slice dir, name, main; enum sq_lang lang; };
/* tsconfig paths, compile_commands include directories, Python source roots */
struct sq_config_path { struct sq_slice dir, target, alias; enum sq_lang lang; };

/* what a reference of a C file says; equal ones mean the same */
struct sq_said { sq_name name, qual; uint32_t how; };   /* how: kind << 8 | flags */

/* what the linkers of a pass over many files work out once for all of them */
struct sq_link_common {
	uint32_t *first;                /* by file: its first link; SQ_NONE: asked of the version */
	SQ_VEC(struct sq_import_link) links;
	SQ_VEC(sq_file) files;
	bool is_whole;                  /* every file with imports is in it */
	struct sq_import_graph graph;
	struct sq_reach *reach;
};

struct sq_linker {
	const struct sq_version *v;
	const struct sq_link_common *common;    /* NULL in a pass over few files */
	const struct sq_file_set *stale;        /* see sq_linker_begin() */
	int error;

	/* definitions of (name, file) */
	struct sq_memo cand_memo;
	SQ_VEC(struct sq_cand) cands;
	struct sq_def_index def_index;
	/* imports of a file: range of import_links; their targets in import_files */
	struct sq_memo import_memo;
	SQ_VEC(struct sq_import_link) import_links;
	SQ_VEC(sq_file) import_files, path_files;   /* path_files: scratch, of paths that are no imports */
	/* package clause of a file: memo value first = NameId */
	struct sq_memo package_memo;
	/* configuration files, read once per begin */
	bool config_read;
	SQ_VEC(struct sq_config_root) roots;
	SQ_VEC(struct sq_config_path) paths;
	struct sq_buf path;             /* scratch path */
	struct sq_buf path2;

	/* files reachable from the current file through imports: bits of
	 * common->reach, or without it mark[f] == epoch */
	uint64_t *near;
	uint32_t near_cap;
	uint32_t *mark, mark_cap, mark_epoch;
	SQ_VEC(sq_file) queue;
	sq_file marked_for;             /* whose closure the marks are */

	/* (module, name) pairs that the export search under way has asked */
	struct sq_memo asked;

	/* the current file */
	sq_file file;
	const struct sq_bound *b;
	const struct sq_lang_traits *t;
	bool is_indexed;                /* is what follows, to encl, filled in? */
	SQ_VEC(struct sq_def) defs;
	SQ_VEC(uint32_t) first_def;     /* by local string */
	SQ_VEC(struct sq_import) imports;
	SQ_VEC(uint32_t) import_of;     /* by local string: 1 + first import that binds it */
	SQ_VEC(uint32_t) import_scope;  /* by import: the definition it is confined to, or SQ_NONE */
	uint32_t encl;                  /* enclosing definition of the reference under way */
	struct sq_memo link_memo;
	struct sq_memo old_memo;        /* meaning in names of the version: link of the older piece */
	SQ_VEC(uint32_t) kept;          /* by a link of the older piece: its index now, 0: none yet */
	SQ_VEC(uint32_t) was;           /* by a reference of the older facts: its link */
	SQ_VEC(struct sq_said) old_said, now_said;
	SQ_VEC(struct sq_link) links;
	SQ_VEC(struct sq_target) targets;
	struct sq_buf ref_bytes;
	SQ_VEC(uint32_t) anchors;
	/* result of the binding under way */
	SQ_VEC(struct sq_cand) out;
	SQ_VEC(struct sq_cand) types;   /* scratch: types a qualifier may mean */
	SQ_VEC(struct sq_visit) visited;    /* types already looked into for this reference */
	unsigned path_depth;            /* sq_path_lookup() calls under way */
	unsigned alias_depth;           /* aliases of aliases that are followed */
	enum sq_rule rule;
	/* an import that is not in the tree claims the name: nothing else may bind it */
	bool claimed;
};

/* remember the first error */
static inline void sq_linker_fail(struct sq_linker *l, int r)
{
	if (r < 0 && !l->error)
		l->error = r;
}

/* cand.c */
/** sq_cands() - definitions of @name in @file; valid until the next sq_cands(). */
const struct sq_cand *sq_cands(struct sq_linker *l, sq_name name, sq_file file, uint32_t *ret_n);
void sq_out_add(struct sq_linker *l, const struct sq_cand *c);
enum sq_family sq_file_family(const struct sq_linker *l, sq_file f);
/** sq_linker_file() - the file at @path that says something; a skipped one is as good as none. */
sq_file sq_linker_file(struct sq_linker *l, const struct sq_buf *path);
/** sq_file_package() - NameId of the file's package clause, SQ_NAME_NONE without one. */
sq_name sq_file_package(struct sq_linker *l, sq_file f);
/* "export { a } from ..." binds no name in its own file; "pub use" does */
static inline bool sq_import_only_exports(const struct sq_lang_traits *t, const struct sq_import *imp)
{
	return (imp->flags & SQ_IMP_REEXPORT) && t->style == SQ_STYLE_RELATIVE;
}
/* is the bound name one member of the target? That of require() may be, too. */
static inline bool sq_import_binds_member(const struct sq_lang_traits *t, const struct sq_import *imp)
{
	return (imp->kind == SQ_IMPORT_NAME || (imp->flags & SQ_IMP_DEFAULT) ||
		(imp->kind == SQ_IMPORT_USING && t->style == SQ_STYLE_RELATIVE)) &&
	       imp->name != SQ_NONE && !(imp->flags & SQ_IMP_WILDCARD) &&
	       !sq_import_only_exports(t, imp);
}
/* can code of the current reference's scope see the import? One inside a function
 * binds its name there and nowhere else. */
static inline bool sq_import_is_visible(const struct sq_linker *l, uint32_t import)
{
	uint32_t scope = l->import_scope.v[import], at = l->encl;

	if (scope == SQ_NONE)
		return true;
	while (at != SQ_NONE && at > scope)
		at = l->defs.v[at].parent;
	return at == scope;
}
static inline bool sq_same_dir(struct sq_slice a, struct sq_slice b)
{
	return sq_slice_eq(sq_path_dir(a), sq_path_dir(b));
}

/* did a rule leave candidates in out? Then it is the one that bound. */
static inline bool sq_found(struct sq_linker *l, enum sq_rule rule)
{
	if (!l->out.n)
		return false;
	l->rule = rule;
	return true;
}

/* bind_type.c */
/** sq_type_resolve() - types (and C++ namespaces, Rust inline modules) that @name means in file @g; added to types. */
void sq_type_resolve(struct sq_linker *l, sq_file g, sq_name name);
/** sq_type_take() - move the types among what was added to out since @before to types; the rest is dropped. */
void sq_type_take(struct sq_linker *l, size_t before);
/** sq_type_bind_members() - bind to a member of the types from @first on, which are used up; its own or inherited. */
bool sq_type_bind_members(struct sq_linker *l, size_t first, sq_name name, enum sq_rule rule);
/** sq_type_bind_self() - bind to a member of the enclosing type; @super: of its bases only. */
bool sq_type_bind_self(struct sq_linker *l, const struct sq_ref *r, bool super);
/** sq_same_unit() - do two files see each other's names without an import (Go directory, Java package)? */
bool sq_same_unit(struct sq_linker *l, sq_file a, sq_file b);

/* common.c */
/** sq_linker_share() - from now on ask @c first; its vectors are lent, and outlive the linker's use. */
void sq_linker_share(struct sq_linker *l, const struct sq_link_common *c);

/* import.c */
/** sq_imports_of() - index into import_links of file's first import; SQ_NONE on error. */
uint32_t sq_imports_of(struct sq_linker *l, sq_file f);
/** sq_mark_closure() - mark every file reachable from @f through imports, itself included. */
void sq_mark_closure(struct sq_linker *l, sq_file f);
static inline bool sq_is_marked(const struct sq_linker *l, sq_file f)
{
	uint32_t bit;

	if (!l->common)
		return f < l->mark_cap && l->mark[f] == l->mark_epoch;
	bit = sq_reach_bit(l->common->reach, f);
	/* nobody imports it: only it itself can be meant */
	return bit == SQ_NONE ? f == l->marked_for : l->near[bit / 64] >> (bit % 64) & 1;
}
/** sq_submodule() - the file that member @name of module file @m means ("from m import name"), or SQ_FILE_NONE. */
sq_file sq_submodule(struct sq_linker *l, sq_file m, struct sq_slice name);
/** sq_find_export() - definitions that @name of module file @m means, re-exports followed; added to out. */
void sq_find_export(struct sq_linker *l, sq_file m, sq_name name, unsigned depth);
void sq_linker_read_config(struct sq_linker *l);

/** sq_import_find() - what @imp of file @g, with its targets @link, means by @name; added to out. */
void sq_import_find(struct sq_linker *l, sq_file g, const struct sq_import *imp, struct sq_import_link link,
		    sq_name name);
/* import_system.c */
/** sq_is_system_header() - is @target, of an include in <>, a header of the C library? */
bool sq_is_system_header(struct sq_slice target);

/* import_path.c: one style each; append files to import_files, return the link's state */
struct sq_import_text { struct sq_slice target, member; uint8_t kind, flags; };
enum sq_link_state sq_import_include(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i);
enum sq_link_state sq_import_dotted(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i);
enum sq_link_state sq_import_package(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i);
enum sq_link_state sq_import_relative(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i);
enum sq_link_state sq_import_gopath(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i);
enum sq_link_state sq_import_crate(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i);
/** sq_crate_path() - file of a Rust module path as seen from @from; @ret_rest: components that are no files. */
sq_file sq_crate_path(struct sq_linker *l, struct sq_slice from, struct sq_slice path, struct sq_slice *ret_rest);

/* bind_path.c */
/** sq_path_resolve() - types that the qualified name @q + @name means in file @g; added to types. */
void sq_path_resolve(struct sq_linker *l, sq_file g, struct sq_slice q, sq_name name);
/** sq_path_lookup() - definitions that @q + @name means in file @g; added to out. */
void sq_path_lookup(struct sq_linker *l, sq_file g, struct sq_slice q, sq_name name);
/** sq_path_bind_import() - bind through the import of the current file whose bound text starts @q. */
bool sq_path_bind_import(struct sq_linker *l, struct sq_slice q, sq_name name);
/** sq_path_bind() - bind through types and namespaces, then along the modules of a crate. */
bool sq_path_bind(struct sq_linker *l, struct sq_slice q, sq_name name);
/** sq_path_names_type() - is @q, as the current file sees it, a type or a module? */
bool sq_path_names_type(struct sq_linker *l, struct sq_slice q);
/** sq_path_descend() - member @name of module file @m below the components @rest (submodules, then
 *  types); added to out. @depth: of the export search under way. */
void sq_path_descend(struct sq_linker *l, sq_file m, struct sq_slice rest, sq_name name, unsigned depth);
/** sq_path_eat() - @prefix is the whole of @q or its leading components; the rest without separator. */
bool sq_path_eat(struct sq_slice q, struct sq_slice prefix, struct sq_slice *ret_rest);

/* bind.c */
/** sq_bind() - fill out and rule for one reference of the current file. */
void sq_bind(struct sq_linker *l, const struct sq_ref *r);
/* link.c */
/** sq_link_ref() - the link of a reference: its index in links. */
uint32_t sq_link_ref(struct sq_linker *l, const struct sq_ref *r);
/* link_again.c */
/** sq_link_refs_again() - all references of the file, a C file; see sq_link_file_again().
 *  Return: was a base of a type bound again? */
bool sq_link_refs_again(struct sq_linker *l, const struct sq_file_slot *old, const struct sq_changed_names *names);
