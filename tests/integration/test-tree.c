/* SPDX-License-Identifier: MIT */
/* load, search, callers, edits, sync, unload: a tree in the life of the real daemon */
#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rig rig;

static void write_tree(void)
{
	rig_write(&rig, "a.c", "#include \"a.h\"\nint helper(int x)\n{\n\treturn x + 1;\n}\n"
		  "int first(void)\n{\n\treturn helper(1);\n}\n");
	rig_write(&rig, "a.h", "int helper(int x);\n");
	rig_write(&rig, "sub/b.c", "#include \"../a.h\"\nint second(void)\n{\n\treturn helper(2);\n}\n");
	rig_write(&rig, "m.py", "def py_one():\n    return py_two()\n\ndef py_two():\n    return 1\n");
}

static void setup_with(const char *config)
{
	rig_init(&rig, config);
	write_tree();
	rig_start(&rig);
}

static void setup(void)
{
	setup_with("");
}

static void setup_sweep(void)
{
	setup_with("[watch]\ntier = none");
}

static void setup_directory(void)
{
	setup_with("[watch]\ntier = directory");
}

static void teardown(void)
{
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}

static char *dump_hash(void)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/dump", "{\"path\":\"%s\",\"hash\":true}", rig.tree);
	struct sq_slice hex = sq_json_string(sq_json_get(rig_result(d), "hash"));
	char *copy = strndup(hex.p, hex.n);

	ck_assert_uint_eq(hex.n, 32);
	sq_json_doc_free(d);
	return copy;
}

/* the graph after all edits is that of a clean build of the same tree */
static void expect_clean(void)
{
	char *is = dump_hash(), *clean;

	sq_json_doc_free(rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree));
	rig_load(&rig);
	clean = dump_hash();
	ck_assert_str_eq(is, clean);
	free(is);
	free(clean);
}

/* every kind of change, each visible behind one sync */
static void edit_everything(void)
{
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "helper"), 1);
	ck_assert_int_eq(rig_callers(&rig, "helper"), 2);
	rig_write(&rig, "sub/b.c", "int second(void)\n{\n\treturn 0;\n}\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_callers(&rig, "helper"), 1);
	rig_write(&rig, "new.c", "#include \"a.h\"\nint third(void)\n{\n\treturn helper(3);\n}\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_callers(&rig, "helper"), 2);
	rig_write(&rig, "deep/er/x.c", "int deep_one(void)\n{\n\treturn 1;\n}\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "deep_one"), 1);
	rig_rename(&rig, "deep", "moved");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "deep_one"), 1);
	rig_write(&rig, "moved/er/x.c", "int deep_two(void)\n{\n\treturn 1;\n}\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "deep_one"), 0);
	ck_assert_int_eq(rig_count(&rig, "deep_two"), 1);
	/* an editor's atomic save */
	rig_write(&rig, "a.c.tmp", "int helper_renamed(int x)\n{\n\treturn x;\n}\n");
	rig_rename(&rig, "a.c.tmp", "a.c");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "helper"), 0);
	ck_assert_int_eq(rig_count(&rig, "helper_renamed"), 1);
	rig_unlink(&rig, "new.c");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "third"), 0);
	/* rules: ignored, and not any more */
	rig_write(&rig, ".sqryignore", "moved/\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "deep_two"), 0);
	rig_unlink(&rig, ".sqryignore");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "deep_two"), 1);
	/* rules that arrive with a directory, and go with it */
	rig_write(&rig, "moved/.sqryignore", "er/\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "deep_two"), 0);
	rig_rename(&rig, "moved/er", "er");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "deep_two"), 1);
	/* a file takes a directory's place, and the reverse */
	rig_rename(&rig, "sub", "gone");
	rig_write(&rig, "sub.c", "int in_file(void) { return 0; }\n");
	rig_sync(&rig);
	rig_unlink(&rig, "sub.c");
	rig_write(&rig, "sub.c/inner.c", "int in_dir(void) { return 0; }\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "in_file"), 0);
	ck_assert_int_eq(rig_count(&rig, "in_dir"), 1);
	expect_clean();
}

START_TEST(edits)
{
	edit_everything();
}
END_TEST

START_TEST(sweep_says_so)
{
	struct sq_json_doc *d;

	edit_everything();
	d = rig_ok(&rig, "daemon/search", "{\"search_path\":\"%s\",\"pattern\":\"x\"}", rig.tree);
	ck_assert(!sq_json_bool(sq_json_get(rig_meta(d), "watching"), true));
	sq_json_doc_free(d);
}
END_TEST

/* the data of a tool answer about the tree */
static const struct sq_json *data_of(const struct sq_json_doc *d)
{
	return sq_json_get(rig_result(d), "data");
}

static void has_string(const struct sq_json *v, const char *key, const char *want)
{
	struct sq_slice s = sq_json_string(sq_json_get(v, key));

	ck_assert_msg(sq_slice_is(s, want), "%s is %.*s", key, (int)s.n, s.p);
}

static void refuses(const char *method, const char *more)
{
	sq_json_doc_free(rig_fails(&rig, -32602, method, "{\"path\":\"%s\"%s}", rig.tree, more));
}

