/* SPDX-License-Identifier: MIT */
/* frames, hello, JSON-RPC as protocol 2.1 and 2.2 have them, against the real daemon */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct rig rig;

static void setup(void)
{
	rig_init(&rig, "");
	rig_start(&rig);
}

static void teardown(void)
{
	ck_assert_int_eq(rig_stop(&rig), 0);   /* it lived through the test, and ends without a leak */
	rig_deinit(&rig);
}

/* an error with id null, then the end of the stream */
static void expect_error_and_close(struct rig_conn *c, int code)
{
	struct sq_json_doc *d = rig_recv(c);

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(rig_error(d), code);
	ck_assert_ptr_nonnull(sq_json_get(sq_json_root(d), "id"));
	ck_assert_int_eq(sq_json_type(sq_json_get(sq_json_root(d), "id")), SQ_JSON_NULL);
	sq_json_doc_free(d);
	ck_assert(rig_is_eof(c));
	rig_close(c);
}

START_TEST(hello)
{
	struct sq_json_doc *d;
	struct rig_conn c;

	rig_open(&rig, &c);
	rig_send(&c, "{\"client_version\":\"x\",\"protocol_version\":2}");
	d = rig_recv(&c);
	ck_assert(!sq_json_bool(sq_json_get(sq_json_root(d), "compatible"), true));
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_root(d), "envelope_version"), 0), 1);
	sq_json_doc_free(d);
	ck_assert(rig_is_eof(&c));
	rig_close(&c);

	rig_open(&rig, &c);
	rig_send(&c, "{\"protocol\":\"lsp\",\"pid\":1,\"extra\":2}");
	d = rig_recv(&c);
	ck_assert(!sq_json_bool(sq_json_get(sq_json_root(d), "accepted"), true));
	sq_json_doc_free(d);
	ck_assert(rig_is_eof(&c));
	rig_close(&c);

	rig_open(&rig, &c);
	rig_send(&c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/status\"}");
	expect_error_and_close(&c, -32600);
	rig_open(&rig, &c);
	rig_send(&c, "hello");
	expect_error_and_close(&c, -32600);
}
END_TEST

START_TEST(frames)
{
	static const char single[] = "\062\0\0\0{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"daemon/nosuch\" }";
	static const unsigned char huge[4] = { 1, 0, 0, 4 };   /* 64 MiB + 1 */
	struct sq_json_doc *d;
	struct rig_conn c;
	char *big;

	rig_connect(&rig, &c);
	rig_send_raw(&c, huge, sizeof(huge));
	expect_error_and_close(&c, -32600);

	/* the end within a prefix, and within a body */
	rig_connect(&rig, &c);
	rig_send_raw(&c, huge, 2);
	rig_close(&c);
	rig_connect(&rig, &c);
	rig_send_raw(&c, "\100\0\0\0{\"json", 10);
	rig_close(&c);

	/* byte by byte */
	rig_connect(&rig, &c);
	for (size_t i = 0; i < sizeof(single) - 1; i++)
		rig_send_raw(&c, single + i, 1);
	d = rig_recv(&c);
	ck_assert_int_eq(rig_error(d), -32601);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(sq_json_get(sq_json_get(sq_json_root(d), "error"), "data"),
							 "method")), "daemon/nosuch"));
	sq_json_doc_free(d);

	/* a large frame that is fine */
	big = malloc(3u << 20);
	memset(big, ' ', (3u << 20) - 1);
	big[(3u << 20) - 1] = '\0';
	memcpy(big, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/status\",\"params\":{", 59);
	memcpy(big + (3u << 20) - 3, "}}", 2);
	rig_send(&c, big);
	free(big);
	d = rig_recv(&c);
	ck_assert_int_eq(rig_error(d), 0);
	sq_json_doc_free(d);
	rig_close(&c);
}
END_TEST

START_TEST(requests)
{
	static const struct { const char *text; int code; } cases[] = {
		{ "[1]", 0 },   /* a batch with one bad slot: an array, see batches */
		{ "7", -32600 }, { "\"x\"", -32600 },
		{ "{\"id\":1,\"method\":\"daemon/status\"}", -32600 },
		{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"daemon/status\"}", -32600 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1}", -32600 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", -32600 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"daemon/status\"}", -32600 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"daemon/status\"}", -32600 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/status\",\"params\":3}", -32600 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/status\",\"params\":[]}", -32602 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/status\",\"params\":{\"x\":1}}", -32602 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nosuch\"}", -32601 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":18446744073709551615,\"method\":\"nosuch\"}", -32601 },
		{ "[]", -32600 },
	};
	struct sq_json_doc *d;
	struct rig_conn c;

	rig_connect(&rig, &c);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(cases); i++) {
		rig_send(&c, cases[i].text);
		d = rig_recv(&c);
		ck_assert_msg(d != NULL, "%s", cases[i].text);
		ck_assert_msg(rig_error(d) == cases[i].code, "%s -> %d", cases[i].text, rig_error(d));
		sq_json_doc_free(d);
	}
	rig_send(&c, "{\"jsonrpc\":");
	expect_error_and_close(&c, -32700);
}
END_TEST

