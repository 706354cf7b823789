/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * spec — how a language is described to the extractor (private to src/lang).
 *
 * A language is one file lang-<name>.c with one `const struct sq_spec
 * sq_spec_<name>` and one line in languages.def. A spec is data first: rules
 * say what a node type is, roles say what a child stands for; hooks are small
 * functions for what is particular. Names are resolved to symbol and field
 * numbers when the grammar is loaded (a name that the grammar does not have is
 * an error), so the walk does one table look-up a node.
 *
 * The walk visits the tree once, in source order, without recursion. Each
 * node that is not a bare token gets a frame; f[-1] is its parent's frame. A
 * child's role is what the parent's role rows say for its field, else the
 * parent's child_role (rule, or set by a hook in its frame). Inside a
 * node of role MACRO everything is of role MACRO.
 *   enter hook: before the children; returns SQ_DESCEND or SQ_SKIP.
 *   leave hook: after the children (also when there were none).
 * What the engine does by itself:
 *   - a definition opened on a frame (sq_walk_def) encloses all that follows
 *     until the frame ends; then signature and body hash are set. The
 *     signature ends where the first child of role BODY begins;
 *   - a scope opened on a frame (sq_walk_scope) ends with it, and its locals;
 *   - the bytes of a child of role OBJECT are kept in the parent's obj_start
 *     and obj_end: the receiver of the member that follows;
 *   - children of a rule with SQ_RULE_COUNT are counted in the frame.
 * Symbols: a `sym` is a number for a text within this file (SQ_NONE: none).
 * A text reaches the facts only when a definition, reference or import uses
 * it, so names of locals cost nothing.
 */
#include <tree_sitter/api.h>

#include "base/str.h"
#include "base/vec.h"
#include "facts/facts.h"
#include "facts/traits.h"
#include "lang/cut.h"
#include "lang/lang.h"
#include "lang/table.h"

struct sq_walk;
struct sq_frame;
struct sq_cursor;

enum sq_visit { SQ_DESCEND, SQ_SKIP };

enum sq_role {
	SQ_ROLE_VALUE,      /* an expression that is read; whatever has no other role */
	SQ_ROLE_CALLEE,     /* what is called; some frame above has SQ_RULE_CALL */
	SQ_ROLE_WRITE,
	SQ_ROLE_ADDRESS,
	SQ_ROLE_TYPE,
	SQ_ROLE_INHERIT,
	SQ_ROLE_IMPLEMENT,
	SQ_ROLE_MACRO,      /* sticks to everything below */
	SQ_ROLE_NAME,       /* names the definition on the parent's frame */
	SQ_ROLE_DECL,       /* binds a name: declarator, parameter, pattern */
	SQ_ROLE_OBJECT,     /* receiver of a member */
	SQ_ROLE_MEMBER,     /* name of a member; the parent's role says how it is used */
	SQ_ROLE_ARGS,       /* argument list of the call on the parent's frame */
	SQ_ROLE_BODY,
	SQ_ROLE_INIT,       /* value of an initialiser; ends a signature as a body does */
	SQ_ROLE_IGNORE,     /* not visited (but hashed) */
	SQ_ROLE_A, SQ_ROLE_B, SQ_ROLE_C, SQ_ROLE_D,   /* a language's own */
	SQ_ROLE_SAME,       /* in tables: the parent's role */
};

#define SQ_RULE_LEAF 0x01u     /* has no children that matter: one token */
#define SQ_RULE_COMMENT 0x02u  /* skipped, not hashed, not counted */
#define SQ_RULE_CALL 0x04u     /* a call: its reference is patched with argc */
#define SQ_RULE_NEW 0x08u      /* ... that constructs */
#define SQ_RULE_AWAIT 0x10u    /* awaits the call below it */
#define SQ_RULE_COUNT 0x20u    /* count named children in the frame */
#define SQ_RULE_TOKEN 0x40u    /* row: the anonymous token of that text */
#define SQ_RULE_BARE 0x80u     /* engine: token without hooks */

