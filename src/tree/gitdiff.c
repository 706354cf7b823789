/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "tree/gitrepo.h"

struct walk {
	int (*each)(void *arg, struct sq_slice path, bool is_dir);
	void *arg;
	int r;                     /* what each() said */
};

/* called for every difference while it is found; none is kept: > 0 */
static int found(const git_diff *so_far, const git_diff_delta *d, const char *pathspec, void *payload)
{
	struct walk *w = payload;
	const git_diff_file *f = d->status == GIT_DELTA_DELETED ? &d->old_file : &d->new_file;
	bool is_dir = d->old_file.mode == GIT_FILEMODE_COMMIT || d->new_file.mode == GIT_FILEMODE_COMMIT;

	(void)so_far;
	(void)pathspec;
	w->r = w->each(w->arg, sq_slice_z(f->path), is_dir);
	return w->r < 0 ? -1 : 1;
}

/* @ret_below: of @root in its work tree, "" for the top */
static int path_below(git_repository *repo, const char *root, char *ret_below)
{
	char real[PATH_MAX], top[PATH_MAX];
	size_t n;

	if (!realpath(root, real) || !realpath(git_repository_workdir(repo), top))
		return SQ_GIT_E_UNKNOWN;
	n = strlen(top);
	if (strncmp(real, top, n) || (real[n] && real[n] != '/' && n > 1))
		return SQ_GIT_E_UNKNOWN;   /* core.worktree elsewhere */
	while (real[n] == '/')
		n++;
	memcpy(ret_below, real + n, strlen(real + n) + 1);
	return 0;
}

/* @ret_tree: NULL when @below is no directory there */
static int subtree(git_repository *repo, const uint8_t *id, const char *below, git_tree **ret_tree)
{
	git_tree *top = NULL;
	git_tree_entry *entry = NULL;
	git_oid oid;
	int r;

	memcpy(oid.id, id, sizeof(oid.id));
	r = git_tree_lookup(&top, repo, &oid);
	if (r < 0)
		return sq_git_error(r);
	if (!*below) {
		*ret_tree = top;
		return 0;
	}
	r = git_tree_entry_bypath(&entry, top, below);
	if (!r && git_tree_entry_type(entry) == GIT_OBJECT_TREE)
		r = git_tree_lookup(ret_tree, repo, git_tree_entry_id(entry));
	else if (r == GIT_ENOTFOUND)
		r = 0;
	git_tree_entry_free(entry);
	git_tree_free(top);
	return sq_git_error(r);
}

static int diff_trees(git_repository *repo, git_tree *a, git_tree *b, struct walk *w)
{
	git_diff_options opts;
	git_diff *diff = NULL;
	int r = git_diff_options_init(&opts, GIT_DIFF_OPTIONS_VERSION);

	if (r < 0)
		return sq_git_error(r);
	opts.flags = GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_SKIP_BINARY_CHECK;
	opts.notify_cb = found;
	opts.payload = w;
	r = git_diff_tree_to_tree(&diff, repo, a, b, &opts);
	git_diff_free(diff);
	return w->r < 0 ? w->r : sq_git_error(r);
}

static bool has_tree(const struct sq_git_snapshot *s)
{
	static const uint8_t none[sizeof(s->tree)];

	return s->known && memcmp(s->tree, none, sizeof(none));
}

static int diff_in(git_repository *repo, const char *root, const struct sq_git_snapshot *from,
		   const struct sq_git_snapshot *to, struct walk *w)
{
	git_tree *a = NULL, *b = NULL;
	char below[PATH_MAX];
	int r = path_below(repo, root, below);

	if (!r)
		r = subtree(repo, from->tree, below, &a);
	if (!r)
		r = subtree(repo, to->tree, below, &b);
	if (!r && (a || b))
		r = diff_trees(repo, a, b, w);
	git_tree_free(a);
	git_tree_free(b);
	return r;
}

int sq_git_diff(const char *root, const struct sq_git_snapshot *from, const struct sq_git_snapshot *to,
		int (*each)(void *arg, struct sq_slice path, bool is_dir), void *arg)
{
	struct walk w = { .each = each, .arg = arg };
	git_repository *repo = NULL;
	int r;

	/* of a repository without a commit nothing is known: what is on the disk was never compared */
	if (!has_tree(from) || !has_tree(to))
		return SQ_GIT_E_UNKNOWN;
	if (sq_git_same_tree(from, to))
		return 0;
	r = sq_git_open(root, &repo, NULL, 0);
	if (r)
		return r < 0 ? sq_error_trace(r) : SQ_GIT_E_UNKNOWN;
	r = diff_in(repo, root, from, to, &w);
	git_repository_free(repo);
	return r;
}
