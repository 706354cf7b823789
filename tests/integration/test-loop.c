/* SPDX-License-Identifier: MIT */
/*
 * The change loop of a real daemon, its turns held and looked at: who runs, who
 * is merged, in which order a turn goes, what a cancel, a failure, a crash of the
 * loop or an eviction leaves behind, and when it is tried again.
 */
#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rig rig;

static void setup_with(const char *config)
{
	rig_init(&rig, config);
	rig_write(&rig, "a.c", "int one(void)\n{\n\treturn 1;\n}\n");
	rig_start(&rig);
	rig_load(&rig);
	sq_json_doc_free(rig_ok(&rig, "test/capture", "{}"));
}

/* nothing but requests and test/emit_fs starts a turn */
static void setup(void)
{
	setup_with("[watch]\ntier = none");
}

static void setup_watched(void)
{
	setup_with("");
}

/* nothing else may set an alarm */
static void setup_hasty(void)
{
	setup_with("turn_budget_secs = 1\n[watch]\ntier = none");
}

static void teardown(void)
{
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}

static void hook(const char *method, const char *params)
{
	sq_json_doc_free(rig_ok(&rig, method, "%s", params));
}

static void arm(const char *site, int count)
{
	sq_json_doc_free(rig_ok(&rig, "test/fault", "{\"site\":\"%s\",\"error\":%d,\"count\":%d}", site, EIO, count));
}

/* a rebuild on a connection of its own, not waited for */
static struct rig_conn rebuild_begins(const char *more)
{
	struct rig_conn c;
	char text[300];

	rig_connect(&rig, &c);
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"daemon/rebuild\","
		 "\"params\":{\"path\":\"%s\"%s}}", rig.tree, more);
	rig_send(&c, text);
	return c;
}

/* its answer: "status/disposition" or "error CODE" */
static const char *answer_of(struct rig_conn *c)
{
	static char text[80];
	struct sq_json_doc *d = rig_recv(c);
	struct sq_slice status = sq_json_string(sq_json_get(rig_result(d), "status"));
	struct sq_slice how = sq_json_string(sq_json_get(rig_result(d), "disposition"));

	if (rig_error(d))
		snprintf(text, sizeof(text), "error %d", rig_error(d));
	else
		snprintf(text, sizeof(text), "%.*s/%.*s", (int)status.n, status.p, (int)how.n, how.n ? how.p : "");
	sq_json_doc_free(d);
	rig_close(c);
	return text;
}

static void rebuild_expecting(const char *more, const char *answer)
{
	struct rig_conn c = rebuild_begins(more);

	ck_assert_str_eq(answer_of(&c), answer);
}

/* as if the watcher had seen these; @more: further parameters */
static void emit(const char *events, const char *more)
{
	sq_json_doc_free(rig_ok(&rig, "test/emit_fs", "{\"path\":\"%s\",\"events\":\"%s\"%s}", rig.tree, events, more));
}

static int64_t number(const char *object, const char *key)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	const struct sq_json *from = !object ? rig_workspace(d, rig.tree) :
				     *object ? sq_json_get(rig_result(d), object) : rig_result(d);
	int64_t n = sq_json_int(sq_json_get(from, key), -1);

	sq_json_doc_free(d);
	return n;
}

static void expect_text(bool of_workspace, const char *key, const char *value)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	struct sq_slice s = sq_json_string(sq_json_get(of_workspace ? rig_workspace(d, rig.tree) : rig_result(d), key));

	ck_assert_msg(sq_slice_is(s, value), "%s is %.*s, not %s", key, (int)s.n, s.n ? s.p : "", value);
	sq_json_doc_free(d);
}

static void expect_error_text(const char *part)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	struct sq_slice s = sq_json_string(sq_json_get(rig_workspace(d, rig.tree), "last_error"));

	ck_assert_msg(s.p && memmem(s.p, s.n, part, strlen(part)), "no \"%s\" in \"%.*s\"", part, (int)s.n, s.n ? s.p : "");
	sq_json_doc_free(d);
}

/* a member of test/ws: true, false, or -1 when it is null or missing */
static int ws_flag(const char *key)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/ws", "{\"path\":\"%s\"}", rig.tree);
	int flag = sq_json_bool(sq_json_get(rig_result(d), key), false);

	sq_json_doc_free(d);
	return flag;
}

