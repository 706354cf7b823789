/* SPDX-License-Identifier: MIT */
/* states and memory over the wire: who is evicted, what is refused and why, what a reader holds, reset, hooks */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define N_FUNCTIONS 500     /* a file */
#define PER_FUNCTION 160    /* bytes, at most */

static struct rig rig;
static char roots[6][96];

/* tree @i of @n_files files of N_FUNCTIONS definitions; rig.tree is that one from now on */
static void make_tree(int i, int n_files)
{
	char path[64], *text = malloc((N_FUNCTIONS + 1) * PER_FUNCTION);
	size_t n;

	ck_assert_ptr_nonnull(text);
	snprintf(rig.tree, sizeof(rig.tree), "%s/t%d", rig.dir, i);
	snprintf(roots[i], sizeof(roots[i]), "%s", rig.tree);
	ck_assert_int_eq(mkdir(rig.tree, 0755), 0);
	for (int f = 0; f < n_files; f++) {
		n = f ? 0 : (size_t)snprintf(text, PER_FUNCTION, "int mark_%d(int a)\n{\n\treturn a;\n}\n", i);
		for (int k = 0; k < N_FUNCTIONS; k++)
			n += (size_t)snprintf(text + n, PER_FUNCTION, "/* what is said about it is longer than what it does */\n"
					      "int f_%d_%d_%d(int a)\n{\n\treturn f_%d_%d_%d(a) + %d;\n}\n", i,
					      f, k, i, (f + 1) % n_files, k, k);
		snprintf(path, sizeof(path), "f%d.c", f);
		rig_write(&rig, path, text);
	}
	free(text);
}

static void use_tree(int i)
{
	snprintf(rig.tree, sizeof(rig.tree), "%s", roots[i]);
}

static void load(int i)
{
	use_tree(i);
	rig_load(&rig);
}

static void edit(const char *name)
{
	char text[128];

	snprintf(text, sizeof(text), "int %s(int a)\n{\n\treturn a;\n}\n", name);
	rig_write(&rig, "edit.c", text);
}

/* one number of the ledger; its keys are those of test/admission */
static int64_t ledger(const char *key)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/admission", "{}");
	int64_t n = sq_json_int(sq_json_get(rig_result(d), key), -1);

	ck_assert_msg(n >= 0, "no %s", key);
	ck_assert_int_le(sq_json_int(sq_json_get(rig_result(d), "committed"), -1),
			 sq_json_int(sq_json_get(rig_result(d), "limit"), -1));
	sq_json_doc_free(d);
	return n;
}

static size_t n_retained(void)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/admission", "{}");
	size_t n = sq_json_len(sq_json_get(rig_result(d), "retained"));

	sq_json_doc_free(d);
	return n;
}

static int64_t ws_number(const char *key)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/ws", "{\"path\":\"%s\"}", rig.tree);
	int64_t n = sq_json_int(sq_json_get(rig_result(d), key), -1);

	sq_json_doc_free(d);
	return n;
}

static bool is_listed(int i)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	bool is = rig_workspace(d, roots[i]) != NULL;

	sq_json_doc_free(d);
	return is;
}

static void expect_last_error(const char *part)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	struct sq_slice text = sq_json_string(sq_json_get(rig_workspace(d, rig.tree), "last_error"));

	ck_assert_msg(text.p && memmem(text.p, text.n, part, strlen(part)), "no \"%s\" in \"%.*s\"", part, (int)text.n,
		      text.p ? text.p : "");
	sq_json_doc_free(d);
}

static const struct sq_json *error_data(const struct sq_json_doc *d)
{
	return sq_json_get(sq_json_get(sq_json_root(d), "error"), "data");
}

static void ok(const char *method)
{
	sq_json_doc_free(rig_ok(&rig, method, "{\"path\":\"%s\"}", rig.tree));
}

static void fails(int code, const char *method)
{
	sq_json_doc_free(rig_fails(&rig, code, method, "{\"path\":\"%s\"}", rig.tree));
}

static void arm(const char *site, int count)
{
	sq_json_doc_free(rig_ok(&rig, "test/fault", "{\"site\":\"%s\",\"error\":5,\"count\":%d}", site, count));
}

static void plain(const char *method)
{
	sq_json_doc_free(rig_ok(&rig, method, "{}"));
}

static struct sq_json_doc *search(int code)
{
	return code ? rig_fails(&rig, code, "daemon/search", "{\"search_path\":\"%s\",\"pattern\":\"x\"}", rig.tree)
		    : rig_ok(&rig, "daemon/search", "{\"search_path\":\"%s\",\"pattern\":\"x\"}", rig.tree);
}

static void setup_with(const char *config, int n_trees, int n_files)
{
	rig_init(&rig, config);
	for (int i = 0; i < n_trees; i++)
		make_tree(i, n_files);
	rig_start(&rig);
}

static void teardown(void)
{
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}

/* ---- who goes ------------------------------------------------------------------- */

static void setup_tight(void)
{
	setup_with("memory_limit_mb = 7\n[watch]\ntier = none", 5, 40);
}

