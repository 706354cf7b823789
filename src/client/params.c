/* SPDX-License-Identifier: MIT */
#include "sqry/params.h"

#include "proto/json.h"

struct sqry_params {
	struct sq_buf text;
	struct sq_jw writer;
};

struct sqry_params *sqry_params_new(void)
{
	struct sqry_params *p = sq_calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	sq_jw_init(&p->writer, &p->text);
	sq_jw_begin_object(&p->writer);
	return p;
}

struct sqry_params *sqry_params_free(struct sqry_params *p)
{
	if (p) {
		sq_buf_deinit(&p->text);
		sq_free(p);
	}
	return NULL;
}

void sqry_params_string(struct sqry_params *p, const char *key, const char *s)
{
	if (p && s)
		sq_jw_kstr(&p->writer, key, sq_slice_z(s));
}

void sqry_params_int(struct sqry_params *p, const char *key, int64_t v)
{
	if (!p)
		return;
	sq_jw_key(&p->writer, key);
	sq_jw_i64(&p->writer, v);
}

void sqry_params_bool(struct sqry_params *p, const char *key, bool v)
{
	if (p)
		sq_jw_kbool(&p->writer, key, v);
}

void sqry_params_strings(struct sqry_params *p, const char *key, const char *const *v, size_t n)
{
	if (!p)
		return;
	sq_jw_key(&p->writer, key);
	sq_jw_begin_array(&p->writer);
	for (size_t i = 0; i < n; i++)
		sq_jw_string(&p->writer, sq_slice_z(v[i]));
	sq_jw_end_array(&p->writer);
}

void sqry_params_map(struct sqry_params *p, const char *key, const char *const *names,
		     const char *const *values, size_t n)
{
	if (!p)
		return;
	sq_jw_key(&p->writer, key);
	sq_jw_begin_object(&p->writer);
	for (size_t i = 0; i < n; i++)
		sq_jw_kstr(&p->writer, names[i], sq_slice_z(values[i]));
	sq_jw_end_object(&p->writer);
}

void sqry_params_begin(struct sqry_params *p, const char *key)
{
	if (!p)
		return;
	sq_jw_key(&p->writer, key);
	sq_jw_begin_object(&p->writer);
}

void sqry_params_end(struct sqry_params *p)
{
	if (p)
		sq_jw_end_object(&p->writer);
}

/* closed for the reader, reopened for the next member */
const char *sqry_params_json(struct sqry_params *p)
{
	const char *z;

	if (!p)
		return NULL;
	sq_buf_putc(&p->text, '}');
	z = sq_buf_z(&p->text);
	if (z)
		p->text.n--;
	return z;
}