static bool lane_is_empty(void)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/ws", "{\"path\":\"%s\"}", rig.tree);
	const struct sq_json *lane = sq_json_get(rig_result(d), "lane");
	bool is = !lane || sq_json_int(sq_json_get(lane, "enqueued_at"), -1) < 0;

	sq_json_doc_free(d);
	return is;
}

/* ---- what was captured ----------------------------------------------------------- */

static int64_t n_turns(void)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/capture", "{}");
	int64_t n = (int64_t)sq_json_len(sq_json_get(rig_result(d), "iterations"));

	/* RR-06 LX-23: never two bodies of one workspace at once */
	ck_assert_int_le(sq_json_int(sq_json_get(rig_result(d), "max_bodies"), 9), 1);
	sq_json_doc_free(d);
	return n;
}

/* turn @i: "mode files class", the files joined by blanks */
static const char *turn(int i)
{
	static char text[400];
	struct sq_json_doc *d = rig_ok(&rig, "test/capture", "{}");
	const struct sq_json *t = sq_json_at(sq_json_get(rig_result(d), "iterations"), (size_t)i);
	const struct sq_json *files = sq_json_get(t, "files");
	struct sq_slice mode = sq_json_string(sq_json_get(t, "mode")), class = sq_json_string(sq_json_get(t, "git_class"));
	size_t n;

	ck_assert_ptr_nonnull(t);
	n = (size_t)snprintf(text, sizeof(text), "%.*s", (int)mode.n, mode.p);
	for (size_t k = 0; k < sq_json_len(files); k++) {
		struct sq_slice f = sq_json_string(sq_json_at(files, k));

		n += (size_t)snprintf(text + n, sizeof(text) - n, " %.*s", (int)f.n, f.p);
	}
	snprintf(text + n, sizeof(text) - n, " %.*s", (int)class.n, class.p);
	sq_json_doc_free(d);
	return text;
}

static void expect_events(int i, const char *want)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/capture", "{}");
	const struct sq_json *t = sq_json_at(sq_json_get(rig_result(d), "iterations"), (size_t)i);
	const struct sq_json *events = sq_json_get(t, "events");
	char text[400] = "";
	size_t n = 0;

	for (size_t k = 0; k < sq_json_len(events); k++) {
		struct sq_slice e = sq_json_string(sq_json_at(events, k));

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s", k ? ", " : "", (int)e.n, e.p);
	}
	ck_assert_str_eq(text, want);
	sq_json_doc_free(d);
}

static int64_t turn_number(int i, const char *key)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/capture", "{}");
	const struct sq_json *t = sq_json_at(sq_json_get(rig_result(d), "iterations"), (size_t)i);
	int64_t n = sq_json_int(sq_json_get(t, key), -1);

	sq_json_doc_free(d);
	return n;
}

static void hold_turn(struct rig_conn *c, const char *more)
{
	hook("test/gate_set", "{\"hold\":1}");
	*c = rebuild_begins(more);
	hook("test/gate_wait", "{}");
}

static void release(void)
{
	hook("test/gate_release", "{}");
}

/* all that was enqueued is done; adds no turn when nothing is parked */
static void settle(void)
{
	while (ws_flag("in_flight"))
		continue;
}

/* ---- lane and runner role ----------------------------------------------------------- */

START_TEST(merges_while_held)
{
	struct rig_conn first, more[3];

	hold_turn(&first, "");
	ck_assert(ws_flag("in_flight"));
	/* RR-04: what runs is not parked */
	ck_assert(lane_is_empty());
	/*
	 * DL-13: a turn that is held is seen as rebuilding
	 * DL-14: and what was built is served
	 */
	rig_expect_state(&rig, "Rebuilding");
	ck_assert_int_eq(rig_count(&rig, "one"), 1);
	/* WS-07: it holds no reservation */
	ck_assert_int_eq(number("memory", "reserved_bytes"), 0);
	/* RR-05 RR-11 LX-11 LX-12 LX-13 LX-14: told at once that it is accepted, not that it is done; nothing runs */
	for (int i = 0; i < 3; i++) {
		more[i] = rebuild_begins("");
		ck_assert_str_eq(answer_of(&more[i]), "coalesced/coalesced");
	}
	emit("z.c", "");
	emit("b.c\\nz.c", "");
	ck_assert_int_eq(n_turns(), 1);
	ck_assert(!lane_is_empty());
	release();
	ck_assert_str_eq(answer_of(&first), "completed/ran");
	settle();
	/* LC-11 LC-13 DL-06 DL-07: one turn more with the union, then the lane is empty and the role free */
	ck_assert_int_eq(n_turns(), 2);
	/* LC-01 LC-02: each once, in order */
	ck_assert_str_eq(turn(1), "incremental b.c z.c none");
	ck_assert(lane_is_empty() && !ws_flag("in_flight"));
	ck_assert_int_eq(number("", "dispatched_total"), 3);
}
END_TEST

