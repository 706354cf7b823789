/* SPDX-License-Identifier: MIT */
/* Every node that the core's own cursor shows, with its symbol, place and field: files, cut
 * ones, which have errors, and moved ones, as pieces are. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lang/cursor.h"
#include "lang/spec.h"
#include "../support/suite.h"

static struct sq_lang_registry *registry;
static unsigned n_files, n_errors;
static uint64_t n_nodes, n_fields, n_aliases;

static void same_node(const char *path, const struct sq_cursor *c, const TSTreeCursor *want)
{
	TSNode w = ts_tree_cursor_current_node(want), h = sq_cursor_node(c);

	ck_assert_msg(ts_node_eq(w, h), "%s: byte %u, not %u", path, sq_cursor_start(c), ts_node_start_byte(w));
	ck_assert_int_eq(memcmp(w.context, h.context, sizeof(w.context)), 0);
	ck_assert_uint_eq(sq_cursor_symbol(c), ts_node_symbol(w));
	ck_assert_uint_eq(sq_cursor_start(c), ts_node_start_byte(w));
	ck_assert_uint_eq(sq_cursor_end(c), ts_node_end_byte(w));
	ck_assert_uint_eq(sq_cursor_field(c), ts_tree_cursor_current_field_id(want));
	ck_assert_int_eq(sq_cursor_has_children(c), ts_node_child_count(w) > 0);
	n_nodes++;
	n_fields += sq_cursor_field(c) != 0;
	n_aliases += w.context[3] != 0;
}

/* every third node with children is not looked into */
static void same_tree(const char *path, struct sq_cursor *c, const TSTree *tree, bool skips)
{
	TSTreeCursor want = ts_tree_cursor_new(ts_tree_root_node(tree));
	unsigned n_parents = 0, depth = 0;

	sq_cursor_open(c, tree);
	do {
		same_node(path, c, &want);
		if (sq_cursor_has_children(c) && (!skips || ++n_parents % 3)) {
			sq_cursor_enter(c);
			ck_assert(ts_tree_cursor_goto_first_child(&want));
			ck_assert(sq_cursor_next(c));
			depth++;
			continue;
		}
		for (; depth && !sq_cursor_next(c); depth--) {
			ck_assert(!ts_tree_cursor_goto_next_sibling(&want));
			sq_cursor_leave(c);
			ck_assert(ts_tree_cursor_goto_parent(&want));
		}
		if (depth)
			ck_assert(ts_tree_cursor_goto_next_sibling(&want));
	} while (depth);
	ck_assert_int_eq(c->error, 0);
	ts_tree_cursor_delete(&want);
}

static void check_text(const char *path, const struct sq_grammar *g, const char *text, uint32_t n)
{
	TSInputEdit edit = { .new_end_byte = 7, .new_end_point = { .row = 3 } };
	struct sq_cursor c = { .error = 0 };
	TSParser *p = ts_parser_new();
	TSTree *tree;

	ck_assert(ts_parser_set_language(p, g->language));
	tree = ts_parser_parse_string(p, NULL, text, n);
	n_errors += ts_node_has_error(ts_tree_root_node(tree));
	same_tree(path, &c, tree, false);
	same_tree(path, &c, tree, true);
	ts_tree_edit(tree, &edit);
	same_tree(path, &c, tree, false);
	ts_tree_delete(tree);
	ts_parser_delete(p);
	sq_cursor_deinit(&c);
}

static int check_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	_cleanup_(sq_freep) char *text = NULL;
	const struct sq_grammar *g;
	const char *why;
	enum sq_lang lang = sq_lang_detect(sq_slice_z(path));
	FILE *f;

	(void)at;
	if (type != FTW_F || lang == SQ_LANG_NONE || !sq_spec_get(lang)->grammar)
		return 0;
	ck_assert_int_eq(sq_registry_grammar(registry, lang, &g, &why), 0);
	f = fopen(path, "r");
	text = sq_malloc((size_t)st->st_size + 1);
	ck_assert_uint_eq(fread(text, 1, (size_t)st->st_size, f), (size_t)st->st_size);
	fclose(f);
	check_text(path, g, text, (uint32_t)st->st_size);
	for (unsigned part = 1; part < 8; part++)
		check_text(path, g, text, (uint32_t)((uint64_t)st->st_size * part / 8));
	n_files++;
	return 0;
}

START_TEST(fixtures)
{
	const char *top = getenv("SQ_TOP_SRCDIR");
	_cleanup_(sq_freep) char *dir = NULL;

	ck_assert_msg(top, "SQ_TOP_SRCDIR names no directory");
	dir = sq_asprintf("%s/tests/fixtures", top);
	ck_assert_int_eq(sq_lang_registry_new(NULL, &registry), 0);
	ck_assert_int_eq(nftw(dir, check_file, 16, FTW_PHYS), 0);
	sq_lang_registry_free(registry);
	ck_assert_uint_gt(n_files, 30);
	ck_assert_uint_gt(n_errors, 100);
	ck_assert_uint_gt(n_nodes, 50000);
	ck_assert_uint_gt(n_fields, 5000);
	ck_assert_uint_gt(n_aliases, 500);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lang-cursor");
	TCase *t = tcase_create("cursor");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, fixtures);
	suite_add_tcase(s, t);
	return suite_run(s);
}
