/* SPDX-License-Identifier: MIT */
#include "bench/corpus.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "bench/process.h"
#include "sys/fd.h"

#define MAX_SOURCE_BYTES (64u << 20)
#define MAX_INCLUDES 65536
#define TARBALL "/usr/src/linux-source-6.1.tar.xz"
#define UNPACKED "linux-source-6.1"

static const char *const header_suffixes[] = { ".h", ".hh", ".hpp", ".hxx", NULL };
static const char *const source_suffixes[] = { ".c", ".cc", ".cpp", ".cxx", ".py", ".js", ".mjs", ".ts", ".tsx",
					       ".go", ".rs", ".java", NULL };

void sq_corpus_deinit(struct sq_corpus *c)
{
	for (size_t i = 0; i < c->sources.n; i++)
		sq_free(c->sources.v[i].path);
	sq_vec_deinit(&c->sources);
	sq_free(c->name);
	sq_free(c->origin);
	sq_free(c->dir);
}

/* ---- finding -------------------------------------------------------------------- */

static bool is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static char *unpacking(const char *cache, pid_t by)
{
	return sq_asprintf("%s/unpacking.%d", cache, (int)by);
}

void sq_corpus_clean(const char *cache, pid_t by)
{
	_cleanup_(sq_freep) char *temp = unpacking(cache, by);

	if (temp)
		sq_remove_tree(temp);
}

/* unpack beside the place and rename: an interrupted one is never taken for a whole */
static int unpack(const char *cache, const char *name, struct sq_buf *ret_why)
{
	static const char *const core[] = { "kernel", "mm", "fs", "net", "include", "lib", "block", "ipc", "init",
					    "security", "crypto" };
	_cleanup_(sq_freep) char *temp = unpacking(cache, getpid());
	_cleanup_(sq_freep) char *top = sq_asprintf("%s/" UNPACKED, temp ? temp : "");
	_cleanup_(sq_freep) char *to = sq_asprintf("%s/%s", cache, name);
	const char *argv[24] = { "tar", "-C", temp, "-xJf", TARBALL };
	char members[SQ_ARRAY_SIZE(core)][40];
	struct sq_command c = { .argv = argv };
	struct sq_run run;
	size_t n = 5;

	if (!temp || !top || !to)
		return sq_error_origin(-ENOMEM);
	for (size_t i = 0; !strcmp(name, "kcore") && i < SQ_ARRAY_SIZE(core); i++) {
		snprintf(members[i], sizeof(members[i]), UNPACKED "/%s", core[i]);
		argv[n++] = members[i];
	}
	if (access(TARBALL, R_OK)) {
		sq_buf_printf(ret_why, "%s is not there: apt-get install linux-source-6.1 (or bench/setup-peers)", TARBALL);
		return SQ_CORPUS_E_BAD;
	}
	fprintf(stderr, "unpacking %s into %s\n", TARBALL, to);
	if (mkdir(temp, 0755) || sq_process_run(&c, &run) || !sq_run_ok(&run) || rename(top, to)) {
		sq_buf_printf(ret_why, "%s could not be unpacked into %s (%s)", TARBALL, cache, strerrordesc_np(errno));
		sq_remove_tree(temp);
		return SQ_CORPUS_E_BAD;
	}
	sq_remove_tree(temp);
	return 0;
}

static int make_dirs(const char *path)
{
	char part[PATH_MAX];

	for (size_t i = 1; path[i]; i++)
		if (path[i] == '/') {
			snprintf(part, sizeof(part), "%.*s", (int)i, path);
			(void)mkdir(part, 0700);        /* the last one tells */
		}
	return mkdir(path, 0700) && errno != EEXIST ? sq_error_origin(-errno) : 0;
}

static int refuse(const char *name, int error, struct sq_buf *ret_why)
{
	sq_buf_printf(ret_why, "corpus %s: %s", name, strerrordesc_np(error));
	return SQ_CORPUS_E_BAD;
}