/* RR-01: nothing is queued for who is not there */
START_TEST(unknown_root)
{
	sq_json_doc_free(rig_fails(&rig, -32004, "daemon/rebuild", "{\"path\":\"/nowhere\"}"));
	ck_assert_int_eq(n_turns(), 0);
}
END_TEST

/* DL-11 DL-12 TH-05 TH-06 TH-07: the order of one turn, and what it starts from */
START_TEST(order_of_a_turn)
{
	int64_t generation;

	rebuild_expecting("", "completed/ran");
	expect_events(0, "prior, mode, state, capture, gate, estimate, reserve, post_reserve, build, recheck, publish, "
		      "success, loaded, dispatched");
	generation = turn_number(0, "prior");
	rebuild_expecting("", "completed/ran");
	ck_assert_int_eq(turn_number(1, "prior"), generation + 1);
	ck_assert_int_ge(turn_number(1, "started_at"), turn_number(1, "enqueued_at"));
	ck_assert_int_eq(n_turns(), 2);
	/* WS-09: what was reserved too much is back */
	ck_assert_int_eq(number("memory", "reserved_bytes"), 0);
}
END_TEST

/* ---- the fork ----------------------------------------------------------------------- */

START_TEST(modes)
{
	int64_t parsed;

	/* DF-10 LX-33: asked for, everything is read */
	parsed = number(NULL, "parsed_total");
	rebuild_expecting(",\"force\":true", "completed/ran");
	ck_assert_str_eq(turn(0), "full tree_diverged");
	ck_assert_int_eq(number(NULL, "parsed_total"), parsed + 1);
	expect_text(false, "last_mode", "full");
	/* DF-02 DF-14: nothing changed: a no-op that publishes */
	rebuild_expecting("", "completed/ran");
	ck_assert_str_eq(turn(1), "incremental none");
	expect_text(false, "last_mode", "incremental");
	expect_text(true, "last_mode", "incremental");
	ck_assert_int_eq(number("", "dispatched_total"), 3);
	ck_assert_int_eq(number(NULL, "parsed_total"), parsed + 1);
	/* DF-08: a new file is no reason for more */
	rig_write(&rig, "new.c", "int fresh(void) { return one(); }\n");
	emit("new.c", "");
	settle();
	ck_assert_str_eq(turn(2), "incremental new.c none");
	ck_assert_int_eq(rig_count(&rig, "fresh"), 1);
	/* X-03 DF-03: a switch compares all and parses what differs, one file */
	parsed = number(NULL, "parsed_total");
	rig_write(&rig, "other.c", "int other(void) { return 3; }\n");
	emit("", ",\"git_class\":\"branch_switch\"");
	settle();
	ck_assert_str_eq(turn(3), "incremental branch_switch");
	ck_assert_int_eq(rig_count(&rig, "other"), 1);
	ck_assert_int_eq(number(NULL, "parsed_total"), parsed + 1);
}
END_TEST

/* DF-12: none before the first turn */
START_TEST(no_mode_yet)
{
	struct sq_json_doc *d;

	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_start(&rig);
	d = rig_ok(&rig, "daemon/status", "{}");
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(rig_result(d), "last_mode")), "none"));
	sq_json_doc_free(d);
}
END_TEST

