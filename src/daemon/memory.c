/* SPDX-License-Identifier: MIT */
#include "daemon/memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/resident.h"
#include "graph/graph.h"
#include "graph/version.h"
#include "sys/fd.h"
#include "workspace/manager.h"

#define STATUS_BYTES 8192u

/* "Name:   123 kB" */
static uint64_t kb_field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) * 1024u : 0;
}

static void read_kernel(struct sq_memory *m)
{
	_cleanup_(sq_buf_deinit) struct sq_buf b = SQ_BUF_NULL;
	const char *text;

	if (sq_fd_read_file(AT_FDCWD, "/proc/self/status", STATUS_BYTES, &b) < 0)
		return;
	text = sq_buf_z(&b);
	if (!text)
		return;
	m->rss_anon_bytes = kb_field(text, "\nRssAnon:");
	m->rss_shmem_bytes = kb_field(text, "\nRssShmem:");
}

static uint64_t above(uint64_t all, uint64_t part)
{
	return all > part ? all - part : 0;
}

/* what of the heap is neither served nor retained belongs to a draft */
static void add_graph(struct sq_memory *m, struct sq_graph *g)
{
	const struct sq_version *v = sq_graph_current(g);
	struct sq_heap_stats heap;

	sq_heap_read(sq_graph_heap(g), &heap);
	for (int i = 0; i < SQ_PIECE_MAX; i++)
		m->pieces[i] += v->stats.bytes_by_kind[i];
	m->building_bytes += above(heap.used_bytes, sq_version_bytes(v) + sq_graph_retained_bytes(g));
	m->slack_bytes += heap.slack_bytes;
}

void sq_memory_read(struct sq_manager *manager, struct sq_rebuild *rb, struct sq_memory *ret)
{
	const struct sq_ws_map *map = sq_manager_map(manager);
	struct sq_memory m = { .table_bytes = sq_alloc_live_bytes() };
	uint64_t held = sq_alloc_held_bytes();
	struct sq_admission_state ledger;
	struct sq_trees_stats trees;

	m.slack_bytes = above(held, m.table_bytes);
	for (size_t i = 0; i < map->n; i++)
		add_graph(&m, map->v[i]->graph);
	sq_admission_read(sq_manager_admission(manager), &ledger);
	m.retained_bytes = ledger.retained;
	sq_rebuild_trees(rb, &trees);
	m.kept_tree_bytes = trees.bytes;
	m.table_bytes = above(m.table_bytes, trees.bytes);
	read_kernel(&m);
	*ret = m;
}

uint64_t sq_memory_sum(const struct sq_memory *m)
{
	uint64_t sum = m->retained_bytes + m->building_bytes + m->slack_bytes + m->kept_tree_bytes + m->table_bytes;

	for (int i = 0; i < SQ_PIECE_MAX; i++)
		sum += m->pieces[i];
	return sum;
}

void sq_memory_write(const struct sq_memory *m, struct sq_jw *w)
{
	sq_jw_key(w, "resident");
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "rss_anon_bytes", m->rss_anon_bytes);
	sq_jw_ku64(w, "rss_shmem_bytes", m->rss_shmem_bytes);
	sq_jw_ku64(w, "accounted_bytes", sq_memory_sum(m));
	sq_jw_key(w, "by_kind");
	sq_jw_begin_object(w);
	for (int i = 0; i < SQ_PIECE_MAX; i++)
		sq_jw_ku64(w, sq_piece_kind_name((enum sq_piece_kind)i), m->pieces[i]);
	sq_jw_ku64(w, "retained", m->retained_bytes);
	sq_jw_ku64(w, "building", m->building_bytes);
	sq_jw_ku64(w, "allocator_slack", m->slack_bytes);
	sq_jw_ku64(w, "kept_trees", m->kept_tree_bytes);
	sq_jw_ku64(w, "tables", m->table_bytes);
	sq_jw_end_object(w);
	sq_jw_end_object(w);
}
