/* SPDX-License-Identifier: MIT */
#include "treegraph.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"
#include "graph/dump.h"
#include "tree/discover.h"
#include "tree/reader.h"

#define MAX_BYTES (32u << 20)

int treegraph_init(struct treegraph *t)
{
	int r;

	*t = (struct treegraph){ .built = false };
	r = sq_epoch_new(&t->epoch);
	if (!r)
		r = sq_epoch_record_acquire(t->epoch, &t->rec);
	if (!r)
		r = sq_lang_registry_new(NULL, &t->registry);
	if (!r)
		r = sq_extractor_new(t->registry, &t->extractor);
	if (!r)
		r = sq_graph_new(t->epoch, sq_lang_traits_table(), &t->graph);
	return r;
}

int treegraph_spread(struct treegraph *t)
{
	return sq_pool_new(3, "links", false, &t->pool);
}

void treegraph_deinit(struct treegraph *t)
{
	t->pool = sq_pool_free(t->pool);
	if (t->graph && t->rec)
		while (sq_graph_reclaim(t->graph, t->rec))
			sq_epoch_barrier(t->rec);
	sq_graph_free(t->graph);
	sq_extractor_free(t->extractor);
	sq_lang_registry_free(t->registry);
	if (t->rec) {
		sq_epoch_barrier(t->rec);
		sq_epoch_record_release(t->rec);
	}
	sq_epoch_free(t->epoch);
}

static bool want(struct sq_slice path)
{
	return sq_lang_detect(path) != SQ_LANG_NONE;
}

const struct sq_version *treegraph_version(const struct treegraph *t)
{
	return sq_graph_current(t->graph);
}

struct filler {
	struct treegraph *t;
	struct sq_draft *draft;
	const struct sq_slice *paths;
};

static bool unchanged(const struct filler *f, struct sq_slice path, uint64_t hash)
{
	const struct sq_version *v = treegraph_version(f->t);
	sq_file id = sq_version_file(v, path);
	const struct sq_bound *b = id == SQ_FILE_NONE ? NULL : sq_version_bound(v, id);

	return f->t->built && b && !b->skip && b->content_hash == hash;
}

static int put(void *arg, const struct sq_read_result *res)
{
	struct filler *f = arg;
	struct sq_put p = {
		.path = f->paths[res->index],
		.lang = sq_lang_detect(f->paths[res->index]),
		.skip = res->skip,
		.content_hash = sq_hash64(res->bytes.p, res->bytes.n, 0),
		.size_bytes = res->bytes.n,
	};
	struct sq_extract_limits limits;
	struct sq_facts facts = SQ_FACTS_NULL;
	int r = 0;

	if (!p.skip && unchanged(f, p.path, p.content_hash))
		return 0;
	if (!p.skip) {
		sq_extract_limits_default(&limits);
		r = sq_extract(f->t->extractor, p.lang, res->bytes, &limits, &facts);
		if (r == SQ_LANG_E_UNKNOWN)
			r = -ENOENT;     /* a graph of nothing would equal any other */
		if (r < 0)
			return r;
		if (r)
			p.skip = SQ_SKIP_LIMIT;
		else
			p.facts = &facts;
		f->t->n_parsed++;
	}
	r = sq_draft_put(f->draft, 0, &p);
	sq_facts_deinit(&facts);
	return r;
}

struct counter { size_t at, n; };
static size_t next(void *arg)
{
	struct counter *c = arg;

	return c->at < c->n ? c->at++ : SIZE_MAX;
}

