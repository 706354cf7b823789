/* SPDX-License-Identifier: MIT */
#include "daemon/call.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/time.h"
#include "daemon/answer.h"
#include "daemon/latency.h"
#include "daemon/server.h"
#include "proto/frame.h"

#define NS_A_SECOND 1000000000ull

static void message_ref(struct sq_message *m)
{
	m->refs++;
}

static void call_deinit(struct sq_call *c)
{
	assert(!c->timers[0].is_armed && !c->timers[1].is_armed);
	sq_buf_deinit(&c->out);
	sq_buf_deinit(&c->job_out);
	sq_workspace_unref(c->ws);
	sq_free(c->work);
	sq_free(c->args);
}

static void message_unref(struct sq_message *m)
{
	if (--m->refs)
		return;
	*m->prev = m->next;
	if (m->next)
		m->next->prev = m->prev;
	for (size_t i = 0; i < m->rpc.n; i++)
		call_deinit(&m->calls[i]);
	sq_rpc_message_deinit(&m->rpc);
	sq_conn_unref(m->conn);
	sq_free(m);
}

/* in place of an answer that cannot be sent */
static void answer_too_large(struct sq_call *c, const char *why)
{
	static const struct sq_rpc_failure f = { SQ_RPC_INTERNAL, "internal", false, -1 };

	sq_buf_deinit(&c->out);
	sq_rpc_error_envelope(&c->out, c->req->id, &f, sq_slice_z(why), SQ_SLICE_NULL);
}

/* no answer is larger than a frame, and a batch's not larger than what its client may have buffered */
static void check_size(struct sq_message *m, struct sq_call *c)
{
	uint64_t max = (uint64_t)c->d->config->max_buffered_mb_per_client << 20;

	if (!m->rpc.is_batch) {
		if (c->out.n > SQ_FRAME_MAX)
			answer_too_large(c, "Internal error: the answer is larger than 64 MiB, ask for less");
		return;
	}
	max = SQ_MIN(max, (uint64_t)SQ_FRAME_MAX - (1u << 20));   /* commas, and errors instead of answers */
	if (m->held_bytes + c->out.n > max)
		answer_too_large(c, "Internal error: the answers of this batch are larger than "
				 "max_buffered_mb_per_client allows, send smaller ones");
	m->held_bytes += c->out.n;
}

static void send_batch(struct sq_message *m)
{
	struct sq_buf out = SQ_BUF_NULL;
	bool any = false;

	for (size_t i = 0; i < m->rpc.n; i++) {
		if (!m->calls[i].out.n)
			continue;
		sq_buf_putc(&out, any ? ',' : '[');
		sq_buf_add_slice(&out, sq_buf_slice(&m->calls[i].out));
		any = true;
	}
	if (any) {
		sq_buf_putc(&out, ']');
		sq_conn_send(m->conn, sq_buf_slice(&out));
	}
	sq_buf_deinit(&out);
}

static void message_answered(struct sq_message *m)
{
	if (m->rpc.is_batch)
		send_batch(m);
	else if (m->rpc.n && m->calls[0].out.n)
		sq_conn_send(m->conn, sq_buf_slice(&m->calls[0].out));
	sq_conn_message_ends(m->conn, m->rpc.n);
}

void sq_call_begin(struct sq_call *c, struct sq_jw *w)
{
	sq_jw_init(w, &c->out);
	sq_rpc_result_begin(w, c->req->id);
	sq_jw_begin_object(w);
}

void sq_call_end(struct sq_call *c, struct sq_jw *w, const char *state)
{
	struct sq_rpc_meta meta = sq_answer_management(state);

	sq_jw_end_object(w);
	sq_rpc_result_end(w, &meta);
	sq_call_answered(c);
}

void sq_call_answered(struct sq_call *c)
{
	struct sq_message *m = c->msg;

	if (c->is_answered)
		return;
	c->is_answered = true;
	if (c->method)
		sq_latency_add(&c->d->latencies[sq_methods_index(c->method)], sq_now_ns() - c->started_ns);
	if (c->is_notification)
		sq_buf_clear(&c->out);
	else if (sq_buf_error(&c->out)) {
		sq_buf_deinit(&c->out);
		sq_rpc_error(&c->out, c->req->id, SQ_RPC_INTERNAL, SQ_LIT("Internal error: out of memory"),
			     SQ_LIT("{\"kind\":\"internal\",\"retryable\":false,\"retry_after_ms\":null,"
				    "\"details\":null}"));
	}
	check_size(m, c);
	if (!--m->n_unanswered)
		message_answered(m);
}