START_TEST(analyses)
{
	struct sq_json_doc *d;
	const struct sq_json *item;

	rig_write(&rig, "cyc.c", "static int lone(int x) { return lone(x); }\n"
		  "int tick(int x);\nint tock(int x) { return tick(x); }\nint tick(int x) { return tock(x); }\n"
		  "int main(void) { return tick(1); }\n");
	rig_write(&rig, "twin1.c", "static int twin(void) { return 1; }\n");
	rig_write(&rig, "twin2.c", "static int twin(void) { return 2; }\n");
	rig_load(&rig);
	d = rig_ok(&rig, "find_unused", "{\"path\":\"%s/cyc.c\",\"scope\":\"private\",\"language\":[\"c\"],"
		   "\"max_results\":1}", rig.tree);
	has_string(data_of(d), "scope", "private");
	ck_assert_int_eq(sq_json_int(sq_json_get(data_of(d), "total"), 0), 3);
	ck_assert_int_eq(sq_json_len(sq_json_get(data_of(d), "symbols")), 1);
	item = sq_json_at(sq_json_get(data_of(d), "symbols"), 0);
	has_string(item, "name", "lone");
	has_string(item, "visibility", "private");
	ck_assert(sq_json_bool(sq_json_get(rig_result(d), "truncated"), false));
	has_string(rig_result(d), "truncated_reason", "max_results");
	sq_json_doc_free(d);
	d = rig_ok(&rig, "find_cycles", "{\"path\":\"%s\"}", rig.tree);
	has_string(data_of(d), "cycleType", "calls");
	ck_assert_int_eq(sq_json_int(sq_json_get(data_of(d), "total"), 0), 1);
	item = sq_json_at(sq_json_get(data_of(d), "cycles"), 0);
	ck_assert_int_eq(sq_json_int(sq_json_get(item, "depth"), 0), 2);
	has_string(item, "chain", "tock -> tick -> tock");
	has_string(sq_json_at(sq_json_get(item, "nodes"), 1), "qualifiedName", "tick");
	sq_json_doc_free(d);
	d = rig_ok(&rig, "is_node_in_cycle", "{\"path\":\"%s\",\"symbol\":\"tick\"}", rig.tree);
	ck_assert(sq_json_bool(sq_json_get(data_of(d), "inCycle"), false));
	ck_assert(sq_slice_is(sq_json_string(sq_json_at(sq_json_get(data_of(d), "cycle"), 0)), "tick"));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "is_node_in_cycle", "{\"path\":\"%s\",\"symbol\":\"lone\"}", rig.tree);
	ck_assert(!sq_json_bool(sq_json_get(data_of(d), "inCycle"), true));
	sq_json_doc_free(d);
	d = rig_fails(&rig, -32602, "is_node_in_cycle", "{\"path\":\"%s\",\"symbol\":\"twin\"}", rig.tree);
	item = sq_json_get(sq_json_get(sq_json_root(d), "error"), "data");
	has_string(item, "kind", "sqry::ambiguous_symbol");
	ck_assert_int_eq(sq_json_len(sq_json_get(sq_json_get(item, "details"), "candidates")), 2);
	sq_json_doc_free(d);
	sq_json_doc_free(rig_ok(&rig, "is_node_in_cycle", "{\"path\":\"%s\",\"symbol\":\"twin\","
				"\"file_path\":\"twin2.c\"}", rig.tree));
	refuses("is_node_in_cycle", ",\"symbol\":\"nobody_at_all\"");
	refuses("is_node_in_cycle", ",\"symbol\":\"\"");
	refuses("find_cycles", ",\"cycle_type\":\"frob\"");
	refuses("find_cycles", ",\"min_depth\":5,\"max_depth\":2");
	refuses("find_cycles", ",\"max_results\":501");
	refuses("find_unused", ",\"scope\":\"frob\"");
	refuses("find_unused", ",\"language\":[\"frob\"]");
	refuses("find_unused", ",\"max_results\":0");
}
END_TEST

static long long total_of(const struct sq_json_doc *d)
{
	return sq_json_int(sq_json_get(rig_result(d), "total"), -1);
}

static const struct sq_json *item_of(const struct sq_json_doc *d, const char *list, size_t i)
{
	return sq_json_at(sq_json_get(data_of(d), list), i);
}

static void has_name(const struct sq_json *node, const char *want)
{
	ck_assert_ptr_nonnull(node);
	has_string(node, "qualifiedName", want);
}

/* top -> mid1, mid2 -> low -> leaf; low calls itself */
static void write_calls(void)
{
	rig_write(&rig, "calls.h", "int leaf(int x);\nint low(int x);\nstruct pair { int a; };\n");
	rig_write(&rig, "calls.c", "#include \"calls.h\"\nint leaf(int x) { return x; }\n"
		  "int low(int x) { return x ? low(x - 1) : leaf(x); }\n"
		  "static int mid1(int x) { return low(x); }\nstatic int mid2(int x) { return low(x); }\n"
		  "int top(int x) { return mid1(x) + mid2(x); }\n");
	rig_write(&rig, "more.c", "#include \"calls.h\"\nstruct pair make(void) { struct pair p = { leaf(1) }; return p; }\n");
	rig_write(&rig, "box.c", "struct box { int a; };\nstruct box wrap(int x) { struct box b = { x }; return b; }\n"
		  "int unwrap(struct box *b) { return b->a; }\n");
}

/* what no fact of ours says is refused by name, not answered by an empty list */
static void not_recorded(const char *method, const char *field, const char *more)
{
	struct sq_json_doc *d = rig_fails(&rig, -32602, method, "{\"path\":\"%s\"%s}", rig.tree, more);
	const struct sq_json *details = sq_json_get(sq_json_get(sq_json_get(sq_json_root(d), "error"), "data"), "details");

	has_string(details, "code", "not_recorded");
	has_string(details, "field", field);
	sq_json_doc_free(d);
}

START_TEST(relations)
{
	struct sq_json_doc *d;
	const struct sq_json *item;

	write_calls();
	rig_write(&rig, "shape.py", "class Shape:\n    def __init__(self):\n        pass\n\n"
		  "def draw():\n    return Shape()\n\ndef kind_of(x: Shape):\n    pass\n");
	rig_load(&rig);
	d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"leaf\",\"relation_type\":\"callers\","
		   "\"max_depth\":3}", rig.tree);
	has_string(data_of(d), "relationType", "callers");
	ck_assert_int_eq(total_of(d), 7);       /* by low, make; by mid1, mid2, low; twice by top */
	sq_json_doc_free(d);
	d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"leaf\",\"relation_type\":\"callers\"}", rig.tree);
	ck_assert_int_eq(total_of(d), 2);
	item = item_of(d, "relations", 0);
	has_name(sq_json_get(item, "from"), "low");
	has_name(sq_json_get(item, "to"), "leaf");
	has_string(item, "type", "calls");
	ck_assert_int_eq(sq_json_int(sq_json_get(item, "depth"), 0), 1);
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_get(sq_json_get(sq_json_get(item, "from"), "range"), "start"),
					       "line"), 0), 3);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"top\",\"relation_type\":\"callees\"}", rig.tree);
	ck_assert_int_eq(total_of(d), 2);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"top\",\"relation_type\":\"imports\"}", rig.tree);
	ck_assert_int_eq(total_of(d), 1);
	has_name(sq_json_get(item_of(d, "relations", 0), "to"), "calls.h");
	sq_json_doc_free(d);
	d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"top\",\"relation_type\":\"exports\"}", rig.tree);
	has_name(sq_json_get(item_of(d, "relations", 0), "from"), "calls.c");
	sq_json_doc_free(d);
	d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"mid1\",\"relation_type\":\"exports\"}", rig.tree);
	ck_assert_int_eq(total_of(d), 0);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"pair\",\"relation_type\":\"returns\"}", rig.tree);
	ck_assert_int_eq(total_of(d), 1);
	has_name(sq_json_get(item_of(d, "relations", 0), "from"), "make");
	has_name(sq_json_get(item_of(d, "relations", 0), "to"), "pair");
	sq_json_doc_free(d);
	d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"nobody\",\"relation_type\":\"callers\"}", rig.tree);
	ck_assert(!sq_json_bool(sq_json_get(data_of(d), "symbolFound"), true));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"Shape\",\"relation_type\":\"instantiations\"}",
		   rig.tree);
	ck_assert_int_eq(total_of(d), 1);
	item = item_of(d, "relations", 0);
	has_string(sq_json_get(item, "from"), "name", "draw");
	has_string(sq_json_get(item, "to"), "name", "Shape");
	has_string(item, "type", "instantiates");
	ck_assert_int_eq(sq_json_int(sq_json_get(item, "depth"), 0), 1);
	sq_json_doc_free(d);
	not_recorded("relation_query", "relation_type", ",\"symbol\":\"leaf\",\"relation_type\":\"wraps\"");
	not_recorded("relation_query", "relation_type", ",\"symbol\":\"leaf\",\"relation_type\":\"channel_peers\"");
	refuses("relation_query", ",\"symbol\":\"leaf\"");
	refuses("relation_query", ",\"symbol\":\"leaf\",\"relation_type\":\"frob\"");
	refuses("relation_query", ",\"symbol\":\"\",\"relation_type\":\"callers\"");
	refuses("relation_query", ",\"symbol\":\"leaf\",\"relation_type\":\"callers\",\"max_depth\":6");
}
END_TEST

