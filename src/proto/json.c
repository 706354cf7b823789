/* SPDX-License-Identifier: MIT */
#include "proto/json.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "proto/tree.h"

#define ARENA_BYTES 1024u       /* first block, besides three times the text: a request's tree fits */
#define ARENA_BYTES_MAX (256u << 10)

/* ---- documents ---------------------------------------------------------------- */

static struct sq_json_doc *doc_new(struct sq_slice text)
{
	struct sq_arena arena = SQ_ARENA_NULL;
	struct sq_json_doc *d;

	arena.block_bytes = SQ_MIN(ARENA_BYTES + 3 * text.n, (size_t)ARENA_BYTES_MAX);
	d = sq_arena_alloc(&arena, sizeof(*d));
	if (d)
		d->arena = arena;
	return d;
}

static void explain(struct sq_slice text, const struct sq_json_fault *f, char *ret_msg, size_t cap)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < f->at; i++) {
		column++;
		if (text.p[i] == '\n') {
			line++;
			column = 1;
		}
	}
	snprintf(ret_msg, cap, "line %zu, column %zu: %s", line, column, f->what);
}

int sq_json_parse(struct sq_slice text, struct sq_json_doc **ret_d,
		  char *ret_msg, size_t msg_cap)
{
	struct sq_json_doc *d = doc_new(text);
	struct sq_json_fault fault;
	int r;

	if (!d)
		return sq_error_origin(-ENOMEM);
	r = sq_json_read(text, d, &fault);
	if (r) {
		sq_json_doc_free(d);
		if (r > 0 && ret_msg)
			explain(text, &fault, ret_msg, msg_cap);
		return r;
	}
	*ret_d = d;
	return 0;
}

struct sq_json_doc *sq_json_doc_free(struct sq_json_doc *d)
{
	struct sq_arena arena;

	if (d) {
		arena = d->arena;       /* which holds @d */
		sq_arena_deinit(&arena);
	}
	return NULL;
}

void *sq_json_doc_alloc(struct sq_json_doc *d, size_t n)
{
	return sq_arena_alloc(&d->arena, n);
}

const struct sq_json *sq_json_root(const struct sq_json_doc *d)
{
	return &d->root;
}

/* ---- values ------------------------------------------------------------------- */

static bool is(const struct sq_json *v, enum sq_json_type type)
{
	return v && v->type == type;
}

enum sq_json_type sq_json_type(const struct sq_json *v)
{
	return v ? (enum sq_json_type)v->type : SQ_JSON_NULL;
}

struct sq_slice sq_json_source(const struct sq_json *v, struct sq_slice text)
{
	return sq_slice(text.p + v->at, v->end - v->at);
}

const struct sq_json *sq_json_get(const struct sq_json *obj, const char *key)
{
	size_t n = strlen(key);

	if (!is(obj, SQ_JSON_OBJECT))
		return NULL;
	for (const struct sq_json *k = obj->v, *end = k + 2 * (size_t)obj->n; k < end; k += 2)
		if (k->n == n && !memcmp(k->s, key, n))
			return k + 1;
	return NULL;
}

size_t sq_json_len(const struct sq_json *v)
{
	return is(v, SQ_JSON_OBJECT) || is(v, SQ_JSON_ARRAY) ? v->n : 0;
}

const struct sq_json *sq_json_at(const struct sq_json *arr, size_t i)
{
	return is(arr, SQ_JSON_ARRAY) && i < arr->n ? &arr->v[i] : NULL;
}

const char *sq_json_member(const struct sq_json *obj, size_t i,
			   const struct sq_json **ret_v)
{
	if (!is(obj, SQ_JSON_OBJECT) || i >= obj->n)
		return NULL;
	if (ret_v)
		*ret_v = &obj->v[2 * i + 1];
	return obj->v[2 * i].s;
}

struct sq_slice sq_json_string(const struct sq_json *v)
{
	return is(v, SQ_JSON_STRING) ? sq_slice(v->s, v->n) : SQ_LIT("");
}

int64_t sq_json_int(const struct sq_json *v, int64_t dflt)
{
	return is(v, SQ_JSON_INT) ? v->i : dflt;
}