START_TEST(least_recently_used)
{
	int64_t before;

	load(0);
	load(1);
	load(2);
	ck_assert_int_eq(ledger("evicted_total"), 0);
	/* HZ-13 LD-21 SV-09: a status and a look-up are no use, a query is */
	use_tree(0);
	before = ws_number("last_accessed");
	sq_json_doc_free(rig_ok(&rig, "daemon/status", "{}"));
	ck_assert_int_eq(ws_number("last_accessed"), before);
	ck_assert_int_eq(rig_count(&rig, "mark_0"), 1);
	/* LD-18: strictly */
	ck_assert_int_gt(ws_number("last_accessed"), before);
	/* AD-15 AD-08 EV-02: one call; the oldest goes and its bytes count at once */
	load(3);
	ck_assert_int_eq(ledger("evicted_total"), 1);
	ck_assert(is_listed(0) && !is_listed(1) && is_listed(2) && is_listed(3));
	ck_assert_int_eq(ledger("reserved"), 0);
	/* SV-07: absent is evicted */
	use_tree(1);
	sq_json_doc_free(search(-32004));
	/* who was evicted comes back as a fresh record */
	load(1);
	ck_assert_int_eq(rig_count(&rig, "mark_1"), 1);
	ck_assert(is_listed(0) && !is_listed(2));
}
END_TEST

START_TEST(pins)
{
	struct sq_json_doc *d;
	const struct sq_json *data;

	/* what is not loaded cannot be pinned */
	use_tree(0);
	fails(-32004, "daemon/pin");
	load(0);
	ok("daemon/pin");
	d = rig_ok(&rig, "daemon/status", "{}");
	/* ST-01: the row says so */
	ck_assert(sq_json_bool(sq_json_get(rig_workspace(d, rig.tree), "pinned"), false));
	sq_json_doc_free(d);
	load(1);
	ok("daemon/pin");
	load(2);
	/* AD-16 EV-12: pinned ones stay, the other goes */
	load(3);
	ck_assert(is_listed(0) && is_listed(1) && !is_listed(2) && is_listed(3));
	ok("daemon/pin");
	/* AD-10: nobody may go: the five numbers */
	d = rig_fails(&rig, -32003, "daemon/load", "{\"index_root\":\"%s\"}", roots[4]);
	data = error_data(d);
	ck_assert_int_eq(sq_json_int(sq_json_get(data, "limit_bytes"), 0), 7 << 20);
	ck_assert_int_gt(sq_json_int(sq_json_get(data, "current_bytes"), 0), 0);
	ck_assert_int_eq(sq_json_int(sq_json_get(data, "reserved_bytes"), -1), 0);
	ck_assert_int_ge(sq_json_int(sq_json_get(data, "retained_bytes"), -1), 0);
	ck_assert_int_ge(sq_json_int(sq_json_get(data, "requested_bytes"), 0), 3 << 20);
	sq_json_doc_free(d);
	/* AD-12 AD-27: refused, nothing stays reserved; HZ-10: and status says why */
	ck_assert_int_eq(ledger("reserved"), 0);
	use_tree(4);
	rig_expect_state(&rig, "Failed");
	expect_last_error("memory limit");
	use_tree(0);
	ok("daemon/unpin");
	load(4);
	ck_assert(!is_listed(0));
	/* EV-13 EV-05: an explicit unload asks no pin; the second finds nothing */
	use_tree(1);
	for (int i = 0; i < 2; i++) {
		d = rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree);
		ck_assert(sq_json_bool(sq_json_get(rig_result(d), "was_loaded"), i) == !i);
		sq_json_doc_free(d);
	}
}
END_TEST

START_TEST(evict_lru_by_hand)
{
	struct sq_json_doc *d;

	d = rig_ok(&rig, "test/evict_lru", "{}");
	/* EV-11: nobody there */
	ck_assert_int_eq(sq_json_type(sq_json_get(rig_result(d), "root")), SQ_JSON_NULL);
	sq_json_doc_free(d);
	load(0);
	load(1);
	d = rig_ok(&rig, "test/evict_lru", "{}");
	/* EV-10: the oldest, and who it was */
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(rig_result(d), "root")), roots[0]));
	sq_json_doc_free(d);
	ck_assert(!is_listed(0) && is_listed(1));
}
END_TEST

START_TEST(fresh_after_unload)
{
	int64_t serial, high;

	load(0);
	serial = ws_number("serial");
	edit("later");
	rig_sync(&rig);
	high = ws_number("high_water");
	sq_json_doc_free(rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree));
	ck_assert_int_eq(remove(rig_path(&rig, "f1.c")), 0);
	rig_load(&rig);
	/* EV-18 PU-17: another record with marks of its own */
	ck_assert_int_gt(ws_number("serial"), serial);
	ck_assert_int_lt(ws_number("high_water"), high);
	ck_assert_int_eq(ws_number("retry"), 0);
}
END_TEST

