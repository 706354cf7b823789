/* SPDX-License-Identifier: MIT */
/* daemon/query over the socket: variables, refusals and where they point, gate, budgets, deadline */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_FUNCTIONS 9000

static struct rig rig;

static void start(const char *config)
{
	rig_init(&rig, config);
	rig_start(&rig);
}

static void teardown(void)
{
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}

static struct sq_json_doc *ask(const char *query, const char *more)
{
	return rig_ok(&rig, "daemon/query", "{\"search_path\":\"%s\",\"query\":\"%s\"%s}", rig.tree, query, more);
}

static int64_t total(const char *query, const char *more)
{
	struct sq_json_doc *d = ask(query, more);
	int64_t n = sq_json_int(sq_json_get(rig_result(d), "total"), -1);

	sq_json_doc_free(d);
	return n;
}

static const struct sq_json *details_of(const struct sq_json_doc *d, const char *kind)
{
	const struct sq_json *data = sq_json_get(sq_json_get(sq_json_root(d), "error"), "data");

	ck_assert(sq_slice_is(sq_json_string(sq_json_get(data, "kind")), kind));
	ck_assert(!sq_json_bool(sq_json_get(data, "retryable"), true));
	return sq_json_get(data, "details");
}

static struct sq_json_doc *refused(const char *query, const char *more)
{
	return rig_fails(&rig, -32602, "daemon/query", "{\"search_path\":\"%s\",\"query\":\"%s\"%s}", rig.tree, query,
			 more);
}

static void load_small(void)
{
	start("");
	rig_write(&rig, "a.py", "async def helper():\n    pass\n\ndef main():\n    helper()\n\nclass Shape:\n    pass\n");
	rig_load(&rig);
}

START_TEST(variables)
{
	static const char *const bad[] = {
		"", ",\"variables\":{}", ",\"variables\":{\"g\":\"helper\"}",    /* no value */
		",\"variables\":{\"f\":[]}", ",\"variables\":{\"f\":null}", ",\"variables\":{\"f\":1.5}",
		",\"variables\":[\"f\"]", ",\"variables\":\"f\"",
	};

	ck_assert_int_eq(total("callers:$f", ",\"variables\":{\"f\":\"helper\"}"), 1);
	ck_assert_int_eq(total("callers:$f", ",\"variables\":{\"f\":\"main\",\"unused\":\"x\"}"), 0);
	ck_assert_int_eq(total("kind:function async:$a", ",\"variables\":{\"a\":true}"), 1);
	ck_assert_int_eq(total("kind:function callers > $n", ",\"variables\":{\"n\":0}"), 1);
	/* a value is a value, whatever it holds */
	ck_assert_int_eq(total("name:$f", ",\"variables\":{\"f\":\"helper OR kind:class\"}"), 0);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(bad); i++)
		sq_json_doc_free(refused("callers:$f", bad[i]));
}
END_TEST

START_TEST(refusals_point_at_the_place)
{
	static const struct { const char *query; int offset; const char *code; } t[] = {
		{ "kind:nope", 5, NULL }, { "kind:function AND", 17, NULL }, { "(kind:function", 0, NULL },
		{ "nosuch:1", 0, NULL }, { "kind:function )", 14, NULL }, { "name ~= /(/", 8, NULL },
		{ "kind:function | frob", 16, NULL }, { "name:\\\"open", 5, NULL }, { "repo:x", 0, "workspace_query_only" },
		{ "callers:$f", 8, "unbound_variable" }, { "", 0, NULL },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		struct sq_json_doc *d = refused(t[i].query, "");
		const struct sq_json *details = details_of(d, "validation_error");

		ck_assert_msg(sq_json_int(sq_json_get(details, "offset"), -1) == t[i].offset, "%s: %lld", t[i].query,
			      (long long)sq_json_int(sq_json_get(details, "offset"), -1));
		ck_assert_uint_gt(sq_json_string(sq_json_get(details, "reason")).n, 10);
		if (t[i].code)
			ck_assert(sq_slice_is(sq_json_string(sq_json_get(details, "code")), t[i].code));
		sq_json_doc_free(d);
	}
	sq_json_doc_free(refused("kind:class", ",\"limit\":0"));
	sq_json_doc_free(refused("kind:class", ",\"frob\":1"));
}
END_TEST