/* one row a node type; a later row for the same type replaces an earlier one */
struct sq_rule_row {
	const char *type;
	enum sq_visit (*enter)(struct sq_walk *w, struct sq_frame *f);
	void (*leave)(struct sq_walk *w, struct sq_frame *f);
	uint8_t child_role;    /* enum sq_role of children without a role row */
	uint8_t flags;         /* SQ_RULE_* */
	uint16_t arg;          /* for the hooks; sq_on_definition: enum sq_kind */
};
struct sq_role_row {
	const char *type, *field;
	uint8_t role;
};
/* arrays end with a NULL type */
#define SQ_SPEC_PARTS 3
struct sq_spec {
	enum sq_lang lang;
	uint32_t version;            /* bump when facts of the same bytes change */
	const char *grammar;         /* sqry-grammar-<grammar>.so; NULL: scan() */
	const struct sq_rule_row *rules[SQ_SPEC_PARTS];   /* may share parts with a relative */
	const struct sq_role_row *roles[SQ_SPEC_PARTS];
	const char *const *extensions;   /* of its files, with the dot, ends with NULL; or NULL */
	const char *const *file_names;   /* whole names, for configuration files; or NULL */
	const struct sq_lang_traits *traits;
	bool inserts_semicolons;         /* where a line ends, with or without the comments behind it */
	/* where files may be cut (cut.h), and what a piece that is not parsed says; NULL: nowhere */
	int (*cut)(struct sq_slice bytes, struct sq_cut *c);
	void (*condition)(struct sq_walk *w, const struct sq_piece *piece);
	void (*end)(struct sq_walk *w);  /* after the walk; may be NULL */
	/* languages without rules: facts straight from the bytes (tree may be NULL) */
	void (*scan)(struct sq_walk *w, const TSTree *tree);
};

/* a row after loading, by symbol number */
struct sq_rule {
	enum sq_visit (*enter)(struct sq_walk *w, struct sq_frame *f);
	void (*leave)(struct sq_walk *w, struct sq_frame *f);
	const uint8_t *roles;        /* by field number: role + 1, 0 unset; or NULL */
	uint64_t token_hash;
	uint16_t arg;
	uint8_t flags;
	uint8_t child_role;
};

struct sq_frame {
	TSNode node;
	const struct sq_rule *rule;
	uint32_t start, end;         /* bytes */
	uint8_t role, child_role;
	bool scope, function;
	uint16_t bits;               /* the language's own; 0 at first */
	uint16_t count;
	uint32_t def;                /* definition on this frame or SQ_NONE */
	uint32_t ref;                /* call: its reference or SQ_NONE */
	uint32_t type;               /* sym: type that was named here, or SQ_NONE */
	uint32_t aux;                /* the language's own; SQ_NONE at first */
	uint32_t obj_start, obj_end;
	uint32_t body_start;         /* 0: no body yet */
	uint32_t init_start;
	uint32_t saved_encl, saved_locals, saved_scope, n_tokens;
	uint64_t roll;
};

struct sq_sym {
	const char *p;
	uint32_t len, string;        /* local string of the facts or SQ_NONE */
	uint64_t hash;
	uint32_t local;              /* innermost local + 1, or 0 */
	uint32_t slot;
	uint32_t member_of, member_type;   /* sq_walk_bind_member(), or SQ_NONE */
	uint32_t marks;              /* the language's own; 0 at first */
};
struct sq_local {
	uint32_t sym, type, shadowed;
	bool is_global;              /* a file-level variable kept for its type */
	bool is_wide;                /* outlives blocks: ends with its function's scope */
};

struct sq_walk {
	struct sq_slice bytes;
	struct sq_facts_builder *builder;
	const struct sq_spec *spec;
	const struct sq_rule *rules;
	uint32_t n_rules;
	struct sq_rule error_rule;
	struct sq_frame *frames;
	uint32_t n_frames;
	uint32_t max_depth;
	uint32_t encl;               /* innermost open definition or SQ_NONE */
	uint32_t n_scopes;
	uint32_t n_functions;        /* open functions: are we inside one? */
	uint32_t hashing;            /* open definitions that want a body hash */
	uint64_t roll, leaf_hash;
	uint32_t n_tokens;
	uint32_t scope_start;        /* first local of the innermost scope */
	uint32_t anonymous;          /* C++: open anonymous namespaces */
	uint32_t carry;              /* the language's own, across nodes; 0 at first */
	TSNode carry_node;
	uint32_t claimed;            /* C: byte of a name that is no reference; 0: none */
	SQ_VEC(struct sq_sym) syms;
	SQ_VEC(struct sq_local) locals;
	SQ_VEC(struct sq_typed) typed;   /* syms: types of file-level variables that this piece changed */
	uint32_t *table, table_mask;
	struct sq_buf scratch;
	struct sq_arena *arena;      /* texts of syms that are not slices of bytes */
	struct sq_cursor *cursor;
	const struct sq_extract_limits *limits;
	uint64_t deadline_ns;
	int error;
};