int sq_corpus_find(struct sq_corpus *c, const char *name, const char *cache, struct sq_buf *ret_why)
{
	bool is_named = !strcmp(name, "kernel") || !strcmp(name, "kcore");
	_cleanup_(sq_freep) char *place = is_named ? sq_asprintf("%s/%s", cache, name) : sq_strdup(name);
	char real[PATH_MAX];
	int r;

	if (!place)
		return sq_error_origin(-ENOMEM);
	if (is_named && !is_dir(place)) {
		r = make_dirs(cache);
		if (r)
			return refuse(cache, -r, ret_why);
		r = unpack(cache, name, ret_why);
		if (r)
			return r;
	}
	if (!realpath(place, real))
		return refuse(name, errno, ret_why);
	if (!is_dir(real))
		return refuse(name, ENOTDIR, ret_why);
	if (access(real, R_OK | X_OK))
		return refuse(name, errno, ret_why);
	c->name = sq_strdup(name);
	c->origin = sq_strdup(real);
	return c->name && c->origin ? 0 : sq_error_origin(-ENOMEM);
}

/* ---- copying -------------------------------------------------------------------- */

static bool has_suffix(const char *path, const char *const *suffixes, size_t *ret_at)
{
	for (size_t i = 0; suffixes[i]; i++)
		if (sq_slice_has_suffix(sq_slice_z(path), sq_slice_z(suffixes[i]))) {
			*ret_at = i;
			return true;
		}
	return false;
}

static int copy_file(const char *from, const char *to)
{
	_cleanup_(sq_fd_closep) int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_(sq_fd_closep) int out = -1;
	char buf[1 << 16];
	ssize_t n;
	int r;

	if (in < 0)
		return sq_error_origin(-errno);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0)
		return sq_error_origin(-errno);
	while ((n = read(in, buf, sizeof(buf))) > 0) {
		r = sq_fd_write_all(out, buf, (size_t)n);
		if (r)
			return sq_error_trace(r);
	}
	return n < 0 ? sq_error_origin(-errno) : 0;
}

static int add_source(struct sq_corpus *c, const char *path, uint64_t bytes, uint64_t *by_suffix)
{
	struct sq_source s = { .bytes = bytes };
	size_t at;

	s.is_header = has_suffix(path, header_suffixes, &at);
	if (!s.is_header && !has_suffix(path, source_suffixes, &at))
		return 0;
	if (!s.is_header)
		by_suffix[at] += bytes;
	s.path = sq_strdup(path);
	if (!s.path || sq_vec_push(&c->sources, s)) {
		sq_free(s.path);
		return sq_error_origin(-ENOMEM);
	}
	c->n_bytes += bytes;
	return 0;
}

/* what the daemon leaves out of every tree: then all tools work on the same files */
static bool is_left_out(const char *name)
{
	static const char *const names[] = {
		".git", "node_modules", "target", ".venv", "venv", "__pycache__", ".cache",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static int copy_entry(struct sq_corpus *c, FTS *fts, FTSENT *e, uint64_t *by_suffix, struct sq_buf *ret_why)
{
	const char *path = e->fts_path + strlen(c->origin);
	_cleanup_(sq_freep) char *to = sq_asprintf("%s%s", c->dir, path);
	int r = 0;

	if (!to)
		return sq_error_origin(-ENOMEM);
	switch (e->fts_info) {
	case FTS_D:
		if (e->fts_level && is_left_out(e->fts_name))
			(void)fts_set(fts, e, FTS_SKIP);
		else if (mkdir(to, 0755) && errno != EEXIST)
			r = -errno;
		break;
	case FTS_F:
		/* of a worktree or submodule; and Debian's kernel ignores all of itself */
		if (!strcmp(e->fts_name, ".git") || !strcmp(e->fts_name, ".gitignore"))
			break;
		r = copy_file(e->fts_accpath, to);
		if (!r)
			r = add_source(c, path + 1, (uint64_t)e->fts_statp->st_size, by_suffix);
		break;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		r = -e->fts_errno;
		break;
	default:
		break;
	}
	if (r < 0)
		sq_buf_printf(ret_why, "%s: %s", e->fts_path, strerrordesc_np(-r));
	return r < 0 ? SQ_CORPUS_E_BAD : 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct sq_source *)a)->path, ((const struct sq_source *)b)->path);
}

