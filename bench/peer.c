/* SPDX-License-Identifier: MIT */
#include "bench/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

#define MAX_WORDS 16

const struct sq_peer sq_peers[] = {
	{ "floor", "sqry-bench-floor", { "sqry-bench-floor", "--version" },
	  "reading and parsing alone, with our parser and every line of each file",
	  { "sqry-bench-floor", "$TREE", "$WORKERS" }, { 0 }, { 0 }, { 0 }, { 0 }, false, NULL, false },
	{ "ctags", "ctags", { "ctags", "--version" }, "universal-ctags: definitions only",
	  { "ctags", "--sort=no", "-f", "$OUT/tags", "-L", "$LIST" },
	  { "ctags", "--sort=yes", "-f", "$OUT/tags", "-L", "$LIST" },
	  { "readtags", "-t", "$OUT/tags", "$NAME" }, { 0 }, { 0 }, false, NULL, false },
	{ "gtags", "gtags", { "gtags", "--version" }, "GNU Global: definitions and reference tokens",
	  { "gtags", "-C", "$TREE", "-f", "$LIST", "$OUT" }, { 0 },
	  { "global", "-C", "$TREE", "-x", "$NAME" }, { "global", "-C", "$TREE", "-xr", "$NAME" },
	  { "gtags", "-C", "$TREE", "--single-update", "$FILE", "$OUT" }, false, NULL, false },
	{ "cscope", "cscope", { "cscope", "--version" }, "cscope -bqk: cross-reference with inverted index",
	  { "cscope", "-bqk", "-i", "$LIST", "-f", "$OUT/cscope.out" }, { 0 },
	  { "cscope", "-dqL1", "$NAME", "-f", "$OUT/cscope.out" },
	  { "cscope", "-dqL3", "$NAME", "-f", "$OUT/cscope.out" }, { 0 }, false, NULL, false },
	{ "ripgrep", "rg", { "rg", "--version" }, "ripgrep: search of the text itself, no index",
	  { 0 }, { 0 }, { "rg", "-cw", "$NAME", "$TREE" }, { 0 }, { 0 }, false, NULL, false },
	{ "codegraph", "codegraph", { "codegraph", "--version" },
	  "@colbymchenry/codegraph: tree-sitter graph in SQLite, in Node.js",
	  { "codegraph", "init", "$TREE" }, { 0 }, { "codegraph", "query", "-p", "$TREE", "$NAME" },
	  { "codegraph", "callers", "-p", "$TREE", "$NAME" }, { "codegraph", "sync", "$TREE" },
	  true, ".codegraph", true },
};
const size_t sq_n_peers = SQ_ARRAY_SIZE(sq_peers);

const struct sq_peer *sq_peer_named(const char *name)
{
	for (size_t i = 0; i < sq_n_peers; i++)
		if (!strcmp(sq_peers[i].name, name))
			return &sq_peers[i];
	return NULL;
}

bool sq_peer_is_there(const struct sq_peer *p)
{
	_cleanup_(sq_freep) char *path = sq_process_find(p->program);

	return path != NULL;
}

void sq_peer_version(const struct sq_peer *p, struct sq_buf *ret)
{
	sq_process_line(p->version, ret);
}

/* a word with its variables filled in */
static char *fill(const char *word, const struct sq_peer_words *v)
{
	_cleanup_(sq_buf_deinit) struct sq_buf out = SQ_BUF_NULL;
	char workers[16];
	const struct { const char *name, *value; } vars[] = {
		{ "$TREE", v->tree }, { "$OUT", v->out }, { "$LIST", v->list }, { "$NAME", v->name },
		{ "$FILE", v->file }, { "$WORKERS", workers },
	};

	snprintf(workers, sizeof(workers), "%u", v->workers);
	while (*word) {
		size_t i = 0;

		for (; i < SQ_ARRAY_SIZE(vars); i++)
			if (!strncmp(word, vars[i].name, strlen(vars[i].name)))
				break;
		if (i < SQ_ARRAY_SIZE(vars)) {
			sq_buf_puts(&out, vars[i].value ? vars[i].value : "");
			word += strlen(vars[i].name);
		} else {
			sq_buf_putc(&out, *word++);
		}
	}
	return sq_buf_z(&out) ? sq_strdup(out.p) : NULL;
}

static void drop(char **argv)
{
	for (size_t i = 0; argv[i]; i++)
		sq_free(argv[i]);
}

int sq_peer_run(const struct sq_peer *p, const char *const *words, const struct sq_peer_words *values,
		const struct sq_peer_limits *limits, struct sq_run *ret, struct sq_buf *ret_command,
		struct sq_buf *ret_why)
{
	_cleanup_(sq_freep) char *out = sq_asprintf("%s/%s.log", values->out, p->name);
	_cleanup_(sq_freep) char *root = sq_asprintf("GTAGSROOT=%s", values->tree);
	_cleanup_(sq_freep) char *base = sq_asprintf("GTAGSDBPATH=%s", values->out);
	const char *env[] = { root, base, "NODE_OPTIONS=--max-old-space-size=4096", "CI=1", NULL };
	char *argv[MAX_WORDS] = { NULL };
	struct sq_command c = { .argv = (const char *const *)argv, .dir = p->in_tree ? values->tree : values->out,
				.timeout_s = limits->timeout_s, .memory_bytes = limits->memory_bytes, .out = out };
	int r = out && root && base ? 0 : -ENOMEM;

	for (size_t i = 0; !r && words[i]; i++) {
		argv[i] = fill(words[i], values);
		r = argv[i] ? 0 : -ENOMEM;
	}
	if (!strcmp(p->name, "gtags"))
		c.env = env;
	else if (!strcmp(p->name, "codegraph"))
		c.env = env + 2;
	if (!r) {
		sq_command_text(&c, ret_command);
		r = sq_process_run(&c, ret);
	}
	if (!r && !sq_run_ok(ret))
		sq_run_text(ret, out, ret_why);
	drop(argv);
	return r;
}