double sq_json_real(const struct sq_json *v, double dflt)
{
	if (is(v, SQ_JSON_INT))
		return (double)v->i;
	return is(v, SQ_JSON_REAL) ? v->r : dflt;
}

bool sq_json_bool(const struct sq_json *v, bool dflt)
{
	return is(v, SQ_JSON_BOOL) ? v->b : dflt;
}

/* ---- as text ------------------------------------------------------------------ */

static void break_line(struct sq_buf *b, unsigned columns)
{
	sq_buf_putc(b, '\n');
	while (columns--)
		sq_buf_putc(b, ' ');
}

/* one child of a container, the comma and the line break before it included */
static void separate(struct sq_buf *b, bool is_first, unsigned indent, unsigned depth)
{
	if (!is_first)
		sq_buf_putc(b, ',');
	if (indent)
		break_line(b, indent * depth);
}

static void write_scalar(const struct sq_json *v, struct sq_buf *b)
{
	struct sq_jw w;

	sq_jw_init(&w, b);
	switch (sq_json_type(v)) {
	case SQ_JSON_STRING:
		sq_jw_string(&w, sq_slice(v->s, v->n));
		break;
	case SQ_JSON_INT:
		sq_jw_i64(&w, v->i);
		break;
	case SQ_JSON_REAL:
		sq_jw_real(&w, v->r);
		break;
	case SQ_JSON_BOOL:
		sq_jw_bool(&w, v->b);
		break;
	default:
		sq_jw_null(&w);
	}
}

static void write_value(const struct sq_json *v, unsigned indent, unsigned depth, struct sq_buf *b);

static void write_member(struct sq_slice key, const struct sq_json *v, unsigned indent, unsigned depth,
			 struct sq_buf *b)
{
	struct sq_jw w;

	sq_jw_init(&w, b);
	sq_jw_string(&w, key);
	sq_buf_puts(b, indent ? ": " : ":");
	write_value(v, indent, depth, b);
}

static void write_children(const struct sq_json *v, unsigned indent, unsigned depth, struct sq_buf *b)
{
	bool is_object = is(v, SQ_JSON_OBJECT);

	for (size_t i = 0; i < v->n; i++) {
		separate(b, !i, indent, depth);
		if (is_object)
			write_member(sq_slice(v->v[2 * i].s, v->v[2 * i].n), &v->v[2 * i + 1], indent, depth, b);
		else
			write_value(&v->v[i], indent, depth, b);
	}
	if (v->n && indent)
		break_line(b, indent * (depth - 1));
}

static void write_value(const struct sq_json *v, unsigned indent, unsigned depth, struct sq_buf *b)
{
	bool is_object = is(v, SQ_JSON_OBJECT);

	if (!is_object && !is(v, SQ_JSON_ARRAY)) {
		write_scalar(v, b);
		return;
	}
	sq_buf_putc(b, is_object ? '{' : '[');
	write_children(v, indent, depth + 1, b);
	sq_buf_putc(b, is_object ? '}' : ']');
}

int sq_json_write(const struct sq_json *v, unsigned indent, struct sq_buf *b)
{
	write_value(v, indent, 0, b);
	return sq_buf_error(b);
}

int sq_json_write_with(const struct sq_json *obj, const char *key,
		       const struct sq_json *v, unsigned indent,
		       struct sq_buf *b)
{
	bool is_first = true;

	sq_buf_putc(b, '{');
	for (size_t i = 0; is(obj, SQ_JSON_OBJECT) && i < obj->n; i++) {
		const struct sq_json *k = &obj->v[2 * i];

		if (!strcmp(k->s, key))
			continue;
		separate(b, is_first, indent, 1);
		write_member(sq_slice(k->s, k->n), k + 1, indent, 1, b);
		is_first = false;
	}
	if (obj && !is(obj, SQ_JSON_OBJECT)) {
		separate(b, is_first, indent, 1);
		write_member(SQ_LIT("result"), obj, indent, 1, b);
		is_first = false;
	}
	separate(b, is_first, indent, 1);
	write_member(sq_slice_z(key), v, indent, 1, b);
	if (indent)
		break_line(b, 0);
	sq_buf_putc(b, '}');
	return sq_buf_error(b);
}