START_TEST(batches)
{
	const struct sq_json *list;
	struct sq_json_doc *d;
	struct rig_conn c;

	rig_connect(&rig, &c);
	/* a notification and a batch of them are not answered: the next answer is the status's */
	rig_send(&c, "{\"jsonrpc\":\"2.0\",\"method\":\"daemon/status\"}");
	rig_send(&c, "[{\"jsonrpc\":\"2.0\",\"method\":\"nosuch\"},{\"jsonrpc\":\"2.0\",\"method\":\"daemon/status\"}]");
	rig_send(&c, "[{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"daemon/status\"},[],"
		 "{\"jsonrpc\":\"2.0\",\"method\":\"daemon/status\"},"
		 "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"daemon/load\",\"params\":{\"index_root\":\"/nonexistent\"}}]");
	d = rig_recv(&c);
	list = sq_json_root(d);
	ck_assert_int_eq(sq_json_type(list), SQ_JSON_ARRAY);
	ck_assert_uint_eq(sq_json_len(list), 3);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(sq_json_at(list, 0), "id")), "a"));
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_get(sq_json_at(list, 1), "error"), "code"), 0), -32600);
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_get(sq_json_at(list, 2), "error"), "code"), 0), -32602);
	sq_json_doc_free(d);
	rig_close(&c);
}
END_TEST

START_TEST(many_at_once)
{
	enum { CONNS = 100, EACH = 300 };   /* more than may be outstanding */
	struct rig_conn c[CONNS];
	struct sq_json_doc *d;

	for (int i = 0; i < CONNS; i++)
		rig_connect(&rig, &c[i]);
	for (int i = 0; i < CONNS; i += 10)
		for (int k = 0; k < EACH; k++)
			rig_send(&c[i], "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nosuch\"}");
	for (int i = 0; i < CONNS; i += 10)
		for (int k = 0; k < EACH; k++) {
			d = rig_recv(&c[i]);
			ck_assert_int_eq(rig_error(d), -32601);
			sq_json_doc_free(d);
		}
	for (int i = 0; i < CONNS; i++)
		rig_close(&c[i]);
}
END_TEST

/* more answers than the socket holds, to requests that came in one piece, in their order */
START_TEST(one_write_of_many)
{
	enum { N = 3000 };
	struct sq_buf all = SQ_BUF_NULL;
	struct sq_json_doc *d;
	struct rig_conn c;

	for (int i = 0; i < N; i++) {
		uint32_t n = (uint32_t)snprintf(NULL, 0, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"nosuch\"}", i);

		sq_buf_add(&all, &n, sizeof(n));
		sq_buf_printf(&all, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"nosuch\"}", i);
	}
	rig_connect(&rig, &c);
	rig_send_raw(&c, all.p, all.n);
	for (int i = 0; i < N; i++) {
		d = rig_recv(&c);
		ck_assert_ptr_nonnull(d);
		ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_root(d), "id"), -1), i);
		sq_json_doc_free(d);
	}
	rig_close(&c);
	sq_buf_deinit(&all);
}
END_TEST

/* every call of a method is in its histogram, and in no other's */
START_TEST(metrics)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/metrics", "{}");
	const struct sq_json *all = sq_json_get(rig_result(d), "methods");
	int64_t sum = 0;

	ck_assert_uint_eq(sq_json_len(all), 0);
	sq_json_doc_free(d);
	for (int i = 0; i < 5; i++)
		sq_json_doc_free(rig_ok(&rig, "daemon/status", "{}"));
	sq_json_doc_free(rig_fails(&rig, -32602, "daemon/status", "{\"x\":1}"));
	sq_json_doc_free(rig_fails(&rig, -32601, "nosuch", "{}"));
	d = rig_ok(&rig, "daemon/metrics", "{}");
	all = sq_json_get(rig_result(d), "methods");
	ck_assert_uint_eq(sq_json_len(all), 2);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(sq_json_at(all, 0), "method")), "daemon/status"));
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_at(all, 0), "count"), 0), 6);
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_at(all, 1), "count"), 0), 1);
	all = sq_json_get(sq_json_at(all, 0), "buckets");
	for (size_t i = 0; i < sq_json_len(all); i++)
		sum += sq_json_int(sq_json_at(sq_json_at(all, i), 1), 0);
	ck_assert_int_eq(sum, 6);
	sq_json_doc_free(d);
}
END_TEST

START_TEST(half_closed)
{
	struct sq_json_doc *d;
	struct rig_conn c;

	/* a client that will send nothing more still gets its answer */
	rig_connect(&rig, &c);
	rig_send(&c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/load\",\"params\":{\"index_root\":\"/nonexistent\"}}");
	shutdown(c.fd, SHUT_WR);
	d = rig_recv(&c);
	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(rig_error(d), -32602);
	sq_json_doc_free(d);
	ck_assert(rig_is_eof(&c));
	rig_close(&c);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, hello);
	tcase_add_test(tc, frames);
	tcase_add_test(tc, requests);
	tcase_add_test(tc, batches);
	tcase_add_test(tc, many_at_once);
	tcase_add_test(tc, one_write_of_many);
	tcase_add_test(tc, metrics);
	tcase_add_test(tc, half_closed);
}

int main(void)
{
	return rig_main("protocol", add);
}
