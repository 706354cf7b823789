/* SPDX-License-Identifier: MIT */
#include "bench/crowd.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/atomic.h"
#include "base/time.h"
#include "sys/fd.h"

#define CALL_TIMEOUT_MS 120000

struct member {
	struct sq_crowd *crowd;
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct sqry_client *client;
	int fd;                         /* of a bare round trip */
	char *buf;
	struct sq_sample us;
	int64_t total;
	size_t n_answer;
	bool failed, unsupported;
	char why[300];
};

static void learn(struct member *m, const struct sqry_reply *reply)
{
	const struct sqry_value *result = sqry_reply_result(reply);
	char *text = sqry_reply_text(reply, 0);

	m->total = sqry_value_int(sqry_value_get(result, "total"), -1);
	m->n_answer = text ? strlen(text) : 0;
	sqry_free(text);
}

static bool ask(struct member *m, bool is_first)
{
	const struct sq_crowd *c = m->crowd;
	struct sqry_reply *reply = NULL;
	struct sqry_failure why;
	int r;

	if (c->bare)
		return !sq_pingpong_once(c->bare, m->fd, m->buf);
	r = sqry_call(m->client, c->method, c->params, CALL_TIMEOUT_MS, &reply, &why);
	if (r) {
		m->unsupported = r == SQRY_E_REMOTE && sqry_reply_code(reply) == SQRY_CODE_METHOD_NOT_FOUND;
		snprintf(m->why, sizeof(m->why), "%.280s", why.message);
	} else if (is_first) {
		learn(m, reply);
	}
	sqry_reply_free(reply);
	return !r;
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

	if (!c->bare)
		return sq_target_client(c->target, &m->client);
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
	c->n_answer = m->n_answer;
	if (m->failed)
		snprintf(c->why, sizeof(c->why), "%s", m->why);
	sq_sample_deinit(&m->us);
	sqry_client_free(m->client);
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
		v[ready] = (struct member){ .crowd = c, .fd = -1, .total = -1 };
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
		snprintf(c->why, sizeof(c->why), "%.280s", c->bare ? "no bare socket" : c->target->why);
	}
	start = sq_now_ns() - start;
	for (unsigned i = 0; i < ready; i++)
		collect(c, &v[i]);
	c->per_second = start ? (double)c->us.values.n * 1e9 / (double)start : 0;
	sq_free(v);
	return r || c->n_failed ? SQ_TARGET_E_FAILED : 0;
}
