/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/time.h"
#include "rebuild/estimate.h"
#include "rebuild/fill.h"
#include "workspace/evict.h"
#include "sys/fd.h"

/* everything of one turn that is in progress */
struct turn {
	struct sq_build *b;
	struct sq_turn_thread *thread;
	const struct sq_work *work;
	struct sq_plan plan;
	struct sq_fill fill;
	struct sq_reservation res;
	struct sq_draft *draft;
	struct sq_draft_report report;
	enum sq_mode mode;
	bool full;                     /* mode, as it was when the turn began: from nothing */
	struct sq_outcome *o;
};

/* a pass begins: the boundary at which a cancel is seen at the latest (CX-04) */
static int enter_pass(struct sq_build *b, enum sq_pass pass)
{
	/* relaxed: progress for people; a request to stop soon */
	sq_store_relaxed(&b->pass, (uint32_t)pass);
	return sq_load_relaxed(&b->turn_cancel) ? -ECANCELED : 0;
}

/* EM-02: "<stage>: <detail>" */
static void fail(struct turn *t, enum sq_outcome_code code, const char *detail)
{
	t->o->code = code;
	(void)snprintf(t->o->message, sizeof(t->o->message), "%s rebuild: %s", sq_mode_name(t->mode), detail);
}

/* @counter: of those that were seen there */
static void cancelled(struct turn *t, uint64_t *counter)
{
	struct sq_build *b = t->b;

	t->o->code = SQ_OUTCOME_CANCELLED;
	t->o->over_budget = sq_load_relaxed(&b->is_over_budget);   /* relaxed: its alarm was cleared */
	(void)snprintf(t->o->message, sizeof(t->o->message), t->o->over_budget ?
		       "stopped after its time was up; its changes are tried again" : "cancelled");
	(void)sq_add_relaxed(counter, 1);   /* relaxed: a counter for people */
}

static void fail_errno(struct turn *t, int r)
{
	char text[160], detail[400];
	const char *what = strerror_r(-r, text, sizeof(text));

	switch (r) {
	case -ECANCELED:
		cancelled(t, &t->b->rb->n_cancelled_at_boundary);
		return;
	case -EOWNERDEAD:   /* a worker ended without a result (EM-03) */
		t->o->is_broken = true;
		fail(t, SQ_OUTCOME_BUILD, "join: a worker ended without a result");
		return;
	}
	if (t->b->root_fd < 0) {
		(void)snprintf(detail, sizeof(detail), "%.200s: %s", t->b->ws->key.root.p, what);
		what = detail;
	}
	fail(t, SQ_OUTCOME_BUILD, what);
}

static void fail_budget(struct turn *t, enum sq_outcome_code code, const struct sq_admission_state *at,
			uint64_t requested)
{
	t->o->at = *at;
	t->o->requested_bytes = requested;
	fail(t, code, code == SQ_OUTCOME_BUDGET ?
	     "the memory limit leaves no room" : "the graph is larger than the memory limit allows");
}

/* @r: of sq_manager_reserve() or _extend(). Return: 0; 1 t->o says why not; -errno */
static int refused(struct turn *t, int r, enum sq_outcome_code code, const struct sq_admission_state *at,
		   uint64_t requested)
{
	switch (r) {
	case SQ_ADMISSION_E_FULL:
		fail_budget(t, code, at, requested);
		return 1;
	case SQ_MANAGER_E_EVICTED:
		t->o->code = SQ_OUTCOME_EVICTED;
		return 1;
	case SQ_MANAGER_E_CANCELLED:
		return sq_error_origin(-ECANCELED);
	default:
		return r < 0 ? sq_error_trace(r) : 0;
	}
}

/* ---- the root --------------------------------------------------------------- */

static bool root_moved(const struct sq_build *b)
{
	struct stat now, open;

	return stat(b->ws->key.root.p, &now) < 0 || fstat(b->root_fd, &open) < 0 ||
	       now.st_dev != open.st_dev || now.st_ino != open.st_ino;
}

