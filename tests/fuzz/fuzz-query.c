/* SPDX-License-Identifier: MIT */
/*
 * Texts that users send. The first byte chooses: 'r' and 'g' a regex or a glob
 * up to the first newline, matched with the rest; anything else a query, run
 * over a small graph twice. A pattern's literal and prefix are in all that it
 * matches; rows are as many as the answer says.
 */
#include "../unit/graph-rig.h"

#include "fuzz.h"
#include "query/query.h"
#include "query/regex.h"

const struct fuzz_fixtures fuzz_fixtures = { .dir = NULL };
static struct rig rig;

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void set_up(void)
{
	const struct sq_draft_opts opts = { .clear = true };
	struct rig_tree tree;

	if (rig.g)
		return;
	/* not rig_init(): its assertions need a test around them */
	must(!sq_epoch_new(&rig.epoch) && !sq_epoch_record_acquire(rig.epoch, &rig.rec));
	must(!sq_graph_new(rig.epoch, rig_traits, &rig.g));
	for (unsigned i = 0; i < RIG_PATHS; i++)
		tree.seed[i] = i + 2;
	must(!rig_update(&rig, NULL, &tree, &opts));
}

static bool contains(struct sq_slice text, struct sq_slice part)
{
	return !part.n || (text.n && memmem(text.p, text.n, part.p, part.n));
}

static void match(struct sq_slice in, bool is_glob)
{
	const char *end = in.n ? memchr(in.p, '\n', in.n) : NULL;
	struct sq_slice pattern = sq_slice(in.p, end ? (size_t)(end - in.p) : in.n);
	struct sq_slice text = end ? sq_slice(end + 1, in.n - pattern.n - 1) : SQ_SLICE_NULL, literal;
	char message[SQ_REGEX_MESSAGE];
	struct sq_regex *re;
	bool is_all, matches;
	int r = is_glob ? sq_regex_new_glob(pattern, &re, message) : sq_regex_new(pattern, false, &re, message);

	must(r >= 0);
	if (r) {
		must(memchr(message, '\0', sizeof(message)) && message[0]);
		return;
	}
	matches = sq_regex_match(re, text);
	literal = sq_regex_literal(re, &is_all);
	must(!matches || contains(text, literal));
	must(!is_all || !literal.n || matches == contains(text, literal));
	must(!matches || sq_slice_has_prefix(text, sq_regex_prefix(re)));
	sq_regex_free(re);
}

static uint64_t run(const struct sq_query *q, int *ret_r)
{
	const struct sq_query_opts opts = { .limit = 100, .max_rows = 20000, .max_text_bytes = 1u << 20 };
	struct sq_query_error e = { .message = "" };
	struct sq_result res = { .items = NULL };
	uint64_t sum;
	int r = sq_query_run_with(q, sq_graph_current(rig.g), &opts, &res, &e);

	must(r >= 0);
	must(!r || e.message[0]);
	must(r || (res.n_items <= opts.limit && res.n_items <= res.total));
	must(r || res.truncated == (res.cut != SQ_CUT_NONE));
	sum = r ? 0 : res.total * 31 + res.n_items;
	sq_result_deinit(&res);
	*ret_r = r;
	return sum;
}

static void query(struct sq_slice text)
{
	struct sq_query_error e = { .message = "" };
	struct sq_query *q = NULL;
	uint64_t sum;
	int r = sq_query_parse(text, &q, &e), again;

	must(r >= 0);
	if (r) {
		must(e.message[0] && e.offset <= text.n);
		return;
	}
	sum = run(q, &r);
	must(sum == run(q, &again) && r == again);
	sq_query_free(q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sq_slice in = sq_slice((const char *)data, size), rest;

	set_up();
	rest = size ? sq_slice(in.p + 1, in.n - 1) : SQ_SLICE_NULL;
	if (size && (data[0] == 'r' || data[0] == 'g'))
		match(rest, data[0] == 'g');
	else
		query(rest);
	return 0;
}
