/* SPDX-License-Identifier: MIT */
#include "rebuild/capture.h"

#ifdef SQ_TEST_HOOKS
#include "base/time.h"
#include "base/vec.h"

int sq_capture_init(struct sq_capture *c)
{
	return sq_lock_init(&c->lock, SQ_RANK_FAULT, "capture");
}

static void captured_free(struct sq_captured *t)
{
	for (size_t i = 0; t && i < t->n_files; i++)
		sq_free(t->files[i]);
	if (t) {
		sq_free(t->files);
		sq_free(t->root);
	}
	sq_free(t);
}

void sq_capture_deinit(struct sq_capture *c)
{
	for (size_t i = 0; i < c->turns.n; i++)
		captured_free(c->turns.v[i]);
	sq_vec_deinit(&c->turns);
	sq_lock_deinit(&c->lock);
}

int sq_capture_install(struct sq_capture *c)
{
	int r;

	sq_lock(&c->lock);
	r = c->installed ? SQ_CAPTURE_E_INSTALLED : 0;
	c->installed = true;
	sq_unlock(&c->lock);
	return r;
}

static struct sq_captured *copy(const char *root, const struct sq_work *w)
{
	const struct sq_change_set *s = w->changes;
	struct sq_captured *t = sq_calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->root = sq_strdup(root);
	t->files = sq_calloc(s->n_changes + 1, sizeof(*t->files));
	for (size_t i = 0; t->files && i < s->n_changes; i++) {
		t->files[i] = sq_strndup(s->changes[i].path.p, s->changes[i].path.n);
		if (!t->files[i])
			break;
		t->n_files++;
	}
	if (!t->root || !t->files || t->n_files < s->n_changes) {
		captured_free(t);
		return NULL;
	}
	t->rescan = s->rescan;
	t->full = w->full;
	t->git_state_changed = w->git_state_changed;
	t->git_class = w->git_class;
	t->has_snapshot = w->has_snapshot;
	t->snapshot = w->snapshot;
	t->enqueued_ns = w->enqueued_ns;
	return t;
}

struct sq_captured *sq_capture_begin(struct sq_capture *c, const char *root, const struct sq_work *w,
				     enum sq_mode mode, uint64_t prior)
{
	struct sq_captured *t = NULL;

	sq_lock(&c->lock);
	if (c->installed)
		t = copy(root, w);
	if (t) {
		t->mode = (uint8_t)mode;
		t->prior = prior;
		t->started_ns = sq_now_ns();
		if (sq_vec_push(&c->turns, t) < 0) {
			captured_free(t);
			t = NULL;
		}
	}
	sq_unlock(&c->lock);
	return t;
}

void sq_capture_event(struct sq_capture *c, struct sq_captured *turn, const char *name)
{
	if (!turn)
		return;
	sq_lock(&c->lock);
	if (turn->n_events < SQ_CAPTURE_EVENTS)
		turn->events[turn->n_events++] = name;
	sq_unlock(&c->lock);
}

void sq_capture_each(struct sq_capture *c, void (*fn)(void *arg, const struct sq_captured *turn), void *arg)
{
	sq_lock(&c->lock);
	for (size_t i = 0; i < c->turns.n; i++)
		fn(arg, c->turns.v[i]);
	sq_unlock(&c->lock);
}
#endif
