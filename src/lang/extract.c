/* SPDX-License-Identifier: MIT */
#include "base/atomic.h"
#include "base/hash.h"
#include "base/time.h"
#include "lang/kept.h"
#include "lang/recall.h"
#include "lang/tsalloc.h"
#include "lang/tsarena.h"

#define STEPS_A_LOOK 64u             /* parser callbacks between looks at the clock */
/* an old tree is used below this part of the limit only: a parse with it takes
 * fewer steps, and must not read what a fresh one would give up on; a step that
 * was begun counts, so that a limit of a few steps leaves no room */
#define KEPT_STEPS_PART 4u
/* a file of fewer pieces is parsed in a millisecond and needs no memory of its parts */
#define PARTS_MIN 3u
#define MAX_BYTES (1u << 30)         /* tree-sitter counts bytes in 32 bits */

struct sq_extractor {
	struct sq_lang_registry *registry;
	TSParser *parser;                /* of trees that are kept; NULL: none yet */
	const TSLanguage *language;      /* of the parser now */
	TSParser *set_aside;             /* the same while a parser of the arena is used */
	struct sq_tsarena arena;
	struct sq_walk walk;
	struct sq_cut cut;
	struct sq_recall recall;
};

struct progress {
	const struct sq_extract_limits *limits;
	uint64_t steps, deadline_ns;
	int stop;                        /* SQ_LANG_E_* or -errno that ended it */
};

void sq_extract_limits_default(struct sq_extract_limits *ret)
{
	*ret = (struct sq_extract_limits){
		.max_depth = 2000,
		/* 170 to 300 bytes of source a step, 30 us each: some 25 MB, and less
		 * than the watchdog on an idle machine, so that it is seldom asked */
		.max_steps = 150000,
		.watchdog_ns = 5000000000ULL,
	};
}

static void drop_parser(struct sq_extractor *x)
{
	if (x->parser)
		ts_parser_delete(x->parser);
	x->parser = NULL;
	x->language = NULL;
}

/* what the parser holds of the reserve goes with it */
static int end_without_memory(struct sq_extractor *x)
{
	drop_parser(x);
	sq_tsalloc_clear();
	return sq_error_origin(-ENOMEM);
}

static int need_parser(struct sq_extractor *x)
{
	if (x->parser)
		return 0;
	x->parser = ts_parser_new();
	return sq_tsalloc_failed() ? end_without_memory(x) : 0;
}

/* what is parsed from here on is gone with close_arena() */
static void open_arena(struct sq_extractor *x)
{
	if (!sq_tsarena_enter(&x->arena))
		return;
	x->set_aside = x->parser;
	x->parser = NULL;
	x->language = NULL;
}

/* @tree may be NULL. Block by block only what the arena did not hold */
static void close_arena(struct sq_extractor *x, TSTree *tree)
{
	bool is_whole = x->arena.is_in_use && !x->arena.has_spilled && !sq_tsalloc_failed();

	if (tree && !is_whole)
		ts_tree_delete(tree);
	if (!x->arena.is_in_use)
		return;
	if (!is_whole)
		drop_parser(x);
	sq_tsarena_leave(&x->arena);
	x->parser = SQ_TAKE(x->set_aside);
	x->language = NULL;
}

int sq_extractor_new(struct sq_lang_registry *r, struct sq_extractor **ret_x)
{
	struct sq_extractor *x = sq_calloc(1, sizeof(*x));
	int err;

	if (!x)
		return sq_error_origin(-ENOMEM);
	x->registry = r;
	err = sq_walk_init(&x->walk);
	if (!err)
		err = sq_facts_builder_new(&x->walk.builder);
	if (err < 0) {
		sq_extractor_free(x);
		return sq_error_trace(err);
	}
	*ret_x = x;
	return 0;
}