static void watch_root(struct sq_build *b)
{
	struct sq_rebuild *rb = b->rb;
	struct sq_watch_root *root = NULL;
	const char *why = rb->watch_reason;
	int r = -EOPNOTSUPP;

	sq_build_unwatch(b);
	if (rb->watch)
		r = sq_watch_add(rb->watch, b->ws->key.root.p, b->root_fd, b->ws, &root, &why);
	sq_lock(&b->ws->record);
	b->watch = r < 0 ? NULL : root;
	(void)snprintf(b->watch_reason, sizeof(b->watch_reason), "%s", r < 0 && why ? why : "");
	sq_unlock(&b->ws->record);
	/* pairs with sq_rebuild_is_watched */
	sq_store_release(&b->is_watched, r >= 0);
	if (r >= 0)
		sq_bridge_watch(b);
}

static int open_root(struct turn *t)
{
	struct sq_build *b = t->b;
	int fd, r;

	if (b->root_fd >= 0 && !t->work->full && !t->work->changes->root_gone)
		return 0;
	if (b->root_fd >= 0 && !root_moved(b)) {
		if (!b->watch)
			watch_root(b);
		return 0;
	}
	r = sq_fd_open_real(b->ws->key.root.p, O_RDONLY | O_DIRECTORY, &fd);
	if (r < 0) {
		b->root_fd = sq_fd_close(b->root_fd);   /* it is another tree's by now, or gone */
		return sq_error_trace(r);
	}
	sq_build_unwatch(b);
	b->root_fd = sq_fd_close(b->root_fd);
	b->root_fd = fd;
	watch_root(b);
	return 0;
}

/* ---- the fork ----------------------------------------------------------------- */

static void set_mode(struct turn *t, enum sq_mode mode)
{
	t->mode = mode;
	/* relaxed: for people */
	sq_store_relaxed(&t->b->last_mode, (uint8_t)mode);
	sq_store_relaxed(&t->b->rb->last_mode, (uint8_t)mode);
}

/*
 * with a version to compare with, content hashes tell which paths a switch
 * of branches changed, so the turn stays incremental over those and git's class is
 * only reported.
 */
static struct sq_fork fork_of(const struct turn *t)
{
	const struct sq_version *v = t->plan.prior;

	return (struct sq_fork){
		.is_empty = sq_work_is_empty(t->work),
		.paths_known = t->work->paths_known || v->n_file_ids,
		.git_class = (enum sq_git_class)t->work->git_class,
		.n_files = v->stats.n_files,
	};
}

static void decide(struct turn *t)
{
	const struct sq_fork f = fork_of(t);
	bool from_nothing = t->work->full || (!t->b->ignore && !f.n_files);

	set_mode(t, from_nothing ? SQ_MODE_FULL : sq_fork_decide(&f, &t->b->rb->cfg.fork, NULL));
	t->full = t->mode == SQ_MODE_FULL;
}

/* asked by the draft when the names that changed are known */
static bool links_whole(void *arg, uint64_t n_relink)
{
	struct turn *t = arg;
	struct sq_fork f = fork_of(t);

	f.git_class = SQ_GIT_NONE;
	f.n_relink = n_relink;
	if (sq_fork_decide(&f, &t->b->rb->cfg.fork, NULL) != SQ_MODE_FULL)
		return false;
	set_mode(t, SQ_MODE_FULL);
	sq_build_event(t->b, "link all");
	return true;
}

/* DL-13: visible before anything can stall. A first load stays Loading: there is nothing to serve yet */
static void enter_state(struct sq_workspace *ws)
{
	if (!sq_workspace_cas_state(ws, SQ_WS_LOADED, SQ_WS_REBUILDING) &&
	    sq_load_relaxed(&ws->last_good_ns))   /* relaxed: the runner wrote it */
		(void)sq_workspace_cas_state(ws, SQ_WS_FAILED, SQ_WS_REBUILDING);
	else
		(void)sq_workspace_cas_state(ws, SQ_WS_FAILED, SQ_WS_LOADING);
}

