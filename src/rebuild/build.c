/* SPDX-License-Identifier: MIT */
#include "rebuild/build.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

int sq_tools_get(struct sq_rebuild *rb, struct sq_tools *t)
{
	int r = 0;

	if (!t->reader)
		r = sq_reader_new(rb->reader_mode, rb->cfg.max_file_bytes, &t->reader);
	if (!r && !t->extractor)
		r = sq_extractor_new(rb->cfg.registry, &t->extractor);
	return r < 0 ? sq_error_trace(r) : 0;
}

void sq_tools_deinit(struct sq_tools *t)
{
	t->reader = sq_reader_free(t->reader);
	t->extractor = sq_extractor_free(t->extractor);
}

/*
 * The setter writes its purpose, then turn_cancel; a turn that starts clears
 * turn_cancel, then reads the purposes. With a full fence between the two on
 * both sides at least one sees the other (start of a turn: turn_begins).
 */
void sq_build_cancel(struct sq_build *b)
{
#ifdef SQ_TEST_HOOKS
	if (sq_load_relaxed(&b->rb->no_forwarder))   /* relaxed: a test's switch */
		return;
#endif
	sq_fence_seq_cst();
	/* relaxed: ordered by the fence */
	sq_store_relaxed(&b->turn_cancel, true);
}

void sq_build_update_pending_locked(struct sq_build *b)
{
	/* relaxed: a figure for answers, they do not read anything through it */
	sq_store_relaxed(&b->ws->pending_files, sq_lane_pending_locked(&b->lane));
}

static void log_end(const struct sq_build *b)
{
	struct sq_buf root = SQ_BUF_NULL;

	sq_buf_add_escaped(&root, b->ws->key.root);
	sq_log_info("watch ended root=%s", sq_buf_z(&root) ? sq_buf_z(&root) : "?");
	sq_buf_deinit(&root);
}

/* WB-19: no thread is stopped here: what watches goes on, without this root */
void sq_build_unwatch(struct sq_build *b)
{
	struct sq_watch_root *root;

	sq_lock(&b->ws->record);
	root = SQ_TAKE(b->watch);
	sq_unlock(&b->ws->record);
	/* GN-02 GN-05: the flag is what others go by, and it falls first; pairs with sq_rebuild_is_watched */
	sq_store_release(&b->is_watched, false);
	/* GN-03: the root that this build had, whatever is watched at its path by now */
	if (root) {
		log_end(b);
		sq_watch_remove(root);
	}
}

/* ---- where rule files are ---------------------------------------------------- */

static void rule_dirs_clear(struct sq_rule_dirs *d)
{
	for (size_t i = 0; i < d->n; i++)
		sq_free(d->v[i]);
	d->n = 0;
}

bool sq_build_dir_has_rules(const struct sq_build *b, struct sq_slice dir)
{
	static const char *const names[] = { ".gitignore", ".sqryignore" };
	char path[PATH_MAX];

	for (size_t i = 0; i < SQ_ARRAY_SIZE(names); i++) {
		int n = snprintf(path, sizeof(path), "%.*s%s%s", (int)dir.n, dir.p, dir.n ? "/" : "", names[i]);

		if (n < (int)sizeof(path) && !faccessat(b->root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW))
			return true;
	}
	return false;
}

bool sq_build_has_rules_below(const struct sq_build *b, struct sq_slice dir)
{
	for (size_t i = 0; i < b->rule_dirs.n; i++) {
		struct sq_slice at = sq_slice_z(b->rule_dirs.v[i]);

		if (sq_slice_eq(at, dir) ||
		    (at.n > dir.n && at.p[dir.n] == '/' && sq_slice_has_prefix(at, dir)))
			return true;
	}
	return false;
}

static int find_rule_dirs(struct sq_build *b, const struct sq_discovery *d)
{
	rule_dirs_clear(&b->rule_dirs);
	for (size_t i = 0; i < d->n_dirs; i++) {
		char *copy;

		if (sq_load_relaxed(&b->turn_cancel))   /* relaxed: a request to stop soon */
			return -ECANCELED;
		if (!sq_build_dir_has_rules(b, d->dirs[i].path))
			continue;
		copy = sq_strndup(d->dirs[i].path.p, d->dirs[i].path.n);
		if (!copy || sq_vec_push(&b->rule_dirs, copy) < 0) {
			sq_free(copy);
			return sq_error_origin(-ENOMEM);
		}
	}
	return 0;
}

int sq_build_set_rules(struct sq_build *b, const struct sq_discovery *d)
{
	int r = find_rule_dirs(b, d);

	sq_ignore_unref(b->ignore);
	/* without the list of rule files nothing but a whole comparison is right */
	b->ignore = r < 0 ? NULL : sq_ignore_ref(d->ignore);
	return r < 0 ? sq_error_trace(r) : 0;
}
