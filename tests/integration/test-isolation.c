/* SPDX-License-Identifier: MIT */
/* who may connect, what a request can read, how much one client can take */
#include "rig.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOREIGN 65534u       /* a user and a group that nothing of ours belongs to */

static struct rig rig;

static void start(const char *config)
{
	rig_init(&rig, config);
	rig_write(&rig, "a.c", "int one(void)\n{\n\treturn 1;\n}\n");
	rig_start(&rig);
}

static void stop(void)
{
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}

static int mode_of(const char *path)
{
	struct stat st;

	ck_assert_msg(!lstat(path, &st), "%s: %s", path, strerror(errno));
	return (int)(st.st_mode & 07777);
}

static int64_t of_server(const char *key)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	int64_t n = sq_json_int(sq_json_get(sq_json_get(rig_result(d), "server"), key), -1);

	sq_json_doc_free(d);
	return n;
}

/* ---- who may connect ------------------------------------------------------------- */

/* as another user: what the first frame says, before anything was sent. 0: let in; else an error's code */
static int code_as(uid_t uid, gid_t gid, gid_t more)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		struct sq_json_doc *d;
		struct rig_conn c;
		int code;

		if (setgroups(more ? 1 : 0, &more) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
			_exit(100);
		rig_open(&rig, &c);
		rig_send(&c, "{\"client_version\":\"x\",\"protocol_version\":1}");
		d = rig_recv(&c);
		if (!d)
			_exit(101);
		code = rig_error(d);
		if (!code)
			_exit(sq_json_bool(sq_json_get(sq_json_root(d), "compatible"), false) ? 0 : 102);
		_exit(code == -32600 && rig_is_eof(&c) ? 1 : 103);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) < 2, "status %d", status);
	return WEXITSTATUS(status) ? -32600 : 0;
}

START_TEST(modes)
{
	start("");
	ck_assert_int_eq(mode_of(rig.sock), 0600);
	stop();
}
END_TEST

START_TEST(other_users)
{
	start("");
	/* the mode of the socket keeps them out; here it does not */
	ck_assert_int_eq(chmod(rig.sock, 0666), 0);
	ck_assert_int_eq(code_as(FOREIGN, FOREIGN, 0), -32600);
	ck_assert_int_eq(code_as(FOREIGN, 0, 0), -32600);   /* a group does not help */
	ck_assert_int_eq(of_server("refused_users"), 2);
	ck_assert_int_eq(of_server("refused"), 2);
	stop();
}
END_TEST

START_TEST(allowed_users)
{
	start("[socket]\nallow_uids = 65533, 65534");
	ck_assert_int_eq(mode_of(rig.sock), 0666);
	ck_assert_int_eq(code_as(FOREIGN, FOREIGN, 0), 0);
	ck_assert_int_eq(code_as(FOREIGN - 1, FOREIGN, 0), 0);
	ck_assert_int_eq(code_as(FOREIGN - 2, FOREIGN, 0), -32600);
	stop();
}
END_TEST

START_TEST(allowed_group)
{
	start("[socket]\nallow_gid = 65534");
	ck_assert_int_eq(code_as(FOREIGN, FOREIGN, 0), 0);
	ck_assert_int_eq(code_as(FOREIGN, FOREIGN - 1, FOREIGN), 0);   /* a supplementary one */
	ck_assert_int_eq(code_as(FOREIGN, FOREIGN - 1, 0), -32600);
	stop();
}
END_TEST

/* ---- what a request can read ------------------------------------------------------- */

/* items and unread files of a query that reads every file */
static void expect_text(int64_t items, int64_t unread)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/query", "{\"search_path\":\".\",\"query\":\"text~=/secret/\"}");

	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "total"), -1), items);
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "unread_files"), 0), unread);
	sq_json_doc_free(d);
}

/* a directory, and then the root, give way to links to what is byte for byte the same */
START_TEST(links_out_of_the_root)
{
	char out[128], in[128];

	rig_init(&rig, "[watch]\ntier = none");
	rig_write(&rig, "d/b.c", "int two(void)\n{\n\treturn 2; /* secret */\n}\n");
	rig_start(&rig);
	rig_load(&rig);
	expect_text(1, 0);
	snprintf(out, sizeof(out), "%s/outside", rig.dir);
	snprintf(in, sizeof(in), "%s/d", rig.tree);
	ck_assert(!rename(in, out) && !symlink(out, in));
	expect_text(0, 1);
	ck_assert(!unlink(in) && !rename(out, in));
	expect_text(1, 0);
	ck_assert(!rename(rig.tree, out) && !symlink(out, rig.tree));
	expect_text(0, 1);
	/* nor does a turn go through one that leads elsewhere */
	snprintf(in, sizeof(in), "%s/run", rig.dir);
	ck_assert(!unlink(rig.tree) && !symlink(in, rig.tree));
	sq_json_doc_free(rig_fails(&rig, -32001, "daemon/rebuild", "{\"path\":\".\",\"force\":true}"));
	ck_assert(!unlink(rig.tree) && !rename(out, rig.tree));
	stop();
}
END_TEST