/* when more than the share must be linked again, all are, and nothing is parsed for it */
static void setup_small_share(void)
{
	char path[40], text[100];

	rig_init(&rig, "incremental_threshold = 2\nclosure_limit_percent = 50\n[watch]\ntier = none");
	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), "p%d.py", i);
		snprintf(text, sizeof(text), "def own%d():\n    hub()\n", i);
		rig_write(&rig, path, text);
	}
	rig_write(&rig, "hub.py", "def other():\n    pass\n");
	rig_start(&rig);
	rig_load(&rig);
	hook("test/capture", "{}");
}

START_TEST(links_whole)
{
	int64_t parsed = number(NULL, "parsed_total");

	rig_write(&rig, "hub.py", "def hub():\n    pass\n");
	rig_sync(&rig);
	expect_text(true, "last_mode", "full");
	ck_assert_int_eq(number(NULL, "parsed_total"), parsed + 1);
	/* DF-05 DF-06: one that concerns nobody else stays incremental */
	rig_write(&rig, "p1.py", "def own1():\n    hub()\n\ndef unheard_of():\n    pass\n");
	rig_sync(&rig);
	expect_text(true, "last_mode", "incremental");
}
END_TEST

/* ---- git's snapshot ------------------------------------------------------------------ */

#define TREE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SNAPSHOT(name) ",\"git_class\":\"local_commit\",\"ref\":\"" name "\",\"commit\":\"" TREE "\",\"tree\":\"" TREE "\""

static void expect_baseline(const char *ref)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/baseline", "{\"path\":\"%s\"}", rig.tree);
	struct sq_slice is = sq_json_string(sq_json_get(sq_json_get(rig_result(d), "baseline"), "ref"));

	ck_assert_msg(sq_slice_is(is, ref), "the baseline is %.*s, not %s", (int)is.n, is.n ? is.p : "", ref);
	sq_json_doc_free(d);
}

START_TEST(baseline)
{
	struct rig_conn held;

	expect_baseline("");
	/* RY-07: a failed turn's does not count, until it is done at last */
	arm("finished", 1);
	emit("a.c", SNAPSHOT("refs/heads/x"));
	settle();
	rig_expect_state(&rig, "Failed");
	expect_baseline("");
	/* DL-16 LC-03 LC-14: a plain request takes it along and keeps it */
	rebuild_expecting("", "completed/ran");
	expect_baseline("refs/heads/x");
	/* and alone leaves it as it is */
	rebuild_expecting("", "completed/ran");
	expect_baseline("refs/heads/x");
	/* LC-08: of two that wait the later one */
	hold_turn(&held, "");
	emit("a.c", SNAPSHOT("refs/heads/y"));
	emit("a.c", SNAPSHOT("refs/heads/z"));
	release();
	(void)answer_of(&held);
	settle();
	expect_baseline("refs/heads/z");
}
END_TEST

/* ---- cancelling ----------------------------------------------------------------------- */

static void cancel(bool expected)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/cancel_rebuild", "{\"path\":\"%s\"}", rig.tree);

	ck_assert_int_eq(sq_json_bool(sq_json_get(rig_result(d), "cancelled"), !expected), expected);
	sq_json_doc_free(d);
}

START_TEST(cancelled_by_a_user)
{
	struct rig_conn first;

	rig_write(&rig, "b.c", "int two(void) { return one(); }\n");
	hold_turn(&first, "");
	emit("p.c", "");
	cancel(true);
	release();
	/* EM-01: as evicted */
	ck_assert_str_eq(answer_of(&first), "error -32004");
	settle();
	/*
	 * CX-10 X-11: still listed and served, with all that waits
	 * RY-05 EM-05: no failure
	 */
	rig_expect_state(&rig, "Loaded");
	ck_assert_int_eq(rig_count(&rig, "one"), 1);
	ck_assert_int_eq(rig_count(&rig, "two"), 0);
	ck_assert_int_ge(number(NULL, "pending_files"), 1);
	ck_assert_int_eq(number(NULL, "retry_count"), 0);
	ck_assert_int_eq(n_turns(), 1);
	/*
	 * CX-06: refunded
	 * TH-11 CX-04: seen at a pass boundary
	 */
	ck_assert_int_eq(number("memory", "reserved_bytes"), 0);
	ck_assert_int_eq(number("", "cancelled_at_boundary_total"), 1);
	ck_assert_int_eq(number("", "cancelled_at_publish_total"), 0);
	expect_text(true, "last_outcome", "cancelled");
	/* DL-02 HZ-02 CX-01: the next one is not poisoned, and takes everything along */
	ck_assert(!ws_flag("cancelled"));
	rebuild_expecting("", "completed/ran");
	ck_assert_str_eq(turn(1), "incremental p.c none");
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
	/* an idle cancel does nothing */
	cancel(false);
	rebuild_expecting("", "completed/ran");
}
END_TEST

