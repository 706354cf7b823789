/* SPDX-License-Identifier: MIT */
/*
 * The watched roots, for tests. Compiled with --enable-test-hooks.
 */
#include "daemon/answer.h"
#include "daemon/method.h"
#include "daemon/params.h"

/* test/watchers {}: {count, entries: [{root, generation, live, tier}]} */
void sq_method_test_watchers(struct sq_call *c)
{
	struct sq_watch_entry v[64];
	struct sq_jw w;
	size_t n;

	if (!sq_params_read(c, NULL, 0, true))
		return;
	n = sq_rebuild_watchers(c->d->rebuild, v, SQ_ARRAY_SIZE(v));
	sq_call_begin(c, &w);
	sq_jw_ku64(&w, "count", n);
	sq_jw_key(&w, "entries");
	sq_jw_begin_array(&w);
	for (size_t i = 0; i < SQ_MIN(n, SQ_ARRAY_SIZE(v)); i++) {
		sq_jw_begin_object(&w);
		sq_jw_kstr(&w, "root", sq_slice_z(v[i].path));
		sq_jw_ku64(&w, "generation", v[i].generation);
		sq_jw_kbool(&w, "live", v[i].is_live);
		sq_jw_kstr(&w, "tier", sq_slice_z(sq_watch_tier_name(v[i].tier)));
		sq_jw_end_object(&w);
	}
	sq_jw_end_array(&w);
	sq_call_end(c, &w, NULL);
}