START_TEST(roots)
{
	char link[128];

	start("");
	sq_json_doc_free(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"/proc/self/cwd\"}"));
	sq_json_doc_free(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"/proc/self/root%s\"}", rig.tree));
	/* another link is resolved once, to one entry */
	snprintf(link, sizeof(link), "%s/link", rig.dir);
	ck_assert_int_eq(symlink(rig.tree, link), 0);
	sq_json_doc_free(rig_ok(&rig, "daemon/load", "{\"index_root\":\"%s\"}", link));
	rig_expect_state(&rig, "Loaded");
	ck_assert_int_eq(rig_count(&rig, "one"), 1);
	stop();
}
END_TEST

/* ---- how much one client can take ------------------------------------------------------ */

static void expect_refused(struct rig_conn *c)
{
	struct sq_json_doc *d = rig_recv(c);

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(rig_error(d), -32600);
	sq_json_doc_free(d);
	ck_assert(rig_is_eof(c));
	rig_close(c);
}

START_TEST(clients)
{
	struct rig_conn c[3], more;

	start("[socket]\nmax_clients = 3");
	for (int i = 0; i < 3; i++)
		rig_connect(&rig, &c[i]);
	rig_open(&rig, &more);
	expect_refused(&more);
	rig_close(&c[1]);
	/* the daemon may hear of the end after the next connection */
	for (int tries = 0; tries < 10000; tries++) {
		struct sq_json_doc *d;
		bool in;

		rig_open(&rig, &more);
		rig_send(&more, "{\"client_version\":\"x\",\"protocol_version\":1}");
		d = rig_recv(&more);
		in = d && !rig_error(d);
		sq_json_doc_free(d);
		if (in)
			break;
		rig_close(&more);
	}
	sq_json_doc_free(rig_ask(&more, "daemon/stop", "{}"));
	ck_assert_int_eq(rig_wait(&rig), 0);
	rig_close(&c[0]);
	rig_close(&c[2]);
	rig_close(&more);
	rig_deinit(&rig);
}
END_TEST

static void send_batch(struct rig_conn *c, const char *request, int n)
{
	struct sq_buf b = SQ_BUF_NULL;

	for (int i = 0; i < n; i++)
		sq_buf_printf(&b, "%s%s", i ? "," : "[", request);
	sq_buf_putc(&b, ']');
	rig_send(c, sq_buf_z(&b));
	sq_buf_deinit(&b);
}

START_TEST(batches)
{
	struct sq_json_doc *d;
	struct rig_conn c;

	start("[socket]\nmax_requests_per_client = 4");
	rig_connect(&rig, &c);
	send_batch(&c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nosuch\"}", 5);
	d = rig_recv(&c);
	ck_assert_int_eq(rig_error(d), -32600);   /* one object, and the connection lives on */
	sq_json_doc_free(d);
	send_batch(&c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nosuch\"}", 4);
	d = rig_recv(&c);
	ck_assert_uint_eq(sq_json_len(sq_json_root(d)), 4);
	sq_json_doc_free(d);
	rig_close(&c);
	stop();
}
END_TEST

static void add_frame(struct sq_buf *b, const char *json)
{
	uint32_t n = (uint32_t)strlen(json);

	sq_buf_add(b, &n, sizeof(n));
	sq_buf_puts(b, json);
}

/* a client that takes no answers is not read from, and gets all of them when it does */
START_TEST(answers_not_taken)
{
	enum { N = 2000 };
	struct sq_buf all = SQ_BUF_NULL;   /* in one piece: it has to fit into the socket */
	struct sq_json_doc *d;
	struct rig_conn c;

	start("[socket]\nmax_buffered_mb_per_client = 1");
	rig_load(&rig);
	rig_connect(&rig, &c);
	for (int i = 0; i < N; i++)
		add_frame(&all, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/status\"}");
	rig_send_raw(&c, all.p, all.n);
	sq_buf_deinit(&all);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(rig_count(&rig, "one"), 1);
	ck_assert_int_lt(of_server("requests"), N);
	for (int i = 0; i < N; i++) {
		d = rig_recv(&c);
		ck_assert_int_eq(rig_error(d), 0);
		sq_json_doc_free(d);
	}
	ck_assert_int_gt(of_server("requests"), N);
	rig_close(&c);
	stop();
}
END_TEST

