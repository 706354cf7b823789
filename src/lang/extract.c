/* SPDX-License-Identifier: MIT */
#include "base/atomic.h"
#include "base/time.h"
#include "lang/spec.h"

#define STEPS_A_LOOK 64u             /* parser callbacks between looks at the clock */
#define MAX_BYTES (1u << 30)         /* tree-sitter counts bytes in 32 bits */

struct sq_extractor {
	struct sq_lang_registry *registry;
	TSParser *parser;
	const TSLanguage *language;      /* of the parser now */
	struct sq_walk walk;
};

struct progress {
	const struct sq_extract_limits *limits;
	uint64_t steps, deadline_ns;
	int stop;                        /* SQ_LANG_E_* that ended it */
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
	if (!err) {
		x->parser = ts_parser_new();
		err = x->parser ? 0 : -ENOMEM;
	}
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
	if (x->parser)
		ts_parser_delete(x->parser);
	sq_facts_builder_free(x->walk.builder);
	sq_walk_deinit(&x->walk);
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

	if (++p->steps > p->limits->max_steps)
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

static int parse(struct sq_extractor *x, const struct sq_grammar *g, struct sq_slice bytes,
		 struct progress *p, TSTree **ret_tree)
{
	TSInput input = { .payload = &bytes, .read = read_slice, .encoding = TSInputEncodingUTF8 };
	TSParseOptions options = { .payload = p, .progress_callback = on_progress };
	TSTree *tree;

	if (x->language != g->language) {
		if (!ts_parser_set_language(x->parser, g->language))
			return SQ_LANG_E_UNKNOWN;
		x->language = g->language;
	}
	tree = ts_parser_parse_with_options(x->parser, NULL, input, options);
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

static int walk_or_scan(struct sq_walk *w, const TSTree *tree)
{
	if (!w->spec->scan)
		return sq_walk_tree(w, tree);
	w->spec->scan(w, tree);
	return w->error;
}

int sq_extract(struct sq_extractor *x, enum sq_lang lang, struct sq_slice bytes,
	       const struct sq_extract_limits *limits, struct sq_facts *ret_f)
{
	const struct sq_spec *spec = sq_spec_get(lang);
	const struct sq_grammar *g = NULL;
	struct progress p = { .limits = limits };
	bool has_error = false;
	TSTree *tree = NULL;
	int r = 0;

	if (!spec)
		return SQ_LANG_E_UNKNOWN;
	if (bytes.n > MAX_BYTES)
		return SQ_LANG_E_LIMIT;
	if (spec->grammar)
		r = sq_registry_grammar(x->registry, lang, &g, NULL);
	if (r)
		return r;
	prepare(x, spec, g, bytes, limits);
	p.deadline_ns = x->walk.deadline_ns;
	if (g)
		r = parse(x, g, bytes, &p, &tree);
	if (!r)
		r = walk_or_scan(&x->walk, tree);
	if (tree) {
		has_error = ts_node_has_error(ts_tree_root_node(tree));
		ts_tree_delete(tree);
	}
	return r ? r : sq_facts_builder_finish(x->walk.builder, has_error, ret_f);
}

int sq_parse_only(struct sq_extractor *x, enum sq_lang lang, struct sq_slice bytes)
{
	struct sq_extract_limits limits;
	struct progress p = { .limits = &limits };
	const struct sq_grammar *g;
	TSTree *tree;
	int r;

	sq_extract_limits_default(&limits);
	if (bytes.n > MAX_BYTES)
		return SQ_LANG_E_LIMIT;
	r = sq_registry_grammar(x->registry, lang, &g, NULL);
	if (!r)
		r = parse(x, g, bytes, &p, &tree);
	if (!r)
		ts_tree_delete(tree);
	return r;
}
