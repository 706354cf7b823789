/* SPDX-License-Identifier: MIT */
/* turns that fail: the older version stays served, the error is shown, nothing is lost */
#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rig rig;

static void setup_with(const char *config)
{
	rig_init(&rig, config);
	rig_write(&rig, "a.c", "int one(void)\n{\n\treturn 1;\n}\n");
	rig_start(&rig);
}

static void setup(void)
{
	setup_with("");
}

/* longer than any test may take */
static void setup_patient(void)
{
	setup_with("tool_timeout_secs = 3600");
}

/* nothing runs a turn but a request */
static void setup_sweep(void)
{
	setup_with("[watch]\ntier = none");
}

static void teardown(void)
{
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}

static void arm(const char *site, int error, int count)
{
	sq_json_doc_free(rig_ok(&rig, "test/fault", "{\"site\":\"%s\",\"error\":%d,\"count\":%d}", site, error, count));
}

static int64_t number(const char *object, const char *key)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	const struct sq_json *from = object ? sq_json_get(rig_result(d), object) : rig_workspace(d, rig.tree);
	int64_t n = sq_json_int(sq_json_get(from, key), -1);

	sq_json_doc_free(d);
	return n;
}

static void expect_error_text(const char *part)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	struct sq_slice text = sq_json_string(sq_json_get(rig_workspace(d, rig.tree), "last_error"));

	ck_assert_msg(text.p && memmem(text.p, text.n, part, strlen(part)), "no \"%s\" in \"%.*s\"", part,
		      (int)text.n, text.p ? text.p : "");
	sq_json_doc_free(d);
}

/*
 * Two failures are armed: when the first turn is over before the sync starts to
 * wait, the sync runs the parked change once more.
 */
static void fail_sync(const char *site, int error)
{
	arm(site, error, 2);
	rig_write(&rig, "b.c", "int two(void) { return one(); }\n");
	sq_json_doc_free(rig_fails(&rig, -32001, "daemon/sync", "{\"path\":\"%s\",\"timeout_ms\":60000}", rig.tree));
	arm(site, error, 0);
}

/* disk full, or no memory, at a site of an incremental turn */
static void fail_turn(const char *site, int error, const char *text)
{
	rig_load(&rig);
	fail_sync(site, error);
	rig_expect_state(&rig, "Failed");
	expect_error_text(text);
	ck_assert_int_ge(number(NULL, "retry_count"), 1);
	ck_assert_int_ge(number(NULL, "pending_files"), 1);
	ck_assert_int_eq(number("memory", "reserved_bytes"), 0);
	ck_assert_int_eq(rig_count(&rig, "one"), 1);    /* served, stale */
	ck_assert_int_eq(rig_count(&rig, "two"), 0);
	/* HZ-05: the next change's turn takes the failed one's change along */
	rig_write(&rig, "c.c", "int three(void) { return two(); }\n");
	rig_sync(&rig);
	rig_expect_state(&rig, "Loaded");
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
	ck_assert_int_eq(rig_count(&rig, "three"), 1);
	ck_assert_int_eq(number(NULL, "retry_count"), 0);
	ck_assert_int_eq(number(NULL, "pending_files"), 0);
}

START_TEST(disk_full_after_reservation)
{
	fail_turn("reserved", ENOSPC, "No space left on device");
}
END_TEST

START_TEST(no_memory_before_publish)
{
	fail_turn("finished", ENOMEM, "Cannot allocate memory");
}
END_TEST

START_TEST(sync_alone_retries)
{
	rig_load(&rig);
	fail_sync("finished", EIO);
	rig_sync(&rig);   /* nothing was written since: what was parked runs */
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
	rig_expect_state(&rig, "Loaded");
}
END_TEST

START_TEST(first_load_fails)
{
	struct sq_json_doc *d;

	arm("finished", ENOSPC, 1);
	d = rig_fails(&rig, -32001, "daemon/load", "{\"index_root\":\"%s\"}", rig.tree);
	sq_json_doc_free(d);
	rig_expect_state(&rig, "Failed");
	/* never built: a query says why */
	sq_json_doc_free(rig_fails(&rig, -32001, "daemon/search", "{\"search_path\":\"%s\",\"pattern\":\"x\"}", rig.tree));
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "one"), 1);
}
END_TEST