struct sq_extractor *sq_extractor_free(struct sq_extractor *x)
{
	if (!x)
		return NULL;
	drop_parser(x);
	sq_tsarena_deinit(&x->arena);
	sq_facts_builder_free(x->walk.builder);
	sq_walk_deinit(&x->walk);
	sq_cut_deinit(&x->cut);
	sq_recall_deinit(&x->recall);
	sq_free(x);
	return NULL;
}

static const char *read_slice(void *payload, uint32_t byte, TSPoint point, uint32_t *ret_n)
{
	const struct sq_slice *s = payload;

	(void)point;
	*ret_n = byte < s->n ? (uint32_t)(s->n - byte) : 0;
	return *ret_n ? s->p + byte : "";
}

static bool on_progress(TSParseState *state)
{
	struct progress *p = state->payload;

	if (sq_tsalloc_failed())
		p->stop = -ENOMEM;
	else if (++p->steps > p->limits->max_steps)
		p->stop = SQ_LANG_E_LIMIT;
	else if (p->steps % STEPS_A_LOOK)
		return false;
	/* relaxed: the flag carries no data, only a wish to stop soon */
	else if (p->limits->cancel && sq_load_relaxed(p->limits->cancel))
		p->stop = SQ_LANG_E_CANCELLED;
	else if (p->deadline_ns && sq_thread_cpu_ns() > p->deadline_ns)
		p->stop = SQ_LANG_E_TIMEOUT;
	return p->stop != 0;
}

/* the place of byte @n of @bytes */
static TSPoint point_at(struct sq_slice bytes, uint32_t n)
{
	const char *line = n ? memrchr(bytes.p, '\n', n) : NULL;

	return (TSPoint){ sq_count_lines(bytes.p, n), line ? n - (uint32_t)(line + 1 - bytes.p) : n };
}

/* read @bytes but what is to be skipped, in bytes of @bytes */
static int set_ranges(TSParser *parser, struct sq_slice bytes, uint32_t skip, uint32_t skip_end)
{
	TSRange ranges[2] = {
		{ .end_byte = skip, .end_point = point_at(bytes, skip) },
		{ .start_byte = skip_end, .start_point = point_at(bytes, skip_end),
		  .end_byte = (uint32_t)bytes.n, .end_point = point_at(bytes, (uint32_t)bytes.n) },
	};

	return ts_parser_set_included_ranges(parser, ranges, 2) ? 0 : sq_error_origin(-EINVAL);
}

static int parse(struct sq_extractor *x, const struct sq_grammar *g, struct sq_slice bytes,
		 const TSTree *old, struct progress *p, TSTree **ret_tree)
{
	TSInput input = { .payload = &bytes, .read = read_slice, .encoding = TSInputEncodingUTF8 };
	TSParseOptions options = { .payload = p, .progress_callback = on_progress };
	int r = need_parser(x);
	TSTree *tree;

	if (r < 0)
		return sq_error_trace(r);
	if (x->language != g->language) {
		if (!ts_parser_set_language(x->parser, g->language))
			return SQ_LANG_E_UNKNOWN;
		x->language = g->language;
	}
	tree = ts_parser_parse_with_options(x->parser, old, input, options);
	if (!tree) {
		ts_parser_reset(x->parser);
		return p->stop ? p->stop : sq_error_origin(-ENOMEM);
	}
	*ret_tree = tree;
	return 0;
}

static void prepare(struct sq_extractor *x, const struct sq_spec *spec,
		    const struct sq_grammar *g, struct sq_slice bytes,
		    const struct sq_extract_limits *limits)
{
	struct sq_walk *w = &x->walk;

	sq_walk_reset(w);
	sq_facts_builder_reset(w->builder, spec->lang);
	w->bytes = bytes;
	w->spec = spec;
	w->rules = g ? g->rules : NULL;
	w->n_rules = g ? g->n_rules : 0;
	w->error_rule = (struct sq_rule){ .child_role = SQ_ROLE_VALUE };
	w->limits = limits;
	w->max_depth = limits->max_depth;
	w->deadline_ns = limits->watchdog_ns ? sq_thread_cpu_ns() + limits->watchdog_ns : 0;
}