/* an edit reserves what it makes anew, not the tree */
static void setup_full(void)
{
	setup_with("memory_limit_mb = 7\n[watch]\ntier = none", 0, 0);
	make_tree(0, 112);
	make_tree(1, 6);
}

START_TEST(edit_of_a_big_tree)
{
	load(1);
	load(0);
	/* 60 % of the limit, and most of the rest is taken */
	ck_assert_int_gt(ws_number("bytes"), (7 << 20) * 6 / 10);
	for (int i = 0; i < 10; i++) {
		char name[32];

		snprintf(name, sizeof(name), "edit_%d", i);
		edit(name);
		rig_sync(&rig);
		ck_assert_int_eq(rig_count(&rig, name), 1);
	}
	/* nobody had to go */
	ck_assert_int_eq(ledger("evicted_total"), 0);
	ck_assert(is_listed(1));
	/* AD-19: a build of everything beside what is served: it is not evicted for itself, and still served */
	sq_json_doc_free(rig_fails(&rig, -32003, "daemon/rebuild", "{\"path\":\"%s\",\"force\":true}", rig.tree));
	ck_assert(is_listed(0));
	ck_assert_int_eq(rig_count(&rig, "edit_9"), 1);
	ck_assert_int_eq(ledger("reserved"), 0);
}
END_TEST

/* ---- what is refused ---------------------------------------------------------------- */

static void setup_one_mib(void)
{
	setup_with("memory_limit_mb = 1\n[watch]\ntier = none", 2, 4);
}

START_TEST(more_than_the_limit)
{
	struct sq_json_doc *d = rig_fails(&rig, -32003, "daemon/load", "{\"index_root\":\"%s\"}", roots[0]);

	/* AD-13 AD-02: nothing was changed. AD-26: MiB of the configuration */
	sq_json_doc_free(d);
	ck_assert_int_eq(ledger("committed"), 0);
	/* AD-26: MiB of the configuration */
	ck_assert_int_eq(ledger("limit"), 1 << 20);
	/* AD-03: nobody rebuilds what is not registered */
	use_tree(1);
	fails(-32004, "daemon/rebuild");
	ck_assert_int_eq(ledger("reserved"), 0);
}
END_TEST

static void setup_plain(void)
{
	setup_with("[watch]\ntier = none", 2, 2);
}

START_TEST(oversize)
{
	struct sq_json_doc *d;
	const struct sq_json *data;

	load(0);
	edit("grown");
	arm("size", 1);
	d = rig_fails(&rig, -32006, "daemon/sync", "{\"path\":\"%s\",\"timeout_ms\":60000}", rig.tree);
	data = error_data(d);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(data, "root")), rig.tree));
	ck_assert_int_gt(sq_json_int(sq_json_get(data, "measured_bytes"), 0), 0);
	ck_assert_int_gt(sq_json_int(sq_json_get(data, "limit_bytes"), 0), 0);
	ck_assert_int_gt(sq_json_int(sq_json_get(data, "current_loaded_bytes"), 0), 0);
	sq_json_doc_free(d);
	/* PU-13: refunded, Failed, and the older version is served */
	rig_expect_state(&rig, "Failed");
	ck_assert_int_eq(ledger("reserved"), 0);
	ck_assert_int_eq(rig_count(&rig, "mark_0"), 1);
	ck_assert_int_eq(rig_count(&rig, "grown"), 0);
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "grown"), 1);
}
END_TEST

/* a publish that fails half way leaves no trace but the reason */
static void half_done(const char *site)
{
	int64_t loaded, bytes;

	load(0);
	loaded = ledger("loaded");
	bytes = ws_number("bytes");
	edit("half");
	arm(site, 1);
	sq_json_doc_free(rig_fails(&rig, -32001, "daemon/sync", "{\"path\":\"%s\",\"timeout_ms\":60000}", rig.tree));
	ck_assert_int_eq(ledger("loaded"), loaded);
	ck_assert_int_eq(ledger("reserved"), 0);
	ck_assert_int_eq(ledger("retained_bytes"), 0);
	ck_assert_uint_eq(n_retained(), 0);
	ck_assert_int_eq(ws_number("bytes"), bytes);
	ck_assert_int_eq(rig_count(&rig, "half"), 0);
	ck_assert_int_eq(rig_count(&rig, "mark_0"), 1);
	expect_last_error("Input/output error");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "half"), 1);
	ck_assert_int_eq(ledger("retained_bytes"), 0);
}

/* RB-03 RB-04 RB-07: after the swap, before the commit */
START_TEST(rolled_back)
{
	half_done("publish_after_swap");
}
END_TEST

/* PU-05: the step that can fail comes before anything is changed */
START_TEST(no_room_for_the_entry)
{
	half_done("retained_alloc");
}
END_TEST

/* ---- what readers hold ---------------------------------------------------------------- */

static int64_t pin_reader(void)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/reader_pin", "{\"path\":\"%s\"}", rig.tree);
	int64_t id = sq_json_int(sq_json_get(rig_result(d), "id"), -1);

	ck_assert_int_ge(id, 0);
	sq_json_doc_free(d);
	return id;
}

