/* SPDX-License-Identifier: MIT */
/*
 * A blob as it may come from a disk or a network: refused, or readable to its
 * end with every index in range.
 */
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "fuzz.h"

const struct fuzz_fixtures fuzz_fixtures = { .dir = NULL };

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void read_refs(const struct sq_columns *c)
{
	struct sq_ref_cursor it;
	struct sq_ref r, again;

	sq_refs_begin(c, &it);
	while (sq_refs_next(&it, &r)) {
		must(r.name < c->n_strings && r.kind < SQ_REF_MAX);
		must(r.encl == SQ_NONE || r.encl < c->n_defs);
		if (it.i % 50 == 0) {
			struct sq_ref_cursor seek;

			sq_refs_seek(c, it.i - 1, &seek);
			must(sq_refs_next(&seek, &again));
			must(again.name == r.name && again.line == r.line && again.col == r.col);
		}
	}
	must(it.i == c->n_refs);
}

static void read_defs(const struct sq_columns *c)
{
	struct sq_def_cursor it;
	struct sq_def d;

	sq_defs_begin(c, &it);
	while (sq_defs_next(&it, &d)) {
		must(d.name < c->n_strings && d.kind < SQ_KIND_MAX);
		must(d.parent == SQ_NONE || d.parent < it.i - 1);
		must(sq_defs_find(c, d.name, 0) < it.i);
	}
	must(it.i == c->n_defs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sq_buf text = SQ_BUF_NULL;
	struct sq_facts f;
	uint8_t *blob;

	if (size > UINT32_MAX)
		return 0;
	blob = sq_memdup(data, size ? size : 1);
	must(blob);
	if (sq_facts_open(blob, (uint32_t)size, &f) < 0) {
		sq_free(blob);
		return 0;
	}
	read_defs(&f.columns);
	read_refs(&f.columns);
	sq_facts_print(&f, &text);
	must(!sq_buf_error(&text));
	sq_buf_deinit(&text);
	sq_facts_deinit(&f);
	return 0;
}