/* one extraction in progress */
struct job {
	struct sq_extractor *x;
	const struct sq_grammar *g;
	struct progress progress;
	struct sq_kept *old, *now;       /* may be NULL */
	uint64_t state;                  /* of the types of file-level variables: recall.h */
	bool has_parts, has_error;
	struct sq_extract_report report;
};

static bool has_error(const TSTree *tree)
{
	return ts_node_has_error(ts_tree_root_node(tree));
}

static void add_time(uint64_t *sum, uint64_t *since)
{
	uint64_t now = sq_now_ns();

	*sum += now - *since;
	*since = now;
}

/* the old tree of a file that is not cut: worth a try? */
static bool can_edit(const struct job *j, struct sq_slice bytes)
{
	const struct sq_kept *k = j->old;

	return k && k->tree && k->fresh_steps + 1 < j->progress.limits->max_steps / KEPT_STEPS_PART &&
	       bytes.n / 2 <= k->fresh_n;
}

/* Return: 1 when the old tree did not help; else as parse() */
static int parse_edited(struct job *j, struct sq_slice bytes, TSTree **ret_tree)
{
	TSTree *old, *tree;
	TSInputEdit edit;
	int r;

	sq_kept_edit(j->old, bytes, &edit);
	old = ts_tree_copy(j->old->tree);
	ts_tree_edit(old, &edit);
	r = parse(j->x, j->g, bytes, old, &j->progress, &tree);
	ts_tree_delete(old);
	if (r)
		return r;
	if (has_error(tree)) {
		ts_tree_delete(tree);
		return 1;
	}
	j->report.is_edited = true;
	*ret_tree = tree;
	return 0;
}

/* white space before the first token is what has changed */
static void move_tree(TSTree *tree, const struct sq_piece *piece)
{
	TSInputEdit edit = { .new_end_byte = piece->start, .new_end_point = { .row = piece->row } };

	if (piece->start)
		ts_tree_edit(tree, &edit);
}

/* parse a piece but what can be skipped in it. Return: 1 when it has an error: how that is
 * recovered from depends on what is around it; else as parse() */
static int parse_around(struct job *j, struct sq_slice bytes, const struct sq_piece *piece, TSTree **ret_tree)
{
	uint64_t steps = j->progress.steps;
	TSTree *tree;
	int r = need_parser(j->x);

	if (!r)
		r = set_ranges(j->x->parser, bytes, piece->skip - piece->start, piece->skip_end - piece->start);
	if (r < 0)
		return sq_error_trace(r);
	r = parse(j->x, j->g, bytes, NULL, &j->progress, &tree);
	(void)ts_parser_set_included_ranges(j->x->parser, NULL, 0);   /* none cannot be wrong */
	if (r)
		return r;
	if (has_error(tree)) {
		ts_tree_delete(tree);
		j->progress.steps = steps;
		return 1;
	}
	j->report.parsed_bytes -= piece->skip_end - piece->skip;
	*ret_tree = tree;
	return 0;
}

static int parse_fresh(struct job *j, struct sq_slice bytes, const struct sq_piece *piece, TSTree **ret_tree)
{
	int r = piece->skip < piece->skip_end ? parse_around(j, bytes, piece, ret_tree) : 1;

	if (r == 1)
		r = parse(j->x, j->g, bytes, NULL, &j->progress, ret_tree);
	if (!r)
		move_tree(*ret_tree, piece);
	return r;
}

static int parse_piece(struct job *j, struct sq_slice bytes, const struct sq_piece *piece, TSTree **ret_tree)
{
	int r = 1;

	if (can_edit(j, bytes)) {
		r = parse_edited(j, bytes, ret_tree);
		if (r && j->progress.stop != SQ_LANG_E_LIMIT && (r < 0 || j->progress.stop))
			return r;
		if (r) {   /* as if it had not been tried */
			j->progress.steps = 0;
			j->progress.stop = 0;
			r = 1;
		}
	}
	if (r)
		r = parse_fresh(j, bytes, piece, ret_tree);
	j->report.n_parsed++;
	j->report.parsed_bytes += bytes.n;
	return r;
}