static void expect_reader(int64_t id, int64_t checksum)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/reader_read", "{\"id\":%d}", (int)id);
	const struct sq_json *r = rig_result(d);

	ck_assert_int_eq(sq_json_int(sq_json_get(r, "definitions"), -1),
			 sq_json_int(sq_json_get(r, "definitions_counted"), -2));
	if (checksum)
		ck_assert_int_eq(sq_json_int(sq_json_get(r, "checksum"), -1), checksum);
	sq_json_doc_free(d);
}

static int64_t reader_checksum(int64_t id)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/reader_read", "{\"id\":%d}", (int)id);
	int64_t n = sq_json_int(sq_json_get(rig_result(d), "checksum"), -1);

	sq_json_doc_free(d);
	return n;
}

static void unpin_reader(int64_t id)
{
	sq_json_doc_free(rig_ok(&rig, "test/reader_unpin", "{\"id\":%d}", (int)id));
}

/* a pass in the background ends it: each look is a round trip, nothing sleeps */
static void await_nothing_retained(void)
{
	for (int i = 0; i < 100000; i++)
		if (!ledger("retained_bytes"))
			return;
	ck_abort_msg("retained for ever");
}

START_TEST(readers_hold)
{
	int64_t id, sum, held;

	load(0);
	/* RT-02: nobody reads, nothing is retained */
	edit("one_more");
	rig_sync(&rig);
	plain("test/reclaim_now");
	ck_assert_int_eq(ledger("retained_bytes"), 0);
	id = pin_reader();
	sum = reader_checksum(id);
	edit("two_more");
	rig_sync(&rig);
	plain("test/reclaim_now");
	/* RT-03 RT-09 PU-04 X-07: held, counted, by that one publish */
	held = ledger("retained_bytes");
	ck_assert_int_gt(held, 0);
	ck_assert_uint_eq(n_retained(), 1);
	expect_reader(id, sum);
	/* EV-07 EV-09: evicted: everything is retained now, and the reader reads on */
	sq_json_doc_free(rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree));
	ck_assert_int_eq(ledger("loaded"), 0);
	ck_assert_int_gt(ledger("retained_bytes"), held);
	plain("test/reclaim_now");
	ck_assert_int_gt(ledger("retained_bytes"), held);
	expect_reader(id, sum);
	/* SV-11: nor does a new build of it disturb */
	rig_load(&rig);
	expect_reader(id, sum);
	unpin_reader(id);
	/* RT-05: without another request than looking */
	await_nothing_retained();
}
END_TEST

/* two readers of two versions: each holds back its own */
START_TEST(two_readers)
{
	int64_t a, b, sum_a, sum_b;

	load(0);
	a = pin_reader();
	sum_a = reader_checksum(a);
	edit("first");
	rig_sync(&rig);
	b = pin_reader();
	sum_b = reader_checksum(b);
	edit("second");
	rig_sync(&rig);
	ck_assert_uint_eq(n_retained(), 2);
	unpin_reader(a);
	plain("test/reclaim_now");
	expect_reader(b, sum_b);
	ck_assert_int_ne(sum_a, sum_b);
	unpin_reader(b);
	await_nothing_retained();
}
END_TEST

static void setup_hasty(void)
{
	setup_with("rebuild_drain_timeout_ms = 1\n[watch]\ntier = none", 1, 2);
}

static unsigned n_lines(const char *part)
{
	char line[1024];
	unsigned n = 0;
	FILE *f = fopen(rig.log, "re");

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, part) != NULL;
	fclose(f);
	return n;
}

/* RT-04: one warning a reader, by itself; nothing is freed or stops being counted */
START_TEST(late_reader)
{
	int64_t id, held;

	load(0);
	id = pin_reader();
	edit("late");
	rig_sync(&rig);
	held = ledger("retained_bytes");
	ck_assert_int_gt(held, 0);
	for (int i = 0; i < 100000 && !n_lines("readers hold"); i++)
		(void)ledger("limit");
	plain("test/reclaim_now");
	plain("test/reclaim_now");
	ck_assert_uint_eq(n_lines("readers hold"), 1);
	ck_assert_int_eq(ledger("retained_bytes"), held);
	unpin_reader(id);
	await_nothing_retained();
}
END_TEST

/* AD-17 AD-18: what was evicted but is read counts, so that the request fails; the eviction stays */
START_TEST(evicted_but_read)
{
	struct sq_json_doc *d;
	int64_t id;

	load(0);
	id = pin_reader();
	load(1);
	load(2);
	d = rig_fails(&rig, -32003, "daemon/load", "{\"index_root\":\"%s\"}", roots[3]);
	ck_assert_int_gt(sq_json_int(sq_json_get(error_data(d), "retained_bytes"), 0), 0);
	sq_json_doc_free(d);
	ck_assert(!is_listed(0) && is_listed(1) && is_listed(2));
	expect_reader(id, 0);
	unpin_reader(id);
	await_nothing_retained();
	load(3);
	ck_assert(is_listed(1) && is_listed(2));
}
END_TEST

