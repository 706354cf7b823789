/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/time.h"
#include "sys/fd.h"
#include "sys/thread.h"
#include "watch/watcher.h"

#define NS_PER_MS 1000000ULL

enum {
	BUFFER_BYTES = 256 << 10,
	MAX_QUEUED = 1 << 20,           /* events in the kernel: beyond, a walk is cheaper */
	/*
	 * A drain that brought nothing for any root makes the next one come
	 * later, so that unrelated writes cost few wake-ups; less late when there
	 * are many of them, so that the queue stays short, and for some time after
	 * an event that counted, because more are likely.
	 */
	SMALL_DRAIN_EVENTS = 64, MAX_DELAY_MS = 110, MAX_BUSY_DELAY_MS = 25,
	ACTIVE_MS = 5000, MAX_ACTIVE_DELAY_MS = 20,
};

enum { POLL_WAKE, POLL_MOUNTS, POLL_GROUPS, N_POLLS = POLL_GROUPS + SQ_WATCH_N_GROUPS };

/* ---- draining ---- */

/* read and forget: what the whole queue says is "compare everything" */
static void discard(struct sq_watch *w, struct sq_watch_group *g)
{
	uint64_t left = sq_fan_queued(&g->fan);

	while (left && read(g->fan.fd, w->buffer, BUFFER_BYTES) > 0)
		left = sq_fan_queued(&g->fan);
	sq_lock(&w->lock);
	sq_watch_lost_events(w, g);
	sq_unlock(&w->lock);
}

/*
 * At least everything that was queued at the call; more when it is there, but
 * not for ever behind a writer who is faster.
 * Return: number of events.
 */