#ifdef SQ_TEST_HOOKS
static void hold(struct turn *t)
{
	struct sq_build *b = t->b;

	b->captured = sq_capture_begin(&b->rb->capture, b->ws->key.root.p, t->work, t->mode, t->plan.prior->generation);
	sq_build_event(b, "prior");
	sq_build_event(b, "mode");
	sq_build_event(b, "state");
	sq_build_event(b, "capture");
	sq_gate_pass(&b->rb->gate);
	sq_build_event(b, "gate");
}

static void hold_reserved(struct turn *t)
{
	sq_gate_pass(&t->b->rb->postres);
	sq_build_event(t->b, "post_reserve");
	if (sq_load_relaxed(&t->b->rb->precancel))   /* relaxed: a test's switch */
		sq_store_relaxed(&t->b->turn_cancel, true);
}
#else
static inline void hold(struct turn *t) { (void)t; }
static inline void hold_reserved(struct turn *t) { (void)t; }
#endif

/* DL-11: prior graph, mode, state, capture, gate; from here on its time counts (LX-27) */
static void begin(struct turn *t)
{
	struct sq_build *b = t->b;
	struct sq_rebuild *rb = b->rb;

	/* the runner is the only one who replaces the current version */
	t->plan.prior = sq_graph_current(b->ws->graph);
	decide(t);
	enter_state(b->ws);
	hold(t);
	/* relaxed: set before the alarm is, under its lock */
	sq_store_relaxed(&b->may_stop, !t->full && !t->work->over_budget);
	if (rb->cfg.budget_ns)
		(void)sq_alarm_set(rb->alarms, &b->budget, sq_clock_ns() + rb->cfg.budget_ns);
}

/* ---- passes ----------------------------------------------------------------- */

/* a plan is small when one thread does it faster than a pool wakes up */
static const struct sq_parallel *parallel_for(const struct turn *t, size_t n_files)
{
	return n_files > SQ_FILL_SMALL_FILES ? sq_pool_parallel(t->b->rb->pool) : NULL;
}

static int plan(struct turn *t)
{
	struct sq_build *b = t->b;
	int r = enter_pass(b, SQ_PASS_DISCOVER);

	if (r < 0)
		return r;
	r = SQ_PLAN_E_RULES;
	t->plan.par = sq_pool_parallel(b->rb->pool);
	if (!t->full && !sq_work_is_whole(t->work) && b->ignore)
		r = sq_plan_changes(b, &t->plan, t->work->changes);
	if (r == SQ_PLAN_E_RULES)
		r = sq_plan_whole(b, &t->plan, t->full);
	t->plan.par = parallel_for(t, t->plan.n_read);
	return r < 0 ? sq_error_trace(r) : 0;
}

static int reserve(struct turn *t)
{
	struct sq_admission_state at;
	uint64_t bytes = sq_estimate(&t->plan, t->full);
	int r;

	sq_build_event(t->b, "estimate");
	r = sq_manager_reserve(t->b->rb->manager, t->b->ws, bytes, &t->res, &at);

	if (r == SQ_ADMISSION_E_FULL)
		sq_trees_drop(t->b->rb->trees, NULL);   /* memory is short */
	if (!r)
		sq_build_event(t->b, "reserve");
	return refused(t, r, SQ_OUTCOME_BUDGET, &at, bytes);
}

static int fill(struct turn *t)
{
	struct sq_build *b = t->b;
	bool small = !parallel_for(t, t->plan.n);   /* but what it changes may concern many */
	struct sq_draft_opts opts = {
		.clear = t->full, .link_flags = sq_load_relaxed(&b->rb->cfg.link_flags),   /* as sq_rebuild_set_rules() */
		/* files that move or go cost no reading, but linking */
		.par = parallel_for(t, t->plan.n),
		.link_par = small ? sq_rebuild_parallel(b->rb) : NULL,
		.cancel = &b->turn_cancel,
		.links_whole = links_whole, .links_whole_arg = t,
	};
	int r = sq_fault_at_until("build", &b->turn_cancel);

	sq_store_relaxed(&b->files_done, 0);      /* relaxed: progress for people */
	sq_store_relaxed(&b->files_total, t->plan.n_read);
	if (!r)
		r = enter_pass(b, SQ_PASS_READ);
	if (r < 0)
		return r;
	sq_build_event(b, "build");
	r = sq_draft_new(b->ws->graph, &opts, &t->draft);
	if (r < 0)
		return sq_error_trace(r);
	t->fill = (struct sq_fill){
		.build = b, .plan = &t->plan, .draft = t->draft, .res = &t->res,
		.own_tools = &t->thread->tools,
		.earlier = t->full ? NULL : t->plan.prior,
	};
	r = sq_fill_run(&t->fill);
	if (r == SQ_FILL_E_BUDGET) {
		fail_budget(t, SQ_OUTCOME_BUDGET, &t->fill.at, SQ_ADMISSION_STEP_BYTES);
		return 1;
	}
	return r < 0 ? sq_error_trace(r) : 0;
}