/* text */
static inline struct sq_slice sq_frame_text(const struct sq_walk *w, const struct sq_frame *f)
{
	return sq_slice(w->bytes.p + f->start, f->end - f->start);
}
struct sq_slice sq_node_text(const struct sq_walk *w, TSNode n);
/** sq_walk_sym() - number of a text; copied unless it lies in the file's bytes. */
uint32_t sq_walk_sym(struct sq_walk *w, struct sq_slice text);
/** sq_walk_leaf_sym() - number of the text of the leaf being entered (its hash is known). */
uint32_t sq_walk_leaf_sym(struct sq_walk *w, const struct sq_frame *f);
struct sq_slice sq_walk_text(const struct sq_walk *w, uint32_t sym);
bool sq_is_self_name(const struct sq_walk *w, struct sq_slice text);
/** sq_is_identifier() - letters, digits, '_', '$' and bytes above ASCII, no digit first. */
bool sq_is_identifier(struct sq_slice text);

/* definitions */
/**
 * sq_walk_def() - open a definition that spans @f's node and lasts until @f ends.
 * @sym: its name, or SQ_NONE when it is named later (sq_walk_def_name)
 * The parent is the enclosing definition; SQ_DEF_NESTED is added inside functions.
 */
uint32_t sq_walk_def(struct sq_walk *w, struct sq_frame *f, enum sq_kind kind, uint32_t sym,
		     unsigned flags);
/** sq_walk_def_point() - a definition without a body that encloses nothing: it
 *  spans @span's node and its signature is that text (up to its first newline). */
uint32_t sq_walk_def_point(struct sq_walk *w, const struct sq_frame *span, enum sq_kind kind,
			   uint32_t sym, unsigned flags);
/** sq_walk_def_line() - a definition without a body: @text, on one @line (from 1) at @col. */
uint32_t sq_walk_def_line(struct sq_walk *w, struct sq_slice text, uint32_t line, uint32_t col,
			  enum sq_kind kind, uint32_t sym);
void sq_walk_def_name(struct sq_walk *w, const struct sq_frame *f, uint32_t sym);
bool sq_walk_def_has_name(const struct sq_walk *w, const struct sq_frame *f);
static inline struct sq_def *sq_walk_get_def(struct sq_walk *w, uint32_t def)
{
	return sq_facts_def(w->builder, def);
}
/** sq_walk_body_at() - the body of @f begins at byte @at, with the next token: what the hash of a
 *  body covers, so that a copy under another name has the same. */
static inline void sq_walk_body_at(const struct sq_walk *w, struct sq_frame *f, uint32_t at)
{
	f->body_start = at;
	f->roll = w->roll;
	f->n_tokens = w->n_tokens;
}
/** sq_walk_hash_since() - hash of the tokens since @f's roll and n_tokens were set. */
uint64_t sq_walk_hash_since(const struct sq_walk *w, const struct sq_frame *f);
/** sq_walk_find_def() - a definition of this file so far: kind in @kinds (bits), or SQ_NONE. */
uint32_t sq_walk_find_def(const struct sq_walk *w, uint32_t sym, uint32_t kinds);

/* scopes and locals */
/** sq_walk_scope() - locals from here on end with @f. @function: code, not only names. */
void sq_walk_scope(struct sq_walk *w, struct sq_frame *f, bool function);
/** sq_walk_local() - bind a name; outside functions it is only remembered for its type. */
void sq_walk_local(struct sq_walk *w, uint32_t sym, uint32_t type);
/** sq_walk_local_wide() - the same for a name that blocks do not confine (var of JavaScript). */
void sq_walk_local_wide(struct sq_walk *w, uint32_t sym, uint32_t type);
/** sq_walk_hide() - bind a name of nobody's concern, at any level. */
void sq_walk_hide(struct sq_walk *w, uint32_t sym);
/** sq_walk_unhide() - in this scope the name means the file-level one. */
void sq_walk_unhide(struct sq_walk *w, uint32_t sym);
/**
 * sq_walk_bind_member() - remember the type of a member of the enclosing class.
 * @path: how its methods write it: "self.x", "this.x", or "x"
 */
void sq_walk_bind_member(struct sq_walk *w, uint32_t path, uint32_t type);
/** sq_walk_class() - innermost enclosing class-like definition or SQ_NONE. */
uint32_t sq_walk_class(struct sq_walk *w);
/** sq_walk_find() - the local or typed file-level variable, or NULL. */
struct sq_local *sq_walk_find(const struct sq_walk *w, uint32_t sym);
static inline bool sq_walk_is_local(const struct sq_walk *w, uint32_t sym)
{
	const struct sq_local *l = sq_walk_find(w, sym);

	return l && !l->is_global;
}

/* references and imports */
/** sq_walk_ref() - a reference at @at's start. Return: its index. */
uint32_t sq_walk_ref(struct sq_walk *w, const struct sq_frame *at, enum sq_ref_kind kind,
		     uint32_t sym, uint32_t qual, unsigned flags);
