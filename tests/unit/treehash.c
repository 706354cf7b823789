/* SPDX-License-Identifier: MIT */
/*
 * treehash DIR — a line for each source file below DIR and each way of parsing it: a hash of
 * every field of every subtree. Built with the core of the daemon and with the core as it
 * was published; test-core compares what they say. Ways: whole, cut short (errors), and with
 * the tree of the cut file as the old tree.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tree-sitter/lib/src/tree.h>

#include "base/hash.h"
#include "base/str.h"
#include "lang/spec.h"

#define N_CUTS 6u

static struct sq_lang_registry *registry;
static unsigned n_files;

static void die(const char *what, const char *path)
{
	fprintf(stderr, "treehash: %s: %s\n", path, what);
	exit(1);
}

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	return sq_hash64(p, n, h);
}

static uint64_t hash_subtree(uint64_t h, Subtree s)
{
	const SubtreeHeapData *p = s.ptr;
	uint32_t bits;

	if (s.data.is_inline)
		return mix(h, &s, sizeof(s));
	bits = p->visible | p->named << 1 | p->extra << 2 | p->fragile_left << 3 | p->fragile_right << 4 |
	       p->has_changes << 5 | p->has_external_tokens << 6 | p->has_external_scanner_state_change << 7 |
	       p->depends_on_column << 8 | p->is_missing << 9 | p->is_keyword << 10;
	h = mix(h, &p->padding, sizeof(p->padding));
	h = mix(h, &p->size, sizeof(p->size));
	h = mix(h, (uint32_t[]){ p->lookahead_bytes, p->error_cost, p->child_count, p->symbol, p->parse_state, bits }, 24);
	if (!p->child_count)
		return h;
	h = mix(h, (uint32_t[]){ p->visible_child_count, p->named_child_count, p->visible_descendant_count,
				 (uint32_t)p->dynamic_precedence, p->repeat_depth, p->production_id,
				 p->first_leaf.symbol, p->first_leaf.parse_state }, 32);
	for (uint32_t i = 0; i < p->child_count; i++)
		h = hash_subtree(h, ts_subtree_children(s)[i]);
	return h;
}

static TSTree *parse(TSParser *p, const char *path, const char *way, uint32_t n, const TSTree *old, const char *text)
{
	TSTree *tree = ts_parser_parse_string(p, old, text, n);

	if (!tree)
		die("no tree", path);
	printf("%s %s %u %016llx\n", path, way, n, (unsigned long long)hash_subtree(0, tree->root));
	return tree;
}

static TSPoint point_at(const char *text, uint32_t n)
{
	TSPoint at = { 0, 0 };

	for (uint32_t i = 0; i < n; i++)
		at = text[i] == '\n' ? (TSPoint){ at.row + 1, 0 } : (TSPoint){ at.row, at.column + 1 };
	return at;
}

/* the file grows from its first @n bytes to all of it */
static void hash_edited(TSParser *p, const char *path, const char *text, uint32_t n, uint32_t all)
{
	TSTree *old = parse(p, path, "cut", n, NULL, text);
	TSInputEdit edit = {
		.start_byte = n, .old_end_byte = n, .new_end_byte = all, .start_point = point_at(text, n),
		.old_end_point = point_at(text, n), .new_end_point = point_at(text, all),
	};

	ts_tree_edit(old, &edit);
	ts_tree_delete(parse(p, path, "edited", all, old, text));
	ts_tree_delete(old);
}

static int hash_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	enum sq_lang lang = sq_lang_detect(sq_slice_z(path));
	_cleanup_(sq_freep) char *text = NULL;
	uint32_t n = (uint32_t)st->st_size;
	const struct sq_grammar *g;
	const char *why;
	TSParser *p;
	FILE *f;

	(void)at;
	if (type != FTW_F || lang == SQ_LANG_NONE || !sq_spec_get(lang)->grammar)
		return 0;
	if (sq_registry_grammar(registry, lang, &g, &why))
		die(why, path);
	f = fopen(path, "r");
	text = sq_malloc(n + 1);
	if (!f || !text || fread(text, 1, n, f) != n)
		die("cannot be read", path);
	fclose(f);
	p = ts_parser_new();
	if (!ts_parser_set_language(p, g->language))
		die("no language", path);
	ts_tree_delete(parse(p, path, "whole", n, NULL, text));
	for (unsigned part = 1; part < N_CUTS; part++)
		hash_edited(p, path, text, (uint32_t)((uint64_t)n * part / N_CUTS), n);
	ts_parser_delete(p);
	n_files++;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		die("usage: treehash DIR", "");
	if (sq_lang_registry_new(NULL, &registry))
		die("no grammars", argv[1]);
	if (nftw(argv[1], hash_file, 16, FTW_PHYS))
		die("cannot be walked", argv[1]);
	sq_lang_registry_free(registry);
	if (!n_files)
		die("no source file", argv[1]);
	return 0;
}