static void keep_tree(struct job *j, TSTree *tree, uint64_t steps)
{
	j->now->tree = tree;
	j->now->fresh_steps = j->report.is_edited ? j->old->fresh_steps : steps;
	j->now->fresh_n = j->report.is_edited ? j->old->fresh_n : j->now->n;
}

/* parse and walk. @ret_part: steps and has_error are set */
static int read_text(struct job *j, const struct sq_piece *piece, struct sq_slice bytes, struct sq_part *ret_part)
{
	uint64_t since = sq_now_ns(), before = j->progress.steps;
	TSTree *tree = NULL;
	int r;

	if (!j->now)
		open_arena(j->x);
	r = parse_piece(j, bytes, piece, &tree);
	if (r) {
		if (!j->now)
			close_arena(j->x, NULL);
		return r;
	}
	ret_part->steps = (uint32_t)(j->progress.steps - SQ_MIN(before, j->progress.steps));
	ret_part->has_error = has_error(tree);
	add_time(&j->report.parse_ns, &since);
	r = sq_walk_tree(&j->x->walk, tree);
	if (j->now)
		keep_tree(j, tree, ret_part->steps);
	else
		close_arena(j->x, tree);
	add_time(&j->report.walk_ns, &since);
	return r;
}

/* what the earlier version says of such a piece */
static int say_again(struct job *j, const struct sq_recall_part *known, const struct sq_piece *piece, struct sq_part *ret_part)
{
	uint64_t since = sq_now_ns();
	int r;

	ret_part->steps = known->part.steps;
	ret_part->has_error = known->part.has_error;
	j->report.n_known++;
	j->progress.steps += known->part.steps;
	if (j->progress.steps > j->progress.limits->max_steps)
		return SQ_LANG_E_LIMIT;
	r = sq_recall_say(&j->x->recall, &j->x->walk, known, piece);
	add_time(&j->report.walk_ns, &since);
	return r;
}

/* for the version after this one */
static void add_part(struct job *j, const struct sq_part *part)
{
	struct sq_walk *w = &j->x->walk;

	sq_facts_add_part(w->builder, part);
	for (size_t i = 0; i < w->typed.n; i++) {
		struct sq_slice name = sq_walk_text(w, w->typed.v[i].name), type = sq_walk_text(w, w->typed.v[i].type);
		struct sq_typed t = { sq_facts_add_string(w->builder, name), SQ_NONE };

		if (type.n)
			t.type = sq_facts_add_string(w->builder, type);
		sq_facts_add_typed(w->builder, &t);
		j->state = sq_recall_state(j->state, name, type);
	}
	sq_vec_clear(&w->typed);
}

/* lines that it touches */
static uint32_t count_rows(struct sq_slice bytes)
{
	return sq_count_lines(bytes.p, bytes.n) + (bytes.n && bytes.p[bytes.n - 1] != '\n');
}

static int do_text(struct job *j, const struct sq_piece *piece)
{
	struct sq_slice bytes = sq_slice(j->x->walk.bytes.p + piece->start, piece->end - piece->start);
	struct sq_part part = { .start = piece->start, .len = (uint32_t)bytes.n, .row = piece->row };
	const struct sq_recall_part *known = NULL;
	int r;

	if (j->has_parts) {
		part.hash = sq_hash64(bytes.p, bytes.n, 0);
		known = sq_recall_find(&j->x->recall, part.hash, bytes.n, j->state);
		part.n_rows = known ? known->part.n_rows : count_rows(bytes);
	}
	r = known ? say_again(j, known, piece, &part) : read_text(j, piece, bytes, &part);
	j->has_error |= part.has_error;
	if (!r && j->has_parts)
		add_part(j, &part);
	return r;
}

