/* SPDX-License-Identifier: MIT */
/*
 * passes — what each pass of a build costs, and what an edit makes of it.
 *
 *   passes DIR [WORKERS [ROUNDS [FILE...]]]
 *
 * Every source file of DIR is parsed once; from the facts, which are kept, the
 * graph is built ROUNDS times from nothing and linked ROUNDS times again as a
 * whole, and searched ROUNDS times for what nobody uses. Then each FILE is
 * edited in memory in several ways, one after the other, and the counters of
 * the incremental draft are shown.
 * PASSES_FACTS in the environment names a file that keeps the facts of a DIR
 * which does not change, so that the next run need not parse.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/epoch.h"
#include "base/hash.h"
#include "base/time.h"
#include "graph/draft.h"
#include "graph/unused.h"
#include "lang/lang.h"
#include "sys/cpu.h"
#include "sys/pool.h"
#include "tree/discover.h"

#define MAX_FILE_BYTES (32u << 20)

struct file { struct sq_slice path; uint64_t hash, size; enum sq_lang lang; struct sq_facts facts; };
struct run {
	int root_fd;
	unsigned n_workers;
	struct sq_lang_registry *registry;
	struct sq_pool *pool;
	const struct sq_parallel *par;
	struct sq_discovery *d;
	struct sq_extractor *x[64];
	struct file *files;
	size_t n_files, at;     /* at: atomic */
	struct sq_draft *draft;
	struct sq_epoch *epoch;
	struct sq_epoch_record *rec;
	struct sq_graph *g;
};

static double cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* of the caller, which sleeps while the workers run */
static double own_cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool want(struct sq_slice path)
{
	return sq_lang_detect(path) != SQ_LANG_NONE;
}

