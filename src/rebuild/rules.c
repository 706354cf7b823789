/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/str.h"
#include "rebuild/build.h"

/* one list of excludes; a turn may still read an older one, so all are kept until the end */
struct sq_rules {
	struct sq_rules *older;
	size_t n;
	char *v[];                     /* NULL-terminated */
};

static struct sq_rules *rules_free(struct sq_rules *r)
{
	struct sq_rules *older = r->older;

	for (size_t i = 0; i < r->n; i++)
		sq_free(r->v[i]);
	sq_free(r);
	return older;
}

static struct sq_rules *rules_copy(const char *const *excludes)
{
	struct sq_rules *r;
	size_t n = 0;

	while (excludes && excludes[n])
		n++;
	r = sq_calloc(1, sizeof(*r) + (n + 1) * sizeof(*r->v));
	for (; r && r->n < n; r->n++) {
		r->v[r->n] = sq_strdup(excludes[r->n]);
		if (!r->v[r->n]) {
			(void)rules_free(r);
			return NULL;
		}
	}
	return r;
}

int sq_rebuild_set_rules(struct sq_rebuild *rb, const char *const *excludes, uint8_t link_flags)
{
	struct sq_rules *r = rules_copy(excludes);

	if (!r)
		return sq_error_origin(-ENOMEM);
	r->older = rb->rules;
	rb->rules = r;
	/* pairs with sq_rules_excludes() */
	sq_store_release(&rb->cfg.excludes, (const char *const *)r->v);
	/* relaxed: a flag of the next turn, nothing is read through it */
	sq_store_relaxed(&rb->cfg.link_flags, link_flags);
	return 0;
}

const char *const *sq_rules_excludes(const struct sq_rebuild *rb)
{
	/* pairs with sq_rebuild_set_rules() */
	return sq_load_acquire(&rb->cfg.excludes);
}

void sq_rules_drop(struct sq_rebuild *rb)
{
	while (rb->rules)
		rb->rules = rules_free(rb->rules);
}