/* more than the rig formats. Return: the error code, or 0 with one match */
static int ask_long(const char *query)
{
	char *text = calloc(1, strlen(query) + 300);
	struct sq_json_doc *d;
	struct rig_conn c;
	int code;

	sprintf(text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/query\",\"params\":"
		"{\"search_path\":\"%s\",\"query\":\"%s\"}}", rig.tree, query);
	rig_connect(&rig, &c);
	rig_send(&c, text);
	d = rig_recv(&c);
	code = rig_error(d);
	ck_assert(code || sq_json_int(sq_json_get(rig_result(d), "total"), -1) == 1);
	sq_json_doc_free(d);
	rig_close(&c);
	free(text);
	return code;
}

START_TEST(text_is_bounded)
{
	char *text = calloc(1, 12000);

	memset(text, ' ', 10 << 10);
	memcpy(text, "kind:class", 10);
	ck_assert_int_eq(ask_long(text), 0);
	text[10 << 10] = ' ';
	ck_assert_int_eq(ask_long(text), -32602);
	text[0] = '\0';
	for (int i = 0; i < 101; i++)
		strcat(text, i ? " OR kind:class" : "kind:class");
	ck_assert_int_eq(ask_long(text), -32602);
	text[strlen(text) - strlen(" OR kind:class")] = '\0';
	ck_assert_int_eq(ask_long(text), 0);
	free(text);
}
END_TEST

/* many functions, each calling the one before it */
static void write_many(void)
{
	char *text = calloc(N_FUNCTIONS, 64);
	size_t n = 0;

	for (int i = 0; i < N_FUNCTIONS; i++)
		n += (size_t)sprintf(text + n, "int fn_%d(void) { return fn_%d(); }\n", i, i ? i - 1 : 0);
	rig_write(&rig, "many.c", text);
	free(text);
	rig_load(&rig);
}

START_TEST(gate)
{
	struct sq_json_doc *d;
	const struct sq_json *details;

	start("[daemon]\ncost_gate_node_limit = 1000\n");
	write_many();
	d = refused("name ~= /.*_1/", "");
	details = details_of(d, "query_too_broad");
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(details, "source")), "static_estimate"));
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(details, "kind")), "query_too_broad"));
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(details, "predicate_shape")), "name~=<elided>"));
	ck_assert_int_eq(sq_json_int(sq_json_get(details, "limit"), 0), 1000);
	ck_assert_int_eq(sq_json_int(sq_json_get(details, "estimated_visited_nodes"), 0), N_FUNCTIONS);
	ck_assert_int_eq(sq_json_int(sq_json_get(details, "examined"), -1), 0);
	ck_assert_uint_gt(sq_json_len(sq_json_get(details, "suggested_predicates")), 2);
	sq_json_doc_free(d);
	/* beside something that narrows, with an anchor, with a literal */
	ck_assert_int_eq(total("kind:function AND name ~= /.*_1$/", ""), 1);
	ck_assert_int_eq(total("name ~= /^fn_1$/", ""), 1);
	ck_assert_int_eq(total("name ~= /fn_8999/", ""), 1);
	sq_json_doc_free(refused("kind:function OR name ~= /.*_1/", ""));
	teardown();
}
END_TEST

START_TEST(budgets)
{
	struct sq_json_doc *d;
	const struct sq_json *r;

	start("[daemon]\nquery_max_rows = 5000\n");
	write_many();
	d = ask("kind:function", "");
	r = rig_result(d);
	ck_assert(sq_json_bool(sq_json_get(r, "truncated"), false));
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(r, "truncated_reason")), "row_budget"));
	ck_assert(!sq_json_bool(sq_json_get(r, "total_is_exact"), true));
	ck_assert_int_lt(sq_json_int(sq_json_get(r, "total"), -1), N_FUNCTIONS);
	ck_assert_int_ge(sq_json_int(sq_json_get(r, "total"), -1), 5000);
	sq_json_doc_free(d);
	/* a set that was not made to its end would make the answer wrong */
	d = refused("NOT callers:(kind:function)", "");
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(details_of(d, "query_too_broad"), "source")),
			      "runtime_budget"));
	sq_json_doc_free(d);
	teardown();

	start("");
	write_many();
	d = ask("kind:function", ",\"limit\":7");
	r = rig_result(d);
	ck_assert_uint_eq(sq_json_len(sq_json_get(r, "items")), 7);
	ck_assert_int_eq(sq_json_int(sq_json_get(r, "total"), -1), N_FUNCTIONS);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(r, "truncated_reason")), "limit"));
	ck_assert_ptr_null(sq_json_get(r, "total_is_exact"));
	sq_json_doc_free(d);
	d = ask("name:fn_7", "");
	ck_assert(!sq_json_bool(sq_json_get(rig_result(d), "truncated"), true));
	ck_assert_ptr_null(sq_json_get(rig_result(d), "truncated_reason"));
	sq_json_doc_free(d);
	teardown();
}
END_TEST

