/* SPDX-License-Identifier: MIT */
#include "lang/kept.h"

#include "base/hash.h"

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
	for (size_t i = 0; i < k->pieces.n; i++)
		if (k->pieces.v[i].tree)
			ts_tree_delete(k->pieces.v[i].tree);
	sq_vec_deinit(&k->pieces);
	sq_free(k->slots);
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

	if (k->pieces.v)
		bytes += sq_alloc_usable(k->pieces.v);
	if (k->slots)
		bytes += sq_alloc_usable(k->slots);
	return bytes + (k->tree_bytes > 0 ? (size_t)k->tree_bytes : 0);
}

int sq_kept_add(struct sq_kept *k, const struct sq_piece *piece, TSTree *tree, uint64_t steps)
{
	uint32_t len = piece->end - piece->start;
	struct sq_kept_piece item = {
		.tree = tree, .start = piece->start, .len = len, .row = piece->row,
		.hash = sq_hash64(k->bytes + piece->start, len, 0), .steps = steps,
	};

	if (sq_vec_push(&k->pieces, item) < 0) {
		ts_tree_delete(tree);
		return sq_error_origin(-ENOMEM);
	}
	return 0;
}

int sq_kept_finish(struct sq_kept *k)
{
	uint32_t size = 4;

	while (size < 2 * k->pieces.n)
		size *= 2;
	k->slots = sq_calloc(size, sizeof(*k->slots));
	if (!k->slots)
		return sq_error_origin(-ENOMEM);
	k->mask = size - 1;
	for (uint32_t i = 0; i < k->pieces.n; i++) {
		uint32_t slot = (uint32_t)k->pieces.v[i].hash & k->mask;

		while (k->slots[slot])
			slot = (slot + 1) & k->mask;
		k->slots[slot] = i + 1;
	}
	return 0;
}

static TSPoint point(uint32_t row)
{
	return (TSPoint){ .row = row };
}

/* white space before the first token is what has changed */
void sq_tree_move(TSTree *tree, uint32_t from, uint32_t from_row, uint32_t to, uint32_t to_row)
{
	TSInputEdit edit = {
		.old_end_byte = from, .new_end_byte = to,
		.old_end_point = point(from_row), .new_end_point = point(to_row),
	};

	if (from != to || from_row != to_row)
		ts_tree_edit(tree, &edit);
}

TSTree *sq_kept_take(struct sq_kept *k, struct sq_slice bytes, const struct sq_piece *piece,
		     uint64_t *ret_steps)
{
	uint64_t hash = sq_hash64(bytes.p, bytes.n, 0);

	for (uint32_t slot = (uint32_t)hash & k->mask; k->slots[slot]; slot = (slot + 1) & k->mask) {
		struct sq_kept_piece *p = &k->pieces.v[k->slots[slot] - 1];
		TSTree *tree = p->tree;

		if (!tree || p->hash != hash || p->len != bytes.n ||
		    memcmp(k->bytes + p->start, bytes.p, bytes.n) != 0)
			continue;
		p->tree = NULL;
		sq_tree_move(tree, p->start, p->row, piece->start, piece->row);
		*ret_steps = p->steps;
		return tree;
	}
	return NULL;
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
