/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "proto/frame.h"
#include "proto/hello.h"
#include "../support/suite.h"

START_TEST(frame_round_trip)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_slice body;
	size_t at, used = 0;

	for (int i = 0; i < 2; i++) {
		at = sq_frame_begin(&b);
		sq_buf_puts(&b, i ? "[]" : "{\"a\":1}");
		ck_assert_int_eq(sq_frame_end(&b, at), 0);
	}
	ck_assert_mem_eq(b.p, "\x07\0\0\0{", 5); /* little-endian length */
	ck_assert_int_eq(sq_frame_next(sq_buf_slice(&b), &body, &used), 0);
	ck_assert(sq_slice_is(body, "{\"a\":1}"));
	ck_assert_uint_eq(used, 11);
	ck_assert_int_eq(sq_frame_next(sq_slice(b.p + used, b.n - used), &body,
				       &used), 0);
	ck_assert(sq_slice_is(body, "[]"));
	sq_buf_deinit(&b);
}
END_TEST

START_TEST(frame_waits_for_more)
{
	static const char frame[] = "\x03\0\0\0abc";
	struct sq_slice body;
	size_t used;

	for (size_t n = 0; n < 7; n++)
		ck_assert_int_eq(sq_frame_next(sq_slice(frame, n), &body, &used),
				 SQ_FRAME_E_MORE);
	ck_assert_int_eq(sq_frame_next(sq_slice(frame, 7), &body, &used), 0);
	ck_assert_int_eq(sq_frame_next(sq_slice("\0\0\0\0", 4), &body, &used), 0);
	ck_assert_uint_eq(body.n, 0);
	ck_assert_uint_eq(used, 4);
}
END_TEST

START_TEST(frame_limit_on_read)
{
	struct sq_slice body;
	size_t used;

	/* 64 MiB exactly is allowed, one byte more is not, told by the prefix */
	ck_assert_int_eq(sq_frame_next(sq_slice("\0\0\0\x04", 4), &body, &used),
			 SQ_FRAME_E_MORE);
	ck_assert_int_eq(sq_frame_next(sq_slice("\x01\0\0\x04", 4), &body,
				       &used), SQ_FRAME_E_TOO_LARGE);
	ck_assert_int_eq(sq_frame_next(sq_slice("\xff\xff\xff\xff", 4), &body,
				       &used), SQ_FRAME_E_TOO_LARGE);
}
END_TEST

START_TEST(frame_limit_on_write)
{
	struct sq_buf b = SQ_BUF_NULL;
	size_t at;

	sq_buf_puts(&b, "before");
	at = sq_frame_begin(&b);
	ck_assert_int_eq(sq_buf_reserve(&b, SQ_FRAME_MAX + 1), 0);
	memset(b.p + b.n, ' ', SQ_FRAME_MAX + 1);
	b.n += SQ_FRAME_MAX + 1;
	ck_assert_int_eq(sq_frame_end(&b, at), SQ_FRAME_E_TOO_LARGE);
	ck_assert_str_eq(sq_buf_z(&b), "before");
	sq_buf_deinit(&b);
}
END_TEST

static struct sq_hello hello(const char *text)
{
	struct sq_hello h;

	ck_assert_int_eq(sq_hello_decode(sq_slice_z(text), &h), 0);
	return h;
}

START_TEST(hello_of_a_client)
{
	struct sq_hello h = hello("{\"client_version\":\"9.1\","
				  "\"protocol_version\":1,\"later\":[]}");

	ck_assert_int_eq(h.kind, SQ_HELLO_DAEMON);
	ck_assert_str_eq(h.client_version, "9.1");
	ck_assert(sq_hello_is_compatible(&h));
	h = hello("{\"client_version\":\"\",\"protocol_version\":2,"
		  "\"logical_workspace\":null}");
	ck_assert_int_eq(h.kind, SQ_HELLO_DAEMON);
	ck_assert(!sq_hello_is_compatible(&h));
	/* one of the two shim keys does not make a shim */
	h = hello("{\"client_version\":\"1\",\"protocol_version\":1,\"pid\":3}");
	ck_assert_int_eq(h.kind, SQ_HELLO_DAEMON);
}
END_TEST