static int cut(struct job *j, bool want_runs)
{
	struct sq_walk *w = &j->x->walk;
	struct sq_cut *c = &j->x->cut;
	uint64_t since = sq_now_ns();
	int r;

	c->want_runs = want_runs;
	c->has_runs = false;   /* what is not cut has none */
	r = w->spec->cut ? w->spec->cut(w->bytes, c) : sq_cut_whole(w->bytes, c);
	add_time(&j->report.cut_ns, &since);
	return r;
}

/* parts are for files that are parsed, whole or nearly so */
static bool wants_parts(const struct job *j)
{
	const struct sq_cut *c = &j->x->cut;
	size_t n = 0;

	if (!j->x->walk.spec->cut || c->has_runs)
		return false;
	for (size_t i = 0; i < c->pieces.n && n < PARTS_MIN; i++)
		n += c->pieces.v[i].kind == SQ_PIECE_TEXT;
	return n == PARTS_MIN;
}

/* @ret_misread: true when a piece between runs has an error; then facts are missing */
static int do_cut(struct job *j, bool stop_at_error, bool *ret_misread)
{
	struct sq_walk *w = &j->x->walk;
	const struct sq_cut *c = &j->x->cut;
	int r = 0;

	for (size_t i = 0; i < c->pieces.n && !r; i++) {
		const struct sq_piece *piece = &c->pieces.v[i];

		if (piece->kind == SQ_PIECE_TEXT)
			r = do_text(j, piece);
		else
			w->spec->condition(w, piece);
		if (j->has_error && stop_at_error) {
			*ret_misread = true;
			return r;
		}
	}
	j->report.n_pieces = (uint32_t)c->pieces.n;
	return r ? r : sq_walk_end(w);
}

/* as if nothing had been read yet */
static void start_again(struct job *j)
{
	struct sq_walk *w = &j->x->walk;

	prepare(j->x, w->spec, j->g, w->bytes, w->limits);
	j->progress.steps = 0;
	j->progress.stop = 0;
	j->has_error = false;
}

/* how an error is recovered from depends on what is around it: then every line is parsed */
static int do_pieces(struct job *j)
{
	bool plain = j->x->walk.limits->plain, misread = false;
	int r = cut(j, !plain);

	if (r)
		return r;
	j->has_parts = wants_parts(j);
	r = do_cut(j, j->x->cut.has_runs && !plain, &misread);
	if (misread && (!r || r == SQ_LANG_E_LIMIT)) {
		start_again(j);
		r = cut(j, false);
		if (!r)
			r = do_cut(j, false, &misread);
	}
	return r;
}

static int scan(struct job *j)
{
	struct sq_walk *w = &j->x->walk;
	TSTree *tree = NULL;
	int r = 0;

	open_arena(j->x);
	if (j->g)
		r = parse(j->x, j->g, w->bytes, NULL, &j->progress, &tree);
	if (!r) {
		w->spec->scan(w, tree);
		r = w->error;
	}
	j->has_error = tree && has_error(tree);
	close_arena(j->x, tree);
	return r;
}

/* the tree to keep: of this version, or that of the last one that had no error */
static struct sq_kept *end_kept(struct job *j, int r)
{
	if (j->now && (r || j->has_error ||
		       j->now->fresh_steps + 1 > j->progress.limits->max_steps / KEPT_STEPS_PART))
		j->now = sq_kept_free(j->now);
	if (!j->now && !r)
		return j->old;
	if (j->now && j->old)
		j->now->tree_bytes = j->old->tree_bytes;
	sq_kept_free(j->old);
	return j->now;
}

static int extract(struct job *j, struct sq_earlier *earlier)
{
	const struct sq_spec *spec = j->x->walk.spec;
	bool keeps = earlier && earlier->keeps && !spec->cut;
	int64_t before = sq_tree_counted();
	int r;

	if (spec->scan)
		return scan(j);
	r = sq_recall_open(&j->x->recall, earlier);
	if (r < 0)
		return sq_error_trace(r);
	sq_tree_count(keeps);
	if (keeps) {
		j->old = SQ_TAKE(earlier->kept);
		j->now = sq_kept_new(spec->lang, j->x->walk.bytes);
	}
	r = do_pieces(j);
	if (keeps)
		earlier->kept = end_kept(j, r);
	if (keeps && earlier->kept)
		earlier->kept->tree_bytes += sq_tree_counted() - before;
	sq_tree_count(false);
	return r;
}

