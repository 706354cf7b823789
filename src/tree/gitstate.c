/* SPDX-License-Identifier: MIT */
#include "tree/gitstate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/error.h"
#include "tree/gitrepo.h"

_Static_assert(GIT_OID_RAWSZ == sizeof(((struct sq_git_snapshot *)0)->commit), "sha1");

const char *sq_git_class_name(enum sq_git_class c)
{
	static const char *const names[SQ_GIT_CLASS_MAX] = {
		[SQ_GIT_NONE] = "none",
		[SQ_GIT_NOISE] = "noise",
		[SQ_GIT_LOCAL_COMMIT] = "local_commit",
		[SQ_GIT_TREE_DIVERGED] = "tree_diverged",
		[SQ_GIT_BRANCH_SWITCH] = "branch_switch",
	};

	return (unsigned)c < SQ_GIT_CLASS_MAX ? names[c] : "unknown";
}

enum sq_git_class sq_git_classify(const struct sq_git_snapshot *from, const struct sq_git_snapshot *to)
{
	if (!from->known || !to->known || strcmp(from->ref, to->ref))
		return SQ_GIT_BRANCH_SWITCH;
	if (memcmp(from->tree, to->tree, sizeof(to->tree)))
		return SQ_GIT_TREE_DIVERGED;
	if (memcmp(from->commit, to->commit, sizeof(to->commit)))
		return SQ_GIT_LOCAL_COMMIT;
	return SQ_GIT_NOISE;
}

bool sq_git_same_tree(const struct sq_git_snapshot *a, const struct sq_git_snapshot *b)
{
	return a->known && b->known && !memcmp(a->tree, b->tree, sizeof(a->tree));
}

/* ---- opening ----------------------------------------------------------------- */

static void start_library(void)
{
	static const char *known[] = { "worktreeconfig", "partialclone", "preciousobjects" };

	if (git_libgit2_init() < 0)
		return;   /* then every open fails, with its message */
	/* else repositories that use them, or that belong to somebody else, are refused */
	(void)git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, known, SQ_ARRAY_SIZE(known));
	(void)git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
}

int sq_git_error(int r)
{
	const git_error *e = r < 0 ? git_error_last() : NULL;

	if (r >= 0)
		return 0;
	return e && e->klass == GIT_ERROR_NOMEMORY ? sq_error_origin(-ENOMEM) : SQ_GIT_E_UNKNOWN;
}

/* is @key there, with another value than the one that we can read? */
static bool is_other(git_config *config, const char *key, const char *ours)
{
	git_buf value = { NULL, 0, 0 };
	bool is = !git_config_get_string_buf(&value, config, key) && strcasecmp(value.ptr, ours);

	git_buf_dispose(&value);
	return is;
}

/* asked before it is opened: a refused one costs the library 20 kB that it never frees */
static const char *why_unsupported(const char *root)
{
	git_buf dir = { NULL, 0, 0 };
	git_config *config = NULL;
	struct sq_buf path = SQ_BUF_NULL;
	const char *why = NULL, *z;

	if (git_repository_discover(&dir, root, 0, NULL))
		return NULL;
	sq_buf_printf(&path, "%sconfig", dir.ptr);
	z = sq_buf_z(&path);
	if (z && !git_config_open_ondisk(&config, z)) {
		if (is_other(config, "extensions.objectformat", "sha1"))
			why = "extensions.objectformat is not sha1";
		else if (is_other(config, "extensions.refstorage", "files"))
			why = "extensions.refstorage is not files";
	}
	git_config_free(config);
	sq_buf_deinit(&path);
	git_buf_dispose(&dir);
	return why;
}

int sq_git_open(const char *root, git_repository **ret_repo, char *why, size_t n_why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	git_repository *repo = NULL;
	const git_error *e;
	const char *other;
	int r;

	(void)pthread_once(&once, start_library);   /* cannot fail with a valid control */
	other = why_unsupported(root);
	if (other) {
		if (why)
			(void)snprintf(why, n_why, "%s", other);
		return SQ_GIT_E_UNSUPPORTED;
	}
	r = git_repository_open_ext(&repo, root, 0, NULL);
	if (!r && git_repository_workdir(repo)) {
		*ret_repo = repo;
		return 0;
	}
	git_repository_free(repo);
	if (!r || r == GIT_ENOTFOUND)
		return SQ_GIT_E_NONE;   /* a bare one has no files of its own */
	if (sq_git_error(r) < 0)
		return sq_error_trace(-ENOMEM);
	e = git_error_last();
	if (why)
		(void)snprintf(why, n_why, "%s", e && e->message ? e->message : "unreadable repository");
	return SQ_GIT_E_UNSUPPORTED;
}

