/* SPDX-License-Identifier: MIT */
/* questions: each kind, by one client and by many, alone and beside a build */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/atomic.h"
#include "bench/crowd.h"
#include "bench/scenario.h"

#define N_JUDGED 120            /* files spread over the corpus, each of which offers a function */
#define N_ENOUGH 20             /* symbols with callers among which may be chosen */
#define N_CANDIDATES 100        /* functions of a file, of which the middle one is offered */

struct symbol { char name[160]; int64_t n_callers; };

/* ---- choosing symbols ----------------------------------------------------------- */

static int by_callers(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->n_callers > y->n_callers) - (x->n_callers < y->n_callers);
}

static struct sqry_params *symbol_params(struct sq_bench *b, const char *symbol)
{
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "path", b->corpus.dir);
	sqry_params_string(p, "symbol", symbol);
	return p;
}

static int64_t callers_of(struct sq_bench *b, const char *symbol)
{
	struct sqry_params *p = symbol_params(b, symbol);
	struct sqry_reply *reply;
	int64_t n;

	sqry_params_int(p, "max_results", 1);
	if (sq_target_call(&b->target, "direct_callers", p, &reply))
		return -1;
	n = sqry_value_int(sqry_value_get(sqry_reply_result(reply), "total"), 0);
	sqry_reply_free(reply);
	return n;
}

/* the middle one of the functions of a file. Return: was there one? */
static bool function_of(struct sq_bench *b, const struct sq_source *source, struct symbol *ret)
{
	struct sqry_params *p = sqry_params_new();
	struct sq_buf path = SQ_BUF_NULL;
	const struct sqry_value *items;
	const char *name = NULL;
	struct sqry_reply *reply;

	sq_buf_printf(&path, "%s/%s", b->corpus.dir, source->path);
	sqry_params_string(p, "search_path", sq_buf_z(&path));
	sqry_params_string(p, "query", "kind:function");
	sqry_params_int(p, "limit", N_CANDIDATES);
	if (!sq_target_call(&b->target, "daemon/query", p, &reply)) {
		items = sqry_value_get(sqry_reply_result(reply), "items");
		name = sqry_value_string(sqry_value_get(sqry_value_at(items, sqry_value_count(items) / 2), "name"), NULL);
		if (name)
			snprintf(ret->name, sizeof(ret->name), "%s", name);
		sqry_reply_free(reply);
	}
	sq_buf_deinit(&path);
	return name;
}

/* functions that somebody calls, of files from all over the corpus, sorted by how many do */
static int choose_symbols(struct sq_bench *b, struct symbol *v, size_t *ret_n)
{
	size_t n = 0, n_sources = b->corpus.sources.n, step = n_sources / N_JUDGED + 1;

	for (size_t from = 0; from < step && n < N_ENOUGH; from++)
		for (size_t i = from; i < n_sources && n < N_JUDGED; i += step) {
			if (!function_of(b, &b->corpus.sources.v[i], &v[n]))
				continue;
			v[n].n_callers = callers_of(b, v[n].name);
			n += v[n].n_callers > 0;
		}
	if (!n)
		return sq_bench_fail(b, "no function of the corpus has a caller");
	qsort(v, n, sizeof(*v), by_callers);
	*ret_n = n;
	return 0;
}

/* ---- the mix -------------------------------------------------------------------- */

enum expect { EXPECT_ANY, EXPECT_SOME, EXPECT_EXACT };
struct question {
	const char *what, *method;
	char params[900];
	enum expect expect;
	int64_t total;                  /* for EXPECT_EXACT */
	unsigned share;                 /* of o.queries: 1/share; dear questions are asked less */
};

static void put(struct question *q, const char *what, const char *method, enum expect expect, unsigned share,
		struct sqry_params *p)
{
	const char *json = sqry_params_json(p);

	*q = (struct question){ .what = what, .method = method, .expect = expect, .share = share };
	snprintf(q->params, sizeof(q->params), "%s", json ? json : "{}");
	sqry_params_free(p);
}

