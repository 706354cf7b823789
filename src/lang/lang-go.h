/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * lang-go — what the parts of the Go spec share: lang-go.c has leaves, types,
 * expressions and the tables, lang-go-decl.c definitions and imports,
 * lang-go-bind.c names and scopes. Grammar tree-sitter-go.
 *
 * Role A: names that a statement binds, and a method's receiver. Role B: the
 * values of a short variable declaration. Role C: a type that says nothing
 * about what contains it (key of a map). Role D: key of a struct literal.
 * Names are bound when their statement ends: in "path := path.Join(a)" the
 * second path is the package. Until then their bytes are kept in obj_start and
 * obj_end of the frame that binds them.
 */
#include "lang/spec.h"

enum go_node {
	GO_OTHER, GO_FUNCTION, GO_PARAMETERS, GO_PARAMETER, GO_VALUES, GO_BINDS, GO_QUALIFIED,
	GO_TYPE_SPEC, GO_TYPE_PARAMETER, GO_STRUCT, GO_INTERFACE, GO_FIELD, GO_LITERAL,
	GO_LITERAL_VALUE, GO_KEYED, GO_CASE,
};

/* frame bits */
#define GO_HAS_FIELDS 0x01u      /* literal value: its keys are fields, of type aux if known */
#define GO_HAS_ELEMENTS 0x02u    /* literal value: of values whose type is aux if known */
#define GO_EMBEDDED 0x04u        /* field without a name */
#define GO_ANONYMOUS 0x08u       /* the type is, or is made of, a struct without a name */
#define GO_TYPE_OF_FIRST 0x10u   /* the type is that of a value: of the first name only */

/* state of w->carry inside a receiver */
enum go_receiver { NO_RECEIVER, RECEIVER_TYPE, RECEIVER_PARAMETERS };

/* lang-go.c */
bool sq_go_is_builtin_type(struct sq_slice s);
bool sq_go_is_upper(struct sq_slice s);
/** sq_go_type_key() - key under which a type of this file keeps its definition: ".T". */
uint32_t sq_go_type_key(struct sq_walk *w, struct sq_slice name);

/* lang-go-bind.c */
unsigned sq_go_visibility(struct sq_slice name);
/** sq_go_set_name() - leaf @f names the definition on @owner. */
void sq_go_set_name(struct sq_walk *w, struct sq_frame *owner, const struct sq_frame *f);
/** sq_go_name_one_of() - the same for lists: the first name is the one on @owner. */
void sq_go_name_one_of(struct sq_walk *w, struct sq_frame *owner, const struct sq_frame *f,
		       enum sq_kind kind);
/** sq_go_keep_name() - leaf @f is one of the names that @owner binds when it ends. */
void sq_go_keep_name(struct sq_frame *owner, const struct sq_frame *f);
/** sq_go_bind_names() - bind the names kept in @owner. */
void sq_go_bind_names(struct sq_walk *w, const struct sq_frame *owner, uint32_t type);
enum sq_visit sq_go_on_maybe_binds(struct sq_walk *w, struct sq_frame *f);
void sq_go_leave_binds(struct sq_walk *w, struct sq_frame *f);
void sq_go_leave_untyped(struct sq_walk *w, struct sq_frame *f);
void sq_go_leave_list(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_scope(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_type_switch(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_statements(struct sq_walk *w, struct sq_frame *f);

/* lang-go-decl.c */
enum sq_visit sq_go_on_function(struct sq_walk *w, struct sq_frame *f);
/** sq_go_call_key() - key under which a function of this file keeps what it returns: "f()". */
uint32_t sq_go_call_key(struct sq_walk *w, struct sq_slice name);
void sq_go_leave_function(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_method(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_func_literal(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_parameters(struct sq_walk *w, struct sq_frame *f);
void sq_go_leave_parameters(struct sq_walk *w, struct sq_frame *f);
void sq_go_leave_parameter(struct sq_walk *w, struct sq_frame *f);
void sq_go_leave_variadic(struct sq_walk *w, struct sq_frame *f);
/** sq_go_values_kind() - constant or variable, by the node of a spec. */
enum sq_kind sq_go_values_kind(const struct sq_frame *f);
enum sq_visit sq_go_on_values(struct sq_walk *w, struct sq_frame *f);
void sq_go_leave_values(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_type_spec(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_body_type(struct sq_walk *w, struct sq_frame *f);
void sq_go_leave_body_type(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_field(struct sq_walk *w, struct sq_frame *f);
/** sq_go_last_part() - what follows the last dot. */
struct sq_slice sq_go_last_part(struct sq_slice path);
/** sq_go_field_key() - key under which a field keeps its type: "T.f". */
uint32_t sq_go_field_key(struct sq_walk *w, struct sq_slice type, struct sq_slice field);
void sq_go_leave_field(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_method_elem(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_go_on_type_elem(struct sq_walk *w, struct sq_frame *f);
struct sq_slice sq_go_unquote(struct sq_slice s);
enum sq_visit sq_go_on_import(struct sq_walk *w, struct sq_frame *f);
/** sq_go_is_package() - does an import of this file bind the name? */
bool sq_go_is_package(const struct sq_walk *w, uint32_t sym);
enum sq_visit sq_go_on_package(struct sq_walk *w, struct sq_frame *f);