/* ---- where it is ------------------------------------------------------------- */

void sq_git_site_deinit(struct sq_git_site *s)
{
	sq_free(s->git_dir);
	sq_free(s->common_dir);
	sq_free(s->excludes_file);
	*s = (struct sq_git_site)SQ_GIT_SITE_NULL;
}

/* git's places end in a slash */
static char *dup_dir(const char *z)
{
	size_t n = strlen(z);

	while (n > 1 && z[n - 1] == '/')
		n--;
	return sq_strndup(z, n);
}

static char *default_excludes(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	struct sq_buf b = SQ_BUF_NULL;
	char *path;

	if (xdg && *xdg)
		sq_buf_printf(&b, "%s/git/ignore", xdg);
	else if (home && *home)
		sq_buf_printf(&b, "%s/.config/git/ignore", home);
	path = b.n && !sq_buf_error(&b) ? sq_strndup(b.p, b.n) : NULL;
	sq_buf_deinit(&b);
	return path;
}

static char *find_excludes(git_repository *repo)
{
	git_config *config = NULL;
	git_buf value = { NULL, 0, 0 };
	char *path = NULL;

	if (!git_repository_config_snapshot(&config, repo) &&
	    !git_config_get_path(&value, config, "core.excludesfile"))
		path = value.size && value.ptr[0] == '/' ? sq_strndup(value.ptr, value.size) : NULL;
	else
		path = default_excludes();
	git_buf_dispose(&value);
	git_config_free(config);
	return path;
}

int sq_git_site_find(const char *root, struct sq_git_site *ret_s)
{
	struct sq_git_site s = SQ_GIT_SITE_NULL;
	git_repository *repo = NULL;
	int r = sq_git_open(root, &repo, s.why, sizeof(s.why));

	if (r < 0)
		return sq_error_trace(r);
	if (!r) {
		s.git_dir = dup_dir(git_repository_path(repo));
		s.common_dir = dup_dir(git_repository_commondir(repo));
		s.excludes_file = find_excludes(repo);
		git_repository_free(repo);
	}
	if (!r && (!s.git_dir || !s.common_dir)) {
		sq_git_site_deinit(&s);
		return sq_error_origin(-ENOMEM);
	}
	*ret_s = s;
	return r;
}

/* ---- the state --------------------------------------------------------------- */

/* Return: 0 with @ret_oid; 1 no commit yet; <0 unreadable */
static int read_head(git_repository *repo, char *ref, size_t n_ref, git_oid *ret_oid)
{
	git_reference *head = NULL;
	int n, r = git_reference_lookup(&head, repo, "HEAD");

	if (r < 0)
		return r;
	if (git_reference_type(head) == GIT_REFERENCE_SYMBOLIC) {
		const char *name = git_reference_symbolic_target(head);

		n = snprintf(ref, n_ref, "%s", name);
		r = git_reference_name_to_id(ret_oid, repo, name);
		r = r == GIT_ENOTFOUND ? 1 : r;
		if (n >= (int)n_ref)
			r = -1;   /* two such names could not be told apart */
	} else {
		*ret_oid = *git_reference_target(head);
		(void)git_oid_tostr(ref, n_ref, ret_oid);
	}
	git_reference_free(head);
	return r;
}

static void read_state(git_repository *repo, struct sq_git_snapshot *s)
{
	git_commit *commit = NULL;
	git_oid oid;
	int r = read_head(repo, s->ref, sizeof(s->ref), &oid);

	if (!r)
		r = git_commit_lookup(&commit, repo, &oid);
	s->known = r >= 0;
	if (!r) {
		memcpy(s->commit, oid.id, sizeof(s->commit));
		memcpy(s->tree, git_commit_tree_id(commit)->id, sizeof(s->tree));
	}
	git_commit_free(commit);
}

void sq_git_snapshot_read(const char *root, struct sq_git_snapshot *ret_s)
{
	git_repository *repo = NULL;

	memset(ret_s, 0, sizeof(*ret_s));
	if (sq_git_open(root, &repo, NULL, 0))
		return;
	read_state(repo, ret_s);
	git_repository_free(repo);
}
