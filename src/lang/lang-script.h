/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * lang-script — what JavaScript, TypeScript and TSX share. The grammars differ
 * in their node types, so the rules come in parts: those of all three, those
 * of JavaScript or TypeScript, those of JSX.
 *
 * Role A: the name of a JSX element. Role DECL: a pattern that binds names.
 * Role INIT: the value of what its parent declares, assigns or exports; when
 * the parent's frame holds a definition, a function or class there is its body.
 */
#include "lang/spec.h"

/* sq_rule.arg: what a node is to the hooks below it */
enum sq_script_node {
	SCRIPT_OTHER, SCRIPT_PATTERN, SCRIPT_DECLARATION, SCRIPT_DECLARATOR, SCRIPT_PARAMETERS,
	SCRIPT_PARAMETER, SCRIPT_ARROW, SCRIPT_FUNCTION, SCRIPT_CATCH, SCRIPT_FOR, SCRIPT_CLASS,
	SCRIPT_OBJECT, SCRIPT_EXPORT, SCRIPT_AMBIENT, SCRIPT_MODULE, SCRIPT_ASSIGNMENT,
	SCRIPT_ENUM_BODY, SCRIPT_OBJECT_TYPE, SCRIPT_HERITAGE,
	SCRIPT_STATIC_BLOCK,
};

/* frame bits */
#define SCRIPT_IS_DEFAULT 0x01u   /* export statement: export default */
#define SCRIPT_IS_IMPORT 0x02u    /* declarator: its names are imported by require() */
#define SCRIPT_IS_PROPERTY 0x04u  /* parameter: a property of the class as well */
#define SCRIPT_EXPORTS 0x08u      /* assignment, its object: the exports of the module */
#define SCRIPT_IS_DONE 0x10u      /* assignment: its left side is a definition or export */

/* words before a name, beside the flags of a definition */
#define SCRIPT_READONLY 0x10000u
#define SCRIPT_ACCESS 0x20000u

/* sq_sym.marks */
#define SCRIPT_MARK_EXPORTED 0x01u
#define SCRIPT_MARK_DEFAULT 0x02u

static inline bool sq_script_is(TSNode n, const char *type)
{
	return !ts_node_is_null(n) && !strcmp(ts_node_type(n), type);
}

/* lang-script-type.c: what a declaration says of a type */

/** sq_script_type() - type of a name, from its annotation or value; nodes may be null. */
uint32_t sq_script_type(struct sq_walk *w, TSNode annotation, TSNode value);
uint32_t sq_script_type_of_node(struct sq_walk *w, TSNode type);
enum sq_visit sq_script_on_type(struct sq_walk *w, struct sq_frame *f);
bool sq_script_is_literal(TSNode value);

/* lang-script-def.c: definitions */

/** sq_script_value_kind() - kind of the function or class that a value is, or -1. */
int sq_script_value_kind(TSNode value);
/** sq_script_words() - flags from the words before a name: static, async, private ... */
unsigned sq_script_words(const struct sq_walk *w, TSNode node, TSNode name);
/** sq_script_member_sym() - name of a member, unquoted; SQ_NONE when it is not one name. */
uint32_t sq_script_member_sym(struct sq_walk *w, TSNode name);
/** sq_script_export_flags() - flags from an "export" around the declaration @f. */
unsigned sq_script_export_flags(const struct sq_frame *f);
/** sq_script_bind_member() - remember the type of this.name. */
void sq_script_bind_member(struct sq_walk *w, struct sq_slice name, uint32_t type);
/** sq_script_end_signature() - an implementation follows: its signatures only declare it. */
void sq_script_end_signature(struct sq_walk *w, uint32_t sym);
/** sq_script_on_name() - a leaf of role DECL. */
void sq_script_on_name(struct sq_walk *w, struct sq_frame *f, uint32_t sym);
enum sq_visit sq_script_on_declarator(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_function(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_function_value(struct sq_walk *w, struct sq_frame *f);
void sq_script_leave_value(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_class(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_class_value(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_method(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_field(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_pair(struct sq_walk *w, struct sq_frame *f);
/** sq_script_define_this() - "this.x = ..." on an assignment's frame; true: it is a definition. */
bool sq_script_define_this(struct sq_walk *w, struct sq_frame *f, TSNode left);

/* lang-script-import.c: modules */

/** sq_script_require() - is the declarator @f's value a module? Then records what it imports. */
bool sq_script_require(struct sq_walk *w, struct sq_frame *f);
/** sq_script_export() - a name of this file is exported as @alias (may be empty). */
void sq_script_export(struct sq_walk *w, TSNode name, struct sq_slice alias);
enum sq_visit sq_script_on_import(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_export(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_call(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_assignment(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_script_on_object(struct sq_walk *w, struct sq_frame *f);
void sq_script_leave_program(struct sq_walk *w, struct sq_frame *f);

/* lang-script.c */
enum sq_visit sq_script_on_scope(struct sq_walk *w, struct sq_frame *f);
extern const struct sq_rule_row sq_script_rules[], sq_script_jsx_rules[];
extern const struct sq_role_row sq_script_roles[], sq_script_jsx_roles[];
extern const char *const sq_script_suffixes[];      /* of modules, as the linker tries them */
extern const char *const sq_script_index_stems[];
extern const char *const sq_script_self_names[];

#define SQ_SCRIPT_TRAITS(language) { \
	.lang = language, .family = SQ_FAMILY_JS, .style = SQ_STYLE_RELATIVE, \
	.unit = SQ_UNIT_FILE, .extensions = sq_script_suffixes, \
	.index_stems = sq_script_index_stems, .self_names = sq_script_self_names, \
	.super_name = "super", .separator = ".", .duck_methods = true, \
}
