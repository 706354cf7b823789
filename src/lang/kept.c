/* SPDX-License-Identifier: MIT */
#include "lang/kept.h"

struct sq_kept *sq_kept_new(enum sq_lang lang, struct sq_slice bytes)
{
	struct sq_kept *k = sq_calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->lang = lang;
	k->n = bytes.n;
	k->bytes = sq_malloc(bytes.n + 1);
	if (!k->bytes)
		return sq_kept_free(k);
	memcpy(k->bytes, bytes.p, bytes.n);
	k->bytes[bytes.n] = 0;
	return k;
}

struct sq_kept *sq_kept_free(struct sq_kept *k)
{
	if (!k)
		return NULL;
	if (k->tree)
		ts_tree_delete(k->tree);
	sq_free(k->bytes);
	sq_free(k);
	return NULL;
}

struct sq_slice sq_kept_text(const struct sq_kept *k)
{
	return sq_slice(k->bytes, k->n);
}

enum sq_lang sq_kept_lang(const struct sq_kept *k)
{
	return k->lang;
}

size_t sq_kept_bytes(const struct sq_kept *k)
{
	size_t bytes = sq_alloc_usable(k) + sq_alloc_usable(k->bytes);

	return bytes + (k->tree_bytes > 0 ? (size_t)k->tree_bytes : 0);
}

/* where byte @to is, from a place before it */
static TSPoint point_at(const char *p, uint32_t to)
{
	TSPoint at = { 0, 0 };
	const char *line = p, *end = p + to, *q = p;

	while (q < end && (q = memchr(q, '\n', (size_t)(end - q)))) {
		at.row++;
		line = ++q;
	}
	at.column = (uint32_t)(end - line);
	return at;
}

void sq_kept_edit(const struct sq_kept *k, struct sq_slice bytes, TSInputEdit *ret_edit)
{
	uint32_t n = (uint32_t)SQ_MIN(k->n, bytes.n), start = 0, same = 0;

	while (start < n && k->bytes[start] == bytes.p[start])
		start++;
	while (same < n - start && k->bytes[k->n - 1 - same] == bytes.p[bytes.n - 1 - same])
		same++;
	*ret_edit = (TSInputEdit){
		.start_byte = start,
		.old_end_byte = (uint32_t)k->n - same,
		.new_end_byte = (uint32_t)bytes.n - same,
		.start_point = point_at(k->bytes, start),
		.old_end_point = point_at(k->bytes, (uint32_t)k->n - same),
		.new_end_point = point_at(bytes.p, (uint32_t)bytes.n - same),
	};
}
