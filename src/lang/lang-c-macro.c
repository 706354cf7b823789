/* SPDX-License-Identifier: MIT */
/*
 * The body of a #define is one token to the grammar. Its names are references
 * all the same: a call when "(" follows, else a read.
 */
#include "lang/lang-c.h"

struct scan {
	const char *p, *end;
	uint32_t line, col;
};

static const char *const keywords[] = {
	"__attribute__", "__extension__", "__typeof__", "_Generic", "__asm__", "asm", "auto", "break", "case", "char",
	"const", "continue", "defined", "default", "do", "double", "else", "enum", "extern", "float", "for",
	"goto", "if", "inline", "int", "long", "register", "return", "short", "signed", "sizeof",
	"static", "struct", "switch", "typedef", "typeof", "union", "unsigned", "void", "volatile",
	"while", "bool", "_Bool", "__volatile__", "__const", "__inline__", "__inline", "__asm", "true", "false",
	"NULL", "__typeof", "__VA_ARGS__", "__VA_OPT__", "__FILE__", "__LINE__", "__func__", "__FUNCTION__",
	"nullptr", "this", "class", "template", "typename", "new", "delete", "public", "private",
	"protected", "namespace", "using", "static_cast", "reinterpret_cast", "const_cast", "dynamic_cast",
	"operator", "virtual", "friend", "try", "catch", "throw", "noexcept", "constexpr",
};

