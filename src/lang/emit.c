/* SPDX-License-Identifier: MIT */
#include "base/hash.h"
#include "lang/spec.h"

/* of the polynomial over token hashes; odd, so that powers never vanish */
#define ROLL 0x9e3779b97f4a7c15ULL
#define QUAL_MAX 200u

struct sq_slice sq_node_text(const struct sq_walk *w, TSNode n)
{
	uint32_t start, end;

	if (ts_node_is_null(n))
		return SQ_SLICE_NULL;
	start = ts_node_start_byte(n);
	end = ts_node_end_byte(n);
	return sq_slice(w->bytes.p + start, end - start);
}

static bool is_name_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || c >= 0x80;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool sq_is_identifier(struct sq_slice s)
{
	if (!s.n || (s.p[0] >= '0' && s.p[0] <= '9'))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_name_byte((unsigned char)s.p[i]))
			return false;
	return true;
}

bool sq_is_self_name(const struct sq_walk *w, struct sq_slice text)
{
	const struct sq_lang_traits *t = w->spec->traits;

	if (!t)
		return false;
	for (const char *const *p = t->self_names; p && *p; p++)
		if (sq_slice_is(text, *p))
			return true;
	return t->super_name && sq_slice_is(text, t->super_name);
}

/* local string of the facts; made on the first use of a symbol */
static uint32_t string_of(struct sq_walk *w, uint32_t sym)
{
	struct sq_sym *s;

	if (sym == SQ_NONE)
		return SQ_NONE;
	s = &w->syms.v[sym];
	if (s->string == SQ_NONE)
		s->string = sq_facts_add_string(w->builder, sq_slice(s->p, s->len));
	return s->string;
}

/* definitions */

static bool wants_hash(enum sq_kind kind)
{
	return kind != SQ_KIND_VARIABLE && kind != SQ_KIND_CONSTANT && kind != SQ_KIND_PROPERTY &&
	       kind != SQ_KIND_ENUM_VARIANT;
}

/*
 * Where the parser inserts a semicolon, before or behind the comments that
 * follow, depends on whether it had an old tree: the end is that of the last
 * token which is no comment.
 */
static TSNode last_part(const struct sq_walk *w, TSNode node)
{
	uint32_t i = w->spec->inserts_semicolons ? ts_node_child_count(node) : 0;

	while (i) {
		TSNode child = ts_node_child(node, --i);

		if (ts_node_is_extra(child))
			continue;
		node = child;
		i = ts_node_child_count(node);
	}
	return node;
}

static void set_span(const struct sq_walk *w, const struct sq_frame *f, struct sq_def *d)
{
	TSPoint start = ts_node_start_point(f->node), end = ts_node_end_point(last_part(w, f->node));

	d->start_line = start.row + 1;
	d->start_col = start.column;
	d->end_line = end.row + 1;
	d->end_col = end.column;
	d->sig_off = f->start;
	d->sig_len = 0;
}

uint32_t sq_walk_def(struct sq_walk *w, struct sq_frame *f, enum sq_kind kind, uint32_t sym,
		     unsigned flags)
{
	struct sq_def d = { .kind = (uint8_t)kind, .parent = w->encl };

	if (w->n_functions)
		flags |= SQ_DEF_NESTED;
	d.flags = (uint16_t)flags;
	d.name = string_of(w, sym);
	set_span(w, f, &d);
	if (w->spec->inserts_semicolons)
		f->end = ts_node_end_byte(last_part(w, f->node));
	f->saved_encl = w->encl;
	f->def = sq_facts_add_def(w->builder, &d);
	f->roll = w->roll;
	f->n_tokens = w->n_tokens;
	w->encl = f->def;
	w->hashing += wants_hash(kind);
	return f->def;
}

/* a block comment that ends the text is no part of it */
static uint32_t trim_comment(const char *p, uint32_t start, uint32_t end)
{
	if (end < start + 4 || p[end - 1] != '/' || p[end - 2] != '*')
		return end;
	for (uint32_t i = end - 3; i > start; i--)
		if (p[i] == '*' && p[i - 1] == '/')
			return i - 1;
	return end;
}

static uint32_t trim_signature(const struct sq_walk *w, uint32_t start, uint32_t end)
{
	const char *p = w->bytes.p;
	uint32_t before;

	do {
		before = end;
		while (end > start && (is_space(p[end - 1]) || strchr("{=:;,", p[end - 1])))
			end--;
		if (end > start + 1 && p[end - 1] == '>' && p[end - 2] == '=')
			end -= 2;   /* the arrow of a function expression */
		end = trim_comment(p, start, end);
	} while (end != before);
	return end;
}