START_TEST(hello_of_no_shape)
{
	static const char *const bad[] = {
		"", "nonsense", "[]", "1", "null", "{}",
		"{\"client_version\":\"1\"}", "{\"protocol_version\":1}",
		"{\"client_version\":1,\"protocol_version\":1}",
		"{\"client_version\":\"1\",\"protocol_version\":\"1\"}",
		"{\"client_version\":\"1\",\"protocol_version\":-1}",
		"{\"client_version\":\"1\",\"protocol_version\":4294967296}",
		"{\"client_version\":\"1\",\"protocol_version\":1.0}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon/status\"}",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(hello(bad[i]).kind, SQ_HELLO_INVALID);
}
END_TEST

START_TEST(hello_of_a_shim)
{
	struct sq_hello h = hello("{\"protocol\":\"mcp\",\"pid\":4294967295}");

	ck_assert_int_eq(h.kind, SQ_HELLO_SHIM);
	ck_assert_int_eq(h.shim, SQ_SHIM_MCP);
	ck_assert_uint_eq(h.pid, UINT32_MAX);
	h = hello("{\"protocol\":\"lsp\",\"pid\":1}");
	ck_assert_int_eq(h.shim, SQ_SHIM_LSP);
}
END_TEST

START_TEST(malformed_shim)
{
	static const char *const bad[] = {
		"{\"protocol\":\"dap\",\"pid\":1}",
		"{\"protocol\":1,\"pid\":1}",
		"{\"protocol\":\"lsp\",\"pid\":-1}",
		"{\"protocol\":\"lsp\",\"pid\":4294967296}",
		"{\"protocol\":\"lsp\",\"pid\":\"1\"}",
		"{\"protocol\":\"lsp\",\"pid\":1,\"extra\":0}",
		("{\"protocol\":\"lsp\",\"pid\":1,\"client_version\":\"1\","
		 "\"protocol_version\":1}"),
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(bad); i++) {
		struct sq_hello h = hello(bad[i]);

		ck_assert_int_eq(h.kind, SQ_HELLO_BAD_SHIM);
		ck_assert_int_eq(strncmp(h.reason, "invalid ShimRegister:", 21), 0);
	}
}
END_TEST

static struct sq_json_doc *read_back(struct sq_buf *b)
{
	struct sq_json_doc *d = NULL;

	ck_assert_int_eq(sq_json_parse(sq_buf_slice(b), &d, NULL, 0), 0);
	sq_buf_deinit(b);
	return d;
}

START_TEST(hello_answers)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_json_doc *d;
	const struct sq_json *o;

	sq_hello_response(&b, true);
	d = read_back(&b);
	o = sq_json_root(d);
	ck_assert_uint_eq(sq_json_len(o), 3);
	ck_assert(sq_json_bool(sq_json_get(o, "compatible"), false));
	ck_assert_int_eq(sq_json_int(sq_json_get(o, "envelope_version"), 0), 1);
	ck_assert(sq_json_string(sq_json_get(o, "daemon_version")).n > 0);
	sq_json_doc_free(d);

	sq_hello_shim_ack(&b, NULL);
	d = read_back(&b);
	o = sq_json_root(d);
	ck_assert(sq_json_bool(sq_json_get(o, "accepted"), false));
	ck_assert_ptr_null(sq_json_get(o, "reason"));
	ck_assert_int_eq(sq_json_int(sq_json_get(o, "envelope_version"), 0), 1);
	sq_json_doc_free(d);

	sq_hello_shim_ack(&b, "shim registry full (2 / 2)");
	d = read_back(&b);
	o = sq_json_root(d);
	ck_assert(!sq_json_bool(sq_json_get(o, "accepted"), true));
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(o, "reason")),
			      "shim registry full (2 / 2)"));
	sq_json_doc_free(d);
}
END_TEST

START_TEST(hello_request_is_a_daemon_hello)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_hello h;

	sq_hello_request(&b, "1.2.3");
	h = hello(sq_buf_z(&b));
	ck_assert_int_eq(h.kind, SQ_HELLO_DAEMON);
	ck_assert(sq_hello_is_compatible(&h));
	ck_assert_str_eq(h.client_version, "1.2.3");
	sq_buf_deinit(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proto-frame");
	TCase *c = tcase_create("frame");

	tcase_add_test(c, frame_round_trip);
	tcase_add_test(c, frame_waits_for_more);
	tcase_add_test(c, frame_limit_on_read);
	tcase_add_test(c, frame_limit_on_write);
	tcase_add_test(c, hello_of_a_client);
	tcase_add_test(c, hello_of_no_shape);
	tcase_add_test(c, hello_of_a_shim);
	tcase_add_test(c, malformed_shim);
	tcase_add_test(c, hello_answers);
	tcase_add_test(c, hello_request_is_a_daemon_hello);
	suite_add_tcase(s, c);
	return suite_run(s);
}
