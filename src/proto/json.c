/* SPDX-License-Identifier: MIT */
#include "proto/json.h"

#include <stdio.h>

#include "base/error.h"
#include "proto/memory.h"
#include "proto/scan.h"

struct sq_json_doc {
	json_t *root;
	struct sq_arena arena;  /* of the tree; unused in the library */
};

static const json_t *in(const struct sq_json *v)
{
	return (const json_t *)v;
}

static const struct sq_json *out(const json_t *v)
{
	return (const struct sq_json *)v;
}

#define DECODE_FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL)
#define ARENA_BYTES 2048u       /* first block: a request's tree fits */

/* jansson says nothing at all when some allocations fail */
static bool is_memory_error(json_error_t *err)
{
	return !err->text[0] ||
	       json_error_code(err) == json_error_out_of_memory;
}

static void load(struct sq_json_doc *d, struct sq_slice text, json_error_t *err)
{
	struct sq_json_load l = {
		.text = text.p ? text : SQ_LIT(""), .flags = DECODE_FLAGS,
	};

	sq_json_unload(d->root, &d->arena);
	d->arena.block_bytes = ARENA_BYTES;
	d->root = sq_json_load(&l, &d->arena, err);
}

/*
 * jansson refuses a document with an integer beyond int64_t, but the request
 * that holds it is well-formed JSON and deserves a better answer than "parse
 * error": such tokens are read as reals.
 */
static void load_widened(struct sq_json_doc *d, struct sq_slice text,
			 json_error_t *err)
{
	struct sq_buf wide = SQ_BUF_NULL;

	sq_scan_widen(text, &wide);
	if (sq_buf_error(&wide))
		err->text[0] = '\0';
	else
		load(d, sq_buf_slice(&wide), err);
	sq_buf_deinit(&wide);
}

int sq_json_parse(struct sq_slice text, struct sq_json_doc **ret_d,
		  char *ret_msg, size_t msg_cap)
{
	json_error_t err = { .line = -1 };
	struct sq_json_doc *d = sq_calloc(1, sizeof(*d));

	if (!d)
		return sq_error_origin(-ENOMEM);
	load(d, text, &err);
	if (!d->root && !is_memory_error(&err) &&
	    json_error_code(&err) == json_error_numeric_overflow)
		load_widened(d, text, &err);
	if (d->root) {
		*ret_d = d;
		return 0;
	}
	sq_json_doc_free(d);
	if (is_memory_error(&err))
		return sq_error_origin(-ENOMEM);
	if (ret_msg)
		snprintf(ret_msg, msg_cap, "line %d, column %d: %s", err.line,
			 err.column, err.text);
	return SQ_JSON_E_SYNTAX;
}

struct sq_json_doc *sq_json_doc_free(struct sq_json_doc *d)
{
	if (d) {
		sq_json_unload(d->root, &d->arena);
		sq_free(d);
	}
	return NULL;
}

const struct sq_json *sq_json_root(const struct sq_json_doc *d)
{
	return out(d->root);
}

enum sq_json_type sq_json_type(const struct sq_json *v)
{
	if (!v)
		return SQ_JSON_NULL;
	switch (json_typeof(in(v))) {
	case JSON_OBJECT:
		return SQ_JSON_OBJECT;
	case JSON_ARRAY:
		return SQ_JSON_ARRAY;
	case JSON_STRING:
		return SQ_JSON_STRING;
	case JSON_INTEGER:
		return SQ_JSON_INT;
	case JSON_REAL:
		return SQ_JSON_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return SQ_JSON_BOOL;
	case JSON_NULL:
		break;
	}
	return SQ_JSON_NULL;
}

const struct sq_json *sq_json_get(const struct sq_json *obj, const char *key)
{
	return out(json_object_get(in(obj), key));
}

size_t sq_json_len(const struct sq_json *v)
{
	return json_is_object(in(v)) ? json_object_size(in(v)) :
				       json_array_size(in(v));
}

const struct sq_json *sq_json_at(const struct sq_json *arr, size_t i)
{
	return out(json_array_get(in(arr), i));
}

const char *sq_json_member(const struct sq_json *obj, size_t i,
			   const struct sq_json **ret_v)
{
	/* jansson's iterators take a mutable object but do not change it */
	json_t *o = (json_t *)in(obj);
	void *it = json_object_iter(o);

	while (it && i--)
		it = json_object_iter_next(o, it);
	if (!it)
		return NULL;
	if (ret_v)
		*ret_v = out(json_object_iter_value(it));
	return json_object_iter_key(it);
}

struct sq_slice sq_json_string(const struct sq_json *v)
{
	if (!json_is_string(in(v)))
		return SQ_LIT("");
	return sq_slice(json_string_value(in(v)), json_string_length(in(v)));
}

int64_t sq_json_int(const struct sq_json *v, int64_t dflt)
{
	return json_is_integer(in(v)) ? json_integer_value(in(v)) : dflt;
}

double sq_json_real(const struct sq_json *v, double dflt)
{
	return json_is_number(in(v)) ? json_number_value(in(v)) : dflt;
}

bool sq_json_bool(const struct sq_json *v, bool dflt)
{
	return json_is_boolean(in(v)) ? json_is_true(in(v)) : dflt;
}

static int write_chunk(const char *p, size_t n, void *arg)
{
	struct sq_buf *b = arg;

	sq_buf_add(b, p, n);
	return sq_buf_error(b) ? -1 : 0;
}

int sq_json_write(const struct sq_json *v, unsigned indent, struct sq_buf *b)
{
	size_t flags = JSON_ENCODE_ANY |
		       (indent ? JSON_INDENT(indent) : JSON_COMPACT);

	if (!v) {
		sq_buf_puts(b, "null");
		return sq_buf_error(b);
	}
	if (json_dump_callback(in(v), write_chunk, b, flags) < 0)
		return sq_error_origin(-ENOMEM);
	return 0;
}

/* a shallow copy: the values stay shared with their document */
static json_t *copy_with(const struct sq_json *obj, const char *key,
			 const struct sq_json *v)
{
	json_t *o = json_is_object(in(obj)) ? json_copy((json_t *)in(obj)) :
					      json_object();
	int r = o ? 0 : -1;

	if (!r && obj && !json_is_object(in(obj)))
		r = json_object_set(o, "result", (json_t *)in(obj));
	if (!r)
		r = json_object_set(o, key, (json_t *)in(v));
	if (r < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

int sq_json_write_with(const struct sq_json *obj, const char *key,
		       const struct sq_json *v, unsigned indent,
		       struct sq_buf *b)
{
	json_t *o = copy_with(obj, key, v);
	int r;

	if (!o)
		return sq_error_origin(-ENOMEM);
	r = sq_json_write(out(o), indent, b);
	json_decref(o);
	return sq_error_trace(r);
}