uint32_t sq_walk_def_point(struct sq_walk *w, const struct sq_frame *span, enum sq_kind kind,
			   uint32_t sym, unsigned flags)
{
	struct sq_def d = { .kind = (uint8_t)kind, .parent = w->encl };
	struct sq_slice text = sq_frame_text(w, span);
	const char *newline = text.n ? memchr(text.p, '\n', text.n) : NULL;

	if (w->n_functions)
		flags |= SQ_DEF_NESTED;
	d.flags = (uint16_t)flags;
	d.name = string_of(w, sym);
	set_span(w, span, &d);
	d.sig_len = (uint32_t)(newline ? (size_t)(newline - text.p) : text.n);
	d.sig_len = trim_signature(w, span->start, span->start + d.sig_len) - span->start;
	return sq_facts_add_def(w->builder, &d);
}

uint32_t sq_walk_def_line(struct sq_walk *w, struct sq_slice text, uint32_t line, uint32_t col,
			  enum sq_kind kind, uint32_t sym)
{
	uint32_t start = (uint32_t)(text.p - w->bytes.p), end = start + (uint32_t)text.n;
	struct sq_def d = {
		.name = string_of(w, sym), .kind = (uint8_t)kind, .parent = w->encl,
		.start_line = line, .start_col = col, .end_line = line,
		.end_col = col + (uint32_t)text.n, .sig_off = start,
		.sig_len = trim_signature(w, start, end) - start,
	};

	return sq_facts_add_def(w->builder, &d);
}

void sq_walk_def_name(struct sq_walk *w, const struct sq_frame *f, uint32_t sym)
{
	struct sq_def *d = sq_walk_get_def(w, f->def);

	if (d && d->name == SQ_NONE && sym != SQ_NONE)
		d->name = string_of(w, sym);
}

bool sq_walk_def_has_name(const struct sq_walk *w, const struct sq_frame *f)
{
	const struct sq_def *d = sq_facts_def(w->builder, f->def);

	return d && d->name != SQ_NONE;
}

uint32_t sq_walk_find_def(const struct sq_walk *w, uint32_t sym, uint32_t kinds)
{
	uint32_t string = sym == SQ_NONE ? SQ_NONE : w->syms.v[sym].string;
	uint32_t n = sq_facts_n_defs(w->builder);

	for (uint32_t i = 0; string != SQ_NONE && i < n; i++) {
		const struct sq_def *d = sq_facts_def(w->builder, i);

		if (d->name == string && (kinds >> d->kind & 1))
			return i;
	}
	return SQ_NONE;
}

static uint64_t roll_power(uint32_t n)
{
	uint64_t r = 1;

	for (uint64_t b = ROLL; n; n >>= 1, b *= b)
		if (n & 1)
			r *= b;
	return r;
}

uint64_t sq_walk_hash_since(const struct sq_walk *w, const struct sq_frame *f)
{
	uint32_t n = w->n_tokens - f->n_tokens;
	uint64_t h = sq_hash_u64((w->roll - f->roll * roll_power(n)) ^ (uint64_t)n << 1);

	return h ? h : 1;
}

void sq_walk_end_def(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_def *d = sq_walk_get_def(w, f->def);
	uint32_t end = f->body_start ? f->body_start : f->init_start ? f->init_start : f->end;

	w->encl = f->saved_encl;
	if (!d)
		return;
	d->sig_len = trim_signature(w, d->sig_off, end) - d->sig_off;
	if (!wants_hash(d->kind))
		return;
	w->hashing--;
	if (f->body_start)
		d->body_hash = sq_walk_hash_since(w, f);
}

/* references */

enum sq_ref_kind sq_ref_kind_of_role(enum sq_role role)
{
	switch (role) {
	case SQ_ROLE_CALLEE:
		return SQ_REF_CALL;
	case SQ_ROLE_WRITE:
		return SQ_REF_WRITE;
	case SQ_ROLE_ADDRESS:
		return SQ_REF_ADDRESS;
	case SQ_ROLE_TYPE:
		return SQ_REF_TYPE;
	case SQ_ROLE_INHERIT:
		return SQ_REF_INHERIT;
	case SQ_ROLE_IMPLEMENT:
		return SQ_REF_IMPLEMENT;
	case SQ_ROLE_MACRO:
		return SQ_REF_MACRO;
	default:
		return SQ_REF_READ;
	}
}

