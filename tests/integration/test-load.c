/* SPDX-License-Identifier: MIT */
/*
 * Many clients at once: exact names, callers, callees, prefixes, and edits with
 * a sync. Every answer is held against one made from the canonical dump of the
 * version that its meta.as_of names.
 *
 * Trees are edited by one rename at a time, which holds the edits of all clients
 * that waited for it, and each of them syncs; then one of them takes the dump. So
 * every version that is served has its dump, but what is served between the
 * rename and the dump is known only afterwards: such answers wait.
 * Environment: SQ_LOAD_CLIENTS, SQ_LOAD_REQUESTS, SQ_LOAD_SECONDS (stop asking
 * after that, 0: never), SQ_TEST_SEED.
 */
#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/time.h"
#include "base/vec.h"

enum { TREES = 4, FILES = 8, BASES = 8, SLOTS = 16, KEPT = 512 };
enum op { OP_EXACT, OP_CALLERS, OP_CALLEES, OP_PREFIX, OP_EDIT, N_OPS };
static const char *const op_names[N_OPS] = { "exact", "callers", "callees", "prefix", "edit + sync" };

/* an answer as what it holds, in any order */
struct digest { uint64_t n, sum; };
struct def { char path[16], name[40]; uint32_t line; };
struct site { char path[16], from[40], to_path[16], to[40]; };
/* what a dump says of a version */
struct model {
	uint64_t clock;
	SQ_VEC(struct def) defs;
	SQ_VEC(struct site) calls;
};
struct question { enum op op; unsigned tree; char symbol[40]; };
struct waiting { struct question q; uint64_t clock; struct digest got; };
struct tree {
	char root[120];
	unsigned revs[FILES][SLOTS];
	unsigned next_file, n_batch, n_unsynced;
	struct client *batch[SLOTS], *queue;   /* whose edit runs; who waits for the next */
	bool is_busy;
	struct model kept[KEPT];               /* by age, the last one at n_models - 1 */
	uint64_t n_models;
	SQ_VEC(struct waiting) waits;
};
struct client {
	struct rig_conn conn;
	struct sq_buf in;
	struct question q;
	bool is_dumping;
	unsigned slot, rev;
	struct client *next;
};

static struct rig rig;
static struct tree trees[TREES];
static struct client *clients;
static uint64_t seed = 1, n_asked, n_wanted, n_answered[N_OPS], n_wrong, n_compared, n_late, n_batches, n_changed;
static uint64_t deadline_ns;
static unsigned n_clients, n_busy;

static uint64_t draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static uint64_t number(const char *name, uint64_t dflt)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : dflt;
}

/* ---- the trees -------------------------------------------------------------------- */

/* what slot @s of a file calls at its revision, and whether it has a second function */
static void callee_of(const struct tree *t, unsigned file, unsigned s, char name[40])
{
	unsigned rev = t->revs[file][s];

	snprintf(name, 40, "w%u_f%u_b%u", (unsigned)(t - trees), (file + 1 + rev) % FILES, (s + rev) % BASES);
}

static void file_text(const struct tree *t, unsigned f, struct sq_buf *b)
{
	unsigned w = (unsigned)(t - trees);
	char callee[40];

	sq_buf_puts(b, "#include \"all.h\"\n");
	for (unsigned s = 0; s < SLOTS; s++) {
		unsigned rev = t->revs[f][s];

		callee_of(t, f, s, callee);
		sq_buf_printf(b, "%sint w%u_f%u_s%u(void)\n{\n\treturn %s() + %u;\n}\n", rev % 3 == 1 ? "\n" : "", w, f, s,
			      callee, rev);
		if (rev % 2)
			sq_buf_printf(b, "int w%u_f%u_x%u(void)\n{\n\treturn w%u_f%u_s%u();\n}\n", w, f, s, w, f, s);
	}
	for (unsigned k = 0; k < BASES; k++)
		sq_buf_printf(b, "int w%u_f%u_b%u(void)\n{\n\treturn %u;\n}\n", w, f, k, k);
}

/* in one rename, from a name that nothing indexes */
static void write_file(struct tree *t, unsigned f)
{
	struct sq_buf text = SQ_BUF_NULL;
	char tmp[160], path[160];
	FILE *out;

	snprintf(tmp, sizeof(tmp), "%s/next.tmp", t->root);
	snprintf(path, sizeof(path), "%s/f%u.c", t->root, f);
	file_text(t, f, &text);
	out = fopen(tmp, "we");
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(text.p, 1, text.n, out), text.n);
	ck_assert(!fclose(out) && !rename(tmp, path));
	sq_buf_deinit(&text);
}