static void violates(const char *method, const char *more, const char *constraint, const char *field)
{
	struct sq_json_doc *d = rig_fails(&rig, -32602, method, "{\"path\":\"%s\"%s}", rig.tree, more);
	const struct sq_json *details = sq_json_get(sq_json_get(sq_json_get(sq_json_root(d), "error"), "data"), "details");
	const struct sq_json *fields = sq_json_get(details, "fields");

	has_string(details, "kind", "validation");
	has_string(details, "constraint", constraint);
	if (fields)
		ck_assert(sq_slice_is(sq_json_string(sq_json_at(fields, 0)), field));
	else
		has_string(details, "field", field);
	if (!strcmp(constraint, "range")) {
		ck_assert_int_eq(sq_json_int(sq_json_get(details, "min"), -1), 1);
		ck_assert_int_eq(sq_json_int(sq_json_get(details, "max"), -1), 5);
		ck_assert_int_eq(sq_json_int(sq_json_get(details, "actual"), -1), 6);
	}
	sq_json_doc_free(d);
}

START_TEST(violations)
{
	rig_load(&rig);
	violates("relation_query", ",\"symbol\":\"x\",\"relation_type\":\"callers\",\"max_depth\":6", "range",
		 "max_depth");
	violates("relation_query", ",\"symbol\":\"\",\"relation_type\":\"callers\"", "non_empty", "symbol");
	violates("direct_callers", ",\"symbol\":\" \"", "non_empty", "symbol");
	violates("subgraph", ",\"symbols\":[]", "non_empty", "symbols");
	violates("trace_path", ",\"from_symbol\":\"\",\"to_symbol\":\"x\"", "non_empty", "from_symbol");
	violates("show_dependencies", "", "xor", "file_path");
	violates("find_cycles", ",\"min_depth\":5,\"max_depth\":2", "ordering", "min_depth");
}
END_TEST

START_TEST(pages)
{
	struct sq_json_doc *d;
	char token[64] = "";
	size_t n = 0, n_pages = 0;

	write_calls();
	rig_load(&rig);
	do {
		struct sq_slice next;

		d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"leaf\",\"relation_type\":\"callers\","
			   "\"max_depth\":5,\"page_size\":2,\"page_token\":\"%s\"}", rig.tree, token);
		n += sq_json_len(sq_json_get(data_of(d), "relations"));
		ck_assert_int_eq(total_of(d), 7);
		next = sq_json_string(sq_json_get(rig_result(d), "next_page_token"));
		snprintf(token, sizeof(token), "%.*s", (int)next.n, next.n ? next.p : "");
		sq_json_doc_free(d);
		n_pages++;
		if (n_pages == 2) {     /* the same version, another page size: still a part of the same list */
			refuses("relation_query", ",\"symbol\":\"leaf\",\"relation_type\":\"callers\",\"page_token\":\"x\"");
			refuses("relation_query", ",\"symbol\":\"leaf\",\"relation_type\":\"callers\",\"page_token\":\"9999.0\"");
		}
	} while (*token);
	ck_assert_uint_eq(n, 7);
	ck_assert_uint_eq(n_pages, 4);
	d = rig_ok(&rig, "relation_query", "{\"path\":\"%s\",\"symbol\":\"leaf\",\"relation_type\":\"callers\","
		   "\"max_depth\":5,\"max_results\":3}", rig.tree);
	has_string(rig_result(d), "truncated_reason", "max_results");
	ck_assert_uint_eq(sq_json_len(sq_json_get(data_of(d), "relations")), 3);
	sq_json_doc_free(d);
}
END_TEST

/* the pages of one list, in order, each item once. Return: how many pages */
static size_t walk_pages(const char *method, const char *list, const char *more, int64_t total, size_t n_items)
{
	char cursor[64] = "", seen[8192] = "";
	size_t n = 0, n_pages = 0;

	do {
		struct sq_json_doc *d = rig_ok(&rig, method, "{\"path\":\"%s\",\"pagination\":{\"page_size\":2,"
					       "\"cursor\":\"%s\"}%s}", rig.tree, cursor, more);
		struct sq_slice next = sq_json_string(sq_json_get(rig_result(d), "next_page_token"));

		ck_assert_int_eq(total_of(d), total);
		ck_assert_int_eq(sq_json_int(sq_json_get(data_of(d), "total"), -1), total);
		for (size_t i = 0; i < sq_json_len(sq_json_get(data_of(d), list)); i++, n++) {
			struct sq_slice s = sq_json_string(sq_json_get(item_of(d, list, i), "qualifiedName"));
			char text[200];

			if (!s.n)
				s = sq_json_string(sq_json_get(item_of(d, list, i), "chain"));
			snprintf(text, sizeof(text), "[%.*s]", (int)s.n, s.p);
			ck_assert_msg(!strstr(seen, text), "%s again", text);
			strcat(seen, text);
		}
		ck_assert(sq_json_bool(sq_json_get(rig_result(d), "truncated"), false) == (total > (int64_t)n_items));
		snprintf(cursor, sizeof(cursor), "%.*s", (int)next.n, next.n ? next.p : "");
		sq_json_doc_free(d);
		n_pages++;
	} while (*cursor);
	ck_assert_uint_eq(n, n_items);
	return n_pages;
}

