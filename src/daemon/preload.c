/* SPDX-License-Identifier: MIT */
#include "daemon/preload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"

struct preload {
	struct sq_waiter waiter;
	struct sq_post post;
	struct sq_daemon *d;
	struct sq_workspace *ws;
	void (*done)(void *arg);
	void *arg;
	unsigned refs;                 /* atomic: the waiter's and ours */
};

static void complain(struct sq_slice root, const char *what)
{
	struct sq_buf text = SQ_BUF_NULL;

	sq_buf_add_escaped(&text, root);
	sq_log_warning("cannot load the workspace root=\"%s\" error=\"%s\"",
		       sq_buf_z(&text) ? sq_buf_z(&text) : "?", what);
	sq_buf_deinit(&text);
}

static void put(struct preload *p)
{
	if (sq_sub_acq_rel(&p->refs, 1) != 1)   /* pairs with itself: ws was written before */
		return;
	if (p->ws)
		sq_workspace_unref(p->ws);
	sq_free(p);
}

static void posted(struct sq_post *post)
{
	struct preload *p = (struct preload *)(void *)((char *)post - offsetof(struct preload, post));

	if (p->done)
		p->done(p->arg);
	put(p);
}

static void ended(struct sq_waiter *w, const struct sq_outcome *o)
{
	struct preload *p = (struct preload *)(void *)((char *)w - offsetof(struct preload, waiter));

	(void)o;   /* the turn's failure was told by who told all of them */
	p->post.fn = posted;
	sq_loop_post(p->d->loop, &p->post);
}

int sq_preload_root(struct sq_daemon *d, struct sq_slice root, bool is_pinned, void (*done)(void *arg), void *arg)
{
	struct sq_ws_key key = { .root = root, .mode = SQ_ROOT_GIT };
	struct preload *p = sq_calloc(1, sizeof(*p));
	struct sq_workspace *ws = NULL;
	int r;

	if (!p) {
		complain(root, "out of memory");
		return sq_error_origin(-ENOMEM);
	}
	*p = (struct preload){ .waiter = { .done = ended }, .d = d, .done = done, .arg = arg, .refs = 2 };
	r = sq_rebuild_load(d->rebuild, &key, &p->waiter, &ws);
	if (r) {
		sq_workspace_unref(ws);   /* of one that is being loaded already */
		complain(root, r < 0 ? strerrordesc_np(-r) :
			 r == SQ_REBUILD_E_LOADING ? "it is being loaded" : "too many workspaces are loaded");
		sq_free(p);
		return r < 0 ? sq_error_trace(r) : sq_error_origin(-ENOSPC);
	}
	p->ws = ws;
	if (is_pinned && sq_manager_set_pinned(d->manager, ws, true))
		complain(root, "it was evicted before it was pinned");
	put(p);
	return 0;
}

void sq_preload(struct sq_daemon *d)
{
	for (size_t i = 0; i < d->config->n_workspaces; i++) {
		const struct sq_config_workspace *w = &d->config->workspaces[i];
		char *real;

		if (!w->pinned)
			continue;
		real = realpath(w->path, NULL);
		if (real)
			(void)sq_preload_root(d, sq_slice_z(real), true, NULL, NULL);   /* told */
		else
			complain(sq_slice_z(w->path), strerrordesc_np(errno));
		sq_free_libc(real);
	}
}