void sq_call_invalid(struct sq_call *c, const char *fmt, ...)
{
	char reason[1024];
	va_list ap;

	if (c->is_answered)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	sq_buf_clear(&c->out);
	sq_rpc_invalid_params(&c->out, c->req->id, sq_slice_z(reason));
	sq_call_answered(c);
}

static void write_violation(struct sq_jw *w, const struct sq_violation *v, const char *reason)
{
	sq_jw_begin_object(w);
	sq_jw_kstr(w, "reason", sq_slice_z(reason));
	sq_jw_kstr(w, "kind", SQ_LIT("validation"));
	sq_jw_kstr(w, "constraint", sq_slice_z(v->constraint));
	if (v->other) {
		sq_jw_key(w, "fields");
		sq_jw_begin_array(w);
		sq_jw_string(w, sq_slice_z(v->field));
		sq_jw_string(w, sq_slice_z(v->other));
		sq_jw_end_array(w);
	} else {
		sq_jw_kstr(w, "field", sq_slice_z(v->field));
	}
	if (!strcmp(v->constraint, "range")) {
		sq_jw_key(w, "min");
		sq_jw_i64(w, v->min);
		sq_jw_key(w, "max");
		sq_jw_i64(w, v->max);
		sq_jw_key(w, "actual");
		sq_jw_i64(w, v->actual);
	}
	sq_jw_end_object(w);
}

void sq_call_violates(struct sq_call *c, const struct sq_violation *v, const char *reason)
{
	static const struct sq_rpc_failure f = { SQ_RPC_INVALID_PARAMS, "validation_error", false, -1 };
	struct sq_buf details = SQ_BUF_NULL;
	char message[300];
	struct sq_jw w;

	if (c->is_answered)
		return;
	(void)snprintf(message, sizeof(message), "Invalid params: %s", reason);
	sq_jw_init(&w, &details);
	write_violation(&w, v, reason);
	sq_buf_clear(&c->out);
	sq_rpc_error_envelope(&c->out, c->req->id, &f, sq_slice_z(message), sq_buf_slice(&details));
	sq_buf_deinit(&details);
	sq_call_answered(c);
}

/* ---- timers ---------------------------------------------------------------------- */

enum { TIMER_JOB, TIMER_WAIT };

static void timer_fired(struct sq_call *c, int which, int res)
{
	struct sq_message *m = c->msg;

	if (!res && !c->is_answered)
		c->timer_fn[which](c);
	message_unref(m);
}

static void job_timer_fired(struct sq_op *op, int res)
{
	timer_fired((struct sq_call *)(void *)((char *)op - offsetof(struct sq_call, timers[TIMER_JOB])),
		    TIMER_JOB, res);
}

static void wait_timer_fired(struct sq_op *op, int res)
{
	timer_fired((struct sq_call *)(void *)((char *)op - offsetof(struct sq_call, timers[TIMER_WAIT])),
		    TIMER_WAIT, res);
}

static void arm_timer(struct sq_call *c, int which, uint64_t ns, void (*late)(struct sq_call *c))
{
	c->timer_fn[which] = late;
	message_ref(c->msg);
	sq_loop_timeout(c->d->loop, &c->timers[which], ns, which == TIMER_JOB ? job_timer_fired : wait_timer_fired);
}

void sq_call_limit_wait(struct sq_call *c, uint64_t ns, void (*late)(struct sq_call *c))
{
	arm_timer(c, TIMER_WAIT, ns, late);
}

/* ---- jobs ------------------------------------------------------------------------ */

static struct sq_call *of_post(struct sq_post *post)
{
	return (struct sq_call *)(void *)((char *)post - offsetof(struct sq_call, post));
}

static void drop(struct sq_call *c)
{
	if (c->drop)
		c->drop(c);
}

static void finish_job(struct sq_call *c)
{
	sq_loop_cancel(c->d->loop, &c->timers[TIMER_JOB]);
	if (c->is_answered) {   /* its time was up */
		drop(c);
		return;
	}
	if (c->then) {
		c->then(c);
		return;
	}
	sq_buf_deinit(&c->out);
	c->out = c->job_out;
	c->job_out = (struct sq_buf)SQ_BUF_NULL;
	sq_call_answered(c);
}