static void make_tree(unsigned w)
{
	struct tree *t = &trees[w];
	char name[32];

	snprintf(name, sizeof(name), "w%u/all.h", w);
	rig_write(&rig, name, "#pragma once\n");
	snprintf(t->root, sizeof(t->root), "%s/w%u", rig.tree, w);
	for (unsigned f = 0; f < FILES; f++)
		write_file(t, f);
	sq_json_doc_free(rig_ok(&rig, "daemon/load", "{\"index_root\":\"%s\"}", t->root));
}

/* ---- what a dump says ---------------------------------------------------------------- */

static void copy(char *to, size_t cap, const char *from, size_t n)
{
	ck_assert_uint_lt(n, cap);
	memcpy(to, from, n);
	to[n] = '\0';
}

/* "D 0 function NAME 0 2:0-5:1 ..." */
static void read_def(struct model *m, const char *path, const char *line)
{
	struct def d = { .line = 0 };
	char kind[20];

	ck_assert_msg(sscanf(line, "D %*u %19s %39s %*u %u:", kind, d.name, &d.line) == 3, "%s", line);
	ck_assert_str_eq(kind, "function");
	snprintf(d.path, sizeof(d.path), "%s", path);
	ck_assert(!sq_vec_push(&m->defs, d));
}

/* "R 4:8 call NAME - 0 0 in FROM -> bound RULE 1 PATH#NAME@0" */
static void read_ref(struct model *m, const char *path, const char *line)
{
	struct site s = { .path = "" };
	const char *from = strstr(line, " in "), *to = strstr(line, " -> bound "), *hash;

	if (!strstr(line, " call "))
		return;
	ck_assert_msg(from && to, "a call that is not bound: %s", line);
	hash = strchr(to, '#');
	to = hash;
	while (to[-1] != ' ')
		to--;
	snprintf(s.path, sizeof(s.path), "%s", path);
	copy(s.from, sizeof(s.from), from + 4, strcspn(from + 4, " "));
	copy(s.to_path, sizeof(s.to_path), to, (size_t)(hash - to));
	copy(s.to, sizeof(s.to), hash + 1, strcspn(hash + 1, "@"));
	ck_assert(!sq_vec_push(&m->calls, s));
}

static void read_dump(struct model *m, char *text)
{
	char path[16] = "", *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (line[0] == 'F')
			copy(path, sizeof(path), line + 2, strcspn(line + 2, " "));
		else if (line[0] == 'D')
			read_def(m, path, line);
		else if (line[0] == 'R')
			read_ref(m, path, line);
	}
}

static void add(struct digest *d, const char *path, size_t n_path, const char *name, size_t n_name, uint64_t more)
{
	uint64_t h = sq_hash64(path, n_path, more + 1);

	d->n++;
	d->sum += sq_hash64(name, n_name, h);
}

/* @names: of whoever is at the other end; each once, with how many calls there are */
static void add_neighbour(struct digest *d, const struct model *m, const struct question *q, size_t i)
{
	const struct site *a = &m->calls.v[i];
	bool callers = q->op == OP_CALLERS;
	uint64_t n = 0;

	for (size_t k = 0; k < m->calls.n; k++) {
		const struct site *b = &m->calls.v[k];
		bool same = callers ? !strcmp(a->from, b->from) && !strcmp(a->path, b->path) && !strcmp(a->to, b->to) :
				      !strcmp(a->to, b->to) && !strcmp(a->to_path, b->to_path) && !strcmp(a->from, b->from);

		if (same && k < i)
			return;
		n += same;
	}
	if (callers)
		add(d, a->path, strlen(a->path), a->from, strlen(a->from), n);
	else
		add(d, a->to_path, strlen(a->to_path), a->to, strlen(a->to), n);
}

static struct digest expected(const struct model *m, const struct question *q)
{
	struct digest d = { 0, 0 };

