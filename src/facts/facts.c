/* SPDX-License-Identifier: MIT */
#include "facts/facts.h"

#include "base/error.h"
#include "base/varint.h"
#include "facts/layout.h"

void sq_facts_deinit(struct sq_facts *f)
{
	sq_free(f->blob);
	f->blob = NULL;
}

void sq_facts_view(uint8_t *blob, uint32_t n, struct sq_facts *ret_f)
{
	*ret_f = (struct sq_facts){
		.blob = blob,
		.n_bytes = n,
		.lang = blob[5],
		.has_error = blob[6] & 1,
		.columns = {
			.p = blob + SQ_BLOB_HEADER,
			.n_bytes = sq_le32_get(blob + 24),
			.n_strings = sq_le32_get(blob + 8),
			.n_defs = sq_le32_get(blob + 12),
			.n_refs = sq_le32_get(blob + 16),
			.n_imports = sq_le32_get(blob + 20),
		},
		.n_string_bytes = sq_le32_get(blob + 28),
	};
	ret_f->strings = ret_f->columns.p + ret_f->columns.n_bytes;
}

static bool check_header(const uint8_t *blob, uint32_t n)
{
	return n >= SQ_BLOB_HEADER && sq_le32_get(blob) == SQ_BLOB_MAGIC &&
	       blob[4] == SQ_FACTS_FORMAT && blob[5] < SQ_LANG_MAX && blob[6] <= 1 && !blob[7] &&
	       sq_le32_get(blob + 24) >= 4 && sq_le32_get(blob + 28) >= 4 &&
	       (uint64_t)SQ_BLOB_HEADER + sq_le32_get(blob + 24) + sq_le32_get(blob + 28) == n;
}

static bool check_strings(const struct sq_facts *f)
{
	uint32_t n_lens = sq_le32_get(f->strings);
	const uint8_t *p = f->strings + 4, *end;
	uint64_t sum = 0, len;

	if (n_lens > f->n_string_bytes - 4)
		return false;
	end = p + n_lens;
	for (uint32_t i = 0; i < f->columns.n_strings; i++) {
		size_t n = sq_varint_check(p, end, &len);

		if (!n || len > f->n_string_bytes)
			return false;
		p += n;
		sum += len;
	}
	return p == end && sum == f->n_string_bytes - 4 - n_lens;
}

int sq_facts_check(const struct sq_facts *f)
{
	if (!check_header(f->blob, f->n_bytes) || !check_strings(f) ||
	    !sq_columns_check(&f->columns))
		return sq_error_origin(-EINVAL);
	return 0;
}

int sq_facts_open(uint8_t *blob, uint32_t n, struct sq_facts *ret_f)
{
	struct sq_facts f;
	int r;

	if (!check_header(blob, n))
		return sq_error_origin(-EINVAL);
	sq_facts_view(blob, n, &f);
	r = sq_facts_check(&f);
	if (r < 0)
		return sq_error_trace(r);
	*ret_f = f;
	return 0;
}

void sq_strings_begin(const struct sq_facts *f, struct sq_string_cursor *ret_c)
{
	*ret_c = (struct sq_string_cursor){
		.len = f->strings + 4,
		.bytes = f->strings + 4 + sq_le32_get(f->strings),
		.n = f->columns.n_strings,
	};
}

bool sq_strings_next(struct sq_string_cursor *c, struct sq_slice *ret_s)
{
	uint32_t len;

	if (c->i >= c->n)
		return false;
	c->len = sq_varint_get32(c->len, &len);
	*ret_s = sq_slice((const char *)c->bytes, len);
	c->bytes += len;
	c->i++;
	return true;
}
