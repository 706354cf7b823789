/* SPDX-License-Identifier: MIT */
#include "rebuild/trees.h"

#include "base/atomic.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/time.h"
#include "sys/thread.h"

#define QUIET_NS 1000000000ull
#define FILE_PART 32u   /* a tree takes some 20 times the bytes of its file */

struct entry {
	struct entry *next, *prev;     /* latest first */
	const void *owner;
	char *path;
	size_t n_path;
	struct sq_kept *kept;
	uint64_t bytes;
	uint64_t facts_hash;
	uint64_t check_at_ns;          /* 0: nothing to check */
	uint64_t number;               /* of the put */
};
struct sq_trees {
	struct sq_trees_config cfg;
	struct sq_lock lock;           /* all that follows */
	pthread_cond_t work;           /* something to check, or closed */
	struct entry shelf;            /* head of the ring */
	struct sq_trees_stats stats;
	uint64_t last_number;
	bool closed;                   /* atomic: read without the lock too */
	pthread_t thread;
};

/* what the checking thread takes along */
struct check {
	const void *owner;
	char *path, *text;
	size_t n_path, n_text;
	enum sq_lang lang;
	uint64_t facts_hash, number;
};

static struct entry *unlink_locked(struct sq_trees *t, struct entry *e) SQ_REQUIRES(&t->lock)
{
	e->prev->next = e->next;
	e->next->prev = e->prev;
	t->stats.bytes -= e->bytes;
	t->stats.n_files--;
	t->stats.to_check -= e->check_at_ns != 0;
	return e;
}

static void free_entry(struct entry *e)
{
	if (!e)
		return;
	sq_kept_free(e->kept);
	sq_free(e->path);
	sq_free(e);
}

static struct entry *find_locked(struct sq_trees *t, const void *owner, struct sq_slice path) SQ_REQUIRES(&t->lock)
{
	for (struct entry *e = t->shelf.next; e != &t->shelf; e = e->next)
		if (e->owner == owner && sq_slice_eq(sq_slice(e->path, e->n_path), path))
			return e;
	return NULL;
}

static uint64_t hash_of(const struct sq_facts *f)
{
	return sq_hash64(f->blob, f->n_bytes, 0);
}

/* ---- the shelf ---------------------------------------------------------------- */

bool sq_trees_wants(const struct sq_trees *t, size_t n)
{
	return n < t->cfg.budget_bytes / FILE_PART;
}

struct sq_kept *sq_trees_take(struct sq_trees *t, const void *owner, struct sq_slice path)
{
	struct sq_kept *k = NULL;
	struct entry *e;

	sq_lock(&t->lock);
	e = find_locked(t, owner, path);
	if (e) {
		(void)unlink_locked(t, e);
		k = SQ_TAKE(e->kept);
	}
	sq_unlock(&t->lock);
	free_entry(e);
	return k;
}

static struct entry *new_entry(const void *owner, struct sq_slice path, struct sq_kept *k)
{
	struct entry *e = sq_calloc(1, sizeof(*e));

	if (e)
		e->path = sq_strndup(path.p, path.n);
	if (!e || !e->path) {
		sq_free(e);
		return NULL;
	}
	e->owner = owner;
	e->n_path = path.n;
	e->kept = k;
	e->bytes = sizeof(*e) + path.n + sq_kept_bytes(k);
	return e;
}

static void push_locked(struct sq_trees *t, struct entry *e) SQ_REQUIRES(&t->lock)
{
	e->number = ++t->last_number;
	e->next = t->shelf.next;
	e->prev = &t->shelf;
	e->next->prev = e->prev->next = e;
	t->stats.bytes += e->bytes;
	t->stats.n_files++;
	if (!e->check_at_ns)
		return;
	t->stats.n_reused++;
	t->stats.to_check++;
	pthread_cond_signal(&t->work);
}

/* Return: what must go, linked by next */
static struct entry *make_room_locked(struct sq_trees *t) SQ_REQUIRES(&t->lock)
{
	struct entry *gone = NULL;

	while (t->stats.bytes > t->cfg.budget_bytes) {
		struct entry *e = unlink_locked(t, t->shelf.prev);

		e->next = gone;
		gone = e;
		t->stats.n_dropped++;
	}
	return gone;
}

static void free_entries(struct entry *e)
{
	while (e) {
		struct entry *next = e->next;

		free_entry(e);
		e = next;
	}
}

void sq_trees_put(struct sq_trees *t, const void *owner, struct sq_slice path, struct sq_kept *k,
		  const struct sq_facts *facts, bool is_reuse)
{
	struct entry *e = k ? new_entry(owner, path, k) : NULL, *old, *gone;

	if (!e) {
		sq_kept_free(k);   /* it is only for speed */
		return;
	}
	if (is_reuse) {
		e->facts_hash = hash_of(facts);
		e->check_at_ns = sq_now_ns() + t->cfg.quiet_ns;
	}
	sq_lock(&t->lock);
	old = find_locked(t, owner, path);
	if (old)
		(void)unlink_locked(t, old);
	push_locked(t, e);
	gone = make_room_locked(t);
	sq_unlock(&t->lock);
	free_entry(old);
	free_entries(gone);
}

void sq_trees_drop(struct sq_trees *t, const void *owner)
{
	struct entry *gone = NULL, *next;

	sq_lock(&t->lock);
	for (struct entry *e = t->shelf.next; e != &t->shelf; e = next) {
		next = e->next;
		if (owner && e->owner != owner)
			continue;
		(void)unlink_locked(t, e);
		e->next = gone;
		gone = e;
	}
	sq_unlock(&t->lock);
	free_entries(gone);
}