	if (q->op == OP_EXACT || q->op == OP_PREFIX) {
		for (size_t i = 0; i < m->defs.n; i++) {
			const struct def *def = &m->defs.v[i];

			if (q->op == OP_EXACT ? !strcmp(def->name, q->symbol) :
			    !strncmp(def->name, q->symbol, strlen(q->symbol)))
				add(&d, def->path, strlen(def->path), def->name, strlen(def->name), def->line);
		}
		return d;
	}
	for (size_t i = 0; i < m->calls.n; i++)
		if (!strcmp(q->op == OP_CALLERS ? m->calls.v[i].to : m->calls.v[i].from, q->symbol))
			add_neighbour(&d, m, q, i);
	return d;
}

/* ---- what the daemon said --------------------------------------------------------------- */

static uint64_t clock_of(struct sq_slice text)
{
	const char *last = text.p ? strrchr(text.p, ':') : NULL;

	ck_assert_ptr_nonnull(last);
	return strtoull(last + 1, NULL, 10);
}

static struct digest told(const struct sq_json *result, enum op op)
{
	const struct sq_json *data = sq_json_get(result, "data"), *list;
	struct digest d = { 0, 0 };

	if (op == OP_EXACT || op == OP_PREFIX)
		list = sq_json_get(result, "items");
	else
		list = sq_json_get(data, op == OP_CALLERS ? "callers" : "callees");
	for (size_t i = 0; i < sq_json_len(list); i++) {
		const struct sq_json *v = sq_json_at(list, i);
		struct sq_slice name = sq_json_string(sq_json_get(v, "name")), path;

		if (op == OP_EXACT || op == OP_PREFIX) {
			path = sq_json_string(sq_json_get(v, "file_path"));
			add(&d, path.p, path.n, name.p, name.n, (uint64_t)sq_json_int(sq_json_get(v, "start_line"), 0));
		} else {
			path = sq_path_base(sq_json_string(sq_json_get(v, "fileUri")));
			add(&d, path.p, path.n, name.p, name.n, (uint64_t)sq_json_int(sq_json_get(v, "sites"), 0));
		}
	}
	if (sq_json_int(sq_json_get(data ? data : result, "total"), -1) != (int64_t)d.n)
		d.n = UINT64_MAX;   /* the total is not what is listed */
	return d;
}

static void compare(const struct waiting *w, const struct model *m)
{
	struct digest want = expected(m, &w->q);

	n_compared++;
	if (want.n == w->got.n && want.sum == w->got.sum)
		return;
	if (n_wrong++ < 5)
		printf("wrong: %s %s, clock %" PRIu64 ": %" PRIu64 " instead of %" PRIu64 "\n", op_names[w->q.op],
		       w->q.symbol, w->clock, w->got.n, want.n);
}

static struct model *model_of(struct tree *t, uint64_t clock)
{
	for (uint64_t i = t->n_models; i && i + KEPT > t->n_models; i--)
		if (t->kept[(i - 1) % KEPT].clock == clock)
			return &t->kept[(i - 1) % KEPT];
	return NULL;
}

/* at once when the version's dump is there, else when the next one is */
static void judge(struct tree *t, const struct waiting *w)
{
	struct model *m = model_of(t, w->clock);

	if (m) {
		compare(w, m);
	} else {
		n_late++;
		ck_assert(!sq_vec_push(&t->waits, *w));
	}
}

/*
 * A version between two dumps has what one of them has: a turn that found
 * nothing new. Both may not differ in the answer then, or it must be one of them.
 */
static void judge_between(struct tree *t, const struct waiting *w)
{
	struct model *after = &t->kept[(t->n_models - 1) % KEPT], *before = t->n_models > 1 ?
			      &t->kept[(t->n_models - 2) % KEPT] : after;
	struct digest a = expected(before, &w->q);

	n_changed++;
	compare(w, a.n == w->got.n && a.sum == w->got.sum ? before : after);
}

static void judge_waiting(struct tree *t, uint64_t clock)
{
	size_t n = 0;

	for (size_t i = 0; i < t->waits.n; i++) {
		const struct waiting *w = &t->waits.v[i];
		struct model *m = model_of(t, w->clock);

		if (m)
			compare(w, m);
		else if (w->clock < clock)
			judge_between(t, w);
		else
			t->waits.v[n++] = *w;
	}
	t->waits.n = n;
}