static struct sqry_params *pattern_params(struct sq_bench *b, const char *pattern, const char *mode)
{
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "search_path", b->corpus.dir);
	sqry_params_string(p, "pattern", pattern);
	sqry_params_string(p, "mode", mode);
	return p;
}

static struct sqry_params *query_params(struct sq_bench *b, const char *fmt, const char *symbol)
{
	struct sqry_params *p = sqry_params_new();
	char query[400];

	snprintf(query, sizeof(query), fmt, symbol);
	sqry_params_string(p, "search_path", b->corpus.dir);
	sqry_params_string(p, "query", query);
	sqry_params_int(p, "limit", 100);
	return p;
}

static struct sqry_params *path_params(struct sq_bench *b)
{
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "path", b->corpus.dir);
	return p;
}

/* a function two calls above @symbol, or @symbol: where a trace to it starts */
static void ancestor_of(struct sq_bench *b, const char *symbol, char *ret, size_t cap)
{
	snprintf(ret, cap, "%s", symbol);
	for (unsigned i = 0; i < 2; i++) {
		struct sqry_reply *reply;
		const char *name;

		if (sq_target_call(&b->target, "direct_callers", symbol_params(b, ret), &reply))
			return;
		name = sqry_value_string(sqry_value_get(sqry_value_at(sqry_value_get(sqry_value_get(
				sqry_reply_result(reply), "data"), "callers"), 0), "name"), NULL);
		if (*name)
			snprintf(ret, cap, "%.150s", name);
		sqry_reply_free(reply);
	}
}

static size_t make_mix(struct sq_bench *b, const struct symbol *median, const struct symbol *most,
		       struct question *q)
{
	char prefix[8], regex[64], from[160];
	struct sqry_params *trace = path_params(b);
	size_t n = 0;

	snprintf(prefix, sizeof(prefix), "%.5s", median->name);
	snprintf(regex, sizeof(regex), "^%s.*e$", prefix);
	ancestor_of(b, median->name, from, sizeof(from));
	sqry_params_string(trace, "from_symbol", from);
	sqry_params_string(trace, "to_symbol", median->name);
	sqry_params_int(trace, "max_hops", 5);
	put(&q[n++], "exact", "daemon/search", EXPECT_SOME, 1, pattern_params(b, median->name, "exact"));
	snprintf(regex, sizeof(regex), "^%s", prefix);
	put(&q[n++], "prefix", "daemon/search", EXPECT_SOME, 10, pattern_params(b, regex, "regex"));
	put(&q[n++], "regex", "daemon/search", EXPECT_ANY, 50, pattern_params(b, "_(init|probe)$", "regex"));
	put(&q[n++], "callers, median symbol", "direct_callers", EXPECT_EXACT, 1, symbol_params(b, median->name));
	q[n - 1].total = median->n_callers;
	put(&q[n++], "callers, most called", "direct_callers", EXPECT_EXACT, 10, symbol_params(b, most->name));
	q[n - 1].total = most->n_callers;
	put(&q[n++], "callees", "direct_callees", EXPECT_ANY, 1, symbol_params(b, from));
	put(&q[n++], "references", "daemon/query", EXPECT_ANY, 10, query_params(b, "references:%s", median->name));
	put(&q[n++], "callers of, as a query", "daemon/query", EXPECT_ANY, 10,
	    query_params(b, "callees:%s", median->name));
	put(&q[n++], "trace of 5 hops", "trace_path", EXPECT_ANY, 50, trace);
	put(&q[n++], "unused", "find_unused", EXPECT_ANY, 1000, path_params(b));
	put(&q[n++], "cycles", "find_cycles", EXPECT_ANY, 1000, path_params(b));
	return n;
}

/* ---- asking --------------------------------------------------------------------- */

