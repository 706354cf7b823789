/* SPDX-License-Identifier: MIT */
#include "bench/crowd.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/atomic.h"
#include "base/time.h"
#include "bench/wire.h"
#include "sys/fd.h"

#define CALL_TIMEOUT_MS 120000

struct member {
	struct sq_crowd *crowd;
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct sqry_client *client;
	struct sq_wire wire;
	int fd;                         /* of a bare round trip */
	char *buf;
	struct sq_sample us;
	int64_t total;
	size_t n_answer;
	bool failed, unsupported;
	char why[300];
};

/* an answer that is an error is no answer: the daemon puts "result" or "error" behind the id */
static bool ask_frame(struct member *m)
{
	struct sq_slice body;

	if (sq_wire_once(&m->wire, &body)) {
		snprintf(m->why, sizeof(m->why), "the daemon closed the connection");
		return false;
	}
	m->n_answer = m->wire.in.n;
	if (memmem(body.p, body.n < 100 ? body.n : 100, "\"result\":", 9))
		return true;
	snprintf(m->why, sizeof(m->why), "%.*s", (int)(body.n < 280 ? body.n : 280), body.p);
	return false;
}

static bool ask_decoded(struct member *m, bool is_first)
{
	const struct sq_crowd *c = m->crowd;
	struct sqry_reply *reply = NULL;
	struct sqry_failure why;
	int r = sqry_call(m->client, c->method, c->params, CALL_TIMEOUT_MS, &reply, &why);

	if (r) {
		m->unsupported = r == SQRY_E_REMOTE && sqry_reply_code(reply) == SQRY_CODE_METHOD_NOT_FOUND;
		snprintf(m->why, sizeof(m->why), "%.280s", why.message);
	} else if (is_first) {
		m->total = sqry_value_int(sqry_value_get(sqry_reply_result(reply), "total"), -1);
	}
	sqry_reply_free(reply);
	return !r;
}

static bool ask(struct member *m, bool is_first)
{
	switch (m->crowd->depth) {
	case SQ_CROWD_BARE:
		return !sq_pingpong_once(m->crowd->bare, m->fd, m->buf);
	case SQ_CROWD_FRAME:
		return ask_frame(m);
	default:
		return ask_decoded(m, is_first);
	}
}

static void *work(void *arg)
{
	struct member *m = arg;
	const struct sq_crowd *c = m->crowd;
	uint64_t end, start;

	m->failed = !ask(m, true);      /* not measured: it warms both sides */
	pthread_barrier_wait(m->barrier);
	end = sq_now_ns() + (uint64_t)c->limit_ms * 1000000;
	for (unsigned i = 0; !m->failed && i < c->n_each; i++) {
		start = sq_now_ns();
		/* relaxed: a wish to stop, what was measured is read after the join */
		if ((i && start > end) || (c->until && sq_load_relaxed(c->until)))
			break;
		m->failed = !ask(m, false);
		sq_sample_add(&m->us, (double)(sq_now_ns() - start) / 1e3);
	}
	return NULL;
}

static int connect_member(struct member *m)
{
	const struct sq_crowd *c = m->crowd;

	if (c->depth == SQ_CROWD_DECODED)
		return sq_target_client(c->target, &m->client);
	if (c->depth == SQ_CROWD_FRAME)
		return sq_wire_open(&m->wire, c->target->socket, c->method, c->params) ? SQ_TARGET_E_FAILED : 0;
	m->fd = sq_pingpong_connect(c->bare);
	m->buf = sq_calloc(1, SQ_MAX(c->bare->n_request, c->bare->n_answer) + 1);
	return m->fd < 0 || !m->buf ? SQ_TARGET_E_FAILED : 0;
}

static void collect(struct sq_crowd *c, struct member *m)
{
	for (size_t i = 0; i < m->us.values.n; i++)
		sq_sample_add(&c->us, m->us.values.v[i]);
	c->n_failed += m->failed;
	c->unsupported |= m->unsupported;
	c->total = m->total;
	c->n_request = m->wire.request.n;
	c->n_answer = m->n_answer;
	if (m->failed)
		snprintf(c->why, sizeof(c->why), "%s", m->why);
	sq_sample_deinit(&m->us);
	sqry_client_free(m->client);
	sq_wire_close(&m->wire);
	sq_fd_close(m->fd);
	sq_free(m->buf);
}

/* threads that could not be started would leave the others at the barrier for ever */
static unsigned start_members(struct member *v, unsigned n, pthread_barrier_t *barrier)
{
	for (unsigned i = 0; i < n; i++) {
		v[i].barrier = barrier;
		if (pthread_create(&v[i].thread, NULL, work, &v[i]))
			return i;
	}
	return n;
}

int sq_crowd_run(struct sq_crowd *c)
{
	struct member *v = sq_calloc(c->n_clients, sizeof(*v));
	pthread_barrier_t barrier;
	unsigned ready = 0;
	uint64_t start;
	int r = v ? 0 : SQ_TARGET_E_FAILED;

	for (; !r && ready < c->n_clients; ready++) {
		v[ready] = (struct member){ .crowd = c, .wire = SQ_WIRE_NULL, .fd = -1, .total = -1 };
		r = connect_member(&v[ready]);
	}
	c->n_failed = 0;
	c->unsupported = false;
	start = sq_now_ns();
	if (!r && !pthread_barrier_init(&barrier, NULL, c->n_clients)) {
		if (start_members(v, c->n_clients, &barrier) < c->n_clients)
			abort();        /* no memory for a thread: nothing here can be undone */
		for (unsigned i = 0; i < c->n_clients; i++)
			pthread_join(v[i].thread, NULL);
		pthread_barrier_destroy(&barrier);
	} else if (r) {
		snprintf(c->why, sizeof(c->why), "%.280s", c->depth == SQ_CROWD_BARE ? "no bare socket" :
			 c->depth == SQ_CROWD_FRAME ? "no connection for frames" : c->target->why);
	}
	start = sq_now_ns() - start;
	for (unsigned i = 0; i < ready; i++)
		collect(c, &v[i]);
	c->per_second = start ? (double)c->us.values.n * 1e9 / (double)start : 0;
	sq_free(v);
	return r || c->n_failed ? SQ_TARGET_E_FAILED : 0;
}