void sq_trees_read_stats(struct sq_trees *t, struct sq_trees_stats *ret)
{
	sq_lock(&t->lock);
	*ret = t->stats;
	sq_unlock(&t->lock);
}

/* ---- checking ----------------------------------------------------------------- */

static struct entry *next_due_locked(struct sq_trees *t) SQ_REQUIRES(&t->lock)
{
	struct entry *first = NULL;

	for (struct entry *e = t->shelf.next; t->stats.to_check && e != &t->shelf; e = e->next)
		if (e->check_at_ns && (!first || e->check_at_ns < first->check_at_ns))
			first = e;
	return first;
}

/* copies, so that the file's next edit does not wait; nothing is copied short of memory */
static bool copy_locked(struct entry *e, struct check *ret_c) SQ_NO_TSA
{
	struct sq_slice text = sq_kept_text(e->kept);

	*ret_c = (struct check){
		.owner = e->owner, .path = sq_strndup(e->path, e->n_path), .n_path = e->n_path,
		.text = sq_memdup(text.p, text.n + 1), .n_text = text.n,
		.lang = sq_kept_lang(e->kept), .facts_hash = e->facts_hash, .number = e->number,
	};
	return ret_c->path && ret_c->text;
}

/* sleeps until a check is due. Return: false when the end has come */
static bool wait_for_check(struct sq_trees *t, struct check *ret_c)
{
	bool have = false;

	sq_lock(&t->lock);
	while (!t->closed && !have) {
		struct entry *e = next_due_locked(t);

		if (!e) {
			sq_lock_wait(&t->lock, &t->work);
		} else if (e->check_at_ns > sq_now_ns()) {
			(void)sq_lock_wait_until(&t->lock, &t->work, e->check_at_ns);
		} else {
			e->check_at_ns = 0;
			t->stats.to_check--;
			have = copy_locked(e, ret_c);
			if (!have) {
				sq_free(ret_c->path);
				sq_free(ret_c->text);
			}
		}
	}
	sq_unlock(&t->lock);
	return have;
}

/* Return: 0 equal; 1 different; else there is nothing to compare */
static int check(const struct sq_trees *t, struct sq_extractor *x, const struct check *c)
{
	struct sq_extract_limits limits;
	struct sq_facts f;
	uint64_t hash;
	int r;

	sq_extract_limits_default(&limits);
	limits.cancel = &t->closed;
	r = sq_extract(x, c->lang, sq_slice(c->text, c->n_text), &limits, &f);
	if (r == SQ_LANG_E_LIMIT)
		return 1;
	if (r)
		return r < 0 ? sq_error_trace(r) : -ECANCELED;
	hash = hash_of(&f);
	sq_facts_deinit(&f);
	return hash != c->facts_hash;
}

static void conclude(struct sq_trees *t, const struct check *c, int r)
{
	struct sq_slice path = sq_slice(c->path, c->n_path);
	struct entry *gone = NULL;

	if (r < 0)
		return;
	sq_lock(&t->lock);
	t->stats.n_checked++;
	t->stats.n_differing += r == 1;
	if (r == 1) {
		gone = find_locked(t, c->owner, path);
		if (gone)
			(void)unlink_locked(t, gone);
	}
	sq_unlock(&t->lock);
	free_entry(gone);
	if (r == 1 && t->cfg.on_differ)
		t->cfg.on_differ(t->cfg.arg, c->owner, path);
}

static void *run(void *arg)
{
	struct sq_trees *t = arg;
	struct sq_extractor *x = NULL;
	struct check c;

	(void)sq_thread_set_background();   /* slower neighbours, but it works */
	while (wait_for_check(t, &c)) {
		if (x || !sq_extractor_new(t->cfg.registry, &x))
			conclude(t, &c, check(t, x, &c));
		sq_free(c.path);
		sq_free(c.text);
	}
	sq_extractor_free(x);
	return NULL;
}

/* ---- life --------------------------------------------------------------------- */

int sq_trees_new(const struct sq_trees_config *cfg, struct sq_trees **ret_t)
{
	struct sq_trees *t = sq_calloc(1, sizeof(*t));
	int r;

	if (!t)
		return sq_error_origin(-ENOMEM);
	t->cfg = *cfg;
	if (!t->cfg.quiet_ns)
		t->cfg.quiet_ns = QUIET_NS;
	t->shelf.next = t->shelf.prev = &t->shelf;
	r = sq_lock_init(&t->lock, SQ_RANK_TREES, "trees");
	if (r < 0)
		goto out_free;
	r = sq_cond_init(&t->work);
	if (r < 0)
		goto out_lock;
	r = sq_thread_start("sq-check", run, t, &t->thread);
	if (r < 0)
		goto out_cond;
	*ret_t = t;
	return 0;
out_cond:
	pthread_cond_destroy(&t->work);
out_lock:
	sq_lock_deinit(&t->lock);
out_free:
	sq_free(t);
	return sq_error_trace(r);
}

struct sq_trees *sq_trees_free(struct sq_trees *t)
{
	if (!t)
		return NULL;
	sq_lock(&t->lock);
	/* relaxed: a check in progress stops soon; the lock orders the rest */
	sq_store_relaxed(&t->closed, true);
	pthread_cond_signal(&t->work);
	sq_unlock(&t->lock);
	sq_thread_join(t->thread);
	sq_trees_drop(t, NULL);
	pthread_cond_destroy(&t->work);
	sq_lock_deinit(&t->lock);
	sq_free(t);
	return NULL;
}