/* the file is parsed from nothing in quiet time, and what differs is put right */
START_TEST(a_wrong_tree_is_found_out)
{
	rig_load(&rig);
	rig_write(&rig, "b.py", "def left():\n    right()\n");
	rig_sync(&rig);
	arm("trees", EIO, 1);
	rig_write(&rig, "b.py", "def left():\n    right()\n\ndef right():\n    pass\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "left"), 0);   /* the facts of an empty file */
	while (rig_count(&rig, "right") != 1)
		continue;
	ck_assert_int_eq(rig_count(&rig, "left"), 1);
	ck_assert_int_eq(rig_callers(&rig, "right"), 1);
	ck_assert_int_eq(number("kept_trees", "differing_total"), 1);
}
END_TEST

/*
 * The Nth allocation from the start of a turn fails, for every N until a turn
 * gets through. The count is the process's: now and then it hits the thread
 * that answers, which then closes the connection.
 */
static void every_allocation(bool full)
{
	const char *force = full ? "true" : "false";
	char text[100];
	int n, failures = 0;

	rig_load(&rig);
	for (n = 1; n < 20000; n++) {
		struct sq_json_doc *d;
		struct rig_conn c;
		int code;

		arm("alloc", ENOMEM, n);
		snprintf(text, sizeof(text), "int turn_%d(void) { return one(); }\n", n);
		rig_write(&rig, "b.c", text);
		rig_connect(&rig, &c);
		d = full ? rig_ask(&c, "daemon/rebuild", "{\"path\":\"%s\",\"force\":%s}", rig.tree, force)
			 : rig_ask(&c, "daemon/sync", "{\"path\":\"%s\",\"timeout_ms\":60000}", rig.tree);
		rig_close(&c);
		code = d ? rig_error(d) : -32603;
		sq_json_doc_free(d);
		ck_assert_msg(!code || code == -32001 || code == -32603, "allocation %d: %d", n, code);
		ck_assert_int_eq(rig_count(&rig, "one"), 1);   /* whatever happened */
		if (!code)
			break;
		failures++;
	}
	arm("alloc", ENOMEM, 0);
	ck_assert_int_gt(failures, 10);
	rig_sync(&rig);
	snprintf(text, sizeof(text), "turn_%d", n);
	ck_assert_int_eq(rig_count(&rig, text), 1);
	ck_assert_int_eq(number("memory", "reserved_bytes"), 0);
	rig_expect_state(&rig, "Loaded");
}

START_TEST(every_allocation_of_an_edit)
{
	every_allocation(false);
}
END_TEST

START_TEST(allocations_of_a_full_rebuild)
{
	every_allocation(true);
}
END_TEST

/* clients that leave take their jobs with them: the query threads are free again */
START_TEST(client_leaves)
{
	struct rig_conn c[64];

	rig_load(&rig);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(c); i++) {
		rig_connect(&rig, &c[i]);
		rig_send(&c[i], "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test/hold\"}");
	}
	for (size_t i = 0; i < SQ_ARRAY_SIZE(c); i++)
		rig_close(&c[i]);
	/* a job of its own: would wait for tool_timeout_secs behind the held ones */
	sq_json_doc_free(rig_ok(&rig, "find_unused", "{\"path\":\"%s\"}", rig.tree));
}
END_TEST

/* every method whose work is a job, with parameters beside the path; hub is mentioned in so many files that
 * no question about it is cheap */
static const struct { const char *method, *path_key, *more; } jobs[] = {
	{ "daemon/search", "search_path", "\"pattern\":\"hub\",\"mode\":\"regex\"" },
	{ "daemon/search", "search_path", "\"pattern\":\"hubb\",\"mode\":\"fuzzy\"" },
	{ "daemon/search", "search_path", "\"pattern\":\"same\"" },
	{ "daemon/query", "search_path", "\"query\":\"kind:function\"" },
	{ "daemon/query", "search_path", "\"query\":\"callers:hub\"" },
	{ "daemon/query", "search_path", "\"query\":\"unused:all OR circular:all OR duplicates:body\"" },
	{ "direct_callers", "path", "\"symbol\":\"hub\"" },
	{ "direct_callees", "path", "\"symbol\":\"same\"" },
	{ "find_unused", "path", "\"scope\":\"all\"" },
	{ "find_cycles", "path", "\"cycle_type\":\"calls\"" },
	{ "find_cycles", "path", "\"cycle_type\":\"modules\"" },
	{ "is_node_in_cycle", "path", "\"symbol\":\"hub\"" },
	{ "relation_query", "path", "\"symbol\":\"hub\",\"relation_type\":\"callers\"" },
	{ "relation_query", "path", "\"symbol\":\"hub\",\"relation_type\":\"callees\"" },
	{ "relation_query", "path", "\"symbol\":\"hub\",\"relation_type\":\"imports\"" },
	{ "relation_query", "path", "\"symbol\":\"hub\",\"relation_type\":\"exports\"" },
	{ "relation_query", "path", "\"symbol\":\"int\",\"relation_type\":\"returns\"" },
	{ "relation_query", "path", "\"symbol\":\"thing\",\"relation_type\":\"instantiations\"" },
	{ "dependency_impact", "path", "\"symbol\":\"hub\"" },
	{ "trace_path", "path", "\"from_symbol\":\"same\",\"to_symbol\":\"hub\"" },
	{ "subgraph", "path", "\"symbols\":[\"hub\"]" },
	{ "show_dependencies", "path", "\"symbol_name\":\"same\"" },
	{ "export_graph", "path", "\"symbol_name\":\"hub\"" },
	{ "complexity_metrics", "path", "\"min_complexity\":1" },
};
#define N_JOBS SQ_ARRAY_SIZE(jobs)

