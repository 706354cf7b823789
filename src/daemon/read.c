/* SPDX-License-Identifier: MIT */
#include "daemon/read.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/time.h"
#include "sys/fd.h"

#define LITTLE_FILES 256u       /* more than that is looked at on a query thread */

/* no component that needs the filesystem to be understood */
static bool is_plain(struct sq_slice path)
{
	if (!path.n || path.p[0] != '/' || memchr(path.p, '\0', path.n))
		return false;
	for (size_t i = 0; i + 1 < path.n; i++) {
		if (path.p[i] != '/')
			continue;
		if (path.p[i + 1] == '/')
			return false;
		if (path.p[i + 1] == '.' && (i + 2 == path.n || path.p[i + 2] == '/' || path.p[i + 2] == '.'))
			return false;
	}
	return true;
}

struct sq_workspace *sq_path_find(const struct sq_daemon *d, struct sq_slice path, struct sq_slice *ret_rest)
{
	const struct sq_ws_map *map = sq_manager_map(d->manager);

	if (sq_slice_is(path, ".") && map->n == 1) {
		*ret_rest = SQ_LIT("");
		return map->v[0];
	}
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return is_plain(path) ? sq_manager_find_path(d->manager, path, ret_rest) : NULL;
}

char *sq_path_real(struct sq_slice path, int *ret_errno)
{
	char text[PATH_MAX], *real, *copy;
	int r;

	*ret_errno = ENOENT;
	if (!path.n || path.p[0] != '/' || memchr(path.p, '\0', path.n)) {
		*ret_errno = EINVAL;
		return NULL;
	}
	if (path.n >= sizeof(text)) {
		*ret_errno = ENAMETOOLONG;
		return NULL;
	}
	memcpy(text, path.p, path.n);
	text[path.n] = '\0';
	r = sq_fd_no_magic(text);
	if (r < 0) {
		*ret_errno = -r;
		return NULL;
	}
	real = realpath(text, NULL);
	if (!real) {
		*ret_errno = errno;
		return NULL;
	}
	copy = sq_strdup(real);
	sq_free_libc(real);   /* realpath's own */
	if (!copy)
		*ret_errno = ENOMEM;
	return copy;
}

void sq_read_begin(struct sq_read *r, struct sq_jw *w)
{
	sq_buf_clear(r->out);
	sq_jw_init(w, r->out);
	sq_rpc_result_begin(w, r->c->req->id);
}

void sq_read_end(struct sq_read *r, struct sq_jw *w)
{
	sq_rpc_result_end(w, &r->meta.meta);
}

void sq_read_invalid(struct sq_read *r, const char *reason)
{
	sq_buf_clear(r->out);
	sq_rpc_invalid_params(r->out, r->c->req->id, sq_slice_z(reason));
}

void sq_read_errno(struct sq_read *r, int error)
{
	sq_buf_clear(r->out);
	if (error == -ECANCELED) {
		/* relaxed: a figure */
		(void)sq_add_relaxed(&r->c->d->n_cancelled, 1);
		sq_answer_tool_timeout(r->out, r->c->req->id, sq_config_u32(&r->c->d->config->tool_timeout_secs) * 1000ull);
	} else {
		sq_answer_internal(r->out, r->c->req->id, strerrordesc_np(-error));
	}
}

/* inside a section: may this workspace be read? Otherwise the error is written */
static bool admit(struct sq_read *r)
{
	struct sq_daemon *d = r->c->d;
	uint64_t cap = sq_config_u32(&d->config->stale_serve_max_age_hours);

	sq_workspace_classify(r->ws, sq_realtime_ns(), cap, &r->meta.verdict);
	if (r->meta.verdict.kind != SQ_VERDICT_FRESH && r->meta.verdict.kind != SQ_VERDICT_STALE) {
		sq_answer_verdict(r->out, r->c->req->id, r->ws, &r->meta.verdict, cap);
		return false;
	}
	r->v = sq_graph_current(r->ws->graph);
	sq_workspace_touch(r->ws, r->c->started_ns);
	sq_answer_meta_init(&r->meta, d, r->ws, r->v->generation);
	return true;
}