/* every method that walks the graph is cut at its rows, and says so */
START_TEST(every_method_has_a_budget)
{
	static const struct { const char *method, *path_key, *more; } t[] = {
		{ "daemon/search", "search_path", "\"pattern\":\"fn\",\"mode\":\"regex\"" },
		{ "daemon/search", "search_path", "\"pattern\":\"fn_7\",\"mode\":\"fuzzy\"" },
		{ "daemon/search", "search_path", "\"pattern\":\"same\"" },
		{ "daemon/query", "search_path", "\"query\":\"kind:function\"" },
		{ "direct_callers", "path", "\"symbol\":\"hub\"" },
		{ "direct_callees", "path", "\"symbol\":\"caller\"" },
		{ "find_unused", "path", "\"scope\":\"all\"" },
		{ "find_cycles", "path", "\"cycle_type\":\"calls\"" },
		{ "find_cycles", "path", "\"cycle_type\":\"imports\"" },
		{ "relation_query", "path", "\"symbol\":\"hub\",\"relation_type\":\"callers\"" },
		{ "relation_query", "path", "\"symbol\":\"caller\",\"relation_type\":\"callees\"" },
		{ "relation_query", "path", "\"symbol\":\"caller\",\"relation_type\":\"imports\"" },
		{ "relation_query", "path", "\"symbol\":\"int\",\"relation_type\":\"returns\"" },
		{ "relation_query", "path", "\"symbol\":\"Kind\",\"relation_type\":\"instantiations\"" },
		{ "dependency_impact", "path", "\"symbol\":\"hub\"" },
		{ "trace_path", "path", "\"from_symbol\":\"caller\",\"to_symbol\":\"fn_9\",\"max_hops\":9" },
		{ "subgraph", "path", "\"symbols\":[\"hub\"],\"max_nodes\":500" },
		{ "show_dependencies", "path", "\"symbol_name\":\"caller\"" },
		{ "export_graph", "path", "\"symbol_name\":\"hub\"" },
		{ "complexity_metrics", "path", "\"min_complexity\":1" },
	};
	struct sq_json_doc *d;
	char *text = calloc(1, 100000);
	size_t n = 0;

	start("[daemon]\nquery_max_rows = 64\n");
	for (int i = 0; i < 200; i++)
		n += (size_t)sprintf(text + n, "int fn_%d(void) { return hub(%d); }\n", i, i);
	rig_write(&rig, "many.c", text);
	for (int i = n = 0; i < 200; i++)
		n += (size_t)sprintf(text + n, "#include \"h%d.h\"\n", i);
	n += (size_t)sprintf(text + n, "int hub(int x) { return x; }\nvoid caller(void) {\n");
	for (int i = 0; i < 200; i++)
		n += (size_t)sprintf(text + n, "fn_%d();\n", i);
	strcat(text, "}\n");
	rig_write(&rig, "hub.c", text);
	n = (size_t)sprintf(text, "class Kind:\n    pass\n");
	for (int i = 0; i < 100; i++)
		n += (size_t)sprintf(text + n, "def mk%d():\n    return Kind()\n", i);
	rig_write(&rig, "kind.py", text);
	for (int i = 0; i < 200; i++) {
		char path[24];

		snprintf(path, sizeof(path), "h%d.h", i);
		rig_write(&rig, path, "static int same(void) { return 1; }\n");
	}
	free(text);
	rig_load(&rig);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		d = rig_ok(&rig, t[i].method, "{\"%s\":\"%s\",%s}", t[i].path_key, rig.tree, t[i].more);
		ck_assert_msg(sq_json_bool(sq_json_get(rig_result(d), "truncated"), false), "%s %s", t[i].method, t[i].more);
		ck_assert_msg(sq_slice_is(sq_json_string(sq_json_get(rig_result(d), "truncated_reason")), "row_budget"),
			      "%s %s: %.20s", t[i].method, t[i].more,
			      sq_json_string(sq_json_get(rig_result(d), "truncated_reason")).p);
		sq_json_doc_free(d);
	}
	/* half of these would be wrong */
	d = rig_fails(&rig, -32602, "is_node_in_cycle", "{\"path\":\"%s\",\"symbol\":\"hub\"}", rig.tree);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(details_of(d, "query_too_broad"), "source")), "runtime_budget"));
	sq_json_doc_free(d);
	sq_json_doc_free(refused("NOT unused:all", ""));
	sq_json_doc_free(refused("NOT circular:calls", ""));
	sq_json_doc_free(refused("NOT duplicates:body", ""));
	teardown();
}
END_TEST