uint32_t sq_walk_ref(struct sq_walk *w, const struct sq_frame *at, enum sq_ref_kind kind,
		     uint32_t sym, uint32_t qual, unsigned flags)
{
	TSPoint point = ts_node_start_point(at->node);
	struct sq_ref r = {
		.kind = (uint8_t)kind, .flags = (uint8_t)flags, .argc = SQ_ARGC_UNKNOWN,
		.line = point.row + 1, .col = point.column, .encl = w->encl,
	};

	if (sym == SQ_NONE)
		return SQ_NONE;
	r.name = string_of(w, sym);
	r.qual = string_of(w, qual);
	return sq_facts_add_ref(w->builder, &r);
}

uint32_t sq_walk_ref_text(struct sq_walk *w, uint32_t line, uint32_t col,
			  enum sq_ref_kind kind, struct sq_slice name, unsigned argc)
{
	struct sq_ref r = {
		.kind = (uint8_t)kind, .argc = (uint8_t)argc, .line = line, .col = col,
		.encl = w->encl, .qual = SQ_NONE,
	};
	uint32_t sym = sq_walk_sym(w, name);

	if (sym == SQ_NONE)
		return SQ_NONE;
	r.name = string_of(w, sym);
	return sq_facts_add_ref(w->builder, &r);
}

struct sq_frame *sq_frame_call(struct sq_frame *f)
{
	do
		f--;
	while (f->rule && !(f->rule->flags & SQ_RULE_CALL));
	return f;
}

static uint32_t emit(struct sq_walk *w, struct sq_frame *f, enum sq_role role, uint32_t sym,
		     uint32_t qual, unsigned flags)
{
	struct sq_frame *call = role == SQ_ROLE_CALLEE ? sq_frame_call(f) : NULL;
	uint32_t ref;

	if (!call || !call->rule)
		return sq_walk_ref(w, f, sq_ref_kind_of_role(role), sym, qual, flags);
	if (call->rule->flags & SQ_RULE_NEW)
		flags |= SQ_REFF_NEW;
	if (call[-1].rule && (call[-1].rule->flags & SQ_RULE_AWAIT))
		flags |= SQ_REFF_AWAIT;
	ref = sq_walk_ref(w, f, SQ_REF_CALL, sym, qual, flags);
	call->ref = ref;
	return ref;
}

uint32_t sq_walk_use(struct sq_walk *w, const struct sq_frame *f, uint32_t sym)
{
	if (f->role != SQ_ROLE_TYPE && f->role != SQ_ROLE_MACRO && sq_walk_is_local(w, sym))
		return SQ_NONE;
	return emit(w, (struct sq_frame *)f, f->role, sym, SQ_NONE, 0);
}

/* an arrow stands between receiver and member */
static bool has_arrow(const struct sq_walk *w, uint32_t from, uint32_t to)
{
	while (from < to && is_space(w->bytes.p[from]))
		from++;
	return to - from >= 2 && w->bytes.p[from] == '-' && w->bytes.p[from + 1] == '>';
}

uint32_t sq_walk_use_member(struct sq_walk *w, const struct sq_frame *f, uint32_t sym)
{
	const struct sq_frame *p = &f[-1];
	unsigned flags = 0;
	uint32_t qual = sq_walk_qual(w, p->obj_start, p->obj_end, &flags);

	if (has_arrow(w, p->obj_end, f->start))
		flags |= SQ_REFF_ARROW;
	return emit(w, (struct sq_frame *)f, p->role, sym, qual, flags);
}

/* qualifiers */

struct path {
	const char *p, *end;
	bool has_index;     /* a[i] somewhere */
	unsigned n_parts;
	struct sq_slice root;
};

static void skip_space(struct path *x)
{
	while (x->p < x->end && is_space(*x->p))
		x->p++;
}

/* <...> or [...] with what it holds; false when it does not end */
static bool skip_brackets(struct path *x, char open, char close)
{
	unsigned depth = 0;

	for (; x->p < x->end; x->p++) {
		if (*x->p == open)
			depth++;
		else if (*x->p == close && !--depth) {
			x->p++;
			return true;
		} else if (strchr("'\"`(){};", *x->p)) {
			return false;
		}
	}
	return false;
}

static bool take_part(struct sq_walk *w, struct path *x)
{
	const char *from = x->p;

	if (x->p < x->end && *x->p == '#')   /* private names of JavaScript */
		x->p++;
	while (x->p < x->end && is_name_byte((unsigned char)*x->p))
		x->p++;
	if (x->p == from || (*from >= '0' && *from <= '9'))
		return false;
	if (!x->n_parts++)
		x->root = sq_slice(from, (size_t)(x->p - from));
	sq_buf_add(&w->scratch, from, (size_t)(x->p - from));
	skip_space(x);
	while (x->p < x->end && (*x->p == '[' || *x->p == '<')) {
		x->has_index |= *x->p == '[';
		if (!skip_brackets(x, *x->p, *x->p == '[' ? ']' : '>'))
			return false;
		skip_space(x);
	}
	return true;
}