static void load_hub(void)
{
	char path[40], text[200];

	rig_write(&rig, "hub.c", "struct thing { int a; };\nint hub(int x)\n{\n\treturn x;\n}\n");
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "d%d/f%d.c", i % 10, i);
		snprintf(text, sizeof(text), "int hub(int x);\nstatic int same(void)\n{\n\treturn hub(%d);\n}\n"
			 "int own%d(void)\n{\n\treturn same();\n}\n", i, i);
		rig_write(&rig, path, text);
	}
	rig_load(&rig);
}

/* each on a connection of its own, all at once */
static void send_jobs(struct rig_conn *c)
{
	char text[500];

	sq_json_doc_free(rig_ok(&rig, "test/hold_reads", "{}"));
	for (size_t i = 0; i < N_JOBS; i++) {
		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":"
			 "{\"%s\":\"%s\",%s}}", jobs[i].method, jobs[i].path_key, rig.tree, jobs[i].more);
		rig_connect(&rig, &c[i]);
		rig_send(&c[i], text);
	}
}

static int64_t n_cancelled(void)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/metrics", "{}");
	int64_t n = sq_json_int(sq_json_get(rig_result(d), "cancelled"), -1);

	sq_json_doc_free(d);
	return n;
}

/* each of them looked at its flag and ended; a job that did not would have made its answer */
static void expect_all_cancelled(void)
{
	int64_t n = 0;

	for (int tries = 0; tries < 100000 && n < (int64_t)N_JOBS; tries++)
		n = n_cancelled();
	ck_assert_int_eq(n, N_JOBS);
	sq_json_doc_free(rig_ok(&rig, "test/hold_reads", "{\"on\":false}"));
	ck_assert_int_eq(rig_count(&rig, "own7"), 1);
}

START_TEST(every_job_has_a_deadline)
{
	struct rig_conn c[N_JOBS];

	load_hub();
	send_jobs(c);
	for (size_t i = 0; i < N_JOBS; i++) {
		struct sq_json_doc *d = rig_recv(&c[i]);
		const struct sq_json *data = sq_json_get(sq_json_get(sq_json_root(d), "error"), "data");

		ck_assert_msg(rig_error(d) == -32000, "%s: %d", jobs[i].method, rig_error(d));
		ck_assert(sq_slice_is(sq_json_string(sq_json_get(data, "kind")), "deadline_exceeded"));
		ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_get(data, "details"), "deadline_ms"), 0), 1000);
		sq_json_doc_free(d);
		rig_close(&c[i]);
	}
	expect_all_cancelled();
}
END_TEST

START_TEST(every_job_ends_with_its_client)
{
	struct rig_conn c[N_JOBS];

	load_hub();
	send_jobs(c);
	ck_assert_int_eq(n_cancelled(), 0);
	for (size_t i = 0; i < N_JOBS; i++)
		rig_close(&c[i]);
	expect_all_cancelled();
}
END_TEST

static void setup_hasty(void)
{
	setup_with("tool_timeout_secs = 1");
}

static void add_hasty(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_hasty, teardown);
	tcase_add_test(tc, every_job_has_a_deadline);
}

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, disk_full_after_reservation);
	tcase_add_test(tc, no_memory_before_publish);
	tcase_add_test(tc, sync_alone_retries);
	tcase_add_test(tc, first_load_fails);
	tcase_add_test(tc, a_wrong_tree_is_found_out);
}

static void add_allocations(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_sweep, teardown);
	tcase_add_test(tc, every_allocation_of_an_edit);
	tcase_add_test(tc, allocations_of_a_full_rebuild);
}

static void add_patient(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_patient, teardown);
	tcase_add_test(tc, client_leaves);
	tcase_add_test(tc, every_job_ends_with_its_client);
}

int main(void)
{
#ifndef SQ_TEST_HOOKS
	printf("SKIP: built without --enable-test-hooks\n");
	(void)add;
	(void)add_allocations;
	(void)add_patient;
	(void)add_hasty;
	return 77;
#else
	int failed = rig_main("faults", add);

	failed |= rig_main("failing allocations", add_allocations);
	failed |= rig_main("clients that leave", add_patient);
	failed |= rig_main("deadlines", add_hasty);
	return failed;
#endif
}