static void judge(struct sq_bench *b, const struct question *q, const struct sq_crowd *c)
{
	if (q->expect == EXPECT_EXACT)
		sq_bench_check(b, c->total == q->total, "%s, %u clients: %lld found, %lld expected", q->what,
			       c->n_clients, (long long)c->total, (long long)q->total);
	else if (q->expect == EXPECT_SOME)
		sq_bench_check(b, c->total > 0, "%s, %u clients: %lld found", q->what, c->n_clients,
			       (long long)c->total);
	else
		sq_bench_check(b, c->us.values.n > 0, "%s, %u clients: %zu answers, no error", q->what, c->n_clients,
			       c->us.values.n);
}

static void add_all(struct sq_row *row, const struct sq_sample *s)
{
	for (size_t i = 0; i < s->values.n; i++)
		sq_sample_add(&row->sample, s->values.v[i]);
}

/* the socket alone, with messages of the same sizes. @ret: of the round, 0 when it failed */
static void ask_bare(struct sq_bench *b, const struct sq_crowd *like, const char *row, struct sq_summary *ret)
{
	struct sq_pingpong p = SQ_PINGPONG_NULL;
	struct sq_crowd c = { .depth = SQ_CROWD_BARE, .bare = &p, .n_clients = like->n_clients,
			      .n_each = like->n_each, .limit_ms = like->limit_ms };

	if (sq_pingpong_start(&p, b->scratch, (uint32_t)like->n_request, (uint32_t)like->n_answer) ||
	    sq_crowd_run(&c))
		(void)sq_bench_fail(b, "bare socket: %s", c.why);
	else
		add_all(sq_bench_row(b, row, "us", "bare socket"), &c.us);
	sq_sample_summary(&c.us, ret);
	sq_sample_deinit(&c.us);
	sq_pingpong_stop(&p);
}

static void add_row(struct sq_bench *b, const char *what, const char *suffix, const char *unit, double value)
{
	char name[160];

	snprintf(name, sizeof(name), "%s%s", what, suffix);
	sq_bench_add(b, name, unit, SQ_OURS, value);
}

/* the daemon's own figures of the calls in between; nothing where it does not tell */
static void add_inside(struct sq_bench *b, const struct sq_crowd *c, const char *what,
		       const struct sq_histogram *before)
{
	struct sq_histogram now;

	if (!before->is_known || !sq_target_histogram(&b->target, c->method, &now))
		return;
	sq_histogram_subtract(&now, before);
	sq_bench_check(b, now.total >= c->us.values.n, "%s: the daemon counted %llu of %zu calls", what,
		       (unsigned long long)now.total, c->us.values.n);
	add_row(b, what, ", in the daemon, p50", "us", sq_histogram_quantile(&now, 0.5) / 1e3);
	add_row(b, what, ", in the daemon, p99", "us", sq_histogram_quantile(&now, 0.99) / 1e3);
}

/* frame for frame: what the daemon adds to the socket, without a library's decoding */
static void ask_frames(struct sq_bench *b, const struct sq_crowd *like, const char *what)
{
	struct sq_crowd c = { .depth = SQ_CROWD_FRAME, .target = like->target, .method = like->method,
			      .params = like->params, .n_clients = like->n_clients, .n_each = like->n_each,
			      .limit_ms = like->limit_ms };
	struct sq_histogram before = SQ_HISTOGRAM_NULL;
	struct sq_summary ours, bare;
	char row[120];

	snprintf(row, sizeof(row), "%s, frames", what);
	(void)sq_target_histogram(&b->target, c.method, &before);
	if (sq_crowd_run(&c)) {
		(void)sq_bench_fail(b, "%s: %s", row, c.why);
	} else {
		add_all(sq_bench_row(b, row, "us", SQ_OURS), &c.us);
		sq_row_note(sq_bench_row(b, row, "us", SQ_OURS), "not decoded; %zu and %zu bytes", c.n_request,
			    c.n_answer);
		sq_sample_summary(&c.us, &ours);
		ask_bare(b, &c, row, &bare);
		if (c.n_clients == 1 && bare.n) {
			add_row(b, what, ", frames above the bare socket", "us", ours.median - bare.median);
			add_row(b, what, ", frames' p99 to the bare socket's", "", ours.p99 / bare.p99);
			add_inside(b, &c, what, &before);
		}
	}
	sq_sample_deinit(&c.us);
}