static char *read_file(int root_fd, struct sq_slice path, size_t *ret_n)
{
	char name[4096], *buf = NULL;
	off_t n;
	int fd;

	snprintf(name, sizeof(name), "%.*s", (int)path.n, path.p);
	fd = openat(root_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	n = lseek(fd, 0, SEEK_END);
	buf = malloc((size_t)n + 1);
	if (!buf || pread(fd, buf, (size_t)n, 0) != n) {
		free(buf);
		buf = NULL;
	}
	close(fd);
	*ret_n = (size_t)n;
	return buf;
}

static int extract(struct sq_extractor *x, struct file *f, struct sq_slice bytes)
{
	struct sq_extract_limits limits;

	sq_extract_limits_default(&limits);
	f->lang = sq_lang_detect(f->path);
	f->hash = sq_hash64(bytes.p, bytes.n, 0);
	f->size = bytes.n;
	return sq_extract(x, f->lang, bytes, &limits, &f->facts);
}

static int parse_share(void *arg, unsigned worker)
{
	struct run *run = arg;
	size_t i, n;

	/* relaxed: hands out numbers only */
	while ((i = sq_add_relaxed(&run->at, 1)) < run->n_files) {
		char *text = read_file(run->root_fd, run->files[i].path, &n);

		if (text && extract(run->x[worker], &run->files[i], sq_slice(text, n)) < 0)
			return -1;
		free(text);
	}
	return 0;
}

static int put(struct sq_draft *d, unsigned worker, const struct file *f)
{
	struct sq_put p = { .path = f->path, .lang = f->lang, .content_hash = f->hash, .size_bytes = f->size };

	if (!f->facts.blob)
		return 0;
	p.facts = &f->facts;
	return sq_draft_put(d, worker, &p);
}

static int put_share(void *arg, unsigned worker)
{
	struct run *run = arg;
	size_t i;
	int r = 0;

	/* relaxed: hands out numbers only */
	while (r >= 0 && (i = sq_add_relaxed(&run->at, 1)) < run->n_files)
		r = put(run->draft, worker, &run->files[i]);
	return r;
}

static void print_report(const char *what, double put_cpu, double cpu, const struct sq_draft_report *r)
{
	printf("%-10s put %.3f | names %.3f shards %.3f link %.3f freeze %.3f s wall | %.3f s CPU\n", what, put_cpu,
	       (double)r->ns_names / 1e9, (double)r->ns_shards / 1e9, (double)r->ns_link / 1e9,
	       (double)r->ns_freeze / 1e9, cpu);
	fflush(stdout);
}

static int finish(struct run *run, struct sq_draft_report *ret)
{
	int r = sq_draft_finish(run->draft, ret);

	if (r < 0) {
		sq_draft_free(run->draft);
		return r;
	}
	sq_graph_publish(run->g, run->draft, run->rec);
	sq_epoch_barrier(run->rec);
	sq_graph_reclaim(run->g, run->rec);
	return 0;
}

static int build(struct run *run)
{
	struct sq_draft_opts opts = { .clear = true, .par = run->par };
	struct sq_draft_report rep;
	double start = cpu_now(), after_put;
	int r = sq_draft_new(run->g, &opts, &run->draft);

	if (r < 0)
		return r;
	run->at = 0;
	r = sq_parallel_run(run->par, put_share, run);
	after_put = cpu_now() - start;
	if (r >= 0)
		r = finish(run, &rep);
	if (r >= 0)
		print_report("build", after_put, cpu_now() - start, &rep);
	return r;
}

/* everything again: links made with other flags are no use */
static int relink(struct run *run)
{
	uint8_t flags = sq_graph_current(run->g)->link_flags ^ SQ_LINKF_NO_DUCK;
	struct sq_draft_opts opts = { .link_flags = flags, .par = run->par };
	struct sq_draft_report rep;
	double start = cpu_now();
	int r = sq_draft_new(run->g, &opts, &run->draft);

	if (r >= 0)
		r = finish(run, &rep);
	if (r >= 0)
		print_report("relink", 0, cpu_now() - start, &rep);
	return r;
}

/* what nobody uses: by this thread alone, then by the workers */
static int find_unused(struct run *run)
{
	const struct sq_parallel *pars[] = { NULL, run->par };
	uint64_t n[2] = { 0, 0 };
	int r = 0;

	for (int i = 0; i < 2 && !r; i++) {
		const struct sq_analysis how = { .par = pars[i] };
		uint64_t start = sq_now_ns();
		double cpu = cpu_now(), own = own_cpu_now();
		struct sq_defset set;

		r = sq_unused_find(sq_graph_current(run->g), &how, &set);
		if (r)
			return r;
		n[i] = set.n;
		sq_defset_deinit(&set);
		printf("unused     %u workers: %.3f s wall | %.3f s CPU, %.3f by the caller; %llu\n", sq_parallel_width(pars[i]),
		       (double)(sq_now_ns() - start) / 1e9, cpu_now() - cpu, own_cpu_now() - own,
		       (unsigned long long)n[i]);
	}
	return n[0] == n[1] ? 0 : -1;
}

/* ---- edits ---- */

static const struct { const char *name, *before, *after; } edits[] = {
	{ "comment", "", "/* nothing */\n" },
	{ "macro", "", "#define SQRY_PASSES_MACRO 1\n" },
	{ "inline", "", "static inline int sqry_passes_inline(int a) { return a; }\n" },
	{ "include", "#include <linux/sqry_passes.h>\n", "" },
	{ "include2", "#include <linux/bitops.h>\n", "" },
	{ "known", "", "static inline int schedule(int a) { return a; }\n" },
	{ "popular", "", "void kfree(const void *p);\nstatic inline void kfree(const void *p) { }\n" },
	{ "restore", "", "" },
};

static int edit_once(struct run *run, struct file *f, const char *name, struct sq_slice bytes)
{
	struct sq_draft_opts opts = { .par = run->par, .link_flags = sq_graph_current(run->g)->link_flags };
	struct sq_draft_report rep;
	uint64_t start, parsed;
	double cpu;
	int r;

	start = sq_now_ns();
	sq_facts_deinit(&f->facts);
	f->facts = (struct sq_facts)SQ_FACTS_NULL;
	r = extract(run->x[0], f, bytes);
	parsed = sq_now_ns();
	cpu = cpu_now();
	if (!r)
		r = sq_draft_new(run->g, &opts, &run->draft);
	if (!r)
		r = put(run->draft, 0, f);
	if (!r)
		r = finish(run, &rep);
	if (r)
		return r;
	printf("%-9s parse %6.1f ms, rest %7.1f ms (%6.1f CPU): names %.1f shards %.1f link %.1f; "
	       "%llu linked again, %llu differ\n", name,
	       (double)(parsed - start) / 1e6, (double)(sq_now_ns() - parsed) / 1e6, (cpu_now() - cpu) * 1e3,
	       (double)rep.ns_names / 1e6, (double)rep.ns_shards / 1e6, (double)rep.ns_link / 1e6,
	       (unsigned long long)rep.n_relinked, (unsigned long long)rep.n_links_changed);
	return 0;
}

static int edit(struct run *run, const char *path)
{
	size_t n, i;
	char *text, *changed;
	int r = 0;

	for (i = 0; i < run->n_files && !sq_slice_is(run->files[i].path, path); i++)
		;
	text = i < run->n_files ? read_file(run->root_fd, run->files[i].path, &n) : NULL;
	changed = text ? malloc(n + 1024) : NULL;
	if (!changed) {
		fprintf(stderr, "passes: %s: no such file\n", path);
		free(text);
		return -1;
	}
	printf("%s, %zu bytes\n", path, n);
	for (size_t e = 0; e < SQ_ARRAY_SIZE(edits) && !r; e++) {
		size_t b = strlen(edits[e].before), a = strlen(edits[e].after);

		memcpy(changed, edits[e].before, b);
		memcpy(changed + b, text, n);
		memcpy(changed + b + n, edits[e].after, a);
		r = edit_once(run, &run->files[i], edits[e].name, sq_slice(changed, b + n + a));
	}
	free(changed);
	free(text);
	return r;
}

/* ---- facts kept in a file: in the order of ->files, which follows from DIR ---- */

struct kept { uint64_t hash, size; uint32_t n_bytes, lang; };

static int load_facts(struct run *run, const char *path)
{
	FILE *in = fopen(path, "rb");
	struct kept k;
	int r = in ? 0 : -1;

	for (size_t i = 0; i < run->n_files && !r; i++) {
		struct file *f = &run->files[i];
		uint8_t *blob = NULL;

		r = fread(&k, sizeof(k), 1, in) == 1 && k.size == f->size ? 0 : -1;
		if (r || !k.n_bytes)
			continue;
		f->hash = k.hash;
		f->lang = (enum sq_lang)k.lang;
		blob = sq_malloc(k.n_bytes);
		if (!blob || fread(blob, k.n_bytes, 1, in) != 1 || sq_facts_open(blob, k.n_bytes, &f->facts)) {
			sq_free(blob);
			r = -1;
		}
	}
	if (in)
		fclose(in);
	return r;
}

static int keep_facts(const struct run *run, const char *path)
{
	FILE *out = fopen(path, "wb");
	int r = out ? 0 : -1;

	for (size_t i = 0; i < run->n_files && !r; i++) {
		const struct file *f = &run->files[i];
		struct kept k = { f->hash, f->size, f->facts.n_bytes, f->lang };

		r = fwrite(&k, sizeof(k), 1, out) == 1 ? 0 : -1;
		if (!r && k.n_bytes)
			r = fwrite(f->facts.blob, k.n_bytes, 1, out) == 1 ? 0 : -1;
	}
	if (out && fclose(out))
		r = -1;
	return r;
}

static int get_facts(struct run *run)
{
	const char *kept = getenv("PASSES_FACTS");
	double start = cpu_now();
	int r;

	if (kept && !load_facts(run, kept))
		return 0;
	r = sq_parallel_run(run->par, parse_share, run);
	printf("%zu files, %u workers: read, parse, extract %.3f s CPU\n", run->n_files, run->n_workers,
	       cpu_now() - start);
	return r || !kept ? r : keep_facts(run, kept);
}

/* ---- */

static int biggest_first(const void *pa, const void *pb)
{
	const struct file *a = pa, *b = pb;

	return a->size != b->size ? (a->size > b->size ? -1 : 1) : sq_slice_cmp(a->path, b->path);
}

static int init(struct run *run, const char *dir)
{
	struct sq_discover_opts opts = { .want = want, .max_bytes = MAX_FILE_BYTES };
	struct sq_ignore_config cfg = { .use_gitignore = true, .needs_work_tree = true };

	run->root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run->root_fd < 0 || sq_lang_registry_new(NULL, &run->registry) ||
	    sq_pool_new(run->n_workers, "passes", false, &run->pool) ||
	    sq_discover(run->root_fd, &cfg, &opts, NULL, &run->d) ||
	    sq_epoch_new(&run->epoch) || sq_epoch_record_acquire(run->epoch, &run->rec) ||
	    sq_graph_new(run->epoch, sq_lang_traits_table(), &run->g))
		return -1;
	run->par = sq_pool_parallel(run->pool);
	for (unsigned i = 0; i < run->n_workers; i++)
		if (sq_extractor_new(run->registry, &run->x[i]))
			return -1;
	run->files = calloc(run->d->n_files + 1, sizeof(*run->files));
	if (!run->files)
		return -1;
	for (size_t i = 0; i < run->d->n_files; i++)
		if (!run->d->files[i].skip)
			run->files[run->n_files++] = (struct file){
				.path = run->d->files[i].path, .size = run->d->files[i].id.size };
	qsort(run->files, run->n_files, sizeof(*run->files), biggest_first);
	return 0;
}