/* the exact bytes must be in the ledger before anybody sees them (PU-01, PU-13) */
static int true_up(struct turn *t)
{
	uint64_t bytes = sq_draft_new_bytes(t->draft);
	struct sq_admission_state at;
	int r;

	if (sq_fault_at("size")) {
		sq_admission_read(sq_manager_admission(t->b->rb->manager), &at);
		return refused(t, SQ_ADMISSION_E_FULL, SQ_OUTCOME_OVERSIZE, &at, bytes);
	}
	if (bytes <= t->res.bytes)
		return 0;
	r = sq_manager_extend(t->b->rb->manager, t->b->ws, &t->res, bytes - t->res.bytes, &at);
	return refused(t, r, SQ_OUTCOME_OVERSIZE, &at, bytes);
}

/* wall times of the passes after the parser, for whoever wonders where a turn spends its time */
static void log_passes(const struct turn *t)
{
	const struct sq_draft_report *r = &t->report;

	sq_log_debug("passes root=%s files=%zu put=%" PRIu64 " relinked=%" PRIu64 " links_changed=%" PRIu64
		     " names_us=%" PRIu64 " shards_us=%" PRIu64 " link_us=%" PRIu64 " freeze_us=%" PRIu64,
		     t->b->ws->key.root.p, t->plan.n, r->n_put, r->n_relinked, r->n_links_changed,
		     r->ns_names / 1000, r->ns_shards / 1000, r->ns_link / 1000, r->ns_freeze / 1000);
}

static int finish(struct turn *t)
{
	int r = enter_pass(t->b, SQ_PASS_LINK);

	if (r < 0)
		return r;
	r = sq_draft_finish(t->draft, &t->report);
	if (r < 0)
		return sq_error_trace(r);
	log_passes(t);
	(void)sq_add_relaxed(&t->b->n_relinked, t->report.n_relinked);   /* relaxed: a counter for people */
	return true_up(t);
}

static int publish(struct turn *t)
{
	struct sq_workspace *ws = t->b->ws;
	const struct sq_version *v = sq_draft_version(t->draft);
	int r = enter_pass(t->b, SQ_PASS_PUBLISH);

	if (r < 0)
		return r;
	sq_build_event(t->b, "recheck");
	/* acquire: pairs with sq_rebuild_cancel. Whoever comes later comes too late: the turn is over */
	if (sq_load_acquire(&ws->cancel_rebuild)) {
		cancelled(t, &t->b->rb->n_cancelled_at_publish);
		return 1;
	}
	t->o->generation = v->generation;
	t->o->n_defs = v->stats.n_defs;
	t->o->n_edges = v->stats.refs_by_state[SQ_LINK_BOUND];
	t->o->n_relinked = t->report.n_relinked;
	r = sq_manager_publish(t->b->rb->manager, ws, &t->draft, &t->res);
	if (r == SQ_MANAGER_E_EVICTED || r == SQ_MANAGER_E_CANCELLED) {
		t->o->code = r == SQ_MANAGER_E_EVICTED ? SQ_OUTCOME_EVICTED : SQ_OUTCOME_CANCELLED;
		(void)sq_add_relaxed(&t->b->rb->n_cancelled_at_publish, 1);   /* relaxed: a counter for people */
		return 1;
	}
	if (r)
		return refused(t, r, SQ_OUTCOME_BUILD, NULL, 0);
	sq_build_event(t->b, "publish");
	/* pairs with sq_lane waiters: read after the lane's lock */
	sq_store_release(&t->b->generation, t->o->generation);
	return r;
}