/* fewer of them ask what takes long: all of their first answers together within twice o.query_ms */
static unsigned crowd_for(const struct sq_bench *b, const struct question *q)
{
	const struct sq_row *row;
	struct sq_summary alone;
	unsigned n = b->o.clients;
	char name[96];

	snprintf(name, sizeof(name), "%s, 1 client", q->what);
	row = sq_report_find(&b->report, b->scenario, name, SQ_OURS);
	if (!row)
		return n;
	sq_row_summary(row, &alone);
	while (n > 2 && n * alone.median > 2000.0 * b->o.query_ms)
		n /= 2;
	return n;
}

static int ask(struct sq_bench *b, const struct question *q, unsigned n_clients)
{
	unsigned n = b->o.queries / q->share / n_clients;
	struct sq_crowd c = { .target = &b->target, .method = q->method, .params = q->params,
			      .n_clients = n_clients, .n_each = n ? n : 1, .limit_ms = b->o.query_ms };
	struct sq_row *row;
	char name[96];
	int r;

	snprintf(name, sizeof(name), "%s, %u client%s", q->what, n_clients, n_clients > 1 ? "s" : "");
	r = sq_crowd_run(&c);
	row = sq_bench_row(b, name, "us", SQ_OURS);
	if (r && c.unsupported) {
		sq_row_status(row, SQ_ROW_UNSUPPORTED, "the daemon does not know %s", q->method);
		r = 0;
	} else if (r) {
		sq_row_status(row, SQ_ROW_FAILED, "%s", c.why);
		(void)sq_bench_fail(b, "%s: %s", name, c.why);
		/* another question may be answered, if anybody is there */
		r = sq_target_is_dead(&b->target) ? sq_bench_fail(b, NULL) : 0;
	} else {
		add_all(row, &c.us);
		sq_row_note(row, "%.0f a second", c.per_second);
		sq_row_command(row, q->method);
		judge(b, q, &c);
		if (q->share == 1)
			ask_frames(b, &c, name);
	}
	sq_sample_deinit(&c.us);
	return r;
}

/* ---- peers: a process each, as a shell or an editor would ----------------------- */

static void ask_peer(struct sq_bench *b, const struct sq_peer *p, const struct symbol *s)
{
	struct sq_peer_words v = { .tree = b->corpus.dir, .list = b->list, .name = s->name };
	_cleanup_(sq_freep) char *out = sq_bench_indexed(b, p, p->prepare[0] ? p->prepare : p->index, &v);
	struct sq_run run;

	if (!out) {
		sq_row_status(sq_bench_row(b, "exact, 1 client", "us", p->name), SQ_ROW_FAILED, "no index");
		return;
	}
	for (unsigned i = 0; i < b->o.rounds * 5; i++) {
		if (!sq_bench_run_peer(b, p, p->find, &v, "exact, a process each", "ms", &run))
			break;
		if (p->callers[0] &&
		    !sq_bench_run_peer(b, p, p->callers, &v, "callers, a process each", "ms", &run))
			break;
	}
	if (p->litter) {
		_cleanup_(sq_freep) char *litter = sq_asprintf("%s/%s", b->corpus.dir, p->litter);

		sq_remove_tree(litter);
	}
}

static void ask_peers(struct sq_bench *b, const struct symbol *s)
{
	for (size_t i = 0; i < sq_n_peers; i++) {
		const struct sq_row *index = sq_report_find(&b->report, "cold-index", "whole corpus",
							    sq_peers[i].name);

		if (!sq_peers[i].find[0] || !sq_bench_has_peer(b, &sq_peers[i]))
			continue;
		if (index && index->status == SQ_ROW_FAILED)
			sq_row_status(sq_bench_row(b, "exact, a process each", "ms", sq_peers[i].name),
				      SQ_ROW_FAILED, "it could not index the corpus");
		else
			ask_peer(b, &sq_peers[i], s);
	}
}

