/* SPDX-License-Identifier: MIT */
#include "tree/ignore.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/atomic.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/vec.h"
#include "sys/fd.h"
#include "tree/pattern.h"
#include "tree/stat.h"

/* a larger rule file is not one that somebody wrote; its rules do not count */
#define RULE_FILE_MAX_BYTES (4u * 1024 * 1024)
#define TABLE_FIRST_SLOTS 64u
#define USER_FILES_MAX 2u

struct rules {
	size_t n;
	const struct sq_pattern_key *keys;   /* apart: they are read for every path */
	struct sq_pattern v[];
};

/* one directory that was entered */
struct node {
	struct sq_slice dir;
	uint64_t hash;
	const struct rules *git, *own;
	const struct node *up;          /* nearest one above that has rules */
	bool is_git;                    /* in a git work tree */
};

/*
 * Open addressing; slots go from NULL to a node and never change again. A
 * full table is replaced by a copy; readers of the old one find what was
 * there when they began, so old tables live as long as the set.
 */
struct table {
	struct table *older;
	size_t mask;
	const struct node *slots[];
};

struct sq_ignore {
	unsigned n_refs;
	bool use_gitignore;
	bool is_git;                    /* the root lies in a git work tree, or need not */
	const struct rules *excludes;   /* configuration */
	const struct rules *info;       /* .git/info/exclude */
	const struct rules *user[USER_FILES_MAX];
	struct table *table;
	struct sq_lock lock;            /* arena, n_nodes, writes to the table */
	struct sq_arena arena;
	size_t n_nodes;
};

/* ---- names --------------------------------------------------------------- */

static bool is_one_of(struct sq_slice base, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sq_slice_is(base, names[i]))
			return true;
	return false;
}

/* what version control keeps for itself: no rule brings it back */
static bool is_vcs(struct sq_slice base)
{
	static const char *const names[] = { ".git", ".hg", ".svn" };

	return base.n && base.p[0] == '.' && is_one_of(base, names, SQ_ARRAY_SIZE(names));
}

/* output of tools; only a .sqryignore brings one back */
static bool is_builtin_dir(struct sq_slice base)
{
	static const char *const names[] = {
		"node_modules", "target", ".venv", "venv", "__pycache__", ".cache",
	};

	return is_one_of(base, names, SQ_ARRAY_SIZE(names));
}

bool sq_ignore_is_rule_file(struct sq_slice path)
{
	struct sq_slice base = sq_path_base(path);

	return sq_slice_is(base, ".gitignore") || sq_slice_is(base, ".sqryignore") ||
	       sq_slice_is(base, ".git") || sq_slice_is(path, ".git/info/exclude");
}

/* vim: .name.swp, then .swo and on downwards; .swx is its probe */
static bool is_vim_swap(struct sq_slice base)
{
	const char *end = base.p + base.n;

	return base.n > 5 && base.p[0] == '.' && end[-4] == '.' && end[-3] == 's' &&
	       end[-2] == 'w' && ((end[-1] >= 'k' && end[-1] <= 'p') || end[-1] == 'x');
}

bool sq_ignore_is_editor_temp(struct sq_slice base)
{
	if (base.n < 2)
		return false;
	if (base.p[base.n - 1] == '~')
		return true;
	if (base.p[0] == '#' && base.p[base.n - 1] == '#')
		return true;
	if (base.p[0] == '.' && (base.p[1] == '#' || is_vim_swap(base)))
		return true;
	return sq_slice_has_suffix(base, SQ_LIT(".bak")) ||
	       sq_slice_has_suffix(base, SQ_LIT("___jb_tmp___")) ||
	       sq_slice_has_suffix(base, SQ_LIT("___jb_old___"));
}

/* ---- reading rules ------------------------------------------------------- */

struct pattern_list {
	SQ_VEC(struct sq_pattern) vec;
};
#define PATTERN_LIST_NULL { .vec = SQ_VEC_NULL }

static int rules_add(struct sq_arena *a, struct sq_slice line, struct pattern_list *list)
{
	struct sq_pattern p;
	int r;

	r = sq_pattern_compile(a, line, &p);
	if (r)
		return r < 0 ? r : 0;
	return sq_vec_push(&list->vec, p);
}