/* ---- loading ------------------------------------------------------------------------- */

static int64_t parsed(void)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	int64_t n = sq_json_int(sq_json_get(rig_workspace(d, rig.tree), "parsed_total"), -1);

	sq_json_doc_free(d);
	return n;
}

static int64_t hook(const char *action, const char *key)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/hook", "{\"action\":\"%s\"}", action);
	int64_t n = sq_json_int(sq_json_get(rig_result(d), key), -1);

	sq_json_doc_free(d);
	return n;
}

START_TEST(load_again)
{
	struct sq_json_doc *d;
	int64_t before, used;

	(void)hook("record", "fired");
	load(0);
	before = parsed();
	used = ws_number("last_accessed");
	/* HK-02: once, with the root, and the graph that was published (HK-09) */
	d = rig_ok(&rig, "test/hook", "{}");
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "fired"), -1), 1);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(rig_result(d), "root")), rig.tree));
	/* HK-09: the published graph itself */
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "definitions"), -1), 2 * N_FUNCTIONS + 1);
	sq_json_doc_free(d);
	rig_load(&rig);
	/* LD-01: nothing is built, but it was used; HK-07 */
	ck_assert_int_eq(parsed(), before);
	ck_assert_int_gt(ws_number("last_accessed"), used);
	/* HK-07: nor is the hook called */
	ck_assert_int_eq(hook("", "fired"), 1);
	/* HZ-07: a rebuild's publish calls it, too */
	edit("hooked");
	rig_sync(&rig);
	ck_assert_int_eq(hook("", "fired"), 2);
	/* LD-15: another fingerprint is another workspace */
	sq_json_doc_free(rig_ok(&rig, "daemon/load", "{\"index_root\":\"%s\",\"config_fingerprint\":7}", rig.tree));
	d = rig_ok(&rig, "daemon/status", "{}");
	ck_assert_uint_eq(sq_json_len(sq_json_get(rig_result(d), "workspaces")), 2);
	sq_json_doc_free(d);
	/* HK-03: what is set later counts later publishes only */
	(void)hook("none", "fired");
	edit("unhooked");
	rig_sync(&rig);
	ck_assert_int_eq(hook("", "fired"), 3);
}
END_TEST

/* HK-04: a hook may unload, set another hook, and look a workspace up */
START_TEST(hook_calls_back)
{
	(void)hook("reenter", "fired");
	sq_json_doc_free(rig_fails(&rig, -32004, "daemon/load", "{\"index_root\":\"%s\"}", roots[0]));
	ck_assert_int_eq(hook("", "fired"), 1);
	load(1);
	ck_assert_int_eq(hook("", "fired"), 2);
}
END_TEST

/* HK-05: a slow hook does not stand in the way of the next one, nor of queries */
START_TEST(slow_hook)
{
	struct rig_conn c;

	(void)hook("hold", "fired");
	rig_connect(&rig, &c);
	use_tree(0);
	rig_send(&c, "{\"jsonrpc\":\"2.0\",\"method\":\"nothing\"}");
	{
		char text[256];

		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/load\",\"params\":"
			 "{\"index_root\":\"%s\"}}", rig.tree);
		rig_send(&c, text);
	}
	while (hook("", "fired") < 1)
		;
	(void)hook("none", "fired");
	rig_expect_state(&rig, "Loaded");
	ck_assert_int_eq(rig_count(&rig, "mark_0"), 1);
	(void)hook("release", "fired");
	sq_json_doc_free(rig_recv(&c));
	rig_close(&c);
}
END_TEST

START_TEST(load_fails)
{
	/* LD-09 LD-06 LD-07: the reason, Failed and not Loading, one failure, nothing reserved */
	use_tree(0);
	arm("finished", 1);
	sq_json_doc_free(rig_fails(&rig, -32001, "daemon/load", "{\"index_root\":\"%s\"}", rig.tree));
	rig_expect_state(&rig, "Failed");
	expect_last_error("Input/output error");
	ck_assert_int_eq(ws_number("retry"), 1);
	ck_assert_int_eq(ledger("reserved"), 0);
	/* SV-05: never built */
	sq_json_doc_free(search(-32001));
	/* LD-23 LD-13: a load tries again at once; success clears all of it */
	rig_load(&rig);
	rig_expect_state(&rig, "Loaded");
	ck_assert_int_eq(ws_number("retry"), 0);
	ck_assert_int_gt(ws_number("last_good"), 0);
	/* LD-20: by any path below the root */
	sq_json_doc_free(rig_ok(&rig, "daemon/rebuild", "{\"path\":\"%s/f0.c\"}", rig.tree));
}
END_TEST

/* ---- verdicts -------------------------------------------------------------------------- */

static void set_state(const char *state)
{
	sq_json_doc_free(rig_ok(&rig, "test/ws_set_state", "{\"index_root\":\"%s\",\"state\":\"%s\"}", rig.tree, state));
}

static void set_age(int hours)
{
	sq_json_doc_free(rig_ok(&rig, "test/ws_set_last_good", "{\"path\":\"%s\",\"age_hours\":%d,\"error\":\"broken\"}",
				rig.tree, hours));
}