/* before it ran: nobody waits for it any more, or there is no room */
static void give_up_job(struct sq_call *c)
{
	static const struct sq_rpc_failure busy = { SQ_RPC_INTERNAL, "internal", true, 500 };
	struct sq_message *m = c->msg;

	sq_loop_cancel(c->d->loop, &c->timers[TIMER_JOB]);
	drop(c);
	if (!c->is_answered) {
		sq_buf_clear(&c->out);
		sq_rpc_error_envelope(&c->out, c->req->id, &busy, SQ_LIT("too many queries are waiting"),
				      SQ_SLICE_NULL);
		sq_call_answered(c);
	}
	message_unref(m);
}

static void run_job(void *arg, unsigned thread)
{
	struct sq_call *c = arg;

	c->job(c, c->d->query_threads[thread].record);
	sq_loop_post(c->d->loop, &c->post);
}

static struct sq_call *next_job(struct sq_share *s)
{
	struct sq_call *c = s->first;

	s->first = c->next_job;
	if (!s->first)
		s->last = &s->first;
	return c;
}

/* as many as its connection may have at once */
static void start_jobs(struct sq_daemon *d, struct sq_conn *conn)
{
	struct sq_share *s = sq_conn_share(conn);
	unsigned max = SQ_MAX(d->n_query_threads, 2u) - 1;

	while (s->first && s->n_running < max) {
		struct sq_call *c = next_job(s);

		if (c->is_answered || sq_conn_is_dead(conn)) {
			/* relaxed: a figure */
			(void)sq_add_relaxed(&d->n_cancelled, 1);
			give_up_job(c);
		} else if (sq_jobs_submit(d->queries, run_job, c)) {
			give_up_job(c);
		} else {
			s->n_running++;
		}
	}
}

static void job_finished(struct sq_post *post)
{
	struct sq_call *c = of_post(post);
	struct sq_message *m = c->msg;

	sq_conn_share(m->conn)->n_running--;
	finish_job(c);
	start_jobs(m->calls[0].d, m->conn);
	message_unref(m);
}

void sq_share_init(struct sq_share *s)
{
	*s = (struct sq_share){ .last = &s->first };
}

static void time_is_up(struct sq_call *c)
{
	static const struct sq_rpc_failure late = { SQ_RPC_TOOL_TIMEOUT, "deadline_exceeded", true, 500 };
	unsigned ms = c->d->config->tool_timeout_secs * 1000u;
	char details[64], text[64];

	/* relaxed: a request to stop soon */
	sq_store_relaxed(&c->cancel, true);
	(void)snprintf(details, sizeof(details), "{\"tool\":null,\"deadline_ms\":%u}", ms);
	(void)snprintf(text, sizeof(text), "tool timed out after %u ms", ms);
	sq_buf_clear(&c->out);
	sq_rpc_error_envelope(&c->out, c->req->id, &late, sq_slice_z(text), sq_slice_z(details));
	sq_call_answered(c);
}

void sq_call_start_job(struct sq_call *c, void (*job)(struct sq_call *, struct sq_epoch_record *),
		       void (*then)(struct sq_call *))
{
	struct sq_share *s = sq_conn_share(c->msg->conn);

	c->job = job;
	c->then = then;
	c->post.fn = job_finished;
	c->next_job = NULL;
	message_ref(c->msg);
	arm_timer(c, TIMER_JOB, c->d->config->tool_timeout_secs * NS_A_SECOND, time_is_up);
	*s->last = c;
	s->last = &c->next_job;
	start_jobs(c->d, c->msg->conn);
}

/* ---- waiting for a turn ---------------------------------------------------------- */

static void wait_finished(struct sq_post *post)
{
	struct sq_call *c = of_post(post);
	struct sq_message *m = c->msg;

	sq_loop_cancel(c->d->loop, &c->timers[TIMER_WAIT]);
	if (!c->is_answered)
		c->waited(c);
	message_unref(m);
}

static void turn_told(struct sq_waiter *w, const struct sq_outcome *o)
{
	struct sq_call *c = (struct sq_call *)(void *)((char *)w - offsetof(struct sq_call, waiter));

	c->outcome = *o;
	sq_loop_post(c->d->loop, &c->post);
}