/* DL-01: cancelled before it begins: no iteration at all */
START_TEST(cancelled_before_it_begins)
{
	struct rig_conn c[5];
	struct sq_json_doc *d;
	char dir[120], text[300];

	/* RR-07: other workspaces keep all four turn threads, in parallel */
	hook("test/gate_set", "{\"hold\":4}");
	for (int i = 0; i < 4; i++) {
		snprintf(dir, sizeof(dir), "w%d/x.c", i);
		rig_write(&rig, dir, "int x;\n");
		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"daemon/load\","
			 "\"params\":{\"index_root\":\"%s/w%d\"}}", rig.tree, i);
		rig_connect(&rig, &c[i]);
		rig_send(&c[i], text);
	}
	do {
		int64_t waiting;

		d = rig_ok(&rig, "test/gate_wait", "{}");
		waiting = sq_json_int(sq_json_get(rig_result(d), "waiting"), 0);
		sq_json_doc_free(d);
		if (waiting == 4)
			break;
	} while (true);
	c[4] = rebuild_begins("");
	while (!ws_flag("in_flight"))
		continue;
	cancel(true);
	for (int i = 0; i < 4; i++)
		release();
	ck_assert_str_eq(answer_of(&c[4]), "error -32004");
	for (int i = 0; i < 4; i++) {
		sq_json_doc_free(rig_recv(&c[i]));
		rig_close(&c[i]);
	}
	ck_assert_int_eq(n_turns(), 4);
	rebuild_expecting("", "completed/ran");
}
END_TEST

START_TEST(cancel_paths)
{
	struct rig_conn c;
	int64_t bytes = number(NULL, "current_bytes");

	/* TH-13: the token alone, once there is a reservation */
	hook("test/cancel_path", "{\"precancel\":true}");
	rebuild_expecting("", "error -32004");
	ck_assert_int_eq(number("", "cancelled_at_boundary_total"), 1);
	/* TH-12 TH-11: the purpose's flag alone: seen by the re-check before the publish */
	hook("test/cancel_path", "{\"no_forwarder\":true}");
	hook("test/postres_hold", "{}");
	c = rebuild_begins("");
	hook("test/postres_wait", "{}");
	cancel(true);
	hook("test/postres_release", "{}");
	ck_assert_str_eq(answer_of(&c), "error -32004");
	ck_assert_int_eq(number("", "cancelled_at_publish_total"), 1);
	ck_assert_int_eq(number("", "cancelled_at_boundary_total"), 1);
	hook("test/cancel_path", "{}");
	ck_assert_int_eq(number("memory", "reserved_bytes"), 0);
	ck_assert_int_eq(number(NULL, "current_bytes"), bytes);
	settle();
	rebuild_expecting("", "completed/ran");
}
END_TEST

/*
 * CX-02 CX-05 X-01: a build that would take an hour ends within moments of its cancel
 * CX-07: meanwhile others are served
 */
START_TEST(cancel_while_building)
{
	struct rig_conn c;

	sq_json_doc_free(rig_ok(&rig, "test/fault", "{\"site\":\"build\",\"kind\":\"sleep\",\"ms\":3600000}"));
	hook("test/postres_hold", "{\"n\":1}");
	c = rebuild_begins("");
	hook("test/postres_wait", "{}");
	/* TH-08: there it has its reservation */
	ck_assert_int_gt(number("memory", "reserved_bytes"), 0);
	hook("test/postres_release", "{}");
	ck_assert_int_eq(rig_count(&rig, "one"), 1);
	cancel(true);
	ck_assert_str_eq(answer_of(&c), "error -32004");
	ck_assert_int_eq(number("memory", "reserved_bytes"), 0);
}
END_TEST