/* Return: 0 published; 1 t->o says why not; -errno */
static uint64_t since(uint64_t *at)
{
	uint64_t was = *at;

	*at = sq_now_ns();
	return *at - was;
}

static int run(struct turn *t)
{
	struct sq_stages *s = &t->fill.stages;
	uint64_t at = sq_now_ns(), plan_ns = 0;
	int r;

	/* DL-01: before any work */
	r = enter_pass(t->b, SQ_PASS_NONE);
	if (!r)
		r = open_root(t);
	if (r < 0)
		return sq_error_trace(r);
	begin(t);
	(void)since(&at);
	r = plan(t);
	if (!r)
		r = reserve(t);
	plan_ns = since(&at);
	if (!r)
		hold_reserved(t);
	if (!r)
		r = sq_fault_at_until("reserved", &t->b->turn_cancel);
	if (!r)
		r = fill(t);
	s->plan_ns = plan_ns;
	(void)since(&at);
	if (!r)
		r = finish(t);
	s->link_ns = since(&at);
	if (!r)
		r = sq_fault_at_until("finished", &t->b->turn_cancel);
	if (!r)
		r = publish(t);
	s->publish_ns = since(&at);
	return r;
}

static void note_journal(const struct turn *t)
{
	struct sq_journal *j = &t->b->journal;
	uint64_t generation = t->o->generation;

	sq_lock(&t->b->ws->record);
	if (t->full || t->plan.n > SQ_JOURNAL_FILES)
		sq_journal_restart(j, generation);
	else
		for (size_t i = 0; i < t->plan.n; i++)
			sq_journal_note(j, generation, t->plan.v[i].path, t->plan.v[i].what == SQ_PLAN_REMOVE);
	sq_journal_publish(j, generation);
	sq_unlock(&t->b->ws->record);
}

static void note_last(struct turn *t)
{
	struct sq_build *b = t->b;

	sq_lock(&b->ws->record);
	b->last.is_set = true;
	b->last.was_full = t->mode == SQ_MODE_FULL;
	b->last.duration_ns = t->o->duration_ns;
	b->last.n_files = t->o->n_files;
	b->last.stages = t->fill.stages;
	sq_unlock(&b->ws->record);
}

void sq_turn_run(struct sq_build *b, struct sq_turn_thread *thread, const struct sq_work *work,
		 struct sq_work *again, struct sq_outcome *ret_o)
{
	uint64_t started = sq_now_ns();
	struct turn t = {
		.b = b, .thread = thread, .work = work, .plan = { .cancel = &b->turn_cancel },
		.res = SQ_RESERVATION_NULL, .o = ret_o,
		.mode = work->full ? SQ_MODE_FULL : SQ_MODE_INCREMENTAL,   /* until it is decided */
	};
	int r;

	*ret_o = (struct sq_outcome){ .code = SQ_OUTCOME_OK };
#ifdef SQ_TEST_HOOKS
	sq_fault_allocs(b->rb, true);
#endif
	r = run(&t);
#ifdef SQ_TEST_HOOKS
	sq_fault_allocs(b->rb, false);
#endif
	(void)sq_alarm_clear(b->rb->alarms, &b->budget);
	if (r < 0)
		fail_errno(&t, r);
	ret_o->was_full = t.mode == SQ_MODE_FULL;
	ret_o->n_files = t.plan.n - t.plan.n_removed;
	ret_o->n_removed = t.plan.n_removed;
	ret_o->read_bytes = t.plan.read_bytes;
	ret_o->duration_ns = sq_now_ns() - started;
	if (ret_o->code == SQ_OUTCOME_OK) {
		*again = t.fill.again;
		t.fill.again = (struct sq_work)SQ_WORK_NULL;
		note_last(&t);
		note_journal(&t);
	}
	sq_work_deinit(&t.fill.again);
	sq_draft_free(t.draft);
	sq_reservation_release(&t.res);
	sq_plan_deinit(&t.plan);
	(void)enter_pass(b, SQ_PASS_NONE);
}