/* no memory even in the reserve: what the core held is lost */
static int abandon(struct sq_extractor *x)
{
	sq_tsalloc_escape(NULL);
	sq_tree_count(false);
	if (x->arena.is_in_use)
		sq_tsarena_leave(&x->arena);
	x->parser = SQ_TAKE(x->set_aside);
	x->language = NULL;
	x->walk.frames = NULL;   /* it may point into the middle */
	x->walk.n_frames = 0;
	return sq_error_origin(-ENOMEM);
}

/* extract() for a heap that fails */
static int extract_guarded(struct job *j, struct sq_earlier *earlier)
{
	jmp_buf escape;
	int r;

	if (setjmp(escape))
		return abandon(j->x);
	sq_tsalloc_clear();
	sq_tsalloc_escape(&escape);
	r = extract(j, earlier);
	if (sq_tsalloc_failed()) {
		if (earlier)
			earlier->kept = sq_kept_free(earlier->kept);
		r = end_without_memory(j->x);
	}
	sq_tsalloc_escape(NULL);
	return r;
}

int sq_extract_again(struct sq_extractor *x, enum sq_lang lang, struct sq_slice bytes,
		     const struct sq_extract_limits *limits, struct sq_earlier *earlier,
		     struct sq_extract_report *ret_report, struct sq_facts *ret_f)
{
	const struct sq_spec *spec = sq_spec_get(lang);
	struct job j = { .x = x, .progress = { .limits = limits } };
	uint64_t since;
	int r = 0;

	if (earlier && earlier->kept && (!earlier->keeps || earlier->kept->lang != lang))
		earlier->kept = sq_kept_free(earlier->kept);
	if (!spec)
		return SQ_LANG_E_UNKNOWN;
	if (bytes.n > MAX_BYTES)
		return SQ_LANG_E_LIMIT;
	if (spec->grammar)
		r = sq_registry_grammar(x->registry, lang, &j.g, NULL);
	if (r)
		return r;
	prepare(x, spec, j.g, bytes, limits);
	j.progress.deadline_ns = x->walk.deadline_ns;
	r = extract_guarded(&j, earlier);
	if (r)
		return r;
	since = sq_now_ns();
	r = sq_facts_builder_finish(x->walk.builder, j.has_error, ret_f);
	if (!r && earlier)
		earlier->same = sq_recall_same(&x->recall, x->walk.builder, ret_f->columns.n_strings);
	add_time(&j.report.encode_ns, &since);
	if (!r && ret_report)
		*ret_report = j.report;
	return r;
}

int sq_extract(struct sq_extractor *x, enum sq_lang lang, struct sq_slice bytes,
	       const struct sq_extract_limits *limits, struct sq_facts *ret_f)
{
	return sq_extract_again(x, lang, bytes, limits, NULL, NULL, ret_f);
}

int sq_parse_only(struct sq_extractor *x, enum sq_lang lang, struct sq_slice bytes)
{
	struct sq_extract_limits limits;
	struct progress p = { .limits = &limits };
	const struct sq_grammar *g;
	TSTree *tree = NULL;
	int r;

	sq_extract_limits_default(&limits);
	if (bytes.n > MAX_BYTES)
		return SQ_LANG_E_LIMIT;
	r = sq_registry_grammar(x->registry, lang, &g, NULL);
	sq_tsalloc_clear();
	open_arena(x);
	if (!r)
		r = parse(x, g, bytes, NULL, &p, &tree);
	close_arena(x, tree);
	return sq_tsalloc_failed() ? end_without_memory(x) : r;
}