START_TEST(verdicts)
{
	struct sq_json_doc *d;
	const struct sq_json *data;

	load(0);
	d = search(0);
	/* SV-01: fresh, with the state that was seen */
	ck_assert(!sq_json_bool(sq_json_get(rig_meta(d), "stale"), true));
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(rig_meta(d), "workspace_state")), "Loaded"));
	sq_json_doc_free(d);
	/* SV-06: not yet */
	set_state("Unloaded");
	sq_json_doc_free(search(-32001));
	set_state("Loading");
	sq_json_doc_free(search(-32001));
	/* SV-02 SV-12: an older version, since when, and why */
	set_state("Failed");
	set_age(23);
	d = search(0);
	ck_assert(sq_json_bool(sq_json_get(rig_meta(d), "stale"), false));
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(rig_meta(d), "last_error")), "broken"));
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(rig_meta(d), "workspace_state")), "Failed"));
	ck_assert(sq_json_get(rig_meta(d), "last_good_at") != NULL);
	sq_json_doc_free(d);
	/* SV-10: a clock that went back */
	set_age(-5);
	sq_json_doc_free(search(0));
	/* SV-04: too old: what the data says */
	set_age(24);
	d = search(-32002);
	data = error_data(d);
	ck_assert_int_eq(sq_json_int(sq_json_get(data, "age_hours"), -1), 24);
	ck_assert_int_eq(sq_json_int(sq_json_get(data, "cap_hours"), -1), 24);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(data, "last_error")), "broken"));
	ck_assert_uint_eq(sq_json_string(sq_json_get(data, "last_good_at")).n, 20);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(data, "root")), rig.tree));
	sq_json_doc_free(d);
	set_state("Loaded");
}
END_TEST

/* SV-13: a build that fails takes nothing away */
START_TEST(stale_after_failure)
{
	struct sq_json_doc *d;

	load(0);
	edit("unseen");
	arm("finished", 1);
	sq_json_doc_free(rig_fails(&rig, -32001, "daemon/sync", "{\"path\":\"%s\",\"timeout_ms\":60000}", rig.tree));
	d = search(0);
	ck_assert(sq_json_bool(sq_json_get(rig_meta(d), "stale"), false));
	sq_json_doc_free(d);
	ck_assert_int_eq(rig_count(&rig, "mark_0"), 1);
}
END_TEST

static void setup_no_cap(void)
{
	setup_with("stale_serve_max_age_hours = 0\n[watch]\ntier = none", 1, 2);
}

/* SV-03: no cap, ever */
START_TEST(no_cap)
{
	load(0);
	set_state("Failed");
	set_age(10000);
	sq_json_doc_free(search(0));
	set_state("Loaded");
}
END_TEST

/* ---- reset ------------------------------------------------------------------------------- */

START_TEST(resets)
{
	struct sq_json_doc *d;

	use_tree(0);
	fails(-32004, "daemon/reset");
	load(0);
	ok("daemon/pin");
	d = rig_fails(&rig, -32010, "daemon/reset", "{\"path\":\"%s\"}", rig.tree);
	ck_assert_uint_gt(sq_json_string(sq_json_get(error_data(d), "hint")).n, 0);
	sq_json_doc_free(d);
	d = rig_ok(&rig, "daemon/reset", "{\"path\":\"%s\",\"force\":true}", rig.tree);
	ck_assert(sq_json_bool(sq_json_get(rig_result(d), "reset"), false));
	sq_json_doc_free(d);
	/* the entry and its pin stay, the memory goes */
	rig_expect_state(&rig, "Unloaded");
	d = rig_ok(&rig, "daemon/status", "{}");
	ck_assert(sq_json_bool(sq_json_get(rig_workspace(d, rig.tree), "pinned"), false));
	ck_assert_int_lt(sq_json_int(sq_json_get(rig_workspace(d, rig.tree), "current_bytes"), -1), 4096);
	sq_json_doc_free(d);
	await_nothing_retained();
	sq_json_doc_free(search(-32001));
	fails(-32004, "daemon/sync");
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "mark_0"), 1);
	/* what a failed build left waiting goes, too; the error stays */
	ok("daemon/unpin");
	edit("waits");
	arm("finished", 1);
	sq_json_doc_free(rig_fails(&rig, -32001, "daemon/sync", "{\"path\":\"%s\",\"timeout_ms\":60000}", rig.tree));
	ok("daemon/reset");
	expect_last_error("Input/output error");
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "waits"), 1);
	rig_expect_state(&rig, "Loaded");
}
END_TEST

/* a call that waits for a turn that is held; answered later */
static void send_load(struct rig_conn *c, int i)
{
	char text[256];

	rig_connect(&rig, c);
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/load\",\"params\":{\"index_root\":\"%s\"}}",
		 roots[i]);
	rig_send(c, text);
}

static void expect_answer(struct rig_conn *c, int code)
{
	struct sq_json_doc *d = rig_recv(c);

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(rig_error(d), code);
	sq_json_doc_free(d);
	rig_close(c);
}

