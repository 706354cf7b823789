/* SPDX-License-Identifier: MIT */
#include "daemon/query_result.h"

#include <errno.h>
#include <stdio.h>

#include "daemon/items.h"

static void write_items(struct sq_item_writer *iw, struct sq_jw *w, const struct sq_result *res, bool with_score)
{
	sq_jw_key(w, "items");
	sq_jw_begin_array(w);
	for (size_t i = 0; i < res->n_items; i++)
		sq_item_write(iw, w, res->items[i].file, res->items[i].def,
			      with_score ? (double)res->items[i].score : -1.0);
	sq_jw_end_array(w);
	sq_jw_ku64(w, "total", res->total);
	sq_jw_kbool(w, "truncated", res->truncated);
}

/* why it is cut; only a limit leaves the total exact */
static void write_cut(struct sq_jw *w, const struct sq_result *res)
{
	if (!res->truncated)
		return;
	sq_jw_kstr(w, "truncated_reason", sq_slice_z(sq_cut_name(res->cut)));
	if (res->cut != SQ_CUT_LIMIT)
		sq_jw_kbool(w, "total_is_exact", false);
	if (res->n_unread)
		sq_jw_ku64(w, "unread_files", res->n_unread);
}

/* the root, the items and the totals; what follows is the caller's */
static void result_begin(struct sq_read *r, struct sq_item_writer *iw, struct sq_jw *w, const struct sq_result *res,
			 bool with_score)
{
	sq_items_begin(iw, r->v, r->ws->key.root);
	sq_read_begin(r, w);
	sq_jw_begin_object(w);
	sq_jw_kstr(w, "root", r->ws->key.root);
	write_items(iw, w, res, with_score);
	write_cut(w, res);
}

static void result_end(struct sq_read *r, struct sq_item_writer *iw, struct sq_jw *w)
{
	sq_jw_end_object(w);
	sq_read_end(r, w);
	sq_items_end(iw);
}

void sq_search_result_write(struct sq_read *r, const struct sq_result *res, bool with_score)
{
	struct sq_item_writer iw;
	struct sq_jw w;

	result_begin(r, &iw, &w, res, with_score);
	sq_jw_key(&w, "cursor");
	sq_jw_null(&w);
	result_end(r, &iw, &w);
}

static void write_groups(struct sq_jw *w, const char *key, const struct sq_groups *g)
{
	sq_jw_key(w, key);
	sq_jw_begin_array(w);
	for (size_t i = 0; i < g->n; i++) {
		sq_jw_begin_object(w);
		sq_jw_kstr(w, "value", g->v[i].value);
		sq_jw_ku64(w, "count", g->v[i].count);
		sq_jw_end_object(w);
	}
	sq_jw_end_array(w);
}

static void write_stage(struct sq_jw *w, const struct sq_result *res)
{
	static const char *const stats[] = { "by_kind", "by_lang", "by_visibility" };

	switch (res->stage) {
	case SQ_STAGE_COUNT:
		sq_jw_kbool(w, "count", true);
		return;
	case SQ_STAGE_GROUP_BY:
	case SQ_STAGE_TOP:
		sq_jw_kstr(w, "stage", res->stage == SQ_STAGE_TOP ? SQ_LIT("top") : SQ_LIT("group_by"));
		sq_jw_kstr(w, "field", sq_slice_z(res->groups[0].field));
		write_groups(w, "groups", &res->groups[0]);
		sq_jw_ku64(w, "groups_total", res->groups[0].total);
		return;
	case SQ_STAGE_STATS:
		sq_jw_kstr(w, "stage", SQ_LIT("stats"));
		for (unsigned i = 0; i < res->n_groups; i++)
			write_groups(w, stats[i], &res->groups[i]);
		return;
	case SQ_STAGE_NONE:
		return;
	}
}

static bool is_left(const struct sq_result *res, size_t item, const struct sq_pair *p)
{
	return res->items[item].file == p->left.file && res->items[item].def == p->left.def;
}

/* pairs come in the order of the items: "left" is an index into them */
static void write_join(struct sq_item_writer *iw, struct sq_jw *w, const struct sq_result *res)
{
	size_t left = 0;

	sq_jw_key(w, "pairs");
	sq_jw_begin_array(w);
	for (size_t i = 0; i < res->n_pairs; i++) {
		const struct sq_pair *p = &res->pairs[i];

		while (!is_left(res, left, p))
			left++;
		sq_jw_begin_object(w);
		sq_jw_ku64(w, "left", left);
		sq_jw_key(w, "right");
		sq_item_write(iw, w, p->right.file, p->right.def, -1.0);
		sq_jw_ku64(w, "line", p->line);
		sq_jw_end_object(w);
	}
	sq_jw_end_array(w);
	if (res->pairs_cut)
		sq_jw_kbool(w, "pairs_truncated", true);
}

void sq_query_result_write(struct sq_read *r, const struct sq_result *res)
{
	struct sq_item_writer iw;
	struct sq_jw w;

	result_begin(r, &iw, &w, res, false);
	write_stage(&w, res);
	if (res->is_join)
		write_join(&iw, &w, res);
	result_end(r, &iw, &w);
}

/* ---- errors ---------------------------------------------------------------------- */

static void write_too_broad(struct sq_jw *w, const struct sq_query_error *err)
{
	static const char *const suggested[] = { "kind", "lang", "language", "path", "file" };

	sq_jw_kstr(w, "source", sq_slice_z(err->source));
	sq_jw_kstr(w, "kind", SQ_LIT("query_too_broad"));
	sq_jw_ku64(w, "limit", err->limit);
	sq_jw_ku64(w, "estimated_visited_nodes", err->n_nodes);
	sq_jw_ku64(w, "examined", err->n_examined);
	sq_jw_kstr(w, "predicate_shape", sq_slice_z(err->shape));
	sq_jw_key(w, "suggested_predicates");
	sq_jw_begin_array(w);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(suggested); i++)
		sq_jw_string(w, sq_slice_z(suggested[i]));
	sq_jw_end_array(w);
}

void sq_query_refused(struct sq_read *r, int e, const struct sq_query_error *err, const char *what)
{
	bool broad = e == SQ_QUERY_E_TOO_BROAD;
	const struct sq_rpc_failure f = {
		SQ_RPC_INVALID_PARAMS, broad ? "query_too_broad" : "validation_error", false, -1,
	};
	struct sq_buf details = SQ_BUF_NULL;
	char text[400], message[440];
	struct sq_jw w;

	(void)snprintf(text, sizeof(text), "%s: byte %u: %s", what, err->offset, err->message);
	(void)snprintf(message, sizeof(message), "%s: %s", broad ? "Query too broad" : "Invalid params", text);
	sq_jw_init(&w, &details);
	sq_jw_begin_object(&w);
	if (broad) {
		write_too_broad(&w, err);
	} else {
		sq_jw_kstr(&w, "reason", sq_slice_z(text));
		sq_jw_ku64(&w, "offset", err->offset);
		if (err->code)
			sq_jw_kstr(&w, "code", sq_slice_z(err->code));
	}
	sq_jw_end_object(&w);
	sq_buf_clear(r->out);
	if (sq_buf_error(&details))
		sq_read_errno(r, -ENOMEM);
	else
		sq_rpc_error_envelope(r->out, r->c->req->id, &f, sq_slice_z(message), sq_buf_slice(&details));
	sq_buf_deinit(&details);
}