/** sq_walk_ref_text() - the same for bytes inside a node (macro bodies). */
uint32_t sq_walk_ref_text(struct sq_walk *w, uint32_t line, uint32_t col,
			  enum sq_ref_kind kind, struct sq_slice name, unsigned argc);
/** sq_walk_use() - the reference that the role of leaf @f asks for, unless it is a local. */
uint32_t sq_walk_use(struct sq_walk *w, const struct sq_frame *f, uint32_t sym);
/** sq_walk_use_member() - the same for a member of the parent's OBJECT. */
uint32_t sq_walk_use_member(struct sq_walk *w, const struct sq_frame *f, uint32_t sym);
/**
 * sq_walk_qual() - canonical text of a receiver path: no white space, "." or
 * "::" only, no generics; the declared type when it is one typed local.
 * @ret_flags: SQ_REFF_TYPED, SQ_REFF_EXPR or 0, or-ed in.
 * Return: sym, or SQ_NONE with SQ_REFF_EXPR.
 */
uint32_t sq_walk_qual(struct sq_walk *w, uint32_t start, uint32_t end, unsigned *ret_flags);
/** sq_walk_type_path() - canonical text of a type: last path without pointers,
 *  qualifiers and generics, or SQ_NONE. */
uint32_t sq_walk_type_path(struct sq_walk *w, struct sq_slice text);
enum sq_ref_kind sq_ref_kind_of_role(enum sq_role role);
/** sq_frame_call() - the frame of the call that leaf @f is the callee of. */
struct sq_frame *sq_frame_call(struct sq_frame *f);
/** sq_walk_import() - name and alias may be empty. */
void sq_walk_import(struct sq_walk *w, uint32_t line, enum sq_import_kind kind,
		    struct sq_slice target, struct sq_slice name, struct sq_slice alias,
		    unsigned flags);
static inline uint32_t sq_node_line(TSNode n) { return ts_node_start_point(n).row + 1; }
static inline TSNode sq_node_field(TSNode n, const char *field)
{
	return ts_node_child_by_field_name(n, field, (uint32_t)strlen(field));
}

/* hooks that fit most languages */
/** NAME names the parent's definition, DECL binds a local, else sq_walk_use(). */
enum sq_visit sq_on_identifier(struct sq_walk *w, struct sq_frame *f);
/** a member name: sq_walk_use_member(); NAME as above. */
enum sq_visit sq_on_member(struct sq_walk *w, struct sq_frame *f);
/** a type name: TYPE reference (or what INHERIT, IMPLEMENT, CALLEE say), remembered in f[-1].type. */
enum sq_visit sq_on_type(struct sq_walk *w, struct sq_frame *f);
/** open a definition of kind rule->arg, named by a child of role NAME. */
enum sq_visit sq_on_definition(struct sq_walk *w, struct sq_frame *f);
/** the same with a function scope. */
enum sq_visit sq_on_function(struct sq_walk *w, struct sq_frame *f);
/** do not look below (the text is hashed as one token). */
enum sq_visit sq_on_opaque(struct sq_walk *w, struct sq_frame *f);
/** leave hook of an argument list (SQ_RULE_COUNT): sets argc of the call on f[-1]. */
void sq_leave_arguments(struct sq_walk *w, struct sq_frame *f);

/* engine, used by extract.c */
int sq_walk_init(struct sq_walk *w);
void sq_walk_deinit(struct sq_walk *w);
void sq_walk_reset(struct sq_walk *w);
void sq_walk_end_scope(struct sq_walk *w, struct sq_frame *f);
void sq_walk_end_def(struct sq_walk *w, struct sq_frame *f);
/** sq_walk_tree() - the tree of one piece; sq_walk_end() after the last. Return: 0; SQ_LANG_E_*; -errno. */
int sq_walk_tree(struct sq_walk *w, const TSTree *tree);
int sq_walk_end(struct sq_walk *w);

/* languages.def */
#define SQ_LANGUAGE(lang, name) \
	extern const struct sq_spec sq_spec_##name; \
	extern const struct sq_lang_traits sq_traits_##name;
#include "lang/languages.def"
#undef SQ_LANGUAGE
const struct sq_spec *sq_spec_get(enum sq_lang lang);

/* registry */
struct sq_grammar {
	const TSLanguage *language;
	struct sq_rule *rules;
	uint32_t n_rules;
	uint8_t *roles;
	struct sq_table table;       /* language may live here */
	void *handle;
};
int sq_registry_grammar(struct sq_lang_registry *r, enum sq_lang lang,
			const struct sq_grammar **ret_g, const char **ret_why);