/* totals are exact whatever the page and the limit */
START_TEST(pages_by_cursor)
{
	struct sq_json_doc *d;
	char text[4000];
	size_t n = 0;

	for (int i = 0; i < 5; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "static int lone%d(void) { return 0; }\n"
				      "int a%d(int x);\nint b%d(int x) { return a%d(x); }\n"
				      "int a%d(int x) { return b%d(x) + hub(x); }\n", i, i, i, i, i, i);
	rig_write(&rig, "pages.c", text);
	rig_write(&rig, "hub.c", "int hub(int x) { return x; }\n");
	rig_load(&rig);
	ck_assert_uint_eq(walk_pages("find_unused", "symbols", ",\"scope\":\"private\"", 5, 5), 3);
	ck_assert_uint_eq(walk_pages("find_unused", "symbols", ",\"scope\":\"private\",\"max_results\":3", 5, 3), 2);
	ck_assert_uint_eq(walk_pages("find_cycles", "cycles", "", 5, 5), 3);
	ck_assert_uint_eq(walk_pages("find_cycles", "cycles", ",\"max_results\":2", 5, 2), 1);
	ck_assert_uint_eq(walk_pages("direct_callers", "callers", ",\"symbol\":\"hub\"", 5, 5), 3);
	ck_assert_uint_eq(walk_pages("direct_callers", "callers", ",\"symbol\":\"hub\",\"max_results\":4", 5, 4), 2);
	ck_assert_uint_eq(walk_pages("direct_callees", "callees", ",\"symbol\":\"a1\"", 2, 2), 1);
	/* the default page */
	d = rig_ok(&rig, "find_cycles", "{\"path\":\"%s\",\"pagination\":{}}", rig.tree);
	ck_assert_uint_eq(sq_json_len(sq_json_get(data_of(d), "cycles")), 5);
	ck_assert_ptr_null(sq_json_get(rig_result(d), "next_page_token"));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "direct_callers", "{\"path\":\"%s\",\"symbol\":\"hub\",\"max_results\":1}", rig.tree);
	has_string(rig_result(d), "truncated_reason", "max_results");
	sq_json_doc_free(d);
	refuses("find_unused", ",\"pagination\":{\"page_size\":501}");
	refuses("find_unused", ",\"pagination\":{\"page_size\":0}");
	refuses("find_unused", ",\"pagination\":{\"page_size\":\"2\"}");
	refuses("find_cycles", ",\"pagination\":{\"cursor\":\"x\"}");
	refuses("find_cycles", ",\"pagination\":{\"cursor\":\"999.0\"}");
	refuses("find_cycles", ",\"pagination\":[]");
	refuses("direct_callers", ",\"symbol\":\"hub\",\"pagination\":7");
	not_recorded("find_unused", "exclude_cfg_gated", ",\"exclude_cfg_gated\":true");
	sq_json_doc_free(rig_ok(&rig, "find_unused", "{\"path\":\"%s\",\"exclude_cfg_gated\":false}", rig.tree));
}
END_TEST

static int64_t total_below(const char *below, const char *method, const char *more)
{
	struct sq_json_doc *d = rig_ok(&rig, method, "{\"search_path\":\"%s%s\",%s}", rig.tree, below, more);
	int64_t n = sq_json_int(sq_json_get(rig_result(d), "total"), -1);

	sq_json_doc_free(d);
	return n;
}

/* a path below the root narrows search and query, however it is written */
START_TEST(below_the_root)
{
	static const char *const all[] = { "", "/", "/.", "/sub/.." };
	static const char *const sub[] = { "/sub", "/sub/", "/./sub", "/sub/b.c", "/link" };
	char link[128];

	snprintf(link, sizeof(link), "%s/link", rig.tree);
	ck_assert_int_eq(symlink("sub", link), 0);
	rig_load(&rig);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(all); i++) {
		ck_assert_int_eq(total_below(all[i], "daemon/search", "\"pattern\":\"helper\""), 1);
		ck_assert_int_eq(total_below(all[i], "daemon/query", "\"query\":\"callers:helper\""), 2);
	}
	for (size_t i = 0; i < SQ_ARRAY_SIZE(sub); i++) {
		ck_assert_int_eq(total_below(sub[i], "daemon/search", "\"pattern\":\"helper\""), 0);
		ck_assert_int_eq(total_below(sub[i], "daemon/search", "\"pattern\":\"second\""), 1);
		ck_assert_int_eq(total_below(sub[i], "daemon/search", "\"pattern\":\"e\",\"mode\":\"regex\""), 1);
		ck_assert_int_eq(total_below(sub[i], "daemon/search", "\"pattern\":\"secnd\",\"mode\":\"fuzzy\""), 1);
		ck_assert_int_eq(total_below(sub[i], "daemon/query", "\"query\":\"callers:helper\""), 1);
		ck_assert_int_eq(total_below(sub[i], "daemon/query", "\"query\":\"kind:function | count\""), 1);
	}
	/* relations are those of the whole tree */
	ck_assert_int_eq(rig_callers(&rig, "helper"), 2);
}
END_TEST

START_TEST(impact)
{
	struct sq_json_doc *d;

	write_calls();
	rig_load(&rig);
	d = rig_ok(&rig, "dependency_impact", "{\"path\":\"%s\",\"symbol\":\"leaf\"}", rig.tree);
	has_string(data_of(d), "targetSymbol", "leaf");
	ck_assert_int_eq(total_of(d), 5);
	has_name(sq_json_get(item_of(d, "impactedSymbols", 0), "symbol"), "low");
	has_string(item_of(d, "impactedSymbols", 0), "impactType", "direct");
	has_name(sq_json_get(item_of(d, "impactedSymbols", 4), "symbol"), "top");
	has_string(item_of(d, "impactedSymbols", 4), "impactType", "indirect");
	ck_assert_uint_eq(sq_json_len(sq_json_get(data_of(d), "affectedFiles")), 2);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "dependency_impact", "{\"path\":\"%s\",\"symbol\":\"leaf\",\"include_indirect\":false,"
		   "\"include_files\":false}", rig.tree);
	ck_assert_int_eq(total_of(d), 2);
	ck_assert_ptr_null(sq_json_get(data_of(d), "affectedFiles"));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "dependency_impact", "{\"path\":\"%s\",\"symbol\":\"pair\"}", rig.tree);
	ck_assert_int_eq(total_of(d), 1);
	sq_json_doc_free(d);
	refuses("dependency_impact", ",\"symbol\":\"nobody\"");
	refuses("dependency_impact", ",\"symbol\":\"leaf\",\"max_depth\":11");
}
END_TEST