int sq_corpus_copy(struct sq_corpus *c, const char *dir, struct sq_buf *ret_why)
{
	char *const roots[] = { c->origin, NULL };
	uint64_t by_suffix[SQ_ARRAY_SIZE(source_suffixes)] = { 0 };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;
	size_t best = 0;
	int r = 0;

	c->dir = sq_strdup(dir);
	if (!fts || !c->dir)
		return sq_error_origin(-ENOMEM);
	while (!r && (e = fts_read(fts)))
		r = copy_entry(c, fts, e, by_suffix, ret_why);
	(void)fts_close(fts);
	if (r)
		return r;
	if (!c->sources.n) {
		sq_buf_printf(ret_why, "corpus %s holds no source file", c->name);
		return SQ_CORPUS_E_BAD;
	}
	for (size_t i = 0; source_suffixes[i]; i++)
		if (by_suffix[i] > by_suffix[best])
			best = i;
	c->suffix = source_suffixes[best];
	qsort(c->sources.v, c->sources.n, sizeof(*c->sources.v), by_path);
	return 0;
}

/* ---- files ---------------------------------------------------------------------- */

int sq_corpus_read(const struct sq_corpus *c, const char *path, struct sq_buf *ret)
{
	_cleanup_(sq_freep) char *full = sq_asprintf("%s/%s", c->dir, path);
	int r;

	if (!full)
		return sq_error_origin(-ENOMEM);
	r = sq_fd_read_file(AT_FDCWD, full, MAX_SOURCE_BYTES, ret);
	return r > 0 ? sq_error_origin(-EFBIG) : r;
}

int sq_corpus_write(const struct sq_corpus *c, const char *path, const void *text, size_t n)
{
	_cleanup_(sq_freep) char *full = sq_asprintf("%s/%s", c->dir, path);
	_cleanup_(sq_fd_closep) int fd = -1;

	if (!full)
		return sq_error_origin(-ENOMEM);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd < 0 ? sq_error_origin(-errno) : sq_fd_write_all(fd, text, n);
}

/* ---- choosing ------------------------------------------------------------------- */

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a < b ? b - a : a - b;
}

size_t sq_corpus_near(const struct sq_corpus *c, uint64_t bytes, size_t max, const struct sq_source **ret)
{
	size_t n = 0, at;

	for (size_t i = 0; i < c->sources.n; i++) {
		const struct sq_source *s = &c->sources.v[i];

		if (s->is_header || !sq_slice_has_suffix(sq_slice_z(s->path), sq_slice_z(c->suffix)))
			continue;
		for (at = n; at && distance(ret[at - 1]->bytes, bytes) > distance(s->bytes, bytes); at--)
			if (at < max)
				ret[at] = ret[at - 1];
		if (at < max) {
			ret[at] = s;
			n += n < max;
		}
	}
	return n;
}

/* how many files name a path in an #include; open addressing */
struct include { char *target; size_t n; uint32_t last; };
struct includes { struct include *v; size_t n; };

static struct include *include_of(struct includes *t, struct sq_slice name)
{
	uint64_t h = 1469598103934665603u;

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 1099511628211u;
	for (size_t i = 0; i < MAX_INCLUDES; i++) {
		struct include *e = &t->v[(h + i) % MAX_INCLUDES];

		if (!e->target) {
			if (t->n > MAX_INCLUDES / 2)
				return NULL;
			e->target = sq_strndup(name.p, name.n);
			t->n += e->target != NULL;
			return e->target ? e : NULL;
		}
		if (sq_slice_is(name, e->target))
			return e;
	}
	return NULL;
}