static void hold(void)
{
	sq_json_doc_free(rig_ok(&rig, "test/postres_hold", "{\"n\":1}"));
}

START_TEST(while_loading)
{
	struct sq_json_doc *d;
	struct rig_conn c;

	hold();
	send_load(&c, 0);
	plain("test/postres_wait");
	use_tree(0);
	rig_expect_state(&rig, "Loading");
	ck_assert_int_gt(ledger("reserved"), 0);
	/* LD-03 LD-02: one build; who comes second is told that it is in progress */
	d = rig_fails(&rig, -32001, "daemon/load", "{\"index_root\":\"%s\"}", rig.tree);
	ck_assert(memmem(sq_json_string(sq_json_get(error_data(d), "reason")).p,
			 sq_json_string(sq_json_get(error_data(d), "reason")).n, "in progress", 11) != NULL);
	sq_json_doc_free(d);
	/* SV-06: nothing to read yet */
	sq_json_doc_free(search(-32001));
	fails(-32008, "daemon/reset");
	/* ST-08: answered while a build is held */
	plain("daemon/status");
	plain("test/postres_release");
	expect_answer(&c, 0);
	ck_assert_int_eq(ledger("reserved"), 0);
}
END_TEST

/* EV-15 LD-11 LD-12: unloaded while it is built: nothing is published, nothing stays reserved */
START_TEST(unloaded_while_loading)
{
	struct rig_conn c;

	hold();
	send_load(&c, 0);
	plain("test/postres_wait");
	sq_json_doc_free(rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", roots[0]));
	ck_assert(!is_listed(0));
	plain("test/postres_release");
	expect_answer(&c, -32004);
	ck_assert_int_eq(ledger("reserved"), 0);
	ck_assert_int_eq(ledger("loaded"), 0);
	load(0);
}
END_TEST

/* AD-14: what one build was promised, another cannot have */
START_TEST(reservations_count)
{
	struct sq_json_doc *d;
	struct rig_conn c;
	int64_t reserved;

	load(0);
	ok("daemon/pin");
	load(1);
	ok("daemon/pin");
	hold();
	send_load(&c, 2);
	plain("test/postres_wait");
	reserved = ledger("reserved");
	ck_assert_int_ge(reserved, 3 << 20);
	d = rig_fails(&rig, -32003, "daemon/load", "{\"index_root\":\"%s\"}", roots[3]);
	ck_assert_int_eq(sq_json_int(sq_json_get(error_data(d), "reserved_bytes"), -1), reserved);
	sq_json_doc_free(d);
	plain("test/postres_release");
	expect_answer(&c, 0);
}
END_TEST

/* HZ-01 CX-09: a reset ends the turn in flight, whenever it comes, and the next load works */
START_TEST(reset_while_rebuilding)
{
	struct sq_json_doc *d;

	load(0);
	edit("never");
	hold();
	sq_json_doc_free(rig_fails(&rig, -32000, "daemon/sync", "{\"path\":\"%s\",\"timeout_ms\":1}", rig.tree));
	plain("test/postres_wait");
	rig_expect_state(&rig, "Rebuilding");
	/* HZ-08 LD-04: a load has the older graph at once */
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "mark_0"), 1);
	d = rig_fails(&rig, -32009, "daemon/reset", "{\"path\":\"%s\"}", rig.tree);
	ck_assert_int_eq(sq_json_int(sq_json_get(error_data(d), "retry_after_ms"), 0), 250);
	sq_json_doc_free(d);
	plain("test/postres_release");
	/* again: nothing is in flight, or it waits for it */
	for (int i = 0; i < 100000; i++) {
		struct rig_conn c;

		rig_connect(&rig, &c);
		d = rig_ask(&c, "daemon/reset", "{\"path\":\"%s\"}", rig.tree);
		rig_close(&c);
		if (!rig_error(d)) {
			sq_json_doc_free(d);
			break;
		}
		ck_assert_int_eq(rig_error(d), -32009);
		sq_json_doc_free(d);
	}
	rig_expect_state(&rig, "Unloaded");
	ck_assert_int_eq(ledger("reserved"), 0);
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "never"), 1);
	rig_expect_state(&rig, "Loaded");
}
END_TEST

/* ---- status --------------------------------------------------------------------------------- */