/* hundreds of steps a byte: no state of the automaton comes again */
#define SLOW "text ~= /[ab]*a[ab]{600}[0-9]/"
#define SLOW_FILES 40
#define SLOW_EACH 50
static void write_slow(void)
{
	char *text = calloc(SLOW_EACH, 1200);
	char name[32];
	unsigned x = 1;

	for (int k = 0; k < SLOW_FILES; k++) {
		size_t n = 0;

		for (int i = 0; i < SLOW_EACH; i++) {
			n += (size_t)sprintf(text + n, "const char *slow_%d(void) { return \"", k * SLOW_EACH + i);
			for (int c = 0; c < 1000; c++) {
				x = x * 1103515245u + 12345u;
				text[n++] = x >> 16 & 1 ? 'a' : 'b';
			}
			n += (size_t)sprintf(text + n, "\"; }\n");
		}
		snprintf(name, sizeof(name), "slow%d.c", k);
		rig_write(&rig, name, text);
	}
	free(text);
	rig_load(&rig);
}

START_TEST(deadline)
{
	const struct sq_json *data;
	struct sq_json_doc *d;

	start("[daemon]\ntool_timeout_secs = 1\n");
	write_slow();
	d = rig_fails(&rig, -32000, "daemon/query", "{\"search_path\":\"%s\",\"query\":\"" SLOW "\"}", rig.tree);
	data = sq_json_get(sq_json_get(sq_json_root(d), "error"), "data");
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(data, "kind")), "deadline_exceeded"));
	ck_assert(sq_json_bool(sq_json_get(data, "retryable"), false));
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_get(data, "details"), "deadline_ms"), 0), 1000);
	sq_json_doc_free(d);
	ck_assert_int_eq(rig_count(&rig, "slow_7"), 1);
	teardown();
}
END_TEST

/* clients that go away take their queries with them: else the next would wait for minutes and be refused */
START_TEST(clients_leave)
{
	struct rig_conn c[64];
	char text[300];

	start("");
	write_slow();
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/query\",\"params\":"
		 "{\"search_path\":\"%s\",\"query\":\"" SLOW "\"}}", rig.tree);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(c); i++) {
		rig_connect(&rig, &c[i]);
		rig_send(&c[i], text);
	}
	for (size_t i = 0; i < SQ_ARRAY_SIZE(c); i++)
		rig_close(&c[i]);
	ck_assert_int_eq(total("kind:function path:slow7.c", ""), SLOW_EACH);
	teardown();
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, gate);
	tcase_add_test(tc, budgets);
	tcase_add_test(tc, every_method_has_a_budget);
	tcase_add_test(tc, deadline);
	tcase_add_test(tc, clients_leave);
}

static void add_small(TCase *tc)
{
	tcase_add_checked_fixture(tc, load_small, teardown);
	tcase_add_test(tc, variables);
	tcase_add_test(tc, refusals_point_at_the_place);
	tcase_add_test(tc, text_is_bounded);
}

int main(void)
{
	return rig_main("query", add_small) | rig_main("query-limits", add);
}
