/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * lang-c — the rows and hooks that C and C++ share.
 *
 * A declarator is read inside out: when the walk meets the name, it climbs the
 * frames from there. What it passes decides between function and variable,
 * where it arrives decides what the name is. rule->arg tells the frames apart.
 */
#include "lang/spec.h"

enum sq_c_node {
	SQ_C_OTHER,
	SQ_C_FUNCTION_DECLARATOR, SQ_C_POINTER, SQ_C_PAREN, SQ_C_INIT,
	SQ_C_QUALIFIED, SQ_C_TEMPLATE_NAME,   /* C++: a::b, b<T> */
	/* where climbing ends */
	SQ_C_DECLARATION, SQ_C_PARAMETER, SQ_C_FIELD, SQ_C_FUNCTION, SQ_C_TYPEDEF,
	/* what else hooks want to recognise */
	SQ_C_FIELD_LIST, SQ_C_TEMPLATE, SQ_C_NAMESPACE,
};

/* frame bits */
#define SQ_C_STATIC 0x01u
#define SQ_C_EXTERN 0x02u
#define SQ_C_MACRO_CALL 0x04u   /* parsed as a declaration, is MACRO(name) */

struct sq_c_declarator {
	struct sq_frame *owner;   /* declaration, parameter, field, function, typedef; or NULL */
	struct sq_frame *top;     /* outermost frame of the declarator, owner's child */
	const struct sq_frame *qualified;   /* C++: outermost a:: of the name, or NULL */
	uint32_t scope_end;       /* end of the innermost scope of it */
	bool is_function, has_init, is_bare_paren;
};
/** sq_c_climb() - what declarator the name at @f belongs to. */
void sq_c_climb(struct sq_frame *f, struct sq_c_declarator *ret_d);
/** sq_c_declare() - bind the name at @f as its declaration says. */
void sq_c_declare(struct sq_walk *w, struct sq_frame *f, uint32_t sym);
/** sq_c_flags() - visibility and linkage that the place of @f's node gives a definition. */
unsigned sq_c_flags(const struct sq_walk *w, const struct sq_frame *f);
/** sq_cpp_attach() - out-of-class definition of A::f: @def belongs to A. */
void sq_cpp_attach(struct sq_walk *w, const struct sq_frame *f, const struct sq_c_declarator *d,
		   uint32_t def);
/** sq_cpp_bind_field() - remember the type of a field for the methods of its class. */
void sq_cpp_bind_field(struct sq_walk *w, uint32_t sym, uint32_t type);
/** sq_c_is_keyword() - a word of C or C++, or one of their types. */
bool sq_c_is_keyword(struct sq_slice s);
/* hooks that C++ extends */
enum sq_visit sq_c_on_identifier(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_c_on_field_identifier(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_c_on_type_identifier(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_c_on_struct(struct sq_walk *w, struct sq_frame *f);
void sq_c_leave_struct(struct sq_walk *w, struct sq_frame *f);
void sq_c_leave_type(struct sq_walk *w, struct sq_frame *f);
/** sq_c_scan_text() - references in @text, which begins at @line (from 1) and @col. */
void sq_c_scan_text(struct sq_walk *w, struct sq_slice text, uint32_t line, uint32_t col);

/* a line of a run of one-line defines */
struct sq_c_line {
	const char *start;             /* of the "#" */
	const char *name, *name_end;   /* NULL: nothing is defined here */
	const char *text, *text_end;
};
/** sq_c_run_line() - the line (or comment of many) at @p. Return: what follows it; NULL: it ends a run. */
const char *sq_c_run_line(const char *p, const char *end, struct sq_c_line *ret_l);
/** sq_c_run() - facts of a SQ_PIECE_DEFINES. */
void sq_c_run(struct sq_walk *w, const struct sq_piece *piece);
/** sq_c_scan_macro() - references in the text of a macro's body. */
void sq_c_scan_macro(struct sq_walk *w, struct sq_frame *f);

/** sq_c_cut() - see cut.h. */
int sq_c_cut(struct sq_slice bytes, struct sq_cut *c) sq_must_check;
/** sq_c_condition() - references of one line #if, #ifdef, #elif ... */
void sq_c_condition(struct sq_walk *w, const struct sq_piece *piece);

/* functions that a macro makes */
enum sq_visit sq_c_on_expression_statement(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_c_on_compound(struct sq_walk *w, struct sq_frame *f);
void sq_c_leave_compound(struct sq_walk *w, struct sq_frame *f);

extern const struct sq_rule_row sq_c_rules[];
extern const struct sq_role_row sq_c_roles[];
