/* SPDX-License-Identifier: MIT */
#include "rebuild/gate.h"

#ifdef SQ_TEST_HOOKS
#include "base/atomic.h"
#include "base/error.h"
#include "base/time.h"

int sq_gate_init(struct sq_gate *g, const char *name)
{
	int r = sq_lock_init(&g->lock, SQ_RANK_FAULT, name);

	if (r < 0)
		return sq_error_trace(r);
	return sq_cond_init(&g->changed);
}

void sq_gate_deinit(struct sq_gate *g)
{
	pthread_cond_destroy(&g->changed);
	sq_lock_deinit(&g->lock);
}

static void set_holds(struct sq_gate *g, unsigned n)
{
	sq_store_relaxed(&g->n_holds, n);   /* relaxed: see sq_gate_pass() */
}

int sq_gate_install(struct sq_gate *g, unsigned n_holds)
{
	int r = 0;

	sq_lock(&g->lock);
	if (g->installed && g->n_holds) {
		r = SQ_GATE_E_INSTALLED;
	} else {
		g->installed = true;
		g->reached = false;
		set_holds(g, n_holds);
	}
	sq_unlock(&g->lock);
	return r;
}

void sq_gate_hold(struct sq_gate *g, unsigned n)
{
	sq_lock(&g->lock);
	g->installed = true;
	g->reached = g->n_waiting > 0;
	set_holds(g, g->n_holds + n);
	sq_unlock(&g->lock);
}

void sq_gate_release(struct sq_gate *g)
{
	sq_lock(&g->lock);
	if (g->n_holds) {
		set_holds(g, g->n_holds - 1);
		if (g->n_waiting > g->n_permits)
			g->n_permits++;
	}
	pthread_cond_broadcast(&g->changed);
	sq_unlock(&g->lock);
}

void sq_gate_open(struct sq_gate *g)
{
	sq_lock(&g->lock);
	g->is_open = true;
	set_holds(g, 0);
	pthread_cond_broadcast(&g->changed);
	sq_unlock(&g->lock);
}

void sq_gate_pass_slowly(struct sq_gate *g)
{
	sq_lock(&g->lock);
	/* under the lock, so a release that came first has taken its hold away already (TH-03) */
	if (!g->is_open && g->n_waiting - g->n_permits < g->n_holds) {
		g->n_waiting++;
		g->reached = true;
		pthread_cond_broadcast(&g->changed);
		while (!g->is_open && !g->n_permits)
			sq_lock_wait(&g->lock, &g->changed);
		if (g->n_permits)
			g->n_permits--;
		g->n_waiting--;
	}
	sq_unlock(&g->lock);
}

bool sq_gate_wait(struct sq_gate *g, const bool *cancel)
{
	bool reached;

	sq_lock(&g->lock);
	/* relaxed: a request to stop soon */
	while (!g->reached && !g->is_open && !sq_load_relaxed(cancel))
		(void)sq_lock_wait_until(&g->lock, &g->changed, sq_now_ns() + 20000000u);
	reached = g->reached;
	sq_unlock(&g->lock);
	return reached;
}

unsigned sq_gate_waiting(struct sq_gate *g)
{
	unsigned n;

	sq_lock(&g->lock);
	n = g->n_waiting;
	sq_unlock(&g->lock);
	return n;
}
#endif