/* No rules at all are NULL. */
static int rules_new(struct sq_arena *a, const struct pattern_list *list,
		     const struct rules **ret_rules)
{
	const size_t n = list->vec.n;
	struct sq_pattern_key *keys;
	struct rules *rules = NULL;

	if (n) {
		rules = sq_arena_alloc(a, sizeof(*rules) + n * sizeof(rules->v[0]));
		keys = sq_arena_alloc(a, n * sizeof(*keys));
		if (!rules || !keys)
			return sq_error_origin(-ENOMEM);
		for (size_t i = 0; i < n; i++)
			keys[i] = sq_pattern_key(&list->vec.v[i]);
		rules->n = n;
		rules->keys = keys;
		memcpy(rules->v, list->vec.v, n * sizeof(rules->v[0]));
	}
	*ret_rules = rules;
	return 0;
}

static int rules_parse(struct sq_arena *a, struct sq_slice text, const struct rules **ret_rules)
{
	struct pattern_list list = PATTERN_LIST_NULL;
	int r = 0;

	if (sq_slice_has_prefix(text, SQ_LIT("\xef\xbb\xbf")))
		text = sq_slice(text.p + 3, text.n - 3);
	while (text.n && !r) {
		const char *nl = memchr(text.p, '\n', text.n);
		size_t n = nl ? (size_t)(nl - text.p) : text.n;

		r = rules_add(a, sq_slice(text.p, n), &list);
		n += nl != NULL;
		text = sq_slice(text.p + n, text.n - n);
	}
	if (!r)
		r = rules_new(a, &list, ret_rules);
	sq_vec_deinit(&list.vec);
	return sq_error_trace(r);
}

/*
 * Like git, take a rule file that can't be read for one that is not there,
 * and never one through a link.
 */
static int rules_load(struct sq_lock *lock, struct sq_arena *a, int dir_fd, const char *name,
		      const struct rules **ret_rules)
{
	_cleanup_(sq_fd_closep) int fd = -1;
	struct sq_buf text = SQ_BUF_NULL;
	const struct rules *rules = NULL;
	struct sq_stat st;
	int r;

	r = sq_fd_open_beneath(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);
	if (!r)
		r = sq_stat_at(fd, "", &st);
	if (!r && S_ISREG(st.mode))
		r = sq_fd_read_all(fd, RULE_FILE_MAX_BYTES, &text);
	if (!r && text.n) {
		sq_lock(lock);
		r = rules_parse(a, sq_buf_slice(&text), &rules);
		sq_unlock(lock);
	}
	sq_buf_deinit(&text);
	if (r < 0 && sq_errno_is_fatal(r))
		return sq_error_trace(r);
	*ret_rules = rules;
	return 0;
}

