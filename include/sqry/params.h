/* SPDX-License-Identifier: MIT */
#ifndef SQRY_PARAMS_H
#define SQRY_PARAMS_H
/*
 * params — the JSON object of a call's parameters, built member by member.
 * Ownership: strings are copied. Threads: one at a time.
 * Errors:    running out of memory is remembered and told by sqry_params_json(),
 *            so that a caller checks once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqry_params;

/** sqry_params_new() - an empty object; NULL when out of memory. */
struct sqry_params *sqry_params_new(void);
/** sqry_params_free() - accepts NULL. Return: NULL. */
struct sqry_params *sqry_params_free(struct sqry_params *p);
/** sqry_params_string() - @s: UTF-8; NULL adds nothing. @key: plain ASCII. */
void sqry_params_string(struct sqry_params *p, const char *key, const char *s);
void sqry_params_int(struct sqry_params *p, const char *key, int64_t v);
void sqry_params_bool(struct sqry_params *p, const char *key, bool v);
/** sqry_params_strings() - an array of @n strings. */
void sqry_params_strings(struct sqry_params *p, const char *key, const char *const *v, size_t n);
/** sqry_params_map() - an object of @n strings; @names: plain ASCII. */
void sqry_params_map(struct sqry_params *p, const char *key, const char *const *names,
		     const char *const *values, size_t n);
/** sqry_params_begin() - the members that follow go into an object of that name, until sqry_params_end(). */
void sqry_params_begin(struct sqry_params *p, const char *key);
void sqry_params_end(struct sqry_params *p);
/** sqry_params_json() - the object so far; none is open within it. Borrowed until the next
 *  call on @p; NULL when out of memory. */
const char *sqry_params_json(struct sqry_params *p);

#ifdef __cplusplus
}
#endif
#endif