START_TEST(trace)
{
	struct sq_json_doc *d;
	const struct sq_json *steps;

	write_calls();
	rig_load(&rig);
	d = rig_ok(&rig, "trace_path", "{\"path\":\"%s\",\"from_symbol\":\"top\",\"to_symbol\":\"leaf\"}", rig.tree);
	ck_assert_int_eq(total_of(d), 2);
	steps = sq_json_get(item_of(d, "paths", 0), "steps");
	ck_assert_uint_eq(sq_json_len(steps), 4);
	has_name(sq_json_get(sq_json_at(steps, 0), "symbol"), "top");
	has_name(sq_json_get(sq_json_at(steps, 1), "symbol"), "mid1");
	has_string(sq_json_at(steps, 3), "edgeType", "calls");
	ck_assert_int_eq(sq_json_int(sq_json_get(item_of(d, "paths", 0), "length"), 0), 3);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "trace_path", "{\"path\":\"%s\",\"from_symbol\":\"top\",\"to_symbol\":\"leaf\",\"max_paths\":1}", rig.tree);
	has_string(rig_result(d), "truncated_reason", "max_paths");
	sq_json_doc_free(d);
	d = rig_ok(&rig, "trace_path", "{\"path\":\"%s\",\"from_symbol\":\"top\",\"to_symbol\":\"leaf\",\"max_hops\":2}", rig.tree);
	ck_assert_int_eq(total_of(d), 0);
	sq_json_doc_free(d);
	refuses("trace_path", ",\"from_symbol\":\"top\"");
	refuses("trace_path", ",\"from_symbol\":\"top\",\"to_symbol\":\"leaf\",\"min_confidence\":1.5");
	refuses("trace_path", ",\"from_symbol\":\"top\",\"to_symbol\":\"leaf\",\"min_confidence\":\"x\"");
}
END_TEST

START_TEST(complexity)
{
	struct sq_json_doc *d;

	rig_write(&rig, "c.c", "int plain(void) { return 1; }\nint many(int a)\n{\n#if A && B\n\tif (a && a > 2)\n\t\treturn 1;\n#endif\n"
		  "\tfor (;;) { /* if */ }\n\treturn a ? \"if || \" [0] : 'x';\n}\n");
	rig_write(&rig, "d.py", "def outer(x):\n    # if\n    def inner(y):\n        return 1 if y and x else 2\n    return [i for i in x]\n");
	rig_load(&rig);
	d = rig_ok(&rig, "complexity_metrics", "{\"path\":\"%s\"}", rig.tree);
	has_string(item_of(d, "metrics", 0), "name", "many");
	ck_assert_int_eq(sq_json_int(sq_json_get(item_of(d, "metrics", 0), "complexity"), 0), 5);
	ck_assert_int_eq(sq_json_int(sq_json_get(item_of(d, "metrics", 0), "lines"), 0), 9);
	has_string(item_of(d, "metrics", 1), "name", "inner");
	ck_assert_int_eq(sq_json_int(sq_json_get(item_of(d, "metrics", 1), "complexity"), 0), 3);
	ck_assert_int_eq(sq_json_int(sq_json_get(data_of(d), "maxComplexity"), 0), 5);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "complexity_metrics", "{\"path\":\"%s\",\"target\":\"c.c\",\"max_results\":1}", rig.tree);
	ck_assert_int_eq(total_of(d), 2);
	ck_assert(sq_json_real(sq_json_get(data_of(d), "averageComplexity"), 0) == 3.0);
	has_string(rig_result(d), "truncated_reason", "max_results");
	sq_json_doc_free(d);
	d = rig_ok(&rig, "complexity_metrics", "{\"path\":\"%s\",\"target\":\"outer\"}", rig.tree);
	ck_assert_int_eq(sq_json_int(sq_json_get(item_of(d, "metrics", 0), "complexity"), 0), 2);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "complexity_metrics", "{\"path\":\"%s\",\"target\":\"nobody\"}", rig.tree);
	ck_assert(!sq_json_bool(sq_json_get(data_of(d), "symbolFound"), true));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "complexity_metrics", "{\"path\":\"%s\",\"min_complexity\":50}", rig.tree);
	ck_assert_int_eq(total_of(d), 0);
	sq_json_doc_free(d);
	refuses("complexity_metrics", ",\"min_complexity\":0");
}
END_TEST

START_TEST(graphs)
{
	struct sq_json_doc *d;
	struct sq_slice text;

	write_calls();
	rig_load(&rig);
	d = rig_ok(&rig, "subgraph", "{\"path\":\"%s\",\"symbols\":[\"mid1\"],\"max_depth\":1}", rig.tree);
	ck_assert_int_eq(total_of(d), 3);
	has_name(item_of(d, "nodes", 0), "mid1");
	ck_assert_uint_eq(sq_json_len(sq_json_get(data_of(d), "edges")), 2);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "subgraph", "{\"path\":\"%s\",\"symbols\":[\"mid1\"],\"max_nodes\":2}", rig.tree);
	ck_assert_int_eq(total_of(d), 2);
	has_string(rig_result(d), "truncated_reason", "max_nodes");
	sq_json_doc_free(d);
	d = rig_ok(&rig, "subgraph", "{\"path\":\"%s\",\"symbols\":[\"mid1\"],\"max_depth\":1,\"include_callers\":false,"
		   "\"include_imports\":true}", rig.tree);
	ck_assert_int_eq(total_of(d), 4);       /* mid1, its file, low, calls.h */
	sq_json_doc_free(d);
	d = rig_ok(&rig, "show_dependencies", "{\"path\":\"%s\",\"file_path\":\"more.c\",\"max_depth\":1}", rig.tree);
	ck_assert_int_eq(total_of(d), 5);       /* more.c, make; calls.h, pair, leaf */
	sq_json_doc_free(d);
	d = rig_ok(&rig, "show_dependencies", "{\"path\":\"%s\",\"symbol_name\":\"make\"}", rig.tree);
	ck_assert_int_eq(total_of(d), 3);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "export_graph", "{\"path\":\"%s\",\"symbol_name\":\"mid1\",\"format\":\"dot\",\"max_depth\":1}", rig.tree);
	text = sq_json_string(sq_json_get(data_of(d), "rendered"));
	ck_assert(sq_slice_has_prefix(text, SQ_LIT("digraph sqry {\n\tn0 [label=\"mid1\"];\n")));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "export_graph", "{\"path\":\"%s\",\"file_path\":\"calls.c\",\"include\":[\"exports\"],"
		   "\"format\":\"d2\"}", rig.tree);
	ck_assert_uint_eq(sq_json_len(sq_json_get(data_of(d), "edges")), 3);
	sq_json_doc_free(d);
	/* wrap() returns a box, unwrap() only takes one: the same edge from either end */
	for (size_t i = 0; i < 2; i++) {
		d = rig_ok(&rig, "export_graph", "{\"path\":\"%s\",\"symbol_name\":\"%s\",\"include\":[\"returns\"]}",
			   rig.tree, i ? "box" : "wrap");
		ck_assert_int_eq(total_of(d), 2);
		has_name(sq_json_get(item_of(d, "edges", 0), "from"), "wrap");
		has_name(sq_json_get(item_of(d, "edges", 0), "to"), "box");
		has_string(item_of(d, "edges", 0), "type", "returns");
		ck_assert_uint_eq(sq_json_len(sq_json_get(data_of(d), "edges")), 1);
		sq_json_doc_free(d);
	}
	d = rig_ok(&rig, "export_graph", "{\"path\":\"%s\",\"symbol_name\":\"mid1\",\"include\":[\"returns\"]}", rig.tree);
	ck_assert_int_eq(total_of(d), 1);
	sq_json_doc_free(d);
	refuses("subgraph", ",\"symbols\":[]");
	refuses("subgraph", ",\"symbols\":\"mid1\"");
	refuses("subgraph", ",\"symbols\":[1]");
	refuses("show_dependencies", "");
	refuses("show_dependencies", ",\"file_path\":\"nowhere.c\"");
	refuses("export_graph", ",\"format\":\"dot\"");
	refuses("export_graph", ",\"symbol_name\":\"mid1\",\"format\":\"frob\"");
	refuses("export_graph", ",\"symbol_name\":\"mid1\",\"include\":[\"wraps\"]");
}
END_TEST