/* ".", "->", "?.", "!." are written ".", "::" as it is; 0 when there is none */
static const char *take_separator(struct path *x)
{
	size_t n = (size_t)(x->end - x->p);

	if (n >= 1 && *x->p == '.') {
		x->p++;
		return ".";
	}
	if (n >= 2 && x->p[0] == ':' && x->p[1] == ':') {
		x->p += 2;
		return "::";
	}
	if (n >= 2 && ((x->p[0] == '-' && x->p[1] == '>') ||
		       ((x->p[0] == '?' || x->p[0] == '!') && x->p[1] == '.'))) {
		x->p += 2;
		return ".";
	}
	return NULL;
}

/* the path in scratch; false: not a plain path */
static bool take_path(struct sq_walk *w, struct path *x)
{
	const char *separator;

	sq_buf_clear(&w->scratch);
	if (x->end - x->p > (ptrdiff_t)(4 * QUAL_MAX))
		return false;
	skip_space(x);
	if (x->end - x->p > 2 && x->p[0] == ':' && x->p[1] == ':')
		x->p += 2;
	for (;;) {
		skip_space(x);
		if (!take_part(w, x))
			return false;
		if (x->p == x->end)
			break;
		separator = take_separator(x);
		if (!separator)
			return false;
		skip_space(x);
		if (x->p < x->end && *x->p == '<') {   /* turbofish */
			if (!skip_brackets(x, '<', '>'))
				return false;
			skip_space(x);
			if (x->p == x->end)
				break;
			separator = take_separator(x);
			if (!separator)
				return false;
		}
		sq_buf_puts(&w->scratch, separator);
	}
	return w->scratch.n <= QUAL_MAX && !sq_buf_error(&w->scratch);
}

/* "self.x" of this class may have a known type */
static uint32_t member_or_path(struct sq_walk *w, uint32_t path, unsigned *ret_flags)
{
	const struct sq_sym *s = path == SQ_NONE ? NULL : &w->syms.v[path];

	if (!s || s->member_of == SQ_NONE || s->member_of != sq_walk_class(w))
		return path;
	*ret_flags |= SQ_REFF_TYPED;
	return s->member_type;
}

uint32_t sq_walk_qual(struct sq_walk *w, uint32_t start, uint32_t end, unsigned *ret_flags)
{
	struct path x = { .p = w->bytes.p + start, .end = w->bytes.p + end };
	const struct sq_local *l;

	if (!take_path(w, &x)) {
		*ret_flags |= SQ_REFF_EXPR;
		return SQ_NONE;
	}
	l = sq_is_self_name(w, x.root) ? NULL : sq_walk_find(w, sq_walk_sym(w, x.root));
	if (l && l->type != SQ_NONE && x.n_parts == 1) {
		*ret_flags |= SQ_REFF_TYPED;
		return l->type;
	}
	/* a path from a local says nothing to anybody else */
	if ((l && !l->is_global) || x.has_index) {
		*ret_flags |= SQ_REFF_EXPR;
		return SQ_NONE;
	}
	return member_or_path(w, sq_walk_sym(w, sq_buf_slice(&w->scratch)), ret_flags);
}

uint32_t sq_walk_type_path(struct sq_walk *w, struct sq_slice text)
{
	struct path x;

	if (!text.n)
		return SQ_NONE;
	x = (struct path){ .p = text.p, .end = text.p + text.n };
	if (!take_path(w, &x))
		return SQ_NONE;
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

void sq_walk_import(struct sq_walk *w, uint32_t line, enum sq_import_kind kind,
		    struct sq_slice target, struct sq_slice name, struct sq_slice alias,
		    unsigned flags)
{
	struct sq_import m = {
		.target = sq_facts_add_string(w->builder, target),
		.name = name.n ? sq_facts_add_string(w->builder, name) : SQ_NONE,
		.alias = alias.n ? sq_facts_add_string(w->builder, alias) : SQ_NONE,
		.kind = (uint8_t)kind, .flags = (uint8_t)flags, .line = line,
	};

	if (w->n_functions)
		m.flags |= SQ_IMP_NESTED;
	sq_facts_add_import(w->builder, &m);
}