bool sq_read_is_little(struct sq_call *c, struct sq_slice path, bool is_narrow, struct sq_slice symbol,
		       enum sq_list list)
{
	struct sq_daemon *d = c->d;
	struct sq_posting_iter it;
	struct sq_posting posting;
	struct sq_workspace *ws;
	struct sq_slice rest;
	sq_name name = SQ_NAME_NONE;
	size_t n = 0, tail = symbol.n;

	while (tail && symbol.p[tail - 1] != '.' && symbol.p[tail - 1] != ':')
		tail--;
	sq_epoch_enter(d->record);
	ws = sq_path_find(d, path, &rest);
	if (ws && (!is_narrow || !rest.n)) {
		const struct sq_version *v = sq_graph_current(ws->graph);

		name = sq_version_find(v, sq_slice(symbol.p + tail, symbol.n - tail));
		if (name != SQ_NAME_NONE) {
			sq_version_postings(v, name, list, &it);
			while (n <= LITTLE_FILES && sq_posting_next(&it, &posting))
				n++;
		}
	} else {
		n = LITTLE_FILES + 1;
	}
	sq_daemon_leave(d, d->record);
	return n <= LITTLE_FILES;
}

/* Return: false when the path needs realpath, or nothing is loaded there */
static bool run_cheap(struct sq_call *c, struct sq_slice path, sq_read_fn fn)
{
	struct sq_daemon *d = c->d;
	struct sq_read r = { .c = c, .out = &c->out };

	sq_epoch_enter(d->record);
	r.ws = sq_path_find(d, path, &r.rest);
	if (r.ws && admit(&r))
		fn(&r);
	sq_daemon_leave(d, d->record);
	if (!r.ws)
		return false;
	sq_call_answered(c);
	return true;
}

/* what a job needs: in c->work */
struct job {
	sq_read_fn fn;
	struct sq_slice path;      /* of the message */
};

static void run_pinned(struct sq_read *r, sq_read_fn fn)
{
#ifdef SQ_TEST_HOOKS
	/* relaxed: nothing else is read on behalf of either flag */
	while (sq_load_relaxed(&r->c->d->holds_reads) && !sq_load_relaxed(&r->c->cancel))
		sched_yield();
#endif
	fn(r);
	if (sq_graph_unpin(r->ws->graph, r->v))
		sq_rebuild_kick(r->c->d->rebuild);
	sq_workspace_unref(r->ws);
}

static void not_found(struct sq_call *c, struct sq_slice path, int error)
{
	if (error == EINVAL)
		sq_rpc_invalid_params(&c->job_out, c->req->id, SQ_LIT("path must be absolute"));
	else
		sq_answer_not_loaded(&c->job_out, c->req->id, path);
}

static void read_job(struct sq_call *c, struct sq_epoch_record *record)
{
	struct job *job = c->work;
	struct sq_daemon *d = c->d;
	struct sq_read r = { .c = c, .out = &c->job_out };
	struct sq_slice path = job->path;
	int error = 0, pinned = -1;
	_cleanup_(sq_freep) char *real = sq_path_real(path, &error);

	if (real)
		path = sq_slice_z(real);
	sq_epoch_enter(record);
	r.ws = sq_path_find(d, path, &r.rest);
	if (r.ws && admit(&r)) {
		pinned = sq_graph_pin(r.ws->graph, r.v);
		if (pinned < 0)
			sq_read_errno(&r, pinned);
		else
			sq_workspace_ref(r.ws);
	}
	sq_daemon_leave(d, record);
	if (!r.ws)
		not_found(c, job->path, error);
	else if (!pinned)
		run_pinned(&r, job->fn);
}

void sq_read_start_job(struct sq_call *c, struct sq_slice path, sq_read_fn fn, void (*then)(struct sq_call *c))
{
	struct job *job = sq_malloc(sizeof(*job));

	if (!job) {
		sq_answer_internal(&c->out, c->req->id, "out of memory");
		sq_call_answered(c);
		return;
	}
	*job = (struct job){ .fn = fn, .path = path };
	c->work = job;
	sq_call_start_job(c, read_job, then);
}

void sq_read_run(struct sq_call *c, struct sq_slice path, bool is_cheap, sq_read_fn fn)
{
	if (!is_cheap || !run_cheap(c, path, fn))
		sq_read_start_job(c, path, fn, NULL);
}