/* what protocol.md names and this release does not have */
START_TEST(absent_methods)
{
	static const char *const absent[] = {
		"semantic_search", "semantic_diff", "structural_similar", "rebuild_index", "find_duplicates",
		"call_hierarchy", "generate_overview",  "daemon/workspaceStatus", "daemon/loadRevision",
		"daemon/unloadRevision", "daemon/listRevisions", "daemon/revisionStatus", "daemon/pruneRevisions",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(absent); i++) {
		struct sq_json_doc *d = rig_fails(&rig, -32601, absent[i], "{}");

		has_string(sq_json_get(sq_json_get(sq_json_root(d), "error"), "data"), "method", absent[i]);
		sq_json_doc_free(d);
	}
}
END_TEST

START_TEST(answers)
{
	struct sq_json_doc *d;
	const struct sq_json *item;

	rig_load(&rig);
	d = rig_ok(&rig, "daemon/search", "{\"search_path\":\"%s/sub\",\"pattern\":\"second\"}", rig.tree);
	item = sq_json_at(sq_json_get(rig_result(d), "items"), 0);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(item, "file_path")), "sub/b.c"));
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(item, "kind")), "function"));
	ck_assert_int_eq(sq_json_int(sq_json_get(item, "start_line"), 0), 2);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(rig_meta(d), "workspace_state")), "Loaded"));
	ck_assert(sq_slice_has_prefix(sq_json_string(sq_json_get(rig_meta(d), "as_of")), SQ_LIT("c:")));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "daemon/query", "{\"search_path\":\"%s\",\"query\":\"callers:helper AND lang:c\"}", rig.tree);
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "total"), 0), 2);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "direct_callees", "{\"path\":\"%s\",\"symbol\":\"py_one\"}", rig.tree);
	item = sq_json_at(sq_json_get(sq_json_get(rig_result(d), "data"), "callees"), 0);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(item, "name")), "py_two"));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "direct_callers", "{\"path\":\"%s\",\"symbol\":\"no_such_thing\"}", rig.tree);
	ck_assert(!sq_json_bool(sq_json_get(sq_json_get(rig_result(d), "data"), "symbolFound"), true));
	sq_json_doc_free(d);
	/* a regex is a job; a bad one and an unknown field are typed errors */
	d = rig_ok(&rig, "daemon/search", "{\"search_path\":\"%s\",\"pattern\":\"^py_\",\"mode\":\"regex\"}", rig.tree);
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "total"), 0), 2);
	sq_json_doc_free(d);
	sq_json_doc_free(rig_fails(&rig, -32602, "daemon/search",
				   "{\"search_path\":\"%s\",\"pattern\":\"(\",\"mode\":\"regex\"}", rig.tree));
	sq_json_doc_free(rig_fails(&rig, -32602, "daemon/search",
				   "{\"search_path\":\"%s\",\"pattern\":\"x\",\"limit\":0}", rig.tree));
	/* where nothing is loaded */
	d = rig_fails(&rig, -32004, "daemon/search", "{\"search_path\":\"/usr\",\"pattern\":\"x\"}");
	ck_assert_ptr_nonnull(sq_json_get(sq_json_get(sq_json_get(sq_json_root(d), "error"), "data"), "hint"));
	sq_json_doc_free(d);
	sq_json_doc_free(rig_fails(&rig, -32004, "daemon/rebuild", "{\"path\":\"/usr\"}"));
}
END_TEST

START_TEST(rebuild)
{
	struct sq_json_doc *d;
	char *before, *after;

	rig_load(&rig);
	before = dump_hash();
	d = rig_ok(&rig, "daemon/rebuild", "{\"path\":\"%s\"}", rig.tree);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(rig_result(d), "status")), "completed"));
	ck_assert(!sq_json_bool(sq_json_get(rig_result(d), "was_full"), true));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "daemon/rebuild", "{\"path\":\"%s\",\"force\":true}", rig.tree);
	ck_assert(sq_json_bool(sq_json_get(rig_result(d), "was_full"), false));
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "files_indexed"), 0), 4);
	sq_json_doc_free(d);
	after = dump_hash();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	/* nothing runs: a cancel is refused and does not poison the next turn */
	d = rig_ok(&rig, "daemon/cancel_rebuild", "{\"path\":\"%s\"}", rig.tree);
	ck_assert(!sq_json_bool(sq_json_get(rig_result(d), "cancelled"), true));
	sq_json_doc_free(d);
	sq_json_doc_free(rig_ok(&rig, "daemon/rebuild", "{\"path\":\"%s\"}", rig.tree));
}
END_TEST

