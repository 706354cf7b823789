/* SPDX-License-Identifier: MIT */
#ifndef SQRY_VALUE_H
#define SQRY_VALUE_H
/*
 * value — a JSON value of a reply, read only.
 * Ownership: every value and string is borrowed from the reply that it came
 *            from and lives until sqry_reply_free().
 * Threads:   any number may read the values of one reply.
 * Every function accepts NULL (an absent value) and answers as for a value of
 * another type, so that a chain of sqry_value_get() needs one check at its end.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqry_value;

enum sqry_type {
	SQRY_NULL,              /* null, or absent */
	SQRY_BOOL,
	SQRY_INT,               /* fits int64_t */
	SQRY_REAL,              /* a fraction, or an integer beyond int64_t */
	SQRY_STRING,
	SQRY_ARRAY,
	SQRY_OBJECT
};

enum sqry_type sqry_value_type(const struct sqry_value *v);
/** sqry_value_get() - member @key of an object; NULL when there is none. */
const struct sqry_value *sqry_value_get(const struct sqry_value *v, const char *key);
/** sqry_value_count() - items of an array or members of an object, else 0. */
size_t sqry_value_count(const struct sqry_value *v);
/** sqry_value_at() - item @i of an array; NULL past its end. */
const struct sqry_value *sqry_value_at(const struct sqry_value *v, size_t i);
/** sqry_value_key() - key of member @i of an object, in the daemon's order; NULL past the end. */
const char *sqry_value_key(const struct sqry_value *v, size_t i);
/** sqry_value_string() - UTF-8, NUL-terminated; "" for another type.
 *  @ret_len: bytes (a string may hold NULs); may be NULL. */
const char *sqry_value_string(const struct sqry_value *v, size_t *ret_len);
/** sqry_value_int(), sqry_value_real(), sqry_value_bool() - @dflt for another type. */
int64_t sqry_value_int(const struct sqry_value *v, int64_t dflt);
double sqry_value_real(const struct sqry_value *v, double dflt);
bool sqry_value_bool(const struct sqry_value *v, bool dflt);
/** sqry_value_text() - the value as JSON, @indent spaces a level (0: one line).
 *  Return: a string to be freed with sqry_free(); NULL when out of memory. */
char *sqry_value_text(const struct sqry_value *v, unsigned indent);
/** sqry_value_bytes() - what a base64 string ("path_b64", "text_b64") stands for, NUL-terminated.
 *  Return: bytes to be freed with sqry_free(); NULL when @v is no such string or memory ran out. */
char *sqry_value_bytes(const struct sqry_value *v, size_t *ret_len);
/** sqry_free() - a string that the library handed over; accepts NULL. */
void sqry_free(void *p);

#ifdef __cplusplus
}
#endif
#endif