static void add_model(struct tree *t, struct sq_json_doc *d)
{
	struct model *m = &t->kept[t->n_models % KEPT];
	struct sq_slice text = sq_json_string(sq_json_get(rig_result(d), "text"));
	char *copied = strndup(text.p, text.n);

	ck_assert_int_eq(sq_json_type(sq_json_get(rig_result(d), "next_cursor")), SQ_JSON_NULL);
	sq_vec_deinit(&m->defs);
	sq_vec_deinit(&m->calls);
	m->clock = clock_of(sq_json_string(sq_json_get(rig_meta(d), "as_of")));
	read_dump(m, copied);
	free(copied);
	t->n_models++;
	judge_waiting(t, m->clock);
}

/* ---- clients ---------------------------------------------------------------------------- */

static void send_call(struct client *c, const char *method, const char *fmt, ...) SQ_PRINTF(3, 4);
static void send_call(struct client *c, const char *method, const char *fmt, ...)
{
	char params[400], text[600];
	uint32_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(params, sizeof(params), fmt, ap);
	va_end(ap);
	n = (uint32_t)snprintf(text + sizeof(n), sizeof(text) - sizeof(n),
			       "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);
	memcpy(text, &n, sizeof(n));
	rig_send_raw(&c->conn, text, sizeof(n) + n);   /* in one piece */
}

/* the edits of all that wait, in one file, and a sync of each */
static void run_edits(struct tree *t)
{
	unsigned f = t->next_file++ % FILES;

	t->n_batch = 0;
	t->is_busy = true;
	n_batches++;
	while (t->queue && t->n_batch < SLOTS) {
		struct client *c = t->queue;

		t->queue = c->next;
		c->slot = t->n_batch;
		c->rev = ++t->revs[f][c->slot];
		t->batch[t->n_batch++] = c;
	}
	write_file(t, f);
	t->n_unsynced = t->n_batch;
	for (unsigned i = 0; i < t->n_batch; i++)
		send_call(t->batch[i], "daemon/sync", "{\"path\":\"%s\",\"timeout_ms\":60000}", t->root);
}

static void ask(struct client *c)
{
	static const enum op by_ten[10] = { OP_EXACT, OP_EXACT, OP_EXACT, OP_EXACT, OP_CALLERS, OP_CALLERS, OP_CALLEES,
					    OP_CALLEES, OP_PREFIX, OP_EDIT };
	unsigned w = (unsigned)draw(TREES), f = (unsigned)draw(FILES);
	struct tree *t = &trees[w];

	if (n_asked == n_wanted || (deadline_ns && sq_now_ns() > deadline_ns))
		return;
	n_asked++;
	n_busy++;
	c->q = (struct question){ .op = by_ten[draw(10)], .tree = w };
	switch (c->q.op) {
	case OP_CALLERS:
		snprintf(c->q.symbol, sizeof(c->q.symbol), "w%u_f%u_b%u", w, f, (unsigned)draw(BASES));
		break;
	case OP_CALLEES:
		snprintf(c->q.symbol, sizeof(c->q.symbol), "w%u_f%u_s%u", w, f, (unsigned)draw(SLOTS));
		break;
	case OP_PREFIX:
		snprintf(c->q.symbol, sizeof(c->q.symbol), "w%u_f%u_%c", w, f, "sxb"[draw(3)]);
		break;
	default:
		snprintf(c->q.symbol, sizeof(c->q.symbol), "w%u_f%u_%c%u", w, f, "sxb"[draw(3)], (unsigned)draw(SLOTS));
	}
	if (c->q.op == OP_EDIT) {
		c->next = t->queue;
		t->queue = c;
		if (!t->is_busy)
			run_edits(t);
	} else if (c->q.op == OP_EXACT || c->q.op == OP_PREFIX) {
		send_call(c, "daemon/search", "{\"search_path\":\"%s\",\"pattern\":\"%s%s\",\"mode\":\"%s\",\"limit\":1000}",
			  t->root, c->q.op == OP_PREFIX ? "^" : "", c->q.symbol, c->q.op == OP_PREFIX ? "regex" : "exact");
	} else {
		send_call(c, c->q.op == OP_CALLERS ? "direct_callers" : "direct_callees",
			  "{\"path\":\"%s\",\"symbol\":\"%s\",\"max_results\":500}", t->root, c->q.symbol);
	}
}

static void done(struct client *c)
{
	n_busy--;
	n_answered[c->q.op]++;
	ask(c);
}

/* its own edits are in the dump that was taken after the syncs */
static void check_edits(struct tree *t)
{
	const struct model *m = &t->kept[(t->n_models - 1) % KEPT];
	unsigned f = (t->next_file - 1) % FILES;

	for (unsigned i = 0; i < t->n_batch; i++) {
		struct question q = { .op = OP_CALLEES };
		struct digest got, want = { 0, 0 };
		char path[24], callee[40];

		snprintf(q.symbol, sizeof(q.symbol), "w%u_f%u_s%u", (unsigned)(t - trees), f, i);
		callee_of(t, f, i, callee);
		snprintf(path, sizeof(path), "f%u.c", (f + 1 + t->revs[f][i]) % FILES);
		add(&want, path, strlen(path), callee, strlen(callee), 1);
		got = expected(m, &q);
		n_wrong += got.n != want.n || got.sum != want.sum;
	}
}

static void edit_answered(struct client *c, struct sq_json_doc *d)
{
	struct tree *t = &trees[c->q.tree];
	struct client *batch[SLOTS];
	unsigned n = t->n_batch;

	if (!c->is_dumping) {
		ck_assert_msg(!rig_error(d), "sync: %d", rig_error(d));
		if (--t->n_unsynced)
			return;
		c->is_dumping = true;
		send_call(c, "daemon/dump", "{\"path\":\"%s\"}", t->root);
		return;
	}
	ck_assert_msg(!rig_error(d), "dump: %d", rig_error(d));
	c->is_dumping = false;
	add_model(t, d);
	check_edits(t);
	memcpy(batch, t->batch, sizeof(batch));
	t->is_busy = false;
	if (t->queue)
		run_edits(t);
	for (unsigned i = 0; i < n; i++)
		done(batch[i]);
}

static void answered(struct client *c, struct sq_slice body)
{
	struct tree *t = &trees[c->q.tree];
	struct waiting w = { .q = c->q };
	struct sq_json_doc *d;

	ck_assert(!sq_json_parse(body, &d, NULL, 0));
	if (c->q.op == OP_EDIT) {
		edit_answered(c, d);
		sq_json_doc_free(d);
		return;
	}
	ck_assert_msg(!rig_error(d), "%s %s: %d", op_names[c->q.op], c->q.symbol, rig_error(d));
	w.clock = clock_of(sq_json_string(sq_json_get(rig_meta(d), "as_of")));
	w.got = told(rig_result(d), c->q.op);
	sq_json_doc_free(d);
	judge(t, &w);
	done(c);
}

/* whole frames; one answer at a time is outstanding */
static void readable(struct client *c)
{
	ssize_t n;
	uint32_t len;

	ck_assert(!sq_buf_reserve(&c->in, 65536));
	n = recv(c->conn.fd, c->in.p + c->in.n, c->in.cap - c->in.n, MSG_DONTWAIT);
	ck_assert_msg(n > 0, "recv: %s", n ? strerror(errno) : "the end");
	c->in.n += (size_t)n;
	if (c->in.n < sizeof(len))
		return;
	memcpy(&len, c->in.p, sizeof(len));
	if (c->in.n < sizeof(len) + len)
		return;
	ck_assert_uint_eq(c->in.n, sizeof(len) + len);
	c->in.n = 0;   /* the next answer is read after this one was looked at */
	answered(c, sq_slice(c->in.p + sizeof(len), len));
}

static void run(void)
{
	struct epoll_event events[128];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	for (unsigned i = 0; i < n_clients; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = &clients[i] };

		ck_assert(!epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].conn.fd, &e));
	}
	for (unsigned i = 0; i < n_clients; i++)
		ask(&clients[i]);
	while (n_busy) {
		int n = epoll_wait(epoll, events, 128, 120000);

		ck_assert_int_gt(n, 0);
		for (int i = 0; i < n; i++)
			readable(events[i].data.ptr);
	}
	close(epoll);
}