/* ---- reset, eviction -------------------------------------------------------------------- */

static void unload(void)
{
	sq_json_doc_free(rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree));
}

/*
 * DL-03: an eviction drops what is parked
 * DL-15: the count survives
 * CX-08 EM-05: no failure is kept of it
 */
START_TEST(evicted_in_a_turn)
{
	struct rig_conn first;

	hold_turn(&first, "");
	emit("p.c", "");
	unload();
	release();
	ck_assert_str_eq(answer_of(&first), "error -32004");
	ck_assert_int_eq(number("", "dispatched_total"), 1);
	ck_assert_int_eq(number("memory", "reserved_bytes"), 0);
	rig_load(&rig);
	ck_assert(lane_is_empty() && !ws_flag("cancelled"));
	ck_assert_int_eq(number(NULL, "retry_count"), 0);
	ck_assert_int_eq(number("", "dispatched_total"), 2);
}
END_TEST

/* CX-09 DL-04 HZ-01: a reset during a turn: Unloaded, and a load recovers */
START_TEST(reset_in_a_turn)
{
	struct rig_conn first;

	hold_turn(&first, "");
	sq_json_doc_free(rig_fails(&rig, -32009, "daemon/reset", "{\"path\":\"%s\"}", rig.tree));
	release();
	ck_assert_str_eq(answer_of(&first), "error -32004");
	settle();
	rig_expect_state(&rig, "Unloaded");
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "one"), 1);
}
END_TEST

/* HZ-08: a load during a rebuild is answered from the graph there is */
START_TEST(load_in_a_turn)
{
	struct rig_conn first;

	hold_turn(&first, "");
	rig_load(&rig);
	release();
	ck_assert_str_eq(answer_of(&first), "completed/ran");
}
END_TEST

/* ---- failures --------------------------------------------------------------------------- */

START_TEST(failure)
{
	struct rig_conn first;

	rig_write(&rig, "b.c", "int two(void) { return one(); }\n");
	/* DL-05 DL-09: the first fails, what is parked runs all the same and publishes; who asked hears of his own */
	arm("finished", 1);
	hold_turn(&first, "");
	emit("q.c", "");
	release();
	ck_assert_str_eq(answer_of(&first), "error -32001");
	settle();
	ck_assert_int_eq(n_turns(), 2);
	rig_expect_state(&rig, "Loaded");
	/* HZ-05 DL-10: and it did what the first did not */
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
	/* RY-02: success clears all of it */
	ck_assert_int_eq(number(NULL, "retry_count"), 0);
	expect_text(true, "last_outcome", "completed");
}
END_TEST

START_TEST(errors)
{
	/* EM-02 EM-04 RY-01 LX-15 LX-19: stage and detail; Failed; counted */
	arm("finished", 2);
	rebuild_expecting("", "error -32001");
	expect_error_text("incremental rebuild: Input/output error");
	rig_expect_state(&rig, "Failed");
	ck_assert_int_eq(number(NULL, "retry_count"), 1);
	expect_text(true, "last_outcome", "failed");
	rebuild_expecting(",\"force\":true", "error -32001");
	expect_error_text("full rebuild: Input/output error");
	ck_assert_int_eq(number(NULL, "retry_count"), 2);
	/* RY-06: asked for, it is tried at once */
	rebuild_expecting("", "completed/ran");
}
END_TEST

/* RR-15 EM-03 LX-16 LX-17 LX-18 LX-21 LX-33: a worker that ends without a result fails the build, not the loop; then a full one */
START_TEST(worker_lost)
{
	rig_write(&rig, "b.c", "int two(void) { return one(); }\n");
	sq_json_doc_free(rig_ok(&rig, "test/fault", "{\"site\":\"build_worker\",\"error\":%d}", EOWNERDEAD));
	rebuild_expecting("", "error -32001");
	expect_error_text("join: ");
	ck_assert(!ws_flag("in_flight"));
	rebuild_expecting("", "completed/ran");
	ck_assert_str_eq(turn(1), "full none");
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
}
END_TEST

