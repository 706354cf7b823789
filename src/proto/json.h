/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * json — reading and writing (streamed into a buffer) of JSON.
 * A document is read once into an opaque tree; values are borrowed from it.
 * Where a key comes twice in an object, the last one counts.
 * Writing never builds a tree: sq_jw_* append to a buffer and keep track of
 * commas; bytes that are not UTF-8 become U+FFFD.
 * Ownership: a document owns its values and copies what it keeps of the text.
 * Threads:   a document is read only once parsed; a writer is its owner's.
 * Invariants: integers are SQ_JSON_INT when they fit int64_t; a larger one is
 *            SQ_JSON_REAL, so that a caller who wants an integer refuses it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct sq_json;                   /* opaque value, owned by its document */
struct sq_json_doc;
/** sq_json_parse() - Return: 0; SQ_JSON_E_SYNTAX with @ret_msg (>= 160 bytes, may be NULL); -ENOMEM. */
enum { SQ_JSON_E_SYNTAX = 1 };
int sq_json_parse(struct sq_slice text, struct sq_json_doc **ret_d, char *ret_msg, size_t msg_cap) sq_must_check;
struct sq_json_doc *sq_json_doc_free(struct sq_json_doc *d);
/** sq_json_doc_alloc() - memory that lives as long as the document; NULL: none. */
void *sq_json_doc_alloc(struct sq_json_doc *d, size_t n) sq_must_check;
const struct sq_json *sq_json_root(const struct sq_json_doc *d);
enum sq_json_type { SQ_JSON_NULL, SQ_JSON_BOOL, SQ_JSON_INT, SQ_JSON_REAL, SQ_JSON_STRING, SQ_JSON_ARRAY, SQ_JSON_OBJECT };
enum sq_json_type sq_json_type(const struct sq_json *v);       /* NULL pointer: SQ_JSON_NULL */
/** sq_json_source() - how the value is spelt in @text, from which its document was read. */
struct sq_slice sq_json_source(const struct sq_json *v, struct sq_slice text);
const struct sq_json *sq_json_get(const struct sq_json *obj, const char *key);   /* NULL when absent */
size_t sq_json_len(const struct sq_json *v);                   /* array items or object members */
const struct sq_json *sq_json_at(const struct sq_json *arr, size_t i);
/** sq_json_member() - i-th member's key in source order; NULL past the end. */
const char *sq_json_member(const struct sq_json *obj, size_t i, const struct sq_json **ret_v);
struct sq_slice sq_json_string(const struct sq_json *v);       /* empty when not a string; NUL-terminated */
int64_t sq_json_int(const struct sq_json *v, int64_t dflt);
double sq_json_real(const struct sq_json *v, double dflt);     /* integers too */
bool sq_json_bool(const struct sq_json *v, bool dflt);
/** sq_json_write() - the value as JSON text. @indent: spaces a level, 0: one line. */
int sq_json_write(const struct sq_json *v, unsigned indent, struct sq_buf *out) sq_must_check;
/** sq_json_write_with() - as sq_json_write() of an object that is @obj (NULL or not an object: with
 *  its value as "result") and the member @key. */
int sq_json_write_with(const struct sq_json *obj, const char *key, const struct sq_json *v,
		       unsigned indent, struct sq_buf *out) sq_must_check;

/* at most 63 levels deep */
struct sq_jw { struct sq_buf *out; uint64_t comma; unsigned depth; };
void sq_jw_init(struct sq_jw *w, struct sq_buf *out);
void sq_jw_begin_object(struct sq_jw *w);
void sq_jw_end_object(struct sq_jw *w);
void sq_jw_begin_array(struct sq_jw *w);
void sq_jw_end_array(struct sq_jw *w);
void sq_jw_key_n(struct sq_jw *w, const char *key, size_t n);  /* trusted ASCII */
static inline void sq_jw_key(struct sq_jw *w, const char *key) /* of a literal the compiler knows the length */
{
	sq_jw_key_n(w, key, strlen(key));
}
void sq_jw_string(struct sq_jw *w, struct sq_slice s);
void sq_jw_u64(struct sq_jw *w, uint64_t v);
void sq_jw_i64(struct sq_jw *w, int64_t v);
void sq_jw_real(struct sq_jw *w, double v);                    /* not finite: null */
void sq_jw_bool(struct sq_jw *w, bool v);
void sq_jw_null(struct sq_jw *w);
void sq_jw_raw(struct sq_jw *w, struct sq_slice json);         /* a value already in JSON */
void sq_jw_base64(struct sq_jw *w, struct sq_slice bytes);
/* key + value in one */
static inline void sq_jw_kstr(struct sq_jw *w, const char *key, struct sq_slice s)
{
	sq_jw_key(w, key);
	sq_jw_string(w, s);
}
static inline void sq_jw_ku64(struct sq_jw *w, const char *key, uint64_t v)
{
	sq_jw_key(w, key);
	sq_jw_u64(w, v);
}
static inline void sq_jw_kbool(struct sq_jw *w, const char *key, bool v)
{
	sq_jw_key(w, key);
	sq_jw_bool(w, v);
}
/** sq_jw_kpath() - "key": lossy text and, when bytes were lost, "b64_key": the exact bytes. */
void sq_jw_kpath(struct sq_jw *w, const char *key, const char *b64_key, struct sq_slice path);
/** sq_jw_kuri() - "key": "file://" and the exact bytes of "@root/@path", percent-encoded. */
void sq_jw_kuri(struct sq_jw *w, const char *key, struct sq_slice root, struct sq_slice path);

/** sq_utf8_is_valid() - well-formed UTF-8 (no surrogates, no overlong forms). */
bool sq_utf8_is_valid(struct sq_slice s);
/** sq_utf8_span() - length of the well-formed sequence at p[0..n), n > 0; 0 when it is not
 *  one, with the length of its maximal wrong part (>= 1) in @ret_bad. */
size_t sq_utf8_span(const char *p, size_t n, size_t *ret_bad);
/** sq_base64_decode() - standard alphabet, padded. 0 or -EINVAL; appends. */
int sq_base64_decode(struct sq_slice text, struct sq_buf *out) sq_must_check;