START_TEST(several)
{
	enum { TREES = 8, CLIENTS = 4 };
	struct rig_conn c[TREES * CLIENTS];
	struct sq_json_doc *d;
	int n_loaded = 0;
	char call[400];

	for (int t = 0; t < TREES; t++)
		for (int f = 0; f < 20; f++) {
			char path[40], text[200];

			snprintf(path, sizeof(path), "w%d/f%d.c", t, f);
			snprintf(text, sizeof(text), "int f_%d_%d(void) { return 0; }\n", t, f);
			rig_write(&rig, path, text);
		}
	/* all at once, several for each: whoever is not first is told so, or finds it loaded */
	for (int i = 0; i < TREES * CLIENTS; i++) {
		rig_connect(&rig, &c[i]);
		snprintf(call, sizeof(call), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/load\","
			 "\"params\":{\"index_root\":\"%s/w%d\"}}", rig.tree, i % TREES);
		rig_send(&c[i], call);
	}
	for (int i = 0; i < TREES * CLIENTS; i++) {
		d = rig_recv(&c[i]);
		ck_assert(!rig_error(d) || rig_error(d) == -32001);
		n_loaded += !rig_error(d);
		sq_json_doc_free(d);
	}
	ck_assert_int_ge(n_loaded, TREES);
	d = rig_ok(&rig, "daemon/status", "{}");
	ck_assert_uint_eq(sq_json_len(sq_json_get(rig_result(d), "workspaces")), TREES);
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "dispatched_total"), 0), TREES);
	sq_json_doc_free(d);
	/* edits in all, then a sync each, all in flight together */
	for (int t = 0; t < TREES; t++) {
		char path[40];

		snprintf(path, sizeof(path), "w%d/f0.c", t);
		rig_write(&rig, path, "int edited(void) { return 0; }\n");
	}
	for (int i = 0; i < TREES; i++) {
		snprintf(call, sizeof(call), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/sync\","
			 "\"params\":{\"path\":\"%s/w%d\",\"timeout_ms\":60000}}", rig.tree, i);
		rig_send(&c[i], call);
	}
	for (int i = 0; i < TREES; i++) {
		d = rig_recv(&c[i]);
		ck_assert_int_eq(rig_error(d), 0);
		sq_json_doc_free(d);
		d = rig_ok(&rig, "daemon/search", "{\"search_path\":\"%s/w%d\",\"pattern\":\"edited\"}", rig.tree, i);
		ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "total"), 0), 1);
		sq_json_doc_free(d);
	}
	for (int i = 0; i < TREES * CLIENTS; i++)
		rig_close(&c[i]);
}
END_TEST

START_TEST(links_to_one_root)
{
	struct sq_json_doc *d;
	char link[128];

	/* two names of one directory are one workspace */
	rig_load(&rig);
	snprintf(link, sizeof(link), "%s/link", rig.dir);
	ck_assert_int_eq(symlink(rig.tree, link), 0);
	d = rig_ok(&rig, "daemon/load", "{\"index_root\":\"%s\"}", link);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(rig_result(d), "root")), rig.tree));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "daemon/search", "{\"search_path\":\"%s/sub\",\"pattern\":\"second\"}", link);
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "total"), 0), 1);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "daemon/status", "{}");
	ck_assert_uint_eq(sq_json_len(sq_json_get(rig_result(d), "workspaces")), 1);
	sq_json_doc_free(d);
}
END_TEST

START_TEST(unload)
{
	struct sq_json_doc *d;
	const struct sq_json *mem;

	rig_load(&rig);
	d = rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree);
	ck_assert(sq_json_bool(sq_json_get(rig_result(d), "was_loaded"), false));
	sq_json_doc_free(d);
	d = rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree);
	ck_assert(!sq_json_bool(sq_json_get(rig_result(d), "was_loaded"), true));
	sq_json_doc_free(d);
	sq_json_doc_free(rig_fails(&rig, -32004, "daemon/search", "{\"search_path\":\"%s\",\"pattern\":\"x\"}", rig.tree));
	sq_json_doc_free(rig_fails(&rig, -32004, "daemon/sync", "{\"path\":\"%s\"}", rig.tree));
	d = rig_ok(&rig, "daemon/status", "{}");
	mem = sq_json_get(rig_result(d), "memory");
	ck_assert_int_eq(sq_json_int(sq_json_get(mem, "loaded_bytes"), -1), 0);
	ck_assert_int_eq(sq_json_int(sq_json_get(mem, "reserved_bytes"), -1), 0);
	sq_json_doc_free(d);
	for (int i = 0; i < 64; i++) {   /* load and unload race each other */
		struct rig_conn a, b;
		char call[400];

		rig_connect(&rig, &a);
		rig_connect(&rig, &b);
		snprintf(call, sizeof(call), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/load\","
			 "\"params\":{\"index_root\":\"%s\"}}", rig.tree);
		rig_send(&a, call);
		snprintf(call, sizeof(call), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/unload\","
			 "\"params\":{\"index_root\":\"%s\"}}", rig.tree);
		rig_send(&b, call);
		d = rig_recv(&a);
		ck_assert_msg(!rig_error(d) || rig_error(d) == -32004, "%d", rig_error(d));
		sq_json_doc_free(d);
		sq_json_doc_free(rig_recv(&b));
		rig_close(&a);
		rig_close(&b);
	}
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "first"), 1);
}
END_TEST

START_TEST(dump_in_chunks)
{
	struct sq_buf text = SQ_BUF_NULL, cursor = SQ_BUF_NULL;
	struct sq_json_doc *d;
	struct rig_conn c;
	int64_t total = 0;
	int chunks = 0;

	for (int f = 0; f < 60; f++) {
		struct sq_buf b = SQ_BUF_NULL;
		char path[40];

		for (int i = 0; i < 500; i++)
			sq_buf_printf(&b, "int function_number_%d_%d(void) { return helper(%d); }\n", f, i, i);
		snprintf(path, sizeof(path), "big/f%d.c", f);
		rig_write_bytes(&rig, path, b.p, b.n);
		sq_buf_deinit(&b);
	}
	rig_load(&rig);
	rig_connect(&rig, &c);
	do {
		d = cursor.n ? rig_ask(&c, "daemon/dump", "{\"path\":\"%s\",\"cursor\":\"%s\"}", rig.tree, sq_buf_z(&cursor))
			     : rig_ask(&c, "daemon/dump", "{\"path\":\"%s\"}", rig.tree);
		ck_assert_int_eq(rig_error(d), 0);
		sq_buf_add_slice(&text, sq_json_string(sq_json_get(rig_result(d), "text")));
		total = sq_json_int(sq_json_get(rig_result(d), "total_bytes"), 0);
		sq_buf_clear(&cursor);
		sq_buf_add_slice(&cursor, sq_json_string(sq_json_get(rig_result(d), "next_cursor")));
		sq_json_doc_free(d);
		ck_assert(text.p[text.n - 1] == '\n');
		chunks++;
	} while (cursor.n);
	ck_assert_int_gt(chunks, 1);
	ck_assert_int_eq((int64_t)text.n, total);
	d = rig_ask(&c, "daemon/dump", "{\"path\":\"%s\",\"cursor\":\"1:1\"}", rig.tree);
	ck_assert_int_eq(rig_error(d), -32602);
	sq_json_doc_free(d);
	rig_close(&c);
	sq_buf_deinit(&text);
	sq_buf_deinit(&cursor);
}
END_TEST