/* RR-12 RR-14 LX-33: the loop itself ends abnormally: the role is free, both changes are done by the next dispatch, which is full */
START_TEST(loop_aborts)
{
	struct rig_conn first;

	arm("runner_abort", 1);
	hold_turn(&first, "");
	emit("a.c", "");
	emit("b.c", "");
	release();
	ck_assert_str_eq(answer_of(&first), "error -32001");
	settle();
	ck_assert(!ws_flag("in_flight") && !lane_is_empty());
	ck_assert_int_eq(n_turns(), 1);
	rebuild_expecting("", "completed/ran");
	ck_assert_str_eq(turn(1), "full a.c b.c none");
}
END_TEST

/* ---- trying again --------------------------------------------------------------------------- */

static int64_t advance(int64_t ms)
{
	struct sq_json_doc *d = rig_ok(&rig, "test/clock", "{\"advance_ms\":%lld}", (long long)ms);
	int64_t n = sq_json_int(sq_json_get(rig_result(d), "alarms"), -1);

	sq_json_doc_free(d);
	return n;
}

static void await_turns(int64_t n)
{
	while (n_turns() < n)
		continue;
	settle();
}

/* RY-06 HZ-16 LX-24 LX-25 LX-26: what failed is tried again when its time has come, not before; then less often */
START_TEST(retries)
{
	/* X-01 LX-06: idle, no deadline is set */
	ck_assert_int_eq(advance(0), 0);
	rig_write(&rig, "b.c", "int two(void) { return one(); }\n");
	arm("finished", 2);
	rebuild_expecting("", "error -32001");
	ck_assert_int_le(number(NULL, "retry_in_seconds"), 30);
	advance(25000);
	ck_assert_int_eq(n_turns(), 1);
	advance(5000);
	await_turns(2);
	rig_expect_state(&rig, "Failed");
	ck_assert_int_eq(number(NULL, "retry_count"), 2);
	ck_assert_int_gt(number(NULL, "retry_in_seconds"), 30);
	advance(31000);
	ck_assert_int_eq(n_turns(), 2);
	advance(29000);
	await_turns(3);
	rig_expect_state(&rig, "Loaded");
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
	/* LX-20: done; nothing follows */
	ck_assert_int_eq(advance(3600000), 0);
	ck_assert_int_eq(n_turns(), 3);
}
END_TEST

/* RY-06 WB-17: a change does not wait for the time; an error ends neither watcher nor loop */
START_TEST(change_before_retry)
{
	arm("finished", 1);
	rebuild_expecting("", "error -32001");
	emit("a.c", "");
	await_turns(2);
	rig_expect_state(&rig, "Loaded");
	ck_assert_int_eq(advance(0), 0);
}
END_TEST

/* cancelled work is done by itself, too; an eviction forgets it */
START_TEST(retry_after_cancel)
{
	struct rig_conn c;

	rig_write(&rig, "b.c", "int two(void) { return one(); }\n");
	hold_turn(&c, "");
	cancel(true);
	release();
	(void)answer_of(&c);
	settle();
	ck_assert_int_eq(advance(30000) >= 0, 1);
	await_turns(2);
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
	arm("finished", 1);
	rebuild_expecting("", "error -32001");
	unload();
	ck_assert_int_eq(advance(0), 0);
}
END_TEST

/* LX-22 LX-34 LX-24: a turn past its budget is told to stop, once; its change is indexed without anybody's doing */
START_TEST(over_budget)
{
	struct rig_conn c;

	rig_write(&rig, "b.c", "int two(void) { return one(); }\n");
	sq_json_doc_free(rig_ok(&rig, "test/fault", "{\"site\":\"build\",\"kind\":\"sleep\",\"ms\":3600000}"));
	hook("test/postres_hold", "{}");
	c = rebuild_begins("");
	hook("test/postres_wait", "{}");
	advance(1000);
	hook("test/postres_release", "{}");
	ck_assert_str_eq(answer_of(&c), "error -32004");
	settle();
	ck_assert_int_eq(rig_count(&rig, "one"), 1);
	ck_assert_int_eq(number(NULL, "retry_count"), 0);
	advance(30000);
	await_turns(2);
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
}
END_TEST

/* LX-27 LX-28: time that it waits, held, is not its own */
START_TEST(waiting_is_free)
{
	struct rig_conn c;

	hold_turn(&c, "");
	advance(40000);
	release();
	ck_assert_str_eq(answer_of(&c), "completed/ran");
}
END_TEST