static uint64_t drain_group(struct sq_watch *w, struct sq_watch_group *g)
{
	uint64_t queued = sq_fan_queued(&g->fan), n = 0;
	uint64_t limit = w->cfg.queue_limit_events ? w->cfg.queue_limit_events : MAX_QUEUED;
	ssize_t got;

	if (queued > limit) {
		discard(w, g);
		return queued;
	}
	while (queued) {
		got = read(g->fan.fd, w->buffer, BUFFER_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		sq_lock(&w->lock);
		n += sq_apply_buffer(w, g, w->buffer, (size_t)got);
		sq_unlock(&w->lock);
		if (n >= queued && !sq_fan_queued(&g->fan))
			break;
		if (n >= queued + MAX_QUEUED)
			break;
	}
	if (queued && got < 0 && errno != EAGAIN) {
		sq_lock(&w->lock);
		sq_watch_lost_events(w, g);
		sq_unlock(&w->lock);
	}
	sq_lock(&w->lock);
	sq_apply_end(w, g);
	sq_unlock(&w->lock);
	return n;
}

static int group_fd(struct sq_watch *w, size_t i)
{
	int fd;

	sq_lock(&w->lock);
	fd = w->groups[i].fan.fd;
	sq_unlock(&w->lock);
	return fd;
}

static uint64_t drain_all(struct sq_watch *w)
{
	uint64_t n = 0;

	sq_lock(&w->lock);
	/* events of a burst are as old as its first one, or older than now at least */
	w->event_ns = w->burst_at ? w->burst_at : sq_now_ns();
	w->is_relevant = false;
	sq_unlock(&w->lock);
	for (size_t i = 0; i < SQ_WATCH_N_GROUPS; i++)
		if (group_fd(w, i) >= 0)
			n += drain_group(w, &w->groups[i]);
	w->burst_at = 0;
	sq_lock(&w->lock);
	if (w->is_relevant)
		w->relevant_ns = sq_now_ns();
	sq_unlock(&w->lock);
	return n;
}

static void drain_on_time(struct sq_watch *w)
{
	uint64_t n = drain_all(w), now = sq_now_ns();
	unsigned most = MAX_DELAY_MS;
	bool is_relevant;

	sq_lock(&w->lock);
	is_relevant = w->is_relevant;
	sq_unlock(&w->lock);
	w->drain_at = 0;
	if (is_relevant || !n) {
		w->delay_ms = w->cfg.drain_ms;
		return;
	}
	if (w->relevant_ns && now - w->relevant_ns < ACTIVE_MS * NS_PER_MS)
		most = MAX_ACTIVE_DELAY_MS;
	else if (n >= SMALL_DRAIN_EVENTS)
		most = MAX_BUSY_DELAY_MS;
	w->delay_ms = SQ_MIN(w->delay_ms * 2, SQ_MAX(most, w->cfg.drain_ms));
	/* by the clock as long as it goes on: a poll would be a second wake-up */
	if (w->delay_ms > w->cfg.drain_ms)
		w->drain_at = now + w->delay_ms * NS_PER_MS;
}

/* ---- sets ---- */

static uint64_t next_due_ns(struct sq_watch *w)
{
	uint64_t due = UINT64_MAX;

	sq_lock(&w->lock);
	for (size_t i = 0; i < w->roots.n; i++) {
		uint64_t at = sq_pending_due_ns(w->roots.v[i]);

		due = SQ_MIN(due, at);
	}
	sq_unlock(&w->lock);
	return due;
}

static void hand_over(struct sq_watch *w, struct sq_watch_root *r)
{
	struct sq_change_set *s;

	sq_lock(&w->lock);
	s = sq_pending_take(r);
	sq_unlock(&w->lock);
	if (s)
		w->sink(w->sink_arg, r->cookie, s);
}

static struct sq_watch_root *root_due(struct sq_watch *w, uint64_t now)
{
	struct sq_watch_root *r = NULL;

	sq_lock(&w->lock);
	for (size_t i = 0; i < w->roots.n && !r; i++)
		if (sq_pending_due_ns(w->roots.v[i]) <= now)
			r = w->roots.v[i];
	sq_unlock(&w->lock);
	return r;
}

static void close_due(struct sq_watch *w)
{
	struct sq_watch_root *r;
	uint64_t now = sq_now_ns();

	if (!root_due(w, now))
		return;
	/* an event since the last drain may hold the window open */
	(void)drain_all(w);
	w->drain_at = 0;
	while ((r = root_due(w, now)))
		hand_over(w, r);
}

/* ---- commands ---- */

static struct sq_watch_command *take_commands(struct sq_watch *w)
{
	struct sq_watch_command *c;

	sq_lock(&w->lock);
	c = w->commands;
	w->commands = NULL;
	w->commands_end = &w->commands;
	sq_unlock(&w->lock);
	return c;
}

static void remove_root(struct sq_watch *w, struct sq_watch_root *r)
{
	sq_lock(&w->lock);
	for (size_t i = 0; i < w->roots.n; i++)
		if (w->roots.v[i] == r) {
			w->roots.v[i] = w->roots.v[--w->roots.n];
			break;
		}
	sq_watch_root_leave(r);
	sq_unlock(&w->lock);
	(void)sq_watch_root_free(r);
}

static void run_command(struct sq_watch *w, struct sq_watch_command *c)
{
	if (c->kind == SQ_WATCH_REMOVE) {
		remove_root(w, c->root);
	} else {
		hand_over(w, c->root);
		c->done(c->arg);
	}
	if (!c->is_waited) {
		sq_free(c);
		return;
	}
	sq_lock(&w->lock);
	c->is_done = true;
	(void)pthread_cond_broadcast(&w->done);
	sq_unlock(&w->lock);
}

static void run_commands(struct sq_watch *w)
{
	struct sq_watch_command *c = take_commands(w), *next;

	if (!c)
		return;
	(void)drain_all(w);
	w->drain_at = 0;
	for (; c; c = next) {
		next = c->next;
		run_command(w, c);
	}
}

static void push_command(struct sq_watch *w, struct sq_watch_command *c)
{
	*w->commands_end = c;
	w->commands_end = &c->next;
}

static void push_and_wait(struct sq_watch *w, struct sq_watch_command *c)
{
	c->is_waited = true;
	sq_lock(&w->lock);
	push_command(w, c);
	sq_wake_signal(&w->wake);
	while (!c->is_done)
		sq_lock_wait(&w->lock, &w->done);
	sq_unlock(&w->lock);
}

void sq_watch_remove(struct sq_watch_root *r)
{
	struct sq_watch_command c = { .kind = SQ_WATCH_REMOVE, .root = r };

	push_and_wait(r->w, &c);
}

void sq_watch_flush(struct sq_watch_root *r, void (*done)(void *arg), void *arg)
{
	struct sq_watch_command here = { .kind = SQ_WATCH_FLUSH, .root = r, .done = done, .arg = arg };
	struct sq_watch_command *c = sq_memdup(&here, sizeof(here));
	struct sq_watch *w = r->w;

	if (!c) {
		/* no memory to go on without it: wait */
		push_and_wait(w, &here);
		return;
	}
	sq_lock(&w->lock);
	push_command(w, c);
	sq_unlock(&w->lock);
	sq_wake_signal(&w->wake);
}

/* ---- the thread ---- */

static void check_mounts(struct sq_watch *w)
{
	sq_lock(&w->lock);
	w->event_ns = sq_now_ns();
	for (size_t i = 0; i < w->roots.n; i++) {
		struct sq_watch_root *r = w->roots.v[i];
		uint64_t hash = sq_mounts_hash(w->mountinfo_fd, r->path);

		if (hash == r->mounts_hash)
			continue;
		r->mounts_hash = hash;
		sq_pending_flags(r, SQ_PENDING_RESCAN);
	}
	for (size_t i = 0; i < SQ_WATCH_N_GROUPS; i++)
		sq_place_check_roots(w, &w->groups[i]);
	sq_unlock(&w->lock);
}

/* Return: what became readable, as a mask of poll indices */
static unsigned wait_for_something(struct sq_watch *w)
{
	uint64_t now, at = SQ_MIN(next_due_ns(w), w->drain_at ? w->drain_at : UINT64_MAX);
	struct pollfd fds[N_POLLS];
	struct timespec ts;
	unsigned ready = 0;
	int n;

	fds[POLL_WAKE] = (struct pollfd){ .fd = w->wake.fd, .events = POLLIN };
	fds[POLL_MOUNTS] = (struct pollfd){ .fd = w->mountinfo_fd, .events = POLLPRI };
	/* a drain is coming: nothing they say could be news */
	for (size_t i = 0; i < SQ_WATCH_N_GROUPS; i++)
		fds[POLL_GROUPS + i] = (struct pollfd){
			.fd = w->drain_at ? -1 : group_fd(w, i), .events = POLLIN,
		};
	now = sq_now_ns();
	ts.tv_sec = (time_t)(at <= now ? 0 : (at - now) / 1000000000);
	ts.tv_nsec = (long)(at <= now ? 0 : (at - now) % 1000000000);
	n = ppoll(fds, N_POLLS, at == UINT64_MAX ? NULL : &ts, NULL);
	for (unsigned i = 0; n > 0 && i < N_POLLS; i++)
		if (fds[i].revents)
			ready |= 1U << i;
	return ready;
}

static void *watch_main(void *arg)
{
	struct sq_watch *w = arg;
	bool is_stopping = false;

	while (!is_stopping) {
		unsigned ready = wait_for_something(w);
		uint64_t now = sq_now_ns();

		sq_lock(&w->lock);
		w->stats.n_wakeups++;
		is_stopping = w->is_stopping;
		sq_unlock(&w->lock);
		if (ready & 1U << POLL_WAKE)
			(void)sq_wake_drain(&w->wake);
		if (ready & 1U << POLL_MOUNTS)
			check_mounts(w);
		if (ready >> POLL_GROUPS && !w->drain_at) {
			w->burst_at = now;
			w->drain_at = now + w->delay_ms * NS_PER_MS;
		}
		run_commands(w);
		if (w->drain_at && w->drain_at <= now)
			drain_on_time(w);
		close_due(w);
	}
	run_commands(w);
	return NULL;
}

/* ---- life ---- */

static void open_groups(struct sq_watch *w)
{
	static const enum sq_watch_tier tiers[SQ_WATCH_N_GROUPS] = {
		[SQ_WATCH_T2] = SQ_WATCH_FILESYSTEM, [SQ_WATCH_T1] = SQ_WATCH_DIRECTORY,
	};

	w->best = SQ_WATCH_NONE;
	for (size_t i = 0; i < SQ_WATCH_N_GROUPS && w->best == SQ_WATCH_NONE; i++) {
		if (w->cfg.force_tier >= 0 && w->cfg.force_tier != (int)tiers[i]) {
			if (w->cfg.force_tier < (int)tiers[i])
				w->why_not_better = "a lower tier is configured";
			continue;
		}
		if (!sq_fan_init(&w->groups[i].fan, tiers[i], w->cfg.queue_limit_events,
				 &w->why_not_better))
			w->best = tiers[i];
	}
}

static void set_defaults(struct sq_watch_config *cfg)
{
	cfg->quiet_ms = cfg->quiet_ms ? cfg->quiet_ms : 20;
	cfg->max_wait_ms = cfg->max_wait_ms ? cfg->max_wait_ms : 500;
	cfg->drain_ms = cfg->drain_ms ? cfg->drain_ms : 5;
}

static int watch_init(struct sq_watch *w)
{
	int r;

	r = sq_wake_init(&w->wake);
	if (r < 0)
		return sq_error_trace(r);
	w->buffer = sq_malloc(BUFFER_BYTES);
	if (!w->buffer)
		return sq_error_origin(-ENOMEM);
	/* without it new mounts are found by the next walk only */
	w->mountinfo_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	open_groups(w);
	r = sq_thread_start("sqryd-watch", watch_main, w, &w->thread);
	if (r < 0)
		return sq_error_trace(r);
	w->is_running = true;
	return 0;
}

void sq_watch_set_windows(struct sq_watch *w, unsigned quiet_ms, unsigned max_wait_ms)
{
	/* relaxed: each stands for itself, a window that is under way takes either */
	sq_store_relaxed(&w->cfg.quiet_ms, quiet_ms);
	sq_store_relaxed(&w->cfg.max_wait_ms, max_wait_ms);
}

int sq_watch_new(const struct sq_watch_config *cfg,
		 void (*sink)(void *arg, void *root_cookie,
			      struct sq_change_set *set), void *sink_arg,
		 struct sq_watch **ret_w)
{
	struct sq_watch *w = sq_calloc(1, sizeof(*w));
	int r;

	if (!w)
		return sq_error_origin(-ENOMEM);
	w->cfg = *cfg;
	set_defaults(&w->cfg);
	w->sink = sink;
	w->sink_arg = sink_arg;
	w->wake = (struct sq_wake)SQ_WAKE_NULL;
	w->mountinfo_fd = -1;
	w->pid = getpid();
	w->delay_ms = w->cfg.drain_ms;
	w->commands_end = &w->commands;
	for (size_t i = 0; i < SQ_WATCH_N_GROUPS; i++) {
		w->groups[i].fan = (struct sq_fan)SQ_FAN_NULL;
		w->groups[i].misses = (struct sq_dir_misses)SQ_DIR_MISSES_NULL;
	}
	r = sq_lock_init(&w->lock, SQ_RANK_WATCH, "watch");
	if (!r)
		r = sq_cond_init(&w->done);
	if (r < 0) {
		sq_free(w);
		return sq_error_trace(r);
	}
	r = watch_init(w);
	if (r < 0) {
		(void)sq_watch_free(w);
		return sq_error_trace(r);
	}
	*ret_w = w;
	return 0;
}

struct sq_watch *sq_watch_free(struct sq_watch *w)
{
	if (!w)
		return NULL;
	if (w->is_running) {
		sq_lock(&w->lock);
		w->is_stopping = true;
		sq_unlock(&w->lock);
		sq_wake_signal(&w->wake);
		sq_thread_join(w->thread);
	}
	while (w->roots.n)
		remove_root(w, w->roots.v[w->roots.n - 1]);
	for (size_t i = 0; i < SQ_WATCH_N_GROUPS; i++) {
		struct sq_watch_group *g = &w->groups[i];

		sq_dir_table_deinit(&g->dirs);
		sq_dir_misses_deinit(&g->misses);
		sq_vec_deinit(&g->spots);
		sq_fan_deinit(&g->fan);
	}
	sq_vec_deinit(&w->roots);
	sq_vec_deinit(&w->sbs);
	w->mountinfo_fd = sq_fd_close(w->mountinfo_fd);
	sq_wake_deinit(&w->wake);
	sq_free(w->buffer);
	sq_buf_deinit(&w->scratch);
	(void)pthread_cond_destroy(&w->done);
	sq_lock_deinit(&w->lock);
	sq_free(w);
	return NULL;
}

const char *sq_watch_tier_name(enum sq_watch_tier t)
{
	switch (t) {
	case SQ_WATCH_FILESYSTEM:
		return "filesystem mark";
	case SQ_WATCH_DIRECTORY:
		return "directory marks";
	default:
		return "sweep";
	}
}

enum sq_watch_tier sq_watch_best_tier(const struct sq_watch *w, const char **ret_why_not_better)
{
	/* set before the thread started, constant since */
	*ret_why_not_better = w->best == SQ_WATCH_FILESYSTEM ? NULL : w->why_not_better;
	return w->best;
}

void sq_watch_stats(const struct sq_watch *w, struct sq_watch_stats *ret)
{
	struct sq_watch *lockable = (struct sq_watch *)(uintptr_t)w;

	sq_lock(&lockable->lock);
	*ret = w->stats;
	sq_unlock(&lockable->lock);
}
