/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "proto/rpc.h"
#include "../support/suite.h"

static struct sq_rpc_message decode(const char *text)
{
	struct sq_rpc_message m;
	/* a copy that is gone before the message is looked at */
	char *body = sq_strdup(text);
	size_t n = strlen(text);

	ck_assert_int_eq(sq_rpc_decode(sq_slice(body, n), &m), 0);
	memset(body, 'x', n);
	sq_free(body);
	return m;
}

/* one request that is fine, with this id ("" = notification) */
static void assert_id(const char *text, const char *id)
{
	struct sq_rpc_message m = decode(text);

	ck_assert_uint_eq(m.n, 1);
	ck_assert(!m.is_batch);
	ck_assert_msg(!m.items[0].error, "%s", text);
	ck_assert_msg(sq_slice_is(m.items[0].req.id, id), "%s", text);
	ck_assert(sq_slice_is(m.items[0].req.method, "m"));
	sq_rpc_message_deinit(&m);
}

static void assert_invalid(const char *text, const char *id)
{
	struct sq_rpc_message m = decode(text);

	ck_assert_uint_eq(m.n, 1);
	ck_assert(!m.is_batch);
	ck_assert_msg(m.items[0].error == SQ_RPC_INVALID_REQUEST, "%s", text);
	ck_assert_msg(sq_slice_is(m.items[0].req.id, id), "%s", text);
	sq_rpc_message_deinit(&m);
}

#define WITH_ID(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"m\"}"

START_TEST(ids_keep_their_source_text)
{
	assert_id(WITH_ID("1"), "1");
	assert_id(WITH_ID("-9223372036854775808"), "-9223372036854775808");
	assert_id(WITH_ID("9223372036854775808"), "9223372036854775808");
	assert_id(WITH_ID("18446744073709551615"), "18446744073709551615");
	assert_id(WITH_ID(" \"a\\u0062\\n\" "), "\"a\\u0062\\n\"");
	assert_id(WITH_ID("\"\""), "\"\"");
	assert_id(WITH_ID("null"), "null");
	assert_id("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}", "");
	assert_id("{\"params\":{\"id\":7},\"\\u0069d\":8,\"method\":\"m\","
		  "\"jsonrpc\":\"2.0\"}", "8");
}
END_TEST

START_TEST(ids_of_other_types_are_refused)
{
	static const char *const bad[] = {
		WITH_ID("1.0"), WITH_ID("1e3"), WITH_ID("1E3"), WITH_ID("true"),
		WITH_ID("[]"), WITH_ID("{}"), WITH_ID("18446744073709551616"),
		WITH_ID("-9223372036854775809"),
		WITH_ID("100000000000000000000000"),
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(bad); i++)
		assert_invalid(bad[i], "null");
}
END_TEST

START_TEST(malformed_requests)
{
	static const char *const no_id[] = {
		"1", "\"x\"", "null", "true", "{}",
		"{\"method\":\"m\"}",
		"{\"jsonrpc\":\"2.0\"}",
		"{\"jsonrpc\":2.0,\"method\":\"m\"}",
	};
	static const char *const with_id[] = {
		"{\"jsonrpc\":\"1.0\",\"id\":5,\"method\":\"m\"}",
		"{\"id\":5,\"method\":\"m\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":5}",
		"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":1}",
		"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":null}",
		"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"m\",\"params\":1}",
		"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"m\",\"params\":\"\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"m\",\"params\":true}",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(no_id); i++)
		assert_invalid(no_id[i], "null");
	for (size_t i = 0; i < SQ_ARRAY_SIZE(with_id); i++)
		assert_invalid(with_id[i], "5");
}
END_TEST

START_TEST(params)
{
	static const struct { const char *text; enum sq_json_type type; } t[] = {
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\","
		  "\"params\":{\"a\":1}}", SQ_JSON_OBJECT },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\","
		  "\"params\":[1]}", SQ_JSON_ARRAY },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\","
		  "\"params\":null}", SQ_JSON_NULL },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}",
		  SQ_JSON_NULL },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		struct sq_rpc_message m = decode(t[i].text);
		const struct sq_json *p = m.items[0].req.params;

		ck_assert_int_eq(m.items[0].error, 0);
		ck_assert_int_eq(sq_json_type(p), t[i].type);
		ck_assert_int_eq(!p, t[i].type == SQ_JSON_NULL);
		sq_rpc_message_deinit(&m);
	}
}
END_TEST

