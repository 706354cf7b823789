/* SPDX-License-Identifier: MIT */
#include "sqry/value.h"

#include "client/value.h"

_Static_assert((int)SQRY_OBJECT == (int)SQ_JSON_OBJECT &&
	       (int)SQRY_INT == (int)SQ_JSON_INT &&
	       (int)SQRY_NULL == (int)SQ_JSON_NULL,
	       "the public types are those of the reader");

static const struct sq_json *in(const struct sqry_value *v)
{
	return (const struct sq_json *)v;
}

enum sqry_type sqry_value_type(const struct sqry_value *v)
{
	return (enum sqry_type)sq_json_type(in(v));
}

const struct sqry_value *sqry_value_get(const struct sqry_value *v,
					const char *key)
{
	return sqry_value_from(sq_json_get(in(v), key));
}

size_t sqry_value_count(const struct sqry_value *v)
{
	return sq_json_len(in(v));
}

const struct sqry_value *sqry_value_at(const struct sqry_value *v, size_t i)
{
	return sqry_value_from(sq_json_at(in(v), i));
}

const char *sqry_value_key(const struct sqry_value *v, size_t i)
{
	return sq_json_member(in(v), i, NULL);
}

const char *sqry_value_string(const struct sqry_value *v, size_t *ret_len)
{
	struct sq_slice s = sq_json_string(in(v));

	if (ret_len)
		*ret_len = s.n;
	return s.p;
}

int64_t sqry_value_int(const struct sqry_value *v, int64_t dflt)
{
	return sq_json_int(in(v), dflt);
}

double sqry_value_real(const struct sqry_value *v, double dflt)
{
	return sq_json_real(in(v), dflt);
}

bool sqry_value_bool(const struct sqry_value *v, bool dflt)
{
	return sq_json_bool(in(v), dflt);
}

char *sqry_value_text(const struct sqry_value *v, unsigned indent)
{
	struct sq_buf b = SQ_BUF_NULL;

	if (sq_json_write(in(v), indent, &b) < 0 || !sq_buf_z(&b)) {
		sq_buf_deinit(&b);
		return NULL;
	}
	return b.p;
}

char *sqry_value_bytes(const struct sqry_value *v, size_t *ret_len)
{
	struct sq_buf b = SQ_BUF_NULL;

	if (sq_json_type(in(v)) != SQ_JSON_STRING ||
	    sq_base64_decode(sq_json_string(in(v)), &b) < 0) {
		sq_buf_deinit(&b);
		return NULL;
	}
	sq_buf_putc(&b, '\0');
	if (sq_buf_error(&b)) {
		sq_buf_deinit(&b);
		return NULL;
	}
	if (ret_len)
		*ret_len = b.n - 1;
	return b.p;
}

void sqry_free(void *p)
{
	sq_free(p);
}