/* wherever a repository's configuration says it is: never waits, never reads what is no file */
static int user_file_load(struct sq_ignore *i, const char *path, const struct rules **ret_rules)
{
	_cleanup_(sq_fd_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct sq_buf text = SQ_BUF_NULL;
	struct sq_stat st;
	int r = 0;

	if (fd >= 0 && !sq_stat_at(fd, "", &st) && S_ISREG(st.mode))
		r = sq_fd_read_all(fd, RULE_FILE_MAX_BYTES, &text);
	if (!r && text.n)
		r = rules_parse(&i->arena, sq_buf_slice(&text), ret_rules);
	sq_buf_deinit(&text);
	return r < 0 && sq_errno_is_fatal(r) ? sq_error_trace(r) : 0;
}

static int user_files_load(struct sq_ignore *i, const char *const *paths)
{
	int r = 0;

	for (size_t n = 0; paths && paths[n] && n < USER_FILES_MAX && !r; n++)
		r = user_file_load(i, paths[n], &i->user[n]);
	return r;
}

static int excludes_load(struct sq_ignore *i, const char *const *excludes)
{
	struct pattern_list list = PATTERN_LIST_NULL;
	int r = 0;

	for (; excludes && *excludes && !r; excludes++)
		r = rules_add(&i->arena, sq_slice_z(*excludes), &list);
	if (!r)
		r = rules_new(&i->arena, &list, &i->excludes);
	sq_vec_deinit(&list.vec);
	return sq_error_trace(r);
}

/* ---- git work trees ------------------------------------------------------ */

/* a directory, or the file that a worktree or submodule has instead */
static bool has_git(int dir_fd)
{
	struct sq_stat st;

	return !sq_stat_at(dir_fd, ".git", &st) && (S_ISDIR(st.mode) || S_ISREG(st.mode));
}

/* upwards from @root_fd, within its filesystem, as git looks for it */
static bool is_in_work_tree(int root_fd)
{
	_cleanup_(sq_fd_closep) int fd = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sq_stat st, up;

	if (fd < 0 || sq_stat_at(fd, "", &st) < 0)
		return false;
	while (!has_git(fd)) {
		int above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		(void)sq_fd_close(fd);
		fd = above;
		if (fd < 0 || sq_stat_at(fd, "", &up) < 0)
			return false;
		/* "/.." is "/" */
		if (up.id.dev != st.id.dev || up.id.ino == st.id.ino)
			return false;
		st = up;
	}
	return true;
}

/* ---- the directories entered --------------------------------------------- */

static struct table *table_new(size_t n_slots)
{
	struct table *t = sq_calloc(1, sizeof(*t) + n_slots * sizeof(t->slots[0]));

	if (t)
		t->mask = n_slots - 1;
	return t;
}

static void table_put(struct table *t, const struct node *n)
{
	size_t s = n->hash & t->mask;

	while (t->slots[s])
		s = (s + 1) & t->mask;
	/* pairs with table_get: a reader that sees the node sees its contents */
	sq_store_release(&t->slots[s], n);
}

static const struct node *table_get(const struct table *t, struct sq_slice dir)
{
	uint64_t hash = sq_hash64(dir.p, dir.n, 0);
	const struct node *n;

	/* pairs with table_put */
	for (size_t s = hash & t->mask; (n = sq_load_acquire(&t->slots[s])); s = (s + 1) & t->mask)
		if (n->hash == hash && sq_slice_eq(n->dir, dir))
			return n;
	return NULL;
}

/* the directory @dir itself or the nearest one above it that was entered */
static const struct node *node_above(const struct sq_ignore *i, struct sq_slice dir)
{
	/* pairs with table_grow */
	const struct table *t = sq_load_acquire(&i->table);
	const struct node *n;

	while (!(n = table_get(t, dir)) && dir.n)
		dir = sq_path_dir(dir);
	return n;
}

static int table_grow(struct sq_ignore *i) SQ_REQUIRES(&i->lock)
{
	struct table *old = i->table, *t = table_new((old->mask + 1) * 2);

	if (!t)
		return sq_error_origin(-ENOMEM);
	for (size_t s = 0; s <= old->mask; s++)
		if (old->slots[s])
			table_put(t, old->slots[s]);
	t->older = old;
	/* pairs with node_above: the copied slots come first */
	sq_store_release(&i->table, t);
	return 0;
}

/* @like: rules and is_git of the new node, the rest is made here */
static int node_add_locked(struct sq_ignore *i, struct sq_slice dir, const struct node *like)
	SQ_REQUIRES(&i->lock)
{
	struct node *n;
	int r;

	if (table_get(i->table, dir))
		return 0;
	if (i->n_nodes * 2 >= i->table->mask) {
		r = table_grow(i);
		if (r < 0)
			return r;
	}
	n = sq_arena_alloc(&i->arena, sizeof(*n));
	if (!n)
		return sq_error_origin(-ENOMEM);
	*n = *like;
	n->dir = sq_slice(sq_arena_memdup(&i->arena, dir.p, dir.n), dir.n);
	n->hash = sq_hash64(dir.p, dir.n, 0);
	if (!n->dir.p)
		return sq_error_origin(-ENOMEM);
	n->up = dir.n ? node_above(i, sq_path_dir(dir)) : NULL;
	if (n->up && !n->up->git && !n->up->own)
		n->up = n->up->up;
	table_put(i->table, n);
	i->n_nodes++;
	return 0;
}

int sq_ignore_enter(struct sq_ignore *i, struct sq_slice dir, int dir_fd)
{
	struct node like = { .is_git = i->is_git };
	const struct node *n;
	int r = 0;

	n = node_above(i, dir);
	if (n && n->dir.n == dir.n)
		return 0;
	if (i->use_gitignore && !like.is_git)
		like.is_git = (n && n->is_git) || has_git(dir_fd);
	if (i->use_gitignore && like.is_git)
		r = rules_load(&i->lock, &i->arena, dir_fd, ".gitignore", &like.git);
	if (!r)
		r = rules_load(&i->lock, &i->arena, dir_fd, ".sqryignore", &like.own);
	if (r < 0)
		return sq_error_trace(r);
	sq_lock(&i->lock);
	r = node_add_locked(i, dir, &like);
	sq_unlock(&i->lock);
	return r;
}

/* ---- life ---------------------------------------------------------------- */

static struct sq_ignore *ignore_free(struct sq_ignore *i)
{
	struct table *t = i->table;

	while (t) {
		struct table *older = t->older;

		sq_free(t);
		t = older;
	}
	sq_arena_deinit(&i->arena);
	sq_lock_deinit(&i->lock);
	sq_free(i);
	return NULL;
}

int sq_ignore_new(int root_fd, const struct sq_ignore_config *cfg, struct sq_ignore **ret_i)
{
	struct sq_ignore *i = sq_calloc(1, sizeof(*i));
	int r;

	if (!i)
		return sq_error_origin(-ENOMEM);
	r = sq_lock_init(&i->lock, SQ_RANK_POOL, "ignore");
	if (r < 0) {
		sq_free(i);
		return sq_error_trace(r);
	}
	i->n_refs = 1;
	i->use_gitignore = !cfg || cfg->use_gitignore;
	i->is_git = i->use_gitignore &&
		    (!cfg || !cfg->needs_work_tree || is_in_work_tree(root_fd));
	i->arena = (struct sq_arena)SQ_ARENA_NULL;
	i->table = table_new(TABLE_FIRST_SLOTS);
	r = i->table ? 0 : sq_error_origin(-ENOMEM);
	if (!r && cfg)
		r = excludes_load(i, cfg->excludes);
	if (!r && i->use_gitignore)
		r = rules_load(&i->lock, &i->arena, root_fd, ".git/info/exclude", &i->info);
	if (!r && cfg && i->use_gitignore)
		r = user_files_load(i, cfg->user_files);
	if (r < 0) {
		ignore_free(i);
		return sq_error_trace(r);
	}
	*ret_i = i;
	return 0;
}

struct sq_ignore *sq_ignore_ref(struct sq_ignore *i)
{
	if (i)
		/* no order: who takes a reference holds one */
		(void)sq_add_relaxed(&i->n_refs, 1);
	return i;
}

struct sq_ignore *sq_ignore_unref(struct sq_ignore *i)
{
	/* pairs with itself: the last one out sees all that the others did */
	if (i && sq_sub_acq_rel(&i->n_refs, 1) == 1)
		ignore_free(i);
	return NULL;
}

/* ---- matching ------------------------------------------------------------ */

enum verdict { UNDECIDED, INCLUDED, IGNORED };

/* the last line that matches decides */
static enum verdict rules_match(const struct rules *rules, struct sq_slice dir, struct sq_slice path,
				struct sq_slice base, bool is_dir)
{
	size_t skip = dir.n ? dir.n + 1 : 0;
	struct sq_slice rel = sq_slice(path.p + skip, path.n - skip);

	for (size_t i = rules ? rules->n : 0; i-- > 0;)
		if (sq_pattern_key_admits(rules->keys[i], rel, base, is_dir) &&
		    sq_pattern_match(&rules->v[i], rel, base, is_dir))
			return rules->v[i].is_negative ? INCLUDED : IGNORED;
	return UNDECIDED;
}

bool sq_ignore_match(const struct sq_ignore *i, struct sq_slice path, bool is_dir)
{
	struct sq_slice base = sq_path_base(path);
	const struct node *above, *n;
	enum verdict v;

	/* the root is what was asked for; "a/" is no name */
	if (!base.n)
		return false;
	if (is_vcs(base) || (!is_dir && sq_ignore_is_editor_temp(base)))
		return true;
	v = rules_match(i->excludes, SQ_SLICE_NULL, path, base, is_dir);
	above = node_above(i, sq_path_dir(path));
	for (n = above; n && !v; n = n->up)
		v = rules_match(n->own, n->dir, path, base, is_dir);
	if (!v && is_dir && is_builtin_dir(base))
		v = IGNORED;
	for (n = above; n && !v; n = n->up)
		v = rules_match(n->git, n->dir, path, base, is_dir);
	if (!v)
		v = rules_match(i->info, SQ_SLICE_NULL, path, base, is_dir);
	for (size_t k = 0; k < USER_FILES_MAX && !v; k++)
		v = rules_match(i->user[k], SQ_SLICE_NULL, path, base, is_dir);
	return v == IGNORED;
}

bool sq_ignore_match_deep(const struct sq_ignore *i, struct sq_slice path, bool is_dir)
{
	for (size_t n = 0; n < path.n; n++)
		if (path.p[n] == '/' && sq_ignore_match(i, sq_slice(path.p, n), true))
			return true;
	return path.n && sq_ignore_match(i, path, is_dir);
}