START_TEST(status)
{
	static const char *const row_keys[] = { "index_root", "state", "pinned", "current_bytes", "high_water_bytes",
						"last_good_at", "last_error", "retry_count" };
	struct sq_json_doc *d;
	const struct sq_json *rows, *memory;

	load(1);
	load(0);
	use_tree(1);
	d = rig_ok(&rig, "daemon/status", "{}");
	rows = sq_json_get(rig_result(d), "workspaces");
	/* ST-02: by root, whatever the order of loads */
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(sq_json_at(rows, 0), "index_root")), roots[0]));
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(sq_json_at(rows, 1), "index_root")), roots[1]));
	/* ST-01: each row has */
	for (size_t i = 0; i < SQ_ARRAY_SIZE(row_keys); i++)
		ck_assert_msg(sq_json_get(sq_json_at(rows, 0), row_keys[i]) != NULL, "no %s", row_keys[i]);
	/* ST-03: and the daemon */
	ck_assert_int_ge(sq_json_int(sq_json_get(rig_result(d), "uptime_seconds"), -1), 0);
	ck_assert_uint_gt(sq_json_string(sq_json_get(rig_result(d), "daemon_version")).n, 0);
	memory = sq_json_get(rig_result(d), "memory");
	ck_assert_int_eq(sq_json_int(sq_json_get(memory, "limit_bytes"), 0), ledger("limit"));
	/* ST-04: current is the sum of the three */
	ck_assert_int_eq(sq_json_int(sq_json_get(memory, "current_bytes"), 0), ledger("committed"));
	/* ST-05 AD-25: never above the mark */
	ck_assert_int_ge(sq_json_int(sq_json_get(memory, "high_water_bytes"), 0), ledger("committed"));
	/* RT-10: who holds memory back */
	ck_assert(sq_json_get(sq_json_get(rig_result(d), "epochs"), "oldest_pin_ms") != NULL);
	ck_assert(sq_json_get(sq_json_get(rig_result(d), "epochs"), "current") != NULL);
	sq_json_doc_free(d);
	/* ST-10: any state, of something that is not there */
	snprintf(rig.tree, sizeof(rig.tree), "%s/nowhere", rig.dir);
	set_state("Rebuilding");
	rig_expect_state(&rig, "Rebuilding");
	set_state("Unloaded");
	/* ST-09: an error is a text or null */
	use_tree(0);
	set_age(1);
	expect_last_error("broken");
}
END_TEST

START_TEST(artifacts)
{
	struct sq_json_doc *d;
	char want[128];

	load(0);
	d = rig_ok(&rig, "daemon/active-artifacts", "{}");
	ck_assert_uint_eq(sq_json_len(sq_json_get(rig_result(d), "artifacts")), 1);
	snprintf(want, sizeof(want), "%s/.sqryd", rig.tree);
	ck_assert(sq_slice_is(sq_json_string(sq_json_at(sq_json_get(rig_result(d), "artifacts"), 0)), want));
	sq_json_doc_free(d);
	ok("daemon/reset");
	d = rig_ok(&rig, "daemon/active-artifacts", "{}");
	ck_assert_uint_eq(sq_json_len(sq_json_get(rig_result(d), "artifacts")), 0);
	sq_json_doc_free(d);
	/* there are no logical workspaces yet */
	sq_json_doc_free(rig_fails(&rig, -32601, "daemon/workspaceStatus", "{\"workspace_id\":\"00\"}"));
}
END_TEST

static void add_tight(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_tight, teardown);
	tcase_add_test(tc, least_recently_used);
	tcase_add_test(tc, pins);
	tcase_add_test(tc, evict_lru_by_hand);
	tcase_add_test(tc, fresh_after_unload);
	tcase_add_test(tc, evicted_but_read);
	tcase_add_test(tc, reservations_count);
}

static void add_full(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_full, teardown);
	tcase_add_test(tc, edit_of_a_big_tree);
}

static void add_one_mib(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_one_mib, teardown);
	tcase_add_test(tc, more_than_the_limit);
}

static void add_hasty(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_hasty, teardown);
	tcase_add_test(tc, late_reader);
}

static void add_no_cap(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_no_cap, teardown);
	tcase_add_test(tc, no_cap);
}

static void add_plain(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_plain, teardown);
	tcase_add_test(tc, oversize);
	tcase_add_test(tc, rolled_back);
	tcase_add_test(tc, no_room_for_the_entry);
	tcase_add_test(tc, readers_hold);
	tcase_add_test(tc, two_readers);
	tcase_add_test(tc, load_again);
	tcase_add_test(tc, hook_calls_back);
	tcase_add_test(tc, slow_hook);
	tcase_add_test(tc, load_fails);
	tcase_add_test(tc, verdicts);
	tcase_add_test(tc, stale_after_failure);
	tcase_add_test(tc, resets);
	tcase_add_test(tc, while_loading);
	tcase_add_test(tc, unloaded_while_loading);
	tcase_add_test(tc, reset_while_rebuilding);
	tcase_add_test(tc, status);
	tcase_add_test(tc, artifacts);
}

int main(void)
{
#ifndef SQ_TEST_HOOKS
	printf("SKIP: built without --enable-test-hooks\n");
	(void)add_tight;
	(void)add_full;
	(void)add_one_mib;
	(void)add_hasty;
	(void)add_no_cap;
	(void)add_plain;
	return 77;
#else
	int failed = rig_main("tight", add_tight);

	failed |= rig_main("a big tree", add_full);
	failed |= rig_main("one MiB", add_one_mib);
	failed |= rig_main("late readers", add_hasty);
	failed |= rig_main("no cap", add_no_cap);
	failed |= rig_main("states", add_plain);
	return failed;
#endif
}
