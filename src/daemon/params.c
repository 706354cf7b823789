/* SPDX-License-Identifier: MIT */
#include "daemon/params.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_fingerprint(struct sq_call *c, const struct sq_param *p, const struct sq_json *v)
{
	struct sq_slice s = sq_json_string(v);
	char text[24], *end;

	if (sq_json_type(v) == SQ_JSON_INT && sq_json_int(v, -1) >= 0) {
		*(uint64_t *)p->ret = (uint64_t)sq_json_int(v, 0);
		return true;
	}
	if (sq_json_type(v) == SQ_JSON_STRING && s.n && s.n < sizeof(text) && s.p[0] >= '0' && s.p[0] <= '9') {
		memcpy(text, s.p, s.n);
		text[s.n] = '\0';
		errno = 0;
		*(uint64_t *)p->ret = strtoull(text, &end, 10);
		if (!errno && !*end)
			return true;
	}
	sq_call_invalid(c, "%s must be an integer from 0 to 2^63 - 1, or a string of digits up to 2^64 - 1", p->name);
	return false;
}

static bool read_one(struct sq_call *c, const struct sq_param *p, const struct sq_json *v)
{
	char text[120];

	switch (p->type) {
	case SQ_PARAM_STRING:
		if (sq_json_type(v) == SQ_JSON_STRING) {
			*(struct sq_slice *)p->ret = sq_json_string(v);
			return true;
		}
		sq_call_invalid(c, "%s must be a string", p->name);
		return false;
	case SQ_PARAM_INT:
		if (sq_json_type(v) == SQ_JSON_INT && sq_json_int(v, 0) >= p->min && sq_json_int(v, 0) <= p->max) {
			*(int64_t *)p->ret = sq_json_int(v, 0);
			return true;
		}
		(void)snprintf(text, sizeof(text), "%s must be an integer from %lld to %lld", p->name,
			       (long long)p->min, (long long)p->max);
		if (sq_json_type(v) == SQ_JSON_INT)
			sq_call_violates(c, &(struct sq_violation){ "range", p->name, NULL, p->min, p->max,
					 sq_json_int(v, 0) }, text);
		else
			sq_call_invalid(c, "%s", text);
		return false;
	case SQ_PARAM_BOOL:
		if (sq_json_type(v) == SQ_JSON_BOOL) {
			*(bool *)p->ret = sq_json_bool(v, false);
			return true;
		}
		sq_call_invalid(c, "%s must be true or false", p->name);
		return false;
	case SQ_PARAM_OBJECT:
		if (sq_json_type(v) == SQ_JSON_OBJECT) {
			*(const struct sq_json **)p->ret = v;
			return true;
		}
		sq_call_invalid(c, "%s must be an object", p->name);
		return false;
	case SQ_PARAM_STRINGS:
		for (size_t i = 0; i < sq_json_len(v); i++)
			if (sq_json_type(v) == SQ_JSON_ARRAY && sq_json_type(sq_json_at(v, i)) != SQ_JSON_STRING)
				v = NULL;
		if (sq_json_type(v) == SQ_JSON_ARRAY) {
			*(const struct sq_json **)p->ret = v;
			return true;
		}
		sq_call_invalid(c, "%s must be an array of strings", p->name);
		return false;
	case SQ_PARAM_U64_OR_STRING:
		return read_fingerprint(c, p, v);
	default:
		return true;
	}
}

static const struct sq_param *find(const struct sq_param *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

static void refuse_unknown(struct sq_call *c, const struct sq_param *table, size_t n, const char *name)
{
	struct sq_buf text = SQ_BUF_NULL;

	sq_buf_puts(&text, "unknown field `");
	sq_buf_add_escaped(&text, sq_slice(name, strnlen(name, 100)));
	sq_buf_puts(&text, n ? "`, expected" : "`, there are no parameters");
	for (size_t i = 0; i < n; i++)
		sq_buf_printf(&text, "%s `%s`", i ? "," : "", table[i].name);
	sq_call_invalid(c, "%s", sq_buf_z(&text) ? sq_buf_z(&text) : "unknown field");
	sq_buf_deinit(&text);
}

bool sq_params_read(struct sq_call *c, const struct sq_param *table, size_t n, bool is_strict)
{
	const struct sq_json *params = c->req->params, *v;

	if (params && sq_json_type(params) != SQ_JSON_OBJECT) {
		sq_call_invalid(c, "params must be an object");
		return false;
	}
	for (size_t i = 0; params && i < sq_json_len(params); i++) {
		const char *name = sq_json_member(params, i, &v);
		const struct sq_param *p = find(table, n, name);

		if (!p && is_strict) {
			refuse_unknown(c, table, n, name);
			return false;
		}
		if (p && sq_json_type(v) != SQ_JSON_NULL && !read_one(c, p, v))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		v = params ? sq_json_get(params, table[i].name) : NULL;
		if (table[i].is_required && sq_json_type(v) == SQ_JSON_NULL) {
			sq_call_invalid(c, "missing field `%s`", table[i].name);
			return false;
		}
	}
	return true;
}