/* ---- what is left over --------------------------------------------------------------------- */

struct left { int64_t fds, tables, retained, reserved, connections; };

static int64_t count_fds(void)
{
	char path[40];
	int64_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)rig.pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static struct left read_left(void)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	const struct sq_json *memory = sq_json_get(rig_result(d), "memory");
	const struct sq_json *kinds = sq_json_get(sq_json_get(memory, "resident"), "by_kind");
	struct left l = {
		.tables = sq_json_int(sq_json_get(kinds, "tables"), -1),
		.retained = sq_json_int(sq_json_get(memory, "retained_bytes"), -1),
		.reserved = sq_json_int(sq_json_get(memory, "reserved_bytes"), -1),
		.connections = sq_json_int(sq_json_get(sq_json_get(rig_result(d), "server"), "connections"), -1),
	};

	sq_json_doc_free(d);
	return l;
}

/* the daemon hears of the ends of connections one after the other */
static struct left settle(void)
{
	struct left l = read_left();

	for (int tries = 0; tries < 10000 && (l.connections > 1 || l.retained); tries++)
		l = read_left();
	l.fds = count_fds();
	return l;
}

/* @n requests by all clients, on connections of their own */
static void round_of(uint64_t n)
{
	n_asked = 0;
	n_wanted = n;
	for (unsigned i = 0; i < n_clients; i++)
		rig_connect(&rig, &clients[i].conn);
	run();
	for (unsigned i = 0; i < n_clients; i++) {
		rig_close(&clients[i].conn);
		sq_buf_deinit(&clients[i].in);
	}
}

