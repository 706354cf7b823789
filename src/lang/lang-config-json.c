/* SPDX-License-Identifier: MIT */
/* package.json, tsconfig.json and the JSON that they are made of */
#include "lang/lang-config.h"

bool sq_cjson_is(TSNode n, const char *type)
{
	return !ts_node_is_null(n) && !strcmp(ts_node_type(n), type);
}

void sq_cjson_begin(TSNode container, struct sq_cjson_iter *ret_it)
{
	ret_it->cursor = ts_tree_cursor_new(container);
	ret_it->has_more = ts_tree_cursor_goto_first_child(&ret_it->cursor);
}

bool sq_cjson_next(struct sq_cjson_iter *it, TSNode *ret_child)
{
	while (it->has_more) {
		TSNode n = ts_tree_cursor_current_node(&it->cursor);

		it->has_more = ts_tree_cursor_goto_next_sibling(&it->cursor);
		if (!ts_node_is_named(n) || sq_cjson_is(n, "comment") || sq_cjson_is(n, "ERROR"))
			continue;
		*ret_child = n;
		return true;
	}
	return false;
}

void sq_cjson_end(struct sq_cjson_iter *it)
{
	ts_tree_cursor_delete(&it->cursor);
}

TSNode sq_cjson_root(const TSTree *tree)
{
	struct sq_cjson_iter it;
	TSNode value = ts_tree_root_node(tree);

	sq_cjson_begin(value, &it);
	if (!sq_cjson_next(&it, &value))
		value = ts_tree_root_node(tree);
	sq_cjson_end(&it);
	return value;
}

static void add_unescaped(struct sq_buf *out, struct sq_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\\' && i + 1 < s.n) {
			c = s.p[++i];
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
		}
		sq_buf_putc(out, c);
	}
}

struct sq_slice sq_cjson_text(struct sq_walk *w, TSNode string)
{
	struct sq_slice s = sq_node_text(w, string);

	if (!sq_cjson_is(string, "string") || s.n < 2)
		return SQ_SLICE_NULL;
	s = sq_slice(s.p + 1, s.n - 2);
	if (!s.n || !memchr(s.p, '\\', s.n))
		return s;
	sq_buf_clear(&w->scratch);
	add_unescaped(&w->scratch, s);
	return sq_walk_text(w, sq_walk_sym(w, sq_buf_slice(&w->scratch)));
}

TSNode sq_cjson_pair(struct sq_walk *w, TSNode pair, struct sq_slice *ret_key)
{
	*ret_key = sq_cjson_text(w, sq_node_field(pair, "key"));
	return sq_node_field(pair, "value");
}

void sq_config_scan_package_json(struct sq_walk *w, const TSTree *tree)
{
	struct sq_slice name = SQ_SLICE_NULL, main = SQ_SLICE_NULL, module = SQ_SLICE_NULL, key;
	struct sq_cjson_iter it;
	uint32_t line = 1;
	TSNode pair;

	sq_cjson_begin(sq_cjson_root(tree), &it);
	while (sq_cjson_next(&it, &pair)) {
		TSNode value = sq_cjson_pair(w, pair, &key);

		if (sq_slice_is(key, "name")) {
			name = sq_cjson_text(w, value);
			line = sq_node_line(pair);
		} else if (sq_slice_is(key, "main")) {
			main = sq_cjson_text(w, value);
		} else if (sq_slice_is(key, "module")) {
			module = sq_cjson_text(w, value);
		}
	}
	sq_cjson_end(&it);
	if (name.n)
		sq_walk_import(w, line, SQ_IMPORT_ROOT, name, main.n ? main : module,
			       SQ_SLICE_NULL, 0);
}

/* "paths": { "alias": ["first", "second"] }, each with at most one star */
static void scan_paths(struct sq_walk *w, TSNode paths)
{
	struct sq_cjson_iter pairs, values;
	TSNode pair, value;
	struct sq_slice key, target;

	sq_cjson_begin(paths, &pairs);
	while (sq_cjson_next(&pairs, &pair)) {
		sq_cjson_begin(sq_cjson_pair(w, pair, &key), &values);
		while (sq_cjson_next(&values, &value)) {
			target = sq_cjson_text(w, value);
			if (target.n)
				sq_walk_import(w, sq_node_line(value), SQ_IMPORT_PATH, target, key,
					       SQ_SLICE_NULL, 0);
		}
		sq_cjson_end(&values);
	}
	sq_cjson_end(&pairs);
}

static void scan_compiler_options(struct sq_walk *w, TSNode options)
{
	struct sq_cjson_iter it;
	struct sq_slice key, text;
	TSNode pair;

	sq_cjson_begin(options, &it);
	while (sq_cjson_next(&it, &pair)) {
		TSNode value = sq_cjson_pair(w, pair, &key);

		text = sq_cjson_text(w, value);
		if (sq_slice_is(key, "baseUrl") && text.n)
			sq_walk_import(w, sq_node_line(pair), SQ_IMPORT_PATH, text, SQ_SLICE_NULL,
				       SQ_SLICE_NULL, 0);
		else if (sq_slice_is(key, "paths") && sq_cjson_is(value, "object"))
			scan_paths(w, value);
	}
	sq_cjson_end(&it);
}

void sq_config_scan_tsconfig(struct sq_walk *w, const TSTree *tree)
{
	struct sq_cjson_iter it;
	struct sq_slice key;
	TSNode pair;

	sq_cjson_begin(sq_cjson_root(tree), &it);
	while (sq_cjson_next(&it, &pair)) {
		TSNode value = sq_cjson_pair(w, pair, &key);

		if (sq_slice_is(key, "compilerOptions") && sq_cjson_is(value, "object"))
			scan_compiler_options(w, value);
	}
	sq_cjson_end(&it);
}