/* ---- rebuild requests ------------------------------------------------------------------------ */

START_TEST(request_times)
{
	struct rig_conn c;

	/* protocol 2.4: fire and forget */
	hook("test/gate_set", "{\"hold\":1}");
	rebuild_expecting(",\"timeout_ms\":0", "started/ran");
	hook("test/gate_wait", "{}");
	release();
	settle();
	/* a limit of its own, and no more than ten minutes */
	hook("test/gate_set", "{\"hold\":1}");
	c = rebuild_begins(",\"timeout_ms\":30");
	ck_assert_str_eq(answer_of(&c), "error -32000");
	release();
	settle();
	sq_json_doc_free(rig_fails(&rig, -32602, "daemon/rebuild", "{\"path\":\"%s\",\"timeout_ms\":600001}", rig.tree));
	ck_assert_int_eq(n_turns(), 2);
}
END_TEST

/* ---- with a real watcher ---------------------------------------------------------------------- */

/*
 * LX-07: a change during a turn is another turn's
 * LX-09: and without any there is none
 */
START_TEST(watched)
{
	struct rig_conn c;

	ck_assert_int_eq(n_turns(), 0);
	hold_turn(&c, "");
	rig_write(&rig, "b.c", "int two(void) { return one(); }\n");
	release();
	ck_assert_str_eq(answer_of(&c), "completed/ran");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
	/* LX-10: no turns to catch up with */
	ck_assert_int_le(n_turns(), 2);
	/* LX-03: new directories and what is in them */
	rig_write(&rig, "d/e/f/c.c", "int three(void) { return 3; }\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "three"), 1);
	/* LX-05: an event for a wrong path hides no real change */
	emit("wrong.c", "");
	rig_write(&rig, "a.c", "int uno(void)\n{\n\treturn 1;\n}\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "uno"), 1);
	/* HZ-03 X-04: a cancel of a turn leaves the watcher alone */
	hold_turn(&c, "");
	cancel(true);
	release();
	(void)answer_of(&c);
	settle();
	rig_write(&rig, "g.c", "int four(void) { return 4; }\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "four"), 1);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, merges_while_held);
	tcase_add_test(tc, unknown_root);
	tcase_add_test(tc, order_of_a_turn);
	tcase_add_test(tc, modes);
	tcase_add_test(tc, no_mode_yet);
	tcase_add_test(tc, baseline);
	tcase_add_test(tc, cancelled_by_a_user);
	tcase_add_test(tc, cancelled_before_it_begins);
	tcase_add_test(tc, cancel_paths);
	tcase_add_test(tc, cancel_while_building);
	tcase_add_test(tc, evicted_in_a_turn);
	tcase_add_test(tc, reset_in_a_turn);
	tcase_add_test(tc, load_in_a_turn);
	tcase_add_test(tc, failure);
	tcase_add_test(tc, errors);
	tcase_add_test(tc, worker_lost);
	tcase_add_test(tc, loop_aborts);
	tcase_add_test(tc, request_times);
}

static void add_hasty(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_hasty, teardown);
	tcase_add_test(tc, over_budget);
	tcase_add_test(tc, waiting_is_free);
}

static void setup_no_budget(void)
{
	setup_with("turn_budget_secs = 0\n[watch]\ntier = none");
}

static void add_retries(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_no_budget, teardown);
	tcase_add_test(tc, retries);
	tcase_add_test(tc, change_before_retry);
	tcase_add_test(tc, retry_after_cancel);
}

static void add_share(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_small_share, teardown);
	tcase_add_test(tc, links_whole);
}

static void add_watched(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_watched, teardown);
	tcase_add_test(tc, watched);
}

int main(void)
{
#ifndef SQ_TEST_HOOKS
	printf("SKIP: built without --enable-test-hooks\n");
	(void)add;
	(void)add_hasty;
	(void)add_retries;
	(void)add_share;
	(void)add_watched;
	return 77;
#else
	int failed = rig_main("loop", add);

	failed |= rig_main("budgets", add_hasty);
	failed |= rig_main("retries", add_retries);
	failed |= rig_main("share", add_share);
	failed |= rig_main("watched", add_watched);
	return failed;
#endif
}