struct sq_waiter *sq_call_prepare_wait(struct sq_call *c, void (*waited)(struct sq_call *))
{
	c->waited = waited;
	c->post.fn = wait_finished;
	c->waiter.done = turn_told;
	message_ref(c->msg);
	return &c->waiter;
}

void sq_call_abandon_wait(struct sq_call *c)
{
	message_unref(c->msg);
}

/* ---- messages -------------------------------------------------------------------- */

static void run_call(struct sq_call *c, int error)
{
	if (error) {
		c->is_notification = false;   /* it has an id, or cannot be told from one that has */
		sq_rpc_error(&c->out, c->req->id, error, SQ_LIT("Invalid Request"), SQ_SLICE_NULL);
		sq_call_answered(c);
		return;
	}
	c->method = sq_methods_find(c->req->method);
	if (c->method) {
		c->method->run(c);
		return;
	}
	sq_rpc_method_not_found(&c->out, c->req->id, c->req->method);
	sq_call_answered(c);
}

/* @rpc: consumed */
static int message_new(struct sq_conn *conn, struct sq_daemon *d, struct sq_rpc_message *rpc,
		       struct sq_message **ret_m)
{
	uint64_t now = sq_now_ns();
	struct sq_message *m = sq_calloc(1, sizeof(*m) + rpc->n * sizeof(m->calls[0]));

	if (!m) {
		sq_rpc_message_deinit(rpc);
		return sq_error_origin(-ENOMEM);
	}
	m->next = d->messages;
	m->prev = &d->messages;
	if (m->next)
		m->next->prev = &m->next;
	d->messages = m;
	m->conn = sq_conn_ref(conn);
	m->rpc = *rpc;
	m->refs = 1;
	m->n_unanswered = rpc->n;
	for (size_t i = 0; i < rpc->n; i++)
		m->calls[i] = (struct sq_call){
			.msg = m, .d = d, .req = &rpc->items[i].req, .started_ns = now,
			.is_notification = !rpc->items[i].req.id.n,
		};
	*ret_m = m;
	return 0;
}

static void cancel_calls(struct sq_message *m)
{
	for (size_t i = 0; i < m->rpc.n; i++)
		sq_store_relaxed(&m->calls[i].cancel, true);   /* relaxed: a request to stop soon */
}

void sq_messages_cancel(struct sq_daemon *d)
{
	for (struct sq_message *m = d->messages; m; m = m->next)
		cancel_calls(m);
}

void sq_messages_abandon(struct sq_daemon *d, const struct sq_conn *conn)
{
	for (struct sq_message *m = d->messages; m; m = m->next)
		if (m->conn == conn)
			cancel_calls(m);
}

/* a batch counts as what it holds, so that one may not be larger than what may be outstanding */
static bool is_too_many(const struct sq_daemon *d, size_t n)
{
	return n > d->config->max_requests_per_client;
}

static void refuse_batch(struct sq_conn *conn, const struct sq_daemon *d, size_t n)
{
	struct sq_buf out = SQ_BUF_NULL;
	char text[120];

	(void)snprintf(text, sizeof(text), "Invalid Request: a batch of %zu requests, max_requests_per_client is %u", n,
		       d->config->max_requests_per_client);
	sq_rpc_error(&out, SQ_LIT("null"), SQ_RPC_INVALID_REQUEST, sq_slice_z(text), SQ_SLICE_NULL);
	sq_conn_send(conn, sq_buf_slice(&out));
	sq_buf_deinit(&out);
}

int sq_message_run(struct sq_conn *conn, struct sq_daemon *d, struct sq_slice body)
{
	struct sq_rpc_message rpc;
	struct sq_message *m;
	int r = sq_rpc_decode(body, &rpc);

	if (r)
		return r;
	if (is_too_many(d, rpc.n)) {
		refuse_batch(conn, d, rpc.n);
		sq_rpc_message_deinit(&rpc);
		return 0;
	}
	r = message_new(conn, d, &rpc, &m);
	if (r)
		return r;
	sq_conn_message_begins(conn, m->rpc.n);
	for (size_t i = 0; i < m->rpc.n; i++)
		run_call(&m->calls[i], m->rpc.items[i].error);
	message_unref(m);
	return 0;
}
