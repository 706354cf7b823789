/* SPDX-License-Identifier: MIT */
#include "sys/jobs.h"

#include <assert.h>
#include <stdio.h>

#include "base/error.h"
#include "base/lock.h"
#include "sys/thread.h"

struct job {
	void (*fn)(void *arg, unsigned thread);
	void *arg;
};

struct runner {
	struct sq_jobs *jobs;
	pthread_t thread;
	unsigned index;
};

struct sq_jobs {
	bool background;
	size_t max_queued;
	struct job *ring;                /* max_queued slots */
	struct sq_lock lock;             /* all that follows, and the slots */
	pthread_cond_t more;             /* a job was queued, or closed was set */
	pthread_cond_t idle;             /* nothing queued or running */
	size_t first, n_queued;
	unsigned n_running;
	bool closed;
	unsigned n_started;              /* constant after new */
	struct runner runners[];
};

static _Thread_local const struct sq_jobs *own_jobs;

static struct job take(struct sq_jobs *j)
{
	struct job job = j->ring[j->first];

	j->first = j->first + 1 == j->max_queued ? 0 : j->first + 1;
	j->n_queued--;
	return job;
}

static void *run_jobs(void *arg)
{
	struct runner *self = arg;
	struct sq_jobs *j = self->jobs;

	own_jobs = j;
	if (j->background)
		(void)sq_thread_set_background();   /* slower neighbours, but it works */
	sq_lock(&j->lock);
	for (;;) {
		while (!j->n_queued && !j->closed)
			sq_lock_wait(&j->lock, &j->more);
		if (!j->n_queued)
			break;
		struct job job = take(j);

		j->n_running++;
		sq_unlock(&j->lock);
		job.fn(job.arg, self->index);
		sq_lock(&j->lock);
		if (!--j->n_running && !j->n_queued)
			pthread_cond_broadcast(&j->idle);
	}
	sq_unlock(&j->lock);
	return NULL;
}

static int start_runners(struct sq_jobs *j, unsigned n, const char *name)
{
	char full[16];

	for (unsigned i = 0; i < n; i++) {
		struct runner *t = &j->runners[i];
		int r;

		t->jobs = j;
		t->index = i;
		r = snprintf(full, sizeof(full), "%.9s-%u", name, i);
		if (r < 0 || r >= (int)sizeof(full))
			return sq_error_origin(-EINVAL);   /* 100,000 threads */
		r = sq_thread_start(full, run_jobs, t, &t->thread);
		if (r < 0)
			return sq_error_trace(r);
		j->n_started++;
	}
	return 0;
}

static int init_sync(struct sq_jobs *j)
{
	int r = sq_lock_init(&j->lock, SQ_RANK_POOL, "jobs");

	if (r < 0)
		return sq_error_trace(r);
	r = sq_cond_init(&j->more);
	if (r < 0)
		goto out_lock;
	r = sq_cond_init(&j->idle);
	if (r < 0)
		goto out_more;
	return 0;
out_more:
	pthread_cond_destroy(&j->more);
out_lock:
	sq_lock_deinit(&j->lock);
	return sq_error_trace(r);
}

int sq_jobs_new(unsigned n_threads, size_t max_queued, const char *name, bool background,
		struct sq_jobs **ret_j)
{
	struct sq_jobs *j;
	int r;

	if (!n_threads || !max_queued)
		return sq_error_origin(-EINVAL);
	j = sq_calloc(1, sizeof(*j) + n_threads * sizeof(j->runners[0]));
	if (!j)
		return sq_error_origin(-ENOMEM);
	j->background = background;
	j->max_queued = max_queued;
	j->ring = sq_calloc(max_queued, sizeof(*j->ring));
	r = j->ring ? init_sync(j) : -ENOMEM;
	if (r < 0) {
		sq_free(j->ring);
		sq_free(j);
		return sq_error_trace(r);
	}
	r = start_runners(j, n_threads, name);
	if (r < 0) {
		sq_jobs_free(j);
		return sq_error_trace(r);
	}
	*ret_j = j;
	return 0;
}

struct sq_jobs *sq_jobs_free(struct sq_jobs *j)
{
	if (!j)
		return NULL;
	assert(own_jobs != j);
	sq_jobs_close(j);
	for (unsigned i = 0; i < j->n_started; i++)
		sq_thread_join(j->runners[i].thread);
	pthread_cond_destroy(&j->more);
	pthread_cond_destroy(&j->idle);
	sq_lock_deinit(&j->lock);
	sq_free(j->ring);
	sq_free(j);
	return NULL;
}

int sq_jobs_submit(struct sq_jobs *j, void (*fn)(void *arg, unsigned thread), void *arg)
{
	int r = 0;

	sq_lock(&j->lock);
	if (j->closed) {
		r = SQ_JOBS_E_CLOSED;
	} else if (j->n_queued == j->max_queued) {
		r = SQ_JOBS_E_FULL;
	} else {
		size_t at = j->first + j->n_queued;

		j->ring[at < j->max_queued ? at : at - j->max_queued] = (struct job){ fn, arg };
		j->n_queued++;
		pthread_cond_signal(&j->more);
	}
	sq_unlock(&j->lock);
	return r;
}

void sq_jobs_close(struct sq_jobs *j)
{
	sq_lock(&j->lock);
	j->closed = true;
	pthread_cond_broadcast(&j->more);
	sq_unlock(&j->lock);
}

void sq_jobs_drain(struct sq_jobs *j)
{
	assert(own_jobs != j);
	sq_lock(&j->lock);
	while (j->n_queued || j->n_running)
		sq_lock_wait(&j->lock, &j->idle);
	sq_unlock(&j->lock);
}

size_t sq_jobs_len(struct sq_jobs *j)
{
	size_t n;

	sq_lock(&j->lock);
	n = j->n_queued;
	sq_unlock(&j->lock);
	return n;
}

unsigned sq_jobs_width(const struct sq_jobs *j)
{
	return j->n_started;
}