static int find(const struct sq_discovery *d, struct sq_slice path)
{
	size_t lo = 0, hi = d->n_files;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int r = sq_slice_cmp(d->files[mid].path, path);

		if (!r)
			return 1;
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

static int remove_gone(struct treegraph *t, struct sq_draft *draft, const struct sq_discovery *d)
{
	const struct sq_version *v = treegraph_version(t);
	int r = 0;

	for (sq_file f = 0; f < v->n_file_ids && r >= 0; f++) {
		const struct sq_bound *b = sq_version_bound(v, f);

		if (b && !find(d, b->path))
			r = sq_draft_remove(draft, b->path);
	}
	return r;
}

static int fill(struct treegraph *t, struct sq_draft *draft, int root_fd, const struct sq_discovery *d)
{
	struct sq_slice *paths = sq_calloc(d->n_files + 1, sizeof(*paths));
	struct filler f = { .t = t, .draft = draft, .paths = paths };
	struct counter c = { 0, 0 };
	struct sq_reader *reader = NULL;
	int r = paths ? 0 : -ENOMEM;

	for (size_t i = 0; i < d->n_files && !r; i++) {
		struct sq_put p = { .path = d->files[i].path, .skip = d->files[i].skip };

		if (p.skip)
			r = sq_draft_put(draft, 0, &p);
		else
			paths[c.n++] = p.path;
	}
	if (!r)
		r = sq_reader_new(SQ_READER_PLAIN, MAX_BYTES, &reader);
	if (!r)
		r = sq_reader_run(reader, root_fd, paths, next, &c, put, &f);
	sq_reader_free(reader);
	sq_free(paths);
	return r;
}

int treegraph_update(struct treegraph *t, const char *dir, bool clean)
{
	struct sq_discover_opts opts = { .want = want, .max_bytes = MAX_BYTES };
	struct sq_ignore_config cfg = { .use_gitignore = true };
	struct sq_draft_opts draft_opts = { .clear = clean || !t->built, .link_flags = t->link_flags,
					     .disabled_triggers = t->disabled, .links_alone = t->links_alone,
					     .link_par = t->pool ? sq_pool_parallel_now(t->pool) : NULL };
	struct sq_discovery *d = NULL;
	struct sq_draft *draft = NULL;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	if (clean)
		t->built = false;
	r = sq_discover(fd, &cfg, &opts, NULL, &d);
	if (!r)
		r = sq_draft_new(t->graph, &draft_opts, &draft);
	if (!r)
		r = fill(t, draft, fd, d);
	if (!r && t->built)
		r = remove_gone(t, draft, d);
	if (!r)
		r = sq_draft_finish(draft, &t->report);
	if (!r) {
		sq_graph_publish(t->graph, SQ_TAKE(draft), t->rec);
		(void)sq_graph_reclaim(t->graph, t->rec);
		t->built = true;
	}
	sq_draft_free(draft);
	sq_discovery_free(d);
	close(fd);
	return r;
}

static int append(void *arg, const void *p, size_t n)
{
	sq_buf_add(arg, p, n);
	return sq_buf_error(arg);
}

int treegraph_dump(const struct treegraph *t, struct sq_buf *out)
{
	return sq_dump(treegraph_version(t), SQ_SLICE_NULL, append, out);
}

int treegraph_clean_dump(const char *dir, uint8_t link_flags, struct sq_buf *out)
{
	struct treegraph t;
	int r = treegraph_init(&t);

	t.link_flags = link_flags;
	if (!r)
		r = treegraph_update(&t, dir, true);
	if (!r)
		r = treegraph_dump(&t, out);
	treegraph_deinit(&t);
	return r;
}

/* cuts the first line off */
static struct sq_slice take_line(struct sq_slice *text)
{
	const char *end = text->n ? memchr(text->p, '\n', text->n) : NULL;
	struct sq_slice line = sq_slice(text->p, end ? (size_t)(end - text->p) : text->n);

	*text = end ? sq_slice(end + 1, text->n - line.n - 1) : SQ_SLICE_NULL;
	return line;
}

void treegraph_show_difference(struct sq_slice is, struct sq_slice clean)
{
	for (unsigned line = 1; is.n || clean.n; line++) {
		struct sq_slice a = take_line(&is), b = take_line(&clean);

		if (!sq_slice_eq(a, b)) {
			printf("line %u\n  incremental: %.*s\n  clean:       %.*s\n", line, (int)a.n, a.p ? a.p : "",
			       (int)b.n, b.p ? b.p : "");
			fflush(stdout);
			return;
		}
	}
}