START_TEST(parse_errors)
{
	static const char *const bad[] = { "", "{", "{\"a\":}", "[1", "\xff" };
	struct sq_rpc_message m;

	for (size_t i = 0; i < SQ_ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(sq_rpc_decode(sq_slice_z(bad[i]), &m),
				 SQ_RPC_E_PARSE);
}
END_TEST

START_TEST(empty_batch_is_one_invalid_request)
{
	assert_invalid("[]", "null");
	assert_invalid(" [ ] ", "null");
}
END_TEST

START_TEST(batches)
{
	struct sq_rpc_message m = decode(
		"[" WITH_ID("18446744073709551615") ", "
		"{\"jsonrpc\":\"2.0\",\"method\":\"n\"},"
		"[" WITH_ID("3") "],"
		"1, "
		"{\"jsonrpc\":\"2.0\",\"id\":\"]\",\"method\":\"\"},"
		WITH_ID("1.5") "]");

	ck_assert(m.is_batch);
	ck_assert_uint_eq(m.n, 6);
	ck_assert_int_eq(m.items[0].error, 0);
	ck_assert(sq_slice_is(m.items[0].req.id, "18446744073709551615"));
	ck_assert_int_eq(m.items[1].error, 0);
	ck_assert_uint_eq(m.items[1].req.id.n, 0);
	/* a nested array is refused as a whole, its inner id is not shown */
	ck_assert_int_eq(m.items[2].error, SQ_RPC_INVALID_REQUEST);
	ck_assert(sq_slice_is(m.items[2].req.id, "null"));
	ck_assert_int_eq(m.items[3].error, SQ_RPC_INVALID_REQUEST);
	ck_assert(sq_slice_is(m.items[3].req.id, "null"));
	ck_assert_int_eq(m.items[4].error, SQ_RPC_INVALID_REQUEST);
	ck_assert(sq_slice_is(m.items[4].req.id, "\"]\""));
	ck_assert_int_eq(m.items[5].error, SQ_RPC_INVALID_REQUEST);
	ck_assert(sq_slice_is(m.items[5].req.id, "null"));
	sq_rpc_message_deinit(&m);
}
END_TEST

static void assert_text(struct sq_buf *b, const char *want)
{
	ck_assert_int_eq(sq_buf_error(b), 0);
	ck_assert_str_eq(sq_buf_z(b), want);
	sq_buf_deinit(b);
}

START_TEST(result_envelope)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_rpc_meta meta = { .watching = 1 };
	struct sq_jw w;

	sq_jw_init(&w, &b);
	sq_rpc_result_begin(&w, SQ_LIT("18446744073709551615"));
	sq_jw_u64(&w, 3);
	sq_rpc_result_end(&w, &meta);
	assert_text(&b, "{\"jsonrpc\":\"2.0\",\"id\":18446744073709551615,"
			"\"result\":{\"result\":3,\"meta\":{\"stale\":false,"
			"\"daemon_version\":\"" PACKAGE_VERSION "\"}}}");

	meta = (struct sq_rpc_meta){
		.stale = true, .workspace_state = "Failed",
		.last_good_ns = 1700000000ull * 1000000000,
		.last_error = SQ_LIT("no \"space\""), .as_of = SQ_LIT("c:1:2:3"),
		.pending_files = 4,
	};
	sq_jw_init(&w, &b);
	sq_rpc_result_begin(&w, SQ_LIT("\"a\""));
	sq_jw_null(&w);
	sq_rpc_result_end(&w, &meta);
	assert_text(&b, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":"
			"{\"result\":null,\"meta\":{\"stale\":true,"
			"\"last_good_at\":\"2023-11-14T22:13:20Z\","
			"\"last_error\":\"no \\\"space\\\"\","
			"\"workspace_state\":\"Failed\","
			"\"daemon_version\":\"" PACKAGE_VERSION "\","
			"\"as_of\":\"c:1:2:3\",\"pending_files\":4,"
			"\"watching\":false}}}");
}
END_TEST

START_TEST(errors)
{
	static const struct sq_rpc_failure timeout = {
		SQ_RPC_TOOL_TIMEOUT, "deadline_exceeded", true, 500,
	};
	struct sq_buf b = SQ_BUF_NULL;

	sq_rpc_error(&b, SQ_LIT("null"), SQ_RPC_PARSE_ERROR,
		     SQ_LIT("Parse error"), SQ_SLICE_NULL);
	assert_text(&b, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":"
			"{\"code\":-32700,\"message\":\"Parse error\"}}");
	sq_rpc_error_envelope(&b, SQ_LIT("1"), &timeout, SQ_LIT("late"),
			      SQ_LIT("{\"tool\":null,\"deadline_ms\":60000}"));
	assert_text(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,"
			"\"message\":\"late\",\"data\":{\"kind\":"
			"\"deadline_exceeded\",\"retryable\":true,"
			"\"retry_after_ms\":500,\"details\":{\"tool\":null,"
			"\"deadline_ms\":60000}}}}");
	sq_rpc_invalid_params(&b, SQ_LIT("1"), SQ_LIT("no \"x\""));
	assert_text(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,"
			"\"message\":\"Invalid params: no \\\"x\\\"\",\"data\":"
			"{\"kind\":\"validation_error\",\"retryable\":false,"
			"\"retry_after_ms\":null,\"details\":"
			"{\"reason\":\"no \\\"x\\\"\"}}}}");
	sq_rpc_method_not_found(&b, SQ_LIT("1"), SQ_LIT("a/b"));
	assert_text(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,"
			"\"message\":\"Method not found\",\"data\":"
			"{\"method\":\"a/b\"}}}");
}
END_TEST

START_TEST(requests_decode)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_rpc_message m;

	sq_rpc_request(&b, 12, "daemon/load", SQ_LIT("{\"index_root\":\"/\"}"));
	m = decode(sq_buf_z(&b));
	ck_assert_int_eq(m.items[0].error, 0);
	ck_assert(sq_slice_is(m.items[0].req.id, "12"));
	ck_assert_int_eq(sq_json_type(m.items[0].req.params), SQ_JSON_OBJECT);
	sq_rpc_message_deinit(&m);
	sq_buf_clear(&b);
	sq_rpc_request(&b, 13, "m", SQ_SLICE_NULL);
	assert_id(sq_buf_z(&b), "13");
	sq_buf_deinit(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proto-rpc");
	TCase *c = tcase_create("rpc");

	tcase_add_test(c, ids_keep_their_source_text);
	tcase_add_test(c, ids_of_other_types_are_refused);
	tcase_add_test(c, malformed_requests);
	tcase_add_test(c, params);
	tcase_add_test(c, parse_errors);
	tcase_add_test(c, empty_batch_is_one_invalid_request);
	tcase_add_test(c, batches);
	tcase_add_test(c, result_envelope);
	tcase_add_test(c, errors);
	tcase_add_test(c, requests_decode);
	suite_add_tcase(s, c);
	return suite_run(s);
}
