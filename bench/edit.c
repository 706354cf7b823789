/* SPDX-License-Identifier: MIT */
#include "bench/edit.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "base/time.h"

#define SEEN_TIMEOUT_NS 30000000000ull
#define SEEN_STEP_NS 200000     /* between two questions: what the daemon has left of a core */

/*
 * how a language writes a function: head and foot take the name, the line a number. In C a semicolon
 * comes before it: what stands at the end of a source may be a macro's call without one.
 */
struct shape { const char *suffix, *head, *line, *foot; };
static const struct shape shapes[] = {
	{ ".py", "\ndef %s(a):\n", "    a = a + %u\n", "    return a\n" },
	{ ".go", "\nfunc %s(a int) int {\n", "\ta += %u\n", "\treturn a\n}\n" },
	{ ".rs", "\nfn %s(mut a: i32) -> i32 {\n", "\ta += %u;\n", "\ta\n}\n" },
	{ ".java", "\nclass %s {\n", "\tint a%u;\n", "}\n" },
	{ ".js", "\nfunction %s(a) {\n", "\ta += %u;\n", "\treturn a;\n}\n" },
	{ ".mjs", "\nfunction %s(a) {\n", "\ta += %u;\n", "\treturn a;\n}\n" },
	{ ".ts", "\nfunction %s(a: number) {\n", "\ta += %u;\n", "\treturn a;\n}\n" },
	{ ".tsx", "\nfunction %s(a: number) {\n", "\ta += %u;\n", "\treturn a;\n}\n" },
	{ ".h", "\n;\nstatic inline int %s(int a)\n{\n", "\ta += %u;\n", "\treturn a;\n}\n" },
	{ "", "\n;\nint %s(int a)\n{\n", "\ta += %u;\n", "\treturn a;\n}\n" },
};

static const struct shape *shape_of(const char *path)
{
	const struct shape *s = shapes;

	while (!sq_slice_has_suffix(sq_slice_z(path), sq_slice_z(s->suffix)))
		s++;
	return s;
}

void sq_edit_in_front(const char *path, const char *name, unsigned lines, struct sq_slice text, struct sq_buf *ret)
{
	const char *end;
	size_t at = sq_slice_has_prefix(text, SQ_LIT("\xef\xbb\xbf")) ? 3 : 0;

	if (text.n - at >= 2 && text.p[at] == '#' && text.p[at + 1] == '!')
		at = (end = memchr(text.p + at, '\n', text.n - at)) ? (size_t)(end - text.p) : text.n;
	sq_buf_add(ret, text.p, at);
	sq_edit_function(path, name, lines, ret);
	sq_buf_add(ret, text.p + at, text.n - at);
}

void sq_edit_function(const char *path, const char *name, unsigned lines, struct sq_buf *ret)
{
	const struct shape *s = shape_of(path);

	sq_buf_printf(ret, s->head, name);
	for (unsigned i = 0; i < lines; i++)
		sq_buf_printf(ret, s->line, i);
	sq_buf_puts(ret, s->foot);
}

int sq_edit_open(struct sq_edit *e, struct sq_bench *b, const struct sq_source *source)
{
	*e = (struct sq_edit){ .b = b, .source = source };
	if (sq_corpus_read(&b->corpus, source->path, &e->text))
		return sq_bench_fail(b, "%s cannot be read", source->path);
	return 0;
}

void sq_edit_close(struct sq_edit *e, const char *what)
{
	struct sq_bench *b = e->b;

	if (sq_corpus_write(&b->corpus, e->source->path, e->text.p, e->text.n))
		(void)sq_bench_fail(b, "%s cannot be restored", e->source->path);
	else if (b->target.client && sq_target_sync(&b->target, b->corpus.dir))
		(void)sq_bench_fail(b, NULL);
	sq_buf_deinit(&e->text);
	sq_bench_check(b, e->n_done && !e->n_wrong, "%s, %s: %u of %u edits were answered right", what,
		       e->source->path, e->n_done - e->n_wrong, e->n_done);
}

int sq_edit_write(struct sq_edit *e, const char *name, unsigned lines)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;

	sq_buf_add(&text, e->text.p, e->text.n);
	sq_edit_function(e->source->path, name, lines, &text);
	if (sq_buf_error(&text) || sq_corpus_write(&e->b->corpus, e->source->path, text.p, text.n))
		return sq_bench_fail(e->b, "%s cannot be written", e->source->path);
	return 0;
}

/* is the function there, once, and as long as it was written? */
static int look(struct sq_edit *e, const char *name, unsigned lines, bool *ret_right)
{
	struct sq_bench *b = e->b;
	int64_t total, end;
	bool right;

	if (sq_target_find(&b->target, b->corpus.dir, name, &total, &end))
		return sq_bench_fail(b, NULL);
	right = total == 1;
	if (right && e->last_lines)
		right = end - e->last_end == (int64_t)lines - (int64_t)e->last_lines;
	if (right) {
		e->last_end = end;
		e->last_lines = lines;
	}
	*ret_right = right;
	return 0;
}

int sq_edit_sync(struct sq_edit *e, const char *name, unsigned lines, double *ret_ms)
{
	struct sq_bench *b = e->b;
	uint64_t start;
	bool right;

	if (sq_edit_write(e, name, lines))
		return SQ_BENCH_E_FAILED;
	start = sq_now_ns();
	if (sq_target_sync(&b->target, b->corpus.dir))
		return sq_bench_fail(b, NULL);
	if (look(e, name, lines, &right))
		return SQ_BENCH_E_FAILED;
	*ret_ms = (double)(sq_now_ns() - start) / 1e6;
	e->n_done++;
	e->n_wrong += !right;
	return 0;
}

int sq_edit_seen(struct sq_edit *e, const char *name, unsigned lines, double *ret_ms)
{
	const struct timespec step = { .tv_nsec = SEEN_STEP_NS };
	uint64_t start;
	bool right;

	if (sq_edit_write(e, name, lines))
		return SQ_BENCH_E_FAILED;
	start = sq_now_ns();
	for (;;) {
		if (look(e, name, lines, &right))
			return SQ_BENCH_E_FAILED;
		if (right || sq_now_ns() - start > SEEN_TIMEOUT_NS)
			break;
		(void)ppoll(NULL, 0, &step, NULL);
	}
	*ret_ms = (double)(sq_now_ns() - start) / 1e6;
	e->n_done++;
	e->n_wrong += !right;
	return 0;
}