/* what a batch may hold is limited too: the rest of its answers are errors */
START_TEST(answers_of_a_batch)
{
	char text[200], request[300];
	int n_ok = 0, n_cut = 0;
	struct sq_json_doc *d;
	struct rig_conn c;

	rig_init(&rig, "[socket]\nmax_buffered_mb_per_client = 1");
	for (int i = 0; i < 300; i++) {
		snprintf(request, sizeof(request), "f%d.c", i);
		snprintf(text, sizeof(text), "int a_function_with_a_name_of_some_length_%d(void)\n{\n\treturn 1;\n}\n", i);
		rig_write(&rig, request, text);
	}
	rig_start(&rig);
	rig_load(&rig);
	rig_connect(&rig, &c);
	snprintf(request, sizeof(request), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/query\",\"params\":"
		 "{\"search_path\":\"%s\",\"query\":\"kind:function\"}}", rig.tree);
	send_batch(&c, request, 60);
	d = rig_recv(&c);
	ck_assert_uint_eq(sq_json_len(sq_json_root(d)), 60);
	for (size_t i = 0; i < 60; i++) {
		const struct sq_json *error = sq_json_get(sq_json_at(sq_json_root(d), i), "error");

		n_ok += !error;
		n_cut += sq_json_int(sq_json_get(error, "code"), 0) == -32603;
	}
	ck_assert_int_eq(n_ok + n_cut, 60);
	ck_assert_int_gt(n_ok, 2);
	ck_assert_int_gt(n_cut, 2);
	sq_json_doc_free(d);
	rig_close(&c);
	stop();
}
END_TEST

/* a client that asks now and then beside one that sent more than can be answered at once */
START_TEST(flood)
{
	enum { N = 4000 };
	struct sq_buf all = SQ_BUF_NULL;
	struct sq_json_doc *d;
	struct rig_conn c;

	start("");
	rig_load(&rig);
	rig_connect(&rig, &c);
	for (int i = 0; i < N; i++)
		add_frame(&all, i % 40 ? "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nosuch\"}" :
			  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"find_unused\",\"params\":{}}");
	rig_send_raw(&c, all.p, all.n);
	sq_buf_deinit(&all);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(rig_count(&rig, "one"), 1);
	for (int i = 0; i < N; i++) {
		d = rig_recv(&c);
		ck_assert_ptr_nonnull(d);
		sq_json_doc_free(d);
	}
	rig_close(&c);
	ck_assert_int_eq(of_server("outstanding"), 1);   /* the one that asks */
	stop();
}
END_TEST

#ifdef SQ_TEST_HOOKS
/* jobs that would never end leave a query thread to the others, and the loop too */
START_TEST(threads)
{
	struct rig_conn c;

	start("tool_timeout_secs = 3600\nquery_threads = 3\n[socket]\nmax_requests_per_client = 40");
	rig_load(&rig);
	rig_connect(&rig, &c);
	for (int i = 0; i < 30; i++)
		rig_send(&c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test/hold\"}");
	for (int i = 0; i < 20; i++)
		sq_json_doc_free(rig_ok(&rig, "find_unused", "{\"path\":\"%s\"}", rig.tree));
	ck_assert_int_eq(of_server("outstanding"), 31);
	rig_close(&c);
	/* what it held is free again, for one connection after the other */
	for (int i = 0; i < 5; i++)
		sq_json_doc_free(rig_ok(&rig, "find_unused", "{\"path\":\"%s\"}", rig.tree));
	stop();
}
END_TEST
#endif

static void add(TCase *tc)
{
	tcase_add_test(tc, modes);
	if (!geteuid()) {
		tcase_add_test(tc, other_users);
		tcase_add_test(tc, allowed_users);
		tcase_add_test(tc, allowed_group);
	} else {
		printf("not root: connections of other users are not tested\n");
	}
	tcase_add_test(tc, links_out_of_the_root);
	tcase_add_test(tc, roots);
	tcase_add_test(tc, clients);
	tcase_add_test(tc, batches);
	tcase_add_test(tc, answers_not_taken);
	tcase_add_test(tc, answers_of_a_batch);
	tcase_add_test(tc, flood);
#ifdef SQ_TEST_HOOKS
	tcase_add_test(tc, threads);
#endif
}

int main(void)
{
	return rig_main("isolation", add);
}