START_TEST(root_goes)
{
	char other[128];
	struct sq_json_doc *d;

	rig_load(&rig);
	snprintf(other, sizeof(other), "%s/elsewhere", rig.dir);
	ck_assert_int_eq(rename(rig.tree, other), 0);
	/* the sync cannot prove anything: it answers the failure, never success */
	d = rig_fails(&rig, -32001, "daemon/sync", "{\"path\":\"%s\",\"timeout_ms\":60000}", rig.tree);
	sq_json_doc_free(d);
	rig_expect_state(&rig, "Failed");
	/* the last good graph is served, marked stale, with the reason */
	d = rig_ok(&rig, "daemon/search", "{\"search_path\":\"%s\",\"pattern\":\"first\"}", rig.tree);
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "total"), 0), 1);
	ck_assert(sq_json_bool(sq_json_get(rig_meta(d), "stale"), false));
	ck_assert_uint_gt(sq_json_string(sq_json_get(rig_meta(d), "last_error")).n, 0);
	sq_json_doc_free(d);
	/* back again: a load looks anew */
	ck_assert_int_eq(rename(other, rig.tree), 0);
	rig_write(&rig, "back.c", "int back(void) { return 0; }\n");
	rig_load(&rig);
	rig_expect_state(&rig, "Loaded");
	ck_assert_int_eq(rig_count(&rig, "back"), 1);
}
END_TEST

START_TEST(killed)
{
	/* several times: the dead one's ring may keep its socket listening for a moment */
	for (int i = 0; i < 8; i++) {
		rig_load(&rig);
		rig_kill(&rig, SIGKILL);
		ck_assert_int_eq(rig_wait(&rig), 128 + SIGKILL);
		rig_start(&rig);
	}
	rig_load(&rig);
	rig_kill(&rig, SIGKILL);
	ck_assert_int_eq(rig_wait(&rig), 128 + SIGKILL);
	rig_write(&rig, "while_dead.c", "int while_dead(void) { return 0; }\n");
	/* a stale socket and pid file are no obstacle */
	ck_assert_int_eq(access(rig.sock, F_OK), 0);
	rig_start(&rig);
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "while_dead"), 1);
	ck_assert_int_eq(rig_count(&rig, "first"), 1);
}
END_TEST

START_TEST(signals)
{
	rig_load(&rig);
	rig_kill(&rig, SIGTERM);
	ck_assert_int_eq(rig_wait(&rig), 0);
	ck_assert_int_eq(access(rig.sock, F_OK), -1);
	rig_start(&rig);
	rig_kill(&rig, SIGINT);
	ck_assert_int_eq(rig_wait(&rig), 0);
	rig_start(&rig);
}
END_TEST

START_TEST(stop_while_busy)
{
	struct sq_json_doc *d;
	struct rig_conn c;
	char call[400];
	int status;

	for (int f = 0; f < 2000; f++) {
		char path[40], text[4000];
		int n = 0;

		for (int i = 0; i < 40; i++)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "int g_%d_%d(void) { return g_%d_%d(); }\n", f, i, f, i + 1);
		snprintf(path, sizeof(path), "many/d%d/f%d.c", f % 50, f);
		rig_write(&rig, path, text);
	}
	rig_connect(&rig, &c);
	snprintf(call, sizeof(call), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/load\","
		 "\"params\":{\"index_root\":\"%s\"}}", rig.tree);
	rig_send(&c, call);
	status = rig_stop(&rig);
	ck_assert_int_eq(status, 0);
	/* whoever waited was told: done, or cancelled */
	d = rig_recv(&c);
	ck_assert_ptr_nonnull(d);
	ck_assert_msg(!rig_error(d) || rig_error(d) == -32004, "%d", rig_error(d));
	sq_json_doc_free(d);
	ck_assert(rig_is_eof(&c));
	rig_close(&c);
	rig_start(&rig);
}
END_TEST

/* times that any thread of the daemon went to sleep, which is once more than it woke up */
static long voluntary_switches(void)
{
	char path[300], line[200];
	struct dirent *e;
	long sum = 0, n;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)rig.pid);
	d = opendir(path);
	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d))) {
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)rig.pid, e->d_name);
		f = fopen(path, "re");
		ck_assert_ptr_nonnull(f);
		while (fgets(line, sizeof(line), f))
			if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
				sum += n;
		fclose(f);
	}
	closedir(d);
	return sum;
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

/*
 * Idle is free. With directory marks, so that what other programs do on the
 * same filesystem does not count. The time that passes is what is measured: the
 * one wait here that is not for an event.
 */
START_TEST(idle)
{
	long before, after, tries = 0;

#ifdef __SANITIZE_THREAD__
	fprintf(stderr, "idle: ThreadSanitizer's own thread wakes up\n");
	return;
#endif
	rig_load(&rig);
	rig_write(&rig, "last.c", "int last(void) { return 1; }\n");
	rig_sync(&rig);
	do {   /* the first look may still see the end of the last answer */
		before = voluntary_switches();
		ck_assert_int_eq(poll(NULL, 0, 1500), 0);
		after = voluntary_switches();
	} while (after != before && ++tries < 2);
	ck_assert_int_eq(after - before, 0);
	ck_assert_int_eq(rig_count(&rig, "last"), 1);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, answers);
	tcase_add_test(tc, analyses);
	tcase_add_test(tc, relations);
	tcase_add_test(tc, violations);
	tcase_add_test(tc, pages);
	tcase_add_test(tc, pages_by_cursor);
	tcase_add_test(tc, below_the_root);
	tcase_add_test(tc, impact);
	tcase_add_test(tc, trace);
	tcase_add_test(tc, graphs);
	tcase_add_test(tc, complexity);
	tcase_add_test(tc, absent_methods);
	tcase_add_test(tc, edits);
	tcase_add_test(tc, rebuild);
	tcase_add_test(tc, several);
	tcase_add_test(tc, links_to_one_root);
	tcase_add_test(tc, unload);
	tcase_add_test(tc, dump_in_chunks);
	tcase_add_test(tc, root_goes);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, signals);
	tcase_add_test(tc, stop_while_busy);
}

static void add_sweep(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_sweep, teardown);
	tcase_add_test(tc, sweep_says_so);
	tcase_add_test(tc, unload);
}

static void add_directory(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_directory, teardown);
	tcase_add_test(tc, edits);
	tcase_add_test(tc, idle);
}

int main(void)
{
	int failed = rig_main("tree", add);

	failed |= rig_main("tree at T0", add_sweep);
	failed |= rig_main("tree at T1", add_directory);
	return failed;
}