static void report(uint64_t ns, const struct left *first, const struct left *last)
{
	uint64_t n = 0;

	printf("%u clients", n_clients);
	for (int i = 0; i < N_OPS; i++) {
		n += n_answered[i];
		printf(", %" PRIu64 " %s", n_answered[i], op_names[i]);
	}
	printf(" (in %" PRIu64 " renames); %" PRIu64 " in %.1f s\n", n_batches, n, (double)ns / 1e9);
	printf("%" PRIu64 " answers compared, %" PRIu64 " of them after a later dump, %" PRIu64
	       " of versions between two dumps; %" PRIu64 " wrong\n", n_compared, n_late, n_changed, n_wrong);
	printf("descriptors %" PRId64 " -> %" PRId64 ", allocated bytes beside graphs %" PRId64 " -> %" PRId64
	       ", retained %" PRId64 ", reserved %" PRId64 "\n", first->fds, last->fds, first->tables, last->tables,
	       last->retained, last->reserved);
}

START_TEST(load)
{
	uint64_t n = number("SQ_LOAD_REQUESTS", 5000), seconds = number("SQ_LOAD_SECONDS", 0), began;
	struct left first, last;

	n_clients = (unsigned)number("SQ_LOAD_CLIENTS", 50);
	seed = number("SQ_TEST_SEED", (uint64_t)time(NULL) * 2 + 1);
	printf("SQ_TEST_SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
	clients = calloc(n_clients, sizeof(*clients));
	rig_init(&rig, "");
	rig_start(&rig);
	for (unsigned w = 0; w < TREES; w++) {
		struct sq_json_doc *d;

		make_tree(w);
		d = rig_ok(&rig, "daemon/dump", "{\"path\":\"%s\"}", trees[w].root);
		add_model(&trees[w], d);
		sq_json_doc_free(d);
	}
	began = SQ_MIN(n / 5, 20ull * n_clients);
	round_of(began);   /* every buffer and table has its size */
	n -= began;
	first = settle();
	began = sq_now_ns();
	deadline_ns = seconds ? began + seconds * 1000000000ull : 0;
	round_of(n);
	last = settle();
	report(sq_now_ns() - began, &first, &last);
	ck_assert_uint_eq(n_wrong, 0);
	for (unsigned w = 0; w < TREES; w++)
		ck_assert_uint_eq(trees[w].waits.n, 0);
	/* one more or less: the end of the connection that asked may be heard of later */
	ck_assert_int_le(last.fds, first.fds + 1);
	ck_assert_int_eq(last.retained, 0);
	ck_assert_int_eq(last.reserved, 0);
	ck_assert_int_eq(rig_stop(&rig), 0);   /* with a sanitizer: nothing leaked either */
	rig_deinit(&rig);
	for (unsigned w = 0; w < TREES; w++) {
		for (unsigned i = 0; i < KEPT; i++) {
			sq_vec_deinit(&trees[w].kept[i].defs);
			sq_vec_deinit(&trees[w].kept[i].calls);
		}
		sq_vec_deinit(&trees[w].waits);
	}
	free(clients);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, load);
	tcase_set_timeout(tc, 7200);
}

int main(void)
{
	struct rlimit files;

	/* the daemon inherits it */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = SQ_MIN(files.rlim_max, (rlim_t)8192);
		(void)setrlimit(RLIMIT_NOFILE, &files);   /* many clients need it, few do not */
	}
	return rig_main("load", add_tests);
}
