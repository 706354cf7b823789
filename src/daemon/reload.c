/* SPDX-License-Identifier: MIT */
#include "daemon/reload.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "daemon/preload.h"
#include "workspace/evict.h"

struct reloading {
	struct sq_daemon *d;
	unsigned n_changed, n_refused;
	bool watch, limit, log, graphs, workspaces;   /* what has to be done for it */
};

static void told(void *arg, const struct sq_config_change *ch)
{
	static const struct { const char *key; size_t what; } effects[] = {
		{ "debounce_ms", offsetof(struct reloading, watch) },
		{ "max_wait_ms", offsetof(struct reloading, watch) },
		{ "memory_limit_mb", offsetof(struct reloading, limit) },
		{ "bind_unknown_receivers", offsetof(struct reloading, graphs) },
		{ "exclude", offsetof(struct reloading, graphs) },
		{ "pinned, exclude", offsetof(struct reloading, workspaces) },
	};
	struct reloading *re = arg;
	const char *origin = ch->origin ? ch->origin : "default";

	if (!ch->is_applied) {
		re->n_refused++;
		sq_log_warning("not changed without a restart key=%s from=\"%s\" to=\"%s\" origin=\"%s\"", ch->key,
			       ch->from, ch->to, origin);
		return;
	}
	re->n_changed++;
	sq_log_notice("changed key=%s from=\"%s\" to=\"%s\" origin=\"%s\"", ch->key, ch->from, ch->to, origin);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(effects); i++)
		if (!strcmp(effects[i].key, ch->key))
			*(bool *)((char *)re + effects[i].what) = true;
}

/* as for a build that needs room: least recently used first, no pinned one */
static void evict(struct sq_daemon *d, struct sq_admission_state *now)
{
	struct sq_workspace *ws;

	while (now->loaded + now->reserved > now->limit && sq_manager_evict_lru(d->manager, &ws) > 0) {
		struct sq_buf root = SQ_BUF_NULL;

		sq_buf_add_escaped(&root, ws->key.root);
		sq_log_notice("evicted for the new memory limit root=%s", sq_buf_z(&root) ? sq_buf_z(&root) : "?");
		sq_buf_deinit(&root);
		sq_workspace_unref(ws);
		sq_admission_read(sq_manager_admission(d->manager), now);
	}
	sq_rebuild_kick(d->rebuild);   /* what was evicted is freed as soon as nobody reads it */
}

/* what is committed beyond the new limit stays until its readers leave; no build is admitted before */
static void apply_limit(struct sq_daemon *d)
{
	struct sq_admission_state now;

	sq_admission_set_limit(sq_manager_admission(d->manager), d->config->memory_limit_mb << 20, &now);
	evict(d, &now);
	if (sq_admission_committed(&now) > now.limit)
		sq_log_warning("more memory is committed than the new limit allows committed=%" PRIu64 " limit=%" PRIu64
			       "; no build is admitted until it is below", sq_admission_committed(&now), now.limit);
}

/* a rebuild that nobody waits for */
struct again { struct sq_waiter waiter; struct sq_workspace *ws; };

static void again_done(struct sq_waiter *w, const struct sq_outcome *o)
{
	struct again *a = (struct again *)(void *)((char *)w - offsetof(struct again, waiter));

	(void)o;   /* a failure was told by who told all of them */
	sq_workspace_unref(a->ws);
	sq_free(a);
}

/* @ws: the reference is consumed */
static void build_again(struct sq_daemon *d, struct sq_workspace *ws)
{
	struct again *a = sq_calloc(1, sizeof(*a));
	enum sq_disposition how;
	int r = -ENOMEM;

	if (a) {
		*a = (struct again){ .waiter = { .done = again_done }, .ws = ws };
		r = sq_rebuild_run(d->rebuild, ws, true, true, &a->waiter, &how);
		if (!r && how != SQ_DISPOSITION_REJECTED)
			return;
	}
	if (r < 0)
		sq_log_error("a graph keeps the older rules until it is rebuilt root=%s error=%s", ws->key.root.p,
			     strerrorname_np(-r));
	sq_free(a);
	sq_workspace_unref(ws);
}

/* every graph was made by the older rules */
static void apply_rules(struct sq_daemon *d)
{
	const struct sq_config *c = d->config;
	const struct sq_ws_map *map;
	struct sq_workspace **v;
	size_t n;
	int r = sq_rebuild_set_rules(d->rebuild, (const char *const *)c->excludes,
				     c->bind_unknown_receivers ? 0 : SQ_LINKF_NO_DUCK);

	sq_epoch_enter(d->record);
	map = sq_manager_map(d->manager);
	n = map->n;
	v = sq_calloc(n + 1, sizeof(*v));
	for (size_t i = 0; v && i < n; i++)
		v[i] = sq_workspace_ref(map->v[i]);
	sq_daemon_leave(d, d->record);
	if (r < 0 || !v)
		sq_log_error("out of memory: graphs keep the older rules");
	for (size_t i = 0; v && i < n; i++) {
		if (r < 0)
			sq_workspace_unref(v[i]);
		else
			build_again(d, v[i]);
	}
	sq_free(v);
}

static void apply(struct reloading *re)
{
	struct sq_daemon *d = re->d;
	const struct sq_config *c = d->config;

	sq_log_set_level(c->log_level);
	if (re->watch)
		sq_rebuild_set_windows(d->rebuild, c->debounce_ms, c->max_wait_ms);
	if (re->limit)
		apply_limit(d);
	if (re->graphs)
		apply_rules(d);
	if (re->workspaces)
		sq_preload(d);
}

void sq_reload(struct sq_daemon *d, void (*reopen_log)(void *arg), void *arg)
{
	struct reloading re = { .d = d };
	struct sq_config_error err;
	int r;

	sq_log_notice("reloading the configuration");
	r = sq_config_reload(d->config, told, &re, &err);
	if (r) {
		sq_log_error("the configuration was not reloaded, the old one holds error=\"%s\"",
			     r > 0 ? err.text : strerrordesc_np(-r));
		reopen_log(arg);
		return;
	}
	reopen_log(arg);
	apply(&re);
	sq_log_notice("configuration reloaded changed=%u need_restart=%u", re.n_changed, re.n_refused);
}
