/* SPDX-License-Identifier: MIT */
#include "daemon/returns.h"

#include <errno.h>

#include "daemon/source.h"
#include "daemon/tool.h"
#include "graph/each.h"
#include "query/returns.h"

struct reader {
	struct sq_disk_source disk;
	struct sq_buf text;             /* of the file at hand */
	sq_file file;
	bool is_there;
};

/* 0; 1: its source is not to be had; -ENOMEM */
static int enter(struct reader *s, const struct sq_bound *b, sq_file f)
{
	int r;

	if (s->file == f)
		return s->is_there ? 0 : 1;
	sq_buf_clear(&s->text);
	s->file = f;
	r = s->disk.source.read(s->disk.source.arg, b, &s->text);
	if (!r && sq_buf_error(&s->text))
		r = -ENOMEM;
	s->is_there = !r;
	return r;
}

/* does function @from return what is called @name? 1, 0, -ENOMEM */
static int is_returned(struct reader *s, const struct sq_version *v, const struct sq_bfs_node *from,
		       struct sq_slice name)
{
	const struct sq_bound *b = sq_version_bound(v, from->file);
	struct sq_slice sig;
	struct sq_def d;
	int r;

	sq_defs_get(&b->columns, from->def, &d);
	if (d.kind != SQ_KIND_FUNCTION && d.kind != SQ_KIND_METHOD)
		return 0;
	r = enter(s, b, from->file);
	if (r)
		return r < 0 ? r : 0;
	if ((uint64_t)d.sig_off + d.sig_len > s->text.n)
		return 0;
	sig = sq_slice(s->text.p + d.sig_off, d.sig_len);
	return sq_returns_match(sq_returns_of((enum sq_lang)b->lang, sig, sq_version_string(v, b->names[d.name])), name);
}

static struct sq_slice name_of(const struct sq_version *v, const struct sq_bfs_node *n)
{
	const struct sq_bound *b = sq_version_bound(v, n->file);
	struct sq_def d;

	sq_defs_get(&b->columns, n->def, &d);
	return sq_version_string(v, b->names[d.name]);
}

/* an edge of @types, walked from the nodes of @walk, into @walk */
static int take(struct reader *s, struct sq_bfs *walk, const struct sq_bfs *types, const struct sq_bfs_edge *e)
{
	const struct sq_bfs_node *from = &types->nodes.v[e->from], *to = &types->nodes.v[e->to];
	struct sq_bfs_edge copy = *e;
	int r;

	if (from->def == SQ_NONE || to->def == SQ_NONE)
		return 0;
	r = is_returned(s, walk->v, from, name_of(walk->v, to));
	if (r <= 0)
		return r;
	r = sq_bfs_add(walk, from->file, from->def, &copy.from);
	if (!r)
		r = sq_bfs_add(walk, to->file, to->def, &copy.to);
	if (r)
		return r < 0 ? r : 0;
	copy.kind = SQ_TOOL_RETURNS;
	return sq_vec_push(&walk->edges, copy);
}

int sq_returns_add(struct sq_read *r, struct sq_bfs *walk)
{
	struct reader s = { .text = SQ_BUF_NULL, .file = SQ_FILE_NONE };
	struct sq_bfs_ask ask = walk->ask;
	struct sq_bfs types = SQ_BFS_NULL;
	int e;

	ask.directions = SQ_BFS_IN | SQ_BFS_OUT;
	ask.kinds = 1u << SQ_REF_TYPE;
	ask.max_nodes = 0;
	e = sq_bfs_run(&types, walk->v, &ask, walk->nodes.v, walk->nodes.n, 1);
	if (!e && types.cut)
		walk->cut = types.cut;
	sq_disk_source_open(&s.disk, r->ws->key.root.p);
	for (size_t i = 0; i < types.edges.n && !e; i++)
		e = sq_is_cancelled(ask.cancel) ? -ECANCELED : take(&s, walk, &types, &types.edges.v[i]);
	sq_disk_source_close(&s.disk);
	sq_buf_deinit(&s.text);
	sq_bfs_deinit(&types);
	sq_bfs_seal(walk);
	return e;
}