static void count_includes(struct includes *t, const char *text, uint32_t file)
{
	for (const char *at = text; (at = strstr(at, "#include")); ) {
		struct include *e;
		size_t n;

		at += 8;
		at += strspn(at, " \t");
		if (*at != '"' && *at != '<')
			continue;
		n = strcspn(++at, "\">\n");
		e = include_of(t, sq_slice(at, n));
		if (e && e->last != file + 1) {
			e->last = file + 1;
			e->n++;
		}
	}
}

/* the source that an include most likely means: shortest path with that end */
static const struct sq_source *header_of(const struct sq_corpus *c, const char *target)
{
	const struct sq_source *best = NULL;
	struct sq_slice want = sq_slice_z(target);

	for (size_t i = 0; i < c->sources.n; i++) {
		const struct sq_source *s = &c->sources.v[i];
		size_t n = strlen(s->path);

		if (s->is_header && sq_slice_has_suffix(sq_slice(s->path, n), want) &&
		    (n == want.n || s->path[n - want.n - 1] == '/') && (!best || n < strlen(best->path)))
			best = s;
	}
	return best;
}

static const struct sq_source *pick_header(const struct sq_corpus *c, const struct includes *t, size_t want,
					   size_t *ret_includers)
{
	const struct sq_source *best = NULL, *s;
	size_t best_n = 0;

	for (size_t i = 0; i < MAX_INCLUDES; i++) {
		const struct include *e = &t->v[i];
		bool better = best_n < want ? e->n > best_n : e->n >= want && e->n < best_n;

		if (!e->target || !better || !(s = header_of(c, e->target)))
			continue;
		best = s;
		best_n = e->n;
	}
	*ret_includers = best_n;
	return best;
}

const struct sq_source *sq_corpus_popular_header(const struct sq_corpus *c, size_t want, size_t *ret_includers)
{
	struct includes t = { sq_calloc(MAX_INCLUDES, sizeof(*t.v)), 0 };
	const struct sq_source *best = NULL;

	for (size_t i = 0; t.v && i < c->sources.n; i++) {
		_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;

		if (!sq_corpus_read(c, c->sources.v[i].path, &text) && sq_buf_z(&text) && text.n)
			count_includes(&t, text.p, (uint32_t)i);
	}
	if (t.v)
		best = pick_header(c, &t, want, ret_includers);
	for (size_t i = 0; t.v && i < MAX_INCLUDES; i++)
		sq_free(t.v[i].target);
	sq_free(t.v);
	return best;
}

int sq_corpus_add_big(struct sq_corpus *c, const char *path, uint64_t bytes)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	struct sq_source s = { .path = sq_strdup(path) };
	int r = s.path ? 0 : -ENOMEM;

	for (size_t i = 0; !r && text.n < bytes; i = (i + 1) % c->sources.n)
		if (sq_slice_has_suffix(sq_slice_z(c->sources.v[i].path), sq_slice_z(c->suffix)))
			r = sq_corpus_read(c, c->sources.v[i].path, &text);
	s.bytes = text.n;
	if (!r)
		r = sq_corpus_write(c, path, text.p, text.n);
	if (!r)
		r = sq_vec_push(&c->sources, s);
	if (r) {
		sq_free(s.path);
		return sq_error_trace(r);
	}
	c->n_bytes += s.bytes;
	return 0;
}

void sq_corpus_drop_big(struct sq_corpus *c)
{
	struct sq_source *s = &c->sources.v[--c->sources.n];
	_cleanup_(sq_freep) char *full = sq_asprintf("%s/%s", c->dir, s->path);

	c->n_bytes -= s->bytes;
	if (full)
		(void)unlink(full);     /* with the copy at the latest */
	sq_free(s->path);
}
