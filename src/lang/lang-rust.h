/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * lang-rust — what the parts of the Rust spec share: lang-rust.c has leaves,
 * expressions and the tables, lang-rust-item.c definitions and bindings,
 * lang-rust-use.c imports, lang-rust-macro.c the token trees of macros.
 *
 * w->carry is 1 + the sym of what Self means, or 0.
 * Role A: below a use declaration. Role B: field of a struct literal. Role C:
 * what a pattern names. Role D: name of a macro that is called.
 */
#include "lang/spec.h"

/* of a rule's arg; those of items are their enum sq_kind */
enum rust_node {
	RUST_OTHER, RUST_USE = 64, RUST_USE_LIST, RUST_IMPL, RUST_TRAIT, RUST_EXTERN, RUST_ITEMS,
	RUST_FUNCTION, RUST_TYPE_PARAMETER, RUST_PARAMETER, RUST_LET, RUST_FOR, RUST_SCOPED,
	RUST_INDEX, RUST_SHORTHAND, RUST_TOKENS, RUST_FIELD_EXPRESSION, RUST_WRAPPER, RUST_CALL,
};

/* frame bits */
#define RUST_TEST_NEXT 0x01u     /* an attribute said that the next function is a test */
#define RUST_HAS_SELF 0x02u      /* function with a receiver */
#define RUST_OF_TRAIT 0x04u      /* impl of a trait */
#define RUST_IS_SIMPLE 0x08u     /* let: one name */
#define RUST_PUBLIC 0x10u        /* use: names are public here */
#define RUST_TAKES_ARGUMENT 0x20u   /* call whose value is, for its members, its argument */

static inline bool sq_rust_is_upper(struct sq_slice s)
{
	return s.n && s.p[0] >= 'A' && s.p[0] <= 'Z';
}
/** sq_rust_is_prelude() - Some, None, Ok, Err: too common to be mentioned. */
bool sq_rust_is_prelude(struct sq_slice s);
/** sq_rust_is_pointer() - Box, Rc, Arc: members are those of what it points to. */
bool sq_rust_is_pointer(struct sq_slice s);
/** sq_rust_use_as() - the use of leaf @f in @role, whatever locals there are. Return: reference. */
uint32_t sq_rust_use_as(struct sq_walk *w, struct sq_frame *f, uint32_t sym, enum sq_role role,
			uint32_t qual, unsigned flags);
/** sq_rust_call_key() - sym under which the result type of owner::name() is kept; @inner: that
 *  of what its Result or Option holds. */
uint32_t sq_rust_call_key(struct sq_walk *w, uint32_t owner, struct sq_slice name, bool inner);

/* lang-rust-item.c */
enum sq_visit sq_rust_on_function(struct sq_walk *w, struct sq_frame *f);
/** sq_rust_name_item() - leaf @f names the definition on the frame above. */
void sq_rust_name_item(struct sq_walk *w, struct sq_frame *f, uint32_t sym);
void sq_rust_leave_function(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_type_item(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_value_item(struct sq_walk *w, struct sq_frame *f);
void sq_rust_leave_value_item(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_trait(struct sq_walk *w, struct sq_frame *f);
void sq_rust_leave_trait(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_impl(struct sq_walk *w, struct sq_frame *f);
void sq_rust_leave_impl(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_module(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_variant(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_field(struct sq_walk *w, struct sq_frame *f);
void sq_rust_leave_field(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_visibility(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_modifiers(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_attribute(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_self_parameter(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_macro_definition(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_macro_rule(struct sq_walk *w, struct sq_frame *f);
/** sq_rust_bind() - the name at pattern leaf @f; visible when its statement ends. */
void sq_rust_bind(struct sq_walk *w, struct sq_frame *f, uint32_t sym);
enum sq_visit sq_rust_on_let(struct sq_walk *w, struct sq_frame *f);
/** sq_rust_leave_let() - the names of the pattern are visible from here on. */
void sq_rust_leave_let(struct sq_walk *w, struct sq_frame *f);

/* lang-rust-use.c */
enum sq_visit sq_rust_on_use_list(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_use_alias(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_rust_on_use_wildcard(struct sq_walk *w, struct sq_frame *f);
/** sq_rust_use() - import what the path at @f of role A names. */
void sq_rust_use(struct sq_walk *w, const struct sq_frame *f);
enum sq_visit sq_rust_on_extern_crate(struct sq_walk *w, struct sq_frame *f);
void sq_rust_add_module_file(struct sq_walk *w, const struct sq_frame *f, struct sq_slice name);

/* lang-rust-macro.c */
/** sq_rust_use_token() - identifier leaf @f among the tokens of a macro. */
void sq_rust_use_token(struct sq_walk *w, struct sq_frame *f, uint32_t sym);
