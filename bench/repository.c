/* SPDX-License-Identifier: MIT */
#include "bench/repository.h"

#include <stdio.h>

#include "bench/edit.h"

#define LINES 2                 /* of each function that "after" has and "before" has not */
#define SHARE_OF_SMALL 5        /* in a corpus of fewer files: one in so many, at least */

void sq_repository_deinit(struct sq_repository *r)
{
	sq_free(SQ_TAKE(r->changed));
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;     /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* sources drawn by seed, without repetition: the head of a shuffle */
static bool draw(struct sq_bench *b, struct sq_repository *r)
{
	size_t all = b->corpus.sources.n, n = b->o.checkout_files;
	size_t *v = sq_calloc(all, sizeof(*v));
	uint64_t state = b->o.seed;

	if (n > all / 2)
		n = all / SHARE_OF_SMALL ? all / SHARE_OF_SMALL : 1;
	for (size_t i = 0; v && i < all; i++)
		v[i] = i;
	for (size_t i = 0; v && i < n; i++) {
		size_t k = i + next_random(&state) % (all - i), t = v[i];

		v[i] = v[k];
		v[k] = t;
	}
	r->changed = v;
	r->n_changed = n;
	return v != NULL;
}

static int change(struct sq_bench *b, struct sq_repository *r)
{
	char name[64];

	r->changed_bytes = 0;
	for (size_t i = 0; i < r->n_changed; i++) {
		_cleanup_(sq_buf_deinit) struct sq_buf old = SQ_BUF_NULL, text = SQ_BUF_NULL;
		const struct sq_source *s = &b->corpus.sources.v[r->changed[i]];

		snprintf(name, sizeof(name), "sqry_bench_checkout_%zu", i);    /* SQ_REPOSITORY_NAMES */
		if (sq_corpus_read(&b->corpus, s->path, &old))
			return sq_bench_fail(b, "%s cannot be read", s->path);
		sq_edit_in_front(s->path, name, LINES, sq_buf_slice(&old), &text);
		if (sq_buf_error(&text) || sq_corpus_write(&b->corpus, s->path, text.p, text.n))
			return sq_bench_fail(b, "%s cannot be written", s->path);
		r->changed_bytes += text.n;
	}
	return 0;
}

/* what git takes for big goes into one pack instead of a file each */
static bool make_commits(struct sq_bench *b, struct sq_repository *r)
{
	const char *const init[] = { "init", "-q", NULL };
	const char *const add[] = { "-c", "core.bigFileThreshold=1", "-c", "core.compression=1", "add", "--all",
				    NULL };
	const char *const first[] = { "commit", "-q", "-m", "before", NULL };
	const char *const second[] = { "commit", "-q", "-a", "-m", "after", NULL };
	const char *const tag[] = { "tag", "before", NULL }, *const tag_after[] = { "tag", "after", NULL };
	const char *const back[] = { "checkout", "-q", "before", NULL };
	const char *dir = b->corpus.dir;

	return sq_bench_git(b, dir, init, NULL) && sq_bench_git(b, dir, add, NULL) &&
	       sq_bench_git(b, dir, first, NULL) && sq_bench_git(b, dir, tag, NULL) && !change(b, r) &&
	       sq_bench_git(b, dir, second, NULL) && sq_bench_git(b, dir, tag_after, NULL) &&
	       sq_bench_git(b, dir, back, &r->git_s);
}

int sq_repository_make(struct sq_bench *b)
{
	struct sq_repository *r = &b->repository;

	if (r->exists)
		return 0;
	if (b->target.client && b->target.is_loaded) {
		b->target.is_loaded = false;
		if (sq_target_unload(&b->target, b->corpus.dir))
			return sq_bench_fail(b, NULL);
	}
	if (!r->changed && !draw(b, r))
		return sq_bench_fail(b, "out of memory");
	r->exists = make_commits(b, r);
	return r->exists ? 0 : SQ_BENCH_E_FAILED;
}