bool sq_c_is_keyword(struct sq_slice s)
{
	for (size_t i = 0; i < SQ_ARRAY_SIZE(keywords); i++)
		if (keywords[i][0] == s.p[0] && sq_slice_is(s, keywords[i]))
			return true;
	return false;
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void step(struct scan *s)
{
	if (*s->p++ == '\n') {
		s->line++;
		s->col = 0;
	} else {
		s->col++;
	}
}

static void skip_quoted(struct scan *s)
{
	char quote = *s->p;

	step(s);
	while (s->p < s->end && *s->p != quote && *s->p != '\n') {
		if (*s->p == '\\' && s->p + 1 < s->end)
			step(s);
		step(s);
	}
	if (s->p < s->end)
		step(s);
}

static void skip_comment(struct scan *s)
{
	bool is_line = s->p[1] == '/';

	while (s->p < s->end) {
		bool is_end = is_line ? *s->p == '\n' :
			      *s->p == '/' && s->p[-1] == '*';

		step(s);
		if (is_end)
			return;
	}
}

static bool is_followed_by_paren(const struct scan *s)
{
	const char *p = s->p;

	while (p < s->end && (*p == ' ' || *p == '\t'))
		p++;
	return p < s->end && *p == '(';
}

/* number of arguments of the call whose "(" is next, nested brackets respected */
static unsigned count_arguments(const struct scan *s)
{
	unsigned depth = 0, n = 0;
	bool is_empty = true;

	for (const char *p = s->p; p < s->end; p++) {
		if (*p == '(' || *p == '[' || *p == '{') {
			is_empty &= !depth;
			depth++;
		} else if (*p == ')' || *p == ']' || *p == '}') {
			if (depth && !--depth)
				return SQ_MIN(n + !is_empty, SQ_ARGC_UNKNOWN - 1);
		} else if (*p == '"' || *p == '\'') {
			return SQ_ARGC_UNKNOWN;
		} else if (*p == ',' && depth == 1) {
			n++;
		} else if (*p != ' ' && *p != '\t' && *p != '\\' && *p != '\n') {
			is_empty &= !depth;
		}
	}
	return SQ_ARGC_UNKNOWN;
}

enum before { BEFORE_NOTHING, BEFORE_MEMBER, BEFORE_TAG };

static void take_name(struct sq_walk *w, struct scan *s, enum before *before)
{
	uint32_t line = s->line, col = s->col, sym;
	struct sq_slice name = sq_slice(s->p, 0);
	enum before was = *before;
	uint32_t ref;

	while (s->p < s->end && (is_name_start(*s->p) || is_digit(*s->p)))
		step(s);
	name.n = (size_t)(s->p - name.p);
	*before = BEFORE_NOTHING;
	if (sq_slice_is(name, "struct") || sq_slice_is(name, "union") || sq_slice_is(name, "enum"))
		*before = BEFORE_TAG;
	if (sq_c_is_keyword(name))
		return;
	sym = sq_walk_sym(w, name);
	if (sq_walk_is_local(w, sym))
		return;
	if (is_followed_by_paren(s))
		ref = sq_walk_ref_text(w, line, col, SQ_REF_CALL, name, count_arguments(s));
	else
		ref = sq_walk_ref_text(w, line, col, was == BEFORE_TAG ? SQ_REF_TYPE : SQ_REF_READ,
				       name, SQ_ARGC_UNKNOWN);
	if (was == BEFORE_MEMBER && ref != SQ_NONE)
		sq_facts_ref(w->builder, ref)->flags |= SQ_REFF_EXPR;
}

static void take_other(struct scan *s, enum before *before)
{
	char c = *s->p;

	if (c == '"' || c == '\'') {
		skip_quoted(s);
	} else if (c == '/' && s->p + 1 < s->end && (s->p[1] == '/' || s->p[1] == '*')) {
		skip_comment(s);
		return;
	} else if (is_digit(c)) {
		while (s->p < s->end && (is_name_start(*s->p) || is_digit(*s->p)))
			step(s);
	} else {
		step(s);
		if (c == ' ' || c == '\t' || c == '\\' || c == '\n')
			return;
		if (c == '.' || (c == '>' && s->p[-2] == '-')) {
			*before = BEFORE_MEMBER;
			return;
		}
	}
	*before = BEFORE_NOTHING;
}

void sq_c_scan_text(struct sq_walk *w, struct sq_slice text, uint32_t line, uint32_t col)
{
	struct scan s = { .p = text.p, .end = text.p + text.n, .line = line, .col = col };
	enum before before = BEFORE_NOTHING;

	while (s.p < s.end) {
		if (is_name_start(*s.p))
			take_name(w, &s, &before);
		else
			take_other(&s, &before);
	}
}

void sq_c_scan_macro(struct sq_walk *w, struct sq_frame *f)
{
	TSPoint at = ts_node_start_point(f->node);

	sq_c_scan_text(w, sq_frame_text(w, f), at.row + 1, at.column);
}

/* a name of a condition, or a character of something else */
static bool take_condition_name(struct sq_walk *w, struct scan *s)
{
	uint32_t line = s->line, col = s->col;
	struct sq_slice name = sq_slice(s->p, 0);

	while (s->p < s->end && (is_name_start(*s->p) || is_digit(*s->p)))
		step(s);
	name.n = (size_t)(s->p - name.p);
	if (!name.n)
		return false;
	if (is_name_start(*name.p) && !sq_c_is_keyword(name))
		(void)sq_walk_ref_text(w, line, col, SQ_REF_MACRO, name, SQ_ARGC_UNKNOWN);
	return true;
}

void sq_c_condition(struct sq_walk *w, const struct sq_piece *piece)
{
	struct scan s = {
		.p = w->bytes.p + piece->start, .end = w->bytes.p + piece->end, .line = piece->row + 1,
	};
	bool is_name_only = false, is_else = false;
	struct sq_slice word;

	if (piece->kind == SQ_PIECE_DEFINES) {
		sq_c_run(w, piece);
		return;
	}
	while (s.p < s.end && !is_name_start(*s.p))
		step(&s);
	word = sq_slice(s.p, 0);
	while (s.p < s.end && is_name_start(*s.p))
		step(&s);
	word.n = (size_t)(s.p - word.p);
	is_name_only = word.n > 3 && sq_slice_is(sq_slice(word.p + word.n - 3, 3), "def");
	is_else = sq_slice_is(word, "else");
	while (s.p < s.end && !is_else) {
		enum before before;

		if (is_name_start(*s.p))
			is_else = take_condition_name(w, &s) && is_name_only;
		else
			take_other(&s, &before);
	}
}

/*
 * NAME(a, type, b, ...) { ... } at file level: a function that a macro makes.
 * The kernel's SYSCALL_DEFINEn and BPF_CALL_n list type and name in turns.
 */

static bool is_macro_function(const struct sq_walk *w, const struct sq_frame *f)
{
	TSNode next;

	if (w->n_functions || f->end <= f->start || w->bytes.p[f->end - 1] != ')')
		return false;
	next = ts_node_next_named_sibling(f->node);
	return !ts_node_is_null(next) && !strcmp(ts_node_type(next), "compound_statement");
}

/* the kernel declares what SYSCALL_DEFINEn(open, ...) defines as sys_open */
static uint32_t macro_function_name(struct sq_walk *w, struct sq_slice macro, struct sq_slice arg)
{
	sq_buf_clear(&w->scratch);
	if (sq_slice_has_prefix(macro, SQ_LIT("SYSCALL_DEFINE")))
		sq_buf_puts(&w->scratch, "sys_");
	else if (sq_slice_has_prefix(macro, SQ_LIT("COMPAT_SYSCALL_DEFINE")))
		sq_buf_puts(&w->scratch, "compat_sys_");
	sq_buf_add_slice(&w->scratch, arg);
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

static uint32_t open_macro_function(struct sq_walk *w, const struct sq_frame *f, uint32_t sym)
{
	uint32_t def = sq_walk_def_point(w, f, SQ_KIND_FUNCTION, sym, 0);
	struct sq_def *d = sq_walk_get_def(w, def);
	TSPoint end = ts_node_end_point(ts_node_next_named_sibling(f->node));

	if (!d)
		return SQ_NONE;
	d->end_line = end.row + 1;
	d->end_col = end.column;
	d->sig_len = f->end - f->start;
	return def;
}

enum sq_visit sq_c_on_expression_statement(struct sq_walk *w, struct sq_frame *f)
{
	TSNode call, args;
	struct sq_slice macro, name;
	uint32_t def, argc;
	TSPoint at;

	if (!is_macro_function(w, f))
		return SQ_DESCEND;
	call = ts_node_named_child(f->node, 0);
	if (ts_node_is_null(call) || strcmp(ts_node_type(call), "call_expression") != 0)
		return SQ_DESCEND;
	macro = sq_node_text(w, sq_node_field(call, "function"));
	args = sq_node_field(call, "arguments");
	name = sq_node_text(w, ts_node_named_child(args, 0));
	if (!sq_is_identifier(macro) || !sq_is_identifier(name))
		return SQ_DESCEND;
	def = open_macro_function(w, f, macro_function_name(w, macro, name));
	at = ts_node_start_point(call);
	argc = 0;
	for (uint32_t i = ts_node_start_byte(args); i < ts_node_end_byte(args); i++)
		argc += w->bytes.p[i] == ',';
	(void)sq_walk_ref_text(w, at.row + 1, at.column, SQ_REF_CALL, macro,
			       SQ_MIN(argc + 1, SQ_ARGC_UNKNOWN - 1));
	if (def != SQ_NONE)
		w->carry = def + 2;   /* its body comes next */
	w->carry_node = args;
	return SQ_SKIP;
}

/* types of a macro function's parameters are references, their names locals */
static void declare_macro_parameters(struct sq_walk *w, TSNode args)
{
	TSPoint at = ts_node_start_point(args);
	struct scan s = {
		.p = w->bytes.p + ts_node_start_byte(args),
		.end = w->bytes.p + ts_node_end_byte(args),
		.line = at.row + 1, .col = at.column,
	};
	uint32_t type = SQ_NONE;
	unsigned part = 0;

	while (s.p < s.end) {
		struct sq_slice name = sq_slice(s.p, 0);
		uint32_t line = s.line, col = s.col;

		part += *s.p == ',';
		if (!is_name_start(*s.p)) {
			step(&s);
			continue;
		}
		while (s.p < s.end && (is_name_start(*s.p) || is_digit(*s.p)))
			step(&s);
		name.n = (size_t)(s.p - name.p);
		if (sq_c_is_keyword(name) || !part)
			continue;
		if (part % 2) {
			(void)sq_walk_ref_text(w, line, col, SQ_REF_TYPE, name, SQ_ARGC_UNKNOWN);
			if (!sq_slice_has_prefix(name, SQ_LIT("__")))
				type = sq_walk_sym(w, name);
		} else {
			sq_walk_local(w, sq_walk_sym(w, name), type);
			type = SQ_NONE;
		}
	}
}

enum sq_visit sq_c_on_compound(struct sq_walk *w, struct sq_frame *f)
{
	if (w->n_functions || w->carry < 2)
		return SQ_DESCEND;
	f->bits = 1;
	f->aux = w->encl;
	w->encl = w->carry - 2;
	w->carry = 0;
	sq_walk_scope(w, f, true);
	declare_macro_parameters(w, w->carry_node);
	w->hashing++;
	f->roll = w->roll;
	f->n_tokens = w->n_tokens;
	return SQ_DESCEND;
}

void sq_c_leave_compound(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_def *d;

	if (!f->bits)
		return;
	d = sq_walk_get_def(w, w->encl);
	if (d)
		d->body_hash = sq_walk_hash_since(w, f);
	w->hashing--;
	w->encl = f->aux;
}
