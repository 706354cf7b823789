/* SPDX-License-Identifier: MIT */
#include "query/keys.h"

#include <stdlib.h>

#include "base/error.h"
#include "query/picks.h"

static int cmp_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void sq_keyset_seal(struct sq_keyset *s)
{
	size_t n = 0;

	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), cmp_keys);
	for (size_t i = 0; i < s->n; i++)
		if (!n || s->v[n - 1] != s->v[i])
			s->v[n++] = s->v[i];
	s->n = n;
}

bool sq_keyset_has(const struct sq_keyset *s, uint64_t key)
{
	return s->n && bsearch(&key, s->v, s->n, sizeof(*s->v), cmp_keys);
}

int sq_keyset_add_name(struct sq_keyset *s, const struct sq_version *v,
		       sq_name id)
{
	struct sq_posting_iter it;
	struct sq_posting p;
	int r = 0;

	if (id == SQ_NAME_NONE)
		return 0;
	sq_version_postings(v, id, SQ_LIST_DEF, &it);
	while (!r && sq_posting_next(&it, &p)) {
		const struct sq_bound *b = sq_version_bound(v, p.file);
		uint32_t local, def = sq_bound_first_def(b, id, &local);

		for (; !r && def != SQ_NONE;
		     def = sq_bound_next_def(b, local, def))
			r = sq_vec_push(s, sq_key(p.file, def));
	}
	return sq_error_trace(r);
}

/* length of the last component of "a.b" or "a::b" */
static size_t tail_length(struct sq_slice s)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == '.' || s.p[i - 1] == ':')
			return s.n - i;
	return s.n;
}

bool sq_symbol_is_qualified(struct sq_slice s)
{
	size_t tail = tail_length(s);

	return tail && tail < s.n;
}

/* drops the separator at the end of @s; false when there is none */
static bool drop_separator(struct sq_slice *s)
{
	if (sq_slice_has_suffix(*s, SQ_LIT("::")))
		s->n -= 2;
	else if (sq_slice_has_suffix(*s, SQ_LIT(".")))
		s->n -= 1;
	else
		return false;
	return true;
}

/* do the components of @want, from the last, end @full? Either separator is as good. */
static bool is_tail(struct sq_slice full, struct sq_slice want)
{
	for (;;) {
		size_t n = tail_length(want), m = tail_length(full);

		if (n != m || memcmp(want.p + want.n - n, full.p + full.n - m, n))
			return false;
		want.n -= n;
		full.n -= m;
		/* "::a" means what "a" means */
		if (!drop_separator(&want) || !want.n)
			return !want.n;
		if (!drop_separator(&full))
			return false;
	}
}

int sq_keyset_add_symbol(struct sq_keyset *s, const struct sq_version *v,
			 struct sq_slice symbol)
{
	size_t tail = tail_length(symbol), n;
	struct sq_buf text = SQ_BUF_NULL;
	struct sq_slice last;
	int r;

	/* a name may hold a separator itself */
	r = sq_keyset_add_name(s, v, sq_version_find(v, symbol));
	if (r < 0 || !sq_symbol_is_qualified(symbol))
		return sq_error_trace(r);
	n = s->n;
	last = sq_slice(symbol.p + symbol.n - tail, tail);
	r = sq_keyset_add_name(s, v, sq_version_find(v, last));
	for (size_t i = n; !r && i < s->n; i++) {
		sq_buf_clear(&text);
		sq_version_qualified(v, sq_key_file(s->v[i]),
				     sq_key_def(s->v[i]), &text);
		r = sq_buf_error(&text);
		if (!r && is_tail(sq_buf_slice(&text), symbol))
			s->v[n++] = s->v[i];
	}
	sq_buf_deinit(&text);
	if (r < 0)
		return sq_error_trace(r);
	s->n = n;
	return 0;
}

int sq_symbol_lookup(const struct sq_version *v, struct sq_slice symbol,
		     struct sq_result *ret_r)
{
	struct sq_keyset s = SQ_KEYSET_NULL;
	struct sq_picks picks;
	int r;

	sq_picks_init(&picks, v, SIZE_MAX, SQ_PICKS_BY_PATH);
	r = sq_keyset_add_symbol(&s, v, symbol);
	if (!r)
		sq_keyset_seal(&s);
	for (size_t i = 0; !r && i < s.n; i++)
		r = sq_picks_add(&picks, (struct sq_match){
			.file = sq_key_file(s.v[i]), .def = sq_key_def(s.v[i]),
		});
	if (!r)
		sq_picks_finish(&picks, ret_r);
	sq_picks_deinit(&picks);
	sq_vec_deinit(&s);
	return sq_error_trace(r);
}