static void deinit(struct run *run)
{
	sq_graph_free(run->g);
	sq_epoch_barrier(run->rec);
	sq_epoch_record_release(run->rec);
	sq_epoch_free(run->epoch);
	for (size_t i = 0; i < run->n_files; i++)
		sq_facts_deinit(&run->files[i].facts);
	for (unsigned i = 0; i < run->n_workers; i++)
		sq_extractor_free(run->x[i]);
	free(run->files);
	sq_discovery_free(run->d);
	sq_pool_free(run->pool);
	sq_lang_registry_free(run->registry);
	close(run->root_fd);
}

int main(int argc, char **argv)
{
	struct run run = { .n_workers = argc > 2 ? (unsigned)atoi(argv[2]) : sq_cpu_count() };
	int rounds = argc > 3 ? atoi(argv[3]) : 2, r = 0;

	if (argc < 2 || !run.n_workers || run.n_workers > SQ_ARRAY_SIZE(run.x)) {
		fprintf(stderr, "usage: passes DIR [WORKERS [ROUNDS [FILE...]]]\n");
		return 2;
	}
	if (init(&run, argv[1])) {
		fprintf(stderr, "passes: %s cannot be read\n", argv[1]);
		return 1;
	}
	r = get_facts(&run);
	for (int i = 0; i < rounds && r >= 0; i++)
		r = build(&run);
	for (int i = 0; i < rounds && r >= 0; i++)
		r = relink(&run);
	for (int i = 0; i < rounds && r >= 0; i++)
		r = find_unused(&run);
	for (int i = 4; i < argc && r >= 0; i++)
		r = edit(&run, argv[i]);
	if (r)
		fprintf(stderr, "passes: failed: %d\n", r);
	deinit(&run);
	return r != 0;
}