int sq_scenario_query_mix(struct sq_bench *b)
{
	struct symbol symbols[N_JUDGED];
	struct question mix[16];
	size_t n_symbols, n;
	int r = sq_bench_loaded(b);

	if (!r)
		r = choose_symbols(b, symbols, &n_symbols);
	if (r)
		return r;
	n = make_mix(b, &symbols[n_symbols / 2], &symbols[n_symbols - 1], mix);
	for (unsigned round = 0; !r && round < b->o.rounds; round++)
		for (size_t i = 0; !r && i < n; i++) {
			r = ask(b, &mix[i], 1);
			if (!r)
				r = ask(b, &mix[i], crowd_for(b, &mix[i]));
		}
	if (!r)
		ask_peers(b, &symbols[n_symbols / 2]);
	return r;
}

/* ---- query-build ---------------------------------------------------------------- */

static void *crowd_thread(void *arg)
{
	struct sq_crowd *c = arg;

	if (sq_crowd_run(c) && !c->n_failed)
		c->n_failed = 1;        /* it could not even connect */
	return NULL;
}

static int measure_build(struct sq_bench *b, struct sq_crowd *idle, struct sq_crowd *busy, int *stop)
{
	pthread_t thread;
	struct sq_summary s, alone;
	int r;

	if (sq_crowd_run(idle))
		return sq_bench_fail(b, "%s", idle->why);
	if (pthread_create(&thread, NULL, crowd_thread, busy))
		return sq_bench_fail(b, "no thread");
	r = sq_bench_target(b, sq_target_rebuild(&b->target, b->corpus.dir));
	sq_store_relaxed(stop, 1);      /* relaxed: the join orders the rest */
	pthread_join(thread, NULL);
	if (!r && busy->n_failed)
		r = sq_bench_fail(b, "%s", busy->why);
	add_all(sq_bench_row(b, "exact, 1 client, idle", "us", SQ_OURS), &idle->us);
	add_all(sq_bench_row(b, "exact, 1 client, beside a build", "us", SQ_OURS), &busy->us);
	sq_sample_summary(&busy->us, &s);
	sq_bench_add(b, "p99.9 beside a build", "us", SQ_OURS, s.p999);
	sq_sample_summary(&idle->us, &alone);
	if (s.n && alone.n)
		sq_bench_add(b, "p99 beside a build to idle", "", SQ_OURS, s.p99 / alone.p99);
	sq_bench_check(b, !r && busy->us.values.n > 0 && busy->total > 0 && busy->total == idle->total,
		       "%zu questions were answered during a build, all with %lld definitions", busy->us.values.n,
		       (long long)busy->total);
	return r;
}

int sq_scenario_query_build(struct sq_bench *b)
{
	struct symbol symbols[N_JUDGED];
	struct sqry_params *p = NULL;
	size_t n;
	int r = sq_bench_loaded(b);

	if (!r)
		r = choose_symbols(b, symbols, &n);
	if (r)
		return r;
	p = sq_search_params(b->corpus.dir, symbols[n / 2].name);
	for (unsigned i = 0; !r && i < b->o.rounds; i++) {
		struct sq_crowd idle = { .target = &b->target, .method = "daemon/search",
					 .params = sqry_params_json(p), .n_clients = 1, .n_each = b->o.queries,
					 .limit_ms = b->o.query_ms };
		struct sq_crowd busy = idle;
		int stop = 0;

		busy.n_each = UINT32_MAX;
		busy.limit_ms = 600000;
		busy.until = &stop;
		r = measure_build(b, &idle, &busy, &stop);
		sq_sample_deinit(&idle.us);
		sq_sample_deinit(&busy.us);
	}
	sqry_params_free(p);
	return r;
}
