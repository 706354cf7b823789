/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "proto/json.h"
#include "proto/plain.h"
#include "../support/suite.h"

static struct sq_json_doc *parse(const char *text)
{
	struct sq_json_doc *d = NULL;

	ck_assert_int_eq(sq_json_parse(sq_slice_z(text), &d, NULL, 0), 0);
	return d;
}

static void assert_syntax(struct sq_slice text)
{
	struct sq_json_doc *d = NULL;
	char msg[160] = "";

	ck_assert_int_eq(sq_json_parse(text, &d, msg, sizeof(msg)),
			 SQ_JSON_E_SYNTAX);
	ck_assert_ptr_null(d);
	ck_assert_ptr_nonnull(strstr(msg, "line"));
}

START_TEST(reads_every_type)
{
	struct sq_json_doc *d = parse("{\"i\":-7,\"r\":1.5,\"s\":\"a\\u0000b\","
				      "\"t\":true,\"n\":null,\"a\":[1,2,3]}");
	const struct sq_json *o = sq_json_root(d), *v = NULL;

	ck_assert_int_eq(sq_json_type(o), SQ_JSON_OBJECT);
	ck_assert_uint_eq(sq_json_len(o), 6);
	ck_assert_int_eq(sq_json_int(sq_json_get(o, "i"), 0), -7);
	ck_assert(sq_json_real(sq_json_get(o, "r"), 0) == 1.5);
	ck_assert(sq_json_real(sq_json_get(o, "i"), 0) == -7);
	ck_assert(sq_slice_eq(sq_json_string(sq_json_get(o, "s")),
			      sq_slice("a\0b", 3)));
	ck_assert(sq_json_bool(sq_json_get(o, "t"), false));
	ck_assert_int_eq(sq_json_type(sq_json_get(o, "n")), SQ_JSON_NULL);
	ck_assert_uint_eq(sq_json_len(sq_json_get(o, "a")), 3);
	ck_assert_int_eq(sq_json_int(sq_json_at(sq_json_get(o, "a"), 2), 0), 3);
	ck_assert_str_eq(sq_json_member(o, 1, &v), "r");
	ck_assert(sq_json_real(v, 0) == 1.5);
	ck_assert_ptr_null(sq_json_member(o, 6, NULL));
	sq_json_doc_free(d);
}
END_TEST

START_TEST(wrong_type_gives_default)
{
	struct sq_json_doc *d = parse("{\"s\":\"x\"}");
	const struct sq_json *s = sq_json_get(sq_json_root(d), "s");

	ck_assert_int_eq(sq_json_int(s, 42), 42);
	ck_assert(sq_json_bool(s, true));
	ck_assert(sq_json_real(s, 0.25) == 0.25);
	ck_assert_uint_eq(sq_json_string(sq_json_root(d)).n, 0);
	ck_assert_ptr_null(sq_json_get(s, "k"));
	ck_assert_ptr_null(sq_json_get(NULL, "k"));
	ck_assert_int_eq(sq_json_type(NULL), SQ_JSON_NULL);
	ck_assert_uint_eq(sq_json_len(NULL), 0);
	ck_assert_ptr_null(sq_json_at(NULL, 0));
	sq_json_doc_free(d);
}
END_TEST

START_TEST(refuses_bad_documents)
{
	static const char *const bad[] = {
		"", " ", "{", "[1,]", "{\"a\":1,}", "nul", "01", "1.", "'a'",
		"{} {}", "\"\\ud800\"", "\"a\nb\"", "[1e999]", "{1:2}", "+1",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(bad); i++)
		assert_syntax(sq_slice_z(bad[i]));
	assert_syntax(sq_slice("\"\xff\"", 3));
	assert_syntax(sq_slice("\"\xc0\xaf\"", 4));
	assert_syntax(sq_slice("\0", 1));
}
END_TEST

START_TEST(deep_nesting_is_an_error)
{
	enum { N = 100000 };
	char *text = malloc(N);

	memset(text, '[', N);
	assert_syntax(sq_slice(text, N));
	free(text);
}
END_TEST

START_TEST(integers_beyond_int64_are_reals)
{
	struct sq_json_doc *d = parse(
		"{\"max\":9223372036854775807,\"min\":-9223372036854775808,"
		"\"over\":9223372036854775808,\"under\":-9223372036854775809,"
		"\"u64\":18446744073709551615,\"s\":\"9223372036854775808\","
		"\"small\":5}");
	const struct sq_json *o = sq_json_root(d);

	ck_assert_int_eq(sq_json_int(sq_json_get(o, "max"), 0), INT64_MAX);
	ck_assert_int_eq(sq_json_int(sq_json_get(o, "min"), 0), INT64_MIN);
	ck_assert_int_eq(sq_json_type(sq_json_get(o, "over")), SQ_JSON_REAL);
	ck_assert_int_eq(sq_json_type(sq_json_get(o, "under")), SQ_JSON_REAL);
	ck_assert_int_eq(sq_json_type(sq_json_get(o, "u64")), SQ_JSON_REAL);
	ck_assert_int_eq(sq_json_type(sq_json_get(o, "small")), SQ_JSON_INT);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(o, "s")),
			      "9223372036854775808"));
	sq_json_doc_free(d);
}
END_TEST

static void assert_written(struct sq_buf *b, const char *want)
{
	ck_assert_int_eq(sq_buf_error(b), 0);
	ck_assert_str_eq(sq_buf_z(b), want);
	sq_buf_deinit(b);
}

START_TEST(values_know_their_source)
{
	struct sq_slice text = SQ_LIT(" { \"x\" : {\"id\":1, \"]\":[\"}\"]} ,"
				      " \"\\u0069d\" : \"\\u0041\" , \"z\":2.50 }");
	struct sq_json_doc *d = NULL;
	const struct sq_json *o;

	ck_assert_int_eq(sq_json_parse(text, &d, NULL, 0), 0);
	o = sq_json_root(d);
	ck_assert(sq_slice_is(sq_json_source(sq_json_get(o, "id"), text), "\"\\u0041\""));
	ck_assert(sq_slice_is(sq_json_source(sq_json_get(o, "z"), text), "2.50"));
	ck_assert(sq_slice_is(sq_json_source(sq_json_get(o, "x"), text), "{\"id\":1, \"]\":[\"}\"]}"));
	sq_json_doc_free(d);
}
END_TEST

/* in its first place, with its last value; few members and many go different ways */
START_TEST(last_of_equal_keys_counts)
{
	for (int n = 3; n <= 300; n += 99) {
		struct sq_buf b = SQ_BUF_NULL;
		struct sq_json_doc *d;
		const struct sq_json *o, *v;

		sq_buf_puts(&b, "{\"a\":1,\"b\":2,\"\\u0061\":3");
		for (int i = 0; i < n; i++)
			sq_buf_printf(&b, ",\"k%d\":%d", i, i);
		for (int i = n - 1; i >= 0; i--)
			sq_buf_printf(&b, ",\"k%d\":%d", i, i + 1000);
		sq_buf_puts(&b, "}");
		d = parse(sq_buf_z(&b));
		o = sq_json_root(d);
		ck_assert_uint_eq(sq_json_len(o), (size_t)n + 2);
		ck_assert_str_eq(sq_json_member(o, 0, &v), "a");
		ck_assert_int_eq(sq_json_int(v, 0), 3);
		ck_assert_str_eq(sq_json_member(o, 1, &v), "b");
		for (int i = 0; i < n; i++) {
			ck_assert_ptr_nonnull(sq_json_member(o, (size_t)i + 2, &v));
			ck_assert_int_eq(sq_json_int(v, 0), i + 1000);
		}
		sq_json_doc_free(d);
		sq_buf_deinit(&b);
	}
}
END_TEST

START_TEST(tree_writes_itself_indented)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_json_doc *d = parse("{\"a\":[1,{}],\"meta\":0,\"e\":[]}"), *m = parse("[true]");

	ck_assert_int_eq(sq_json_write(sq_json_root(d), 2, &b), 0);
	assert_written(&b, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"meta\": 0,\n  \"e\": []\n}");
	ck_assert_int_eq(sq_json_write_with(sq_json_root(d), "meta", sq_json_root(m), 0, &b), 0);
	assert_written(&b, "{\"a\":[1,{}],\"e\":[],\"meta\":[true]}");
	ck_assert_int_eq(sq_json_write_with(sq_json_root(m), "meta", NULL, 1, &b), 0);
	assert_written(&b, "{\n \"result\": [\n  true\n ],\n \"meta\": null\n}");
	sq_json_doc_free(d);
	sq_json_doc_free(m);
}
END_TEST

START_TEST(writes_nested_values)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_jw w;

	sq_jw_init(&w, &b);
	sq_jw_begin_object(&w);
	sq_jw_kstr(&w, "s", SQ_LIT("x"));
	sq_jw_key(&w, "a");
	sq_jw_begin_array(&w);
	sq_jw_u64(&w, UINT64_MAX);
	sq_jw_i64(&w, INT64_MIN);
	sq_jw_begin_object(&w);
	sq_jw_end_object(&w);
	sq_jw_begin_array(&w);
	sq_jw_end_array(&w);
	sq_jw_null(&w);
	sq_jw_end_array(&w);
	sq_jw_kbool(&w, "b", false);
	sq_jw_ku64(&w, "n", 0);
	sq_jw_key(&w, "raw");
	sq_jw_raw(&w, SQ_LIT("[1]"));
	sq_jw_end_object(&w);
	assert_written(&b, "{\"s\":\"x\",\"a\":[18446744073709551615,"
			   "-9223372036854775808,{},[],null],\"b\":false,"
			   "\"n\":0,\"raw\":[1]}");
}
END_TEST

START_TEST(writes_strings)
{
	static const struct { const char *in; size_t n; const char *out; } t[] = {
		{ "", 0, "\"\"" },
		{ "a\"b\\c/", 6, "\"a\\\"b\\\\c/\"" },
		{ "\n\t\r\b\f\0\x1f", 7, "\"\\n\\t\\r\\b\\f\\u0000\\u001f\"" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		  "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		/* one replacement for each maximal wrong part */
		{ "a\xff" "b", 3, "\"a\xef\xbf\xbd" "b\"" },
		{ "\xe2\x82", 2, "\"\xef\xbf\xbd\"" },
		{ "\xe2\x82" "x", 3, "\"\xef\xbf\xbdx\"" },
		{ "\xed\xa0\x80", 3,
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xf4\x90\x80\x80", 4,
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		struct sq_buf b = SQ_BUF_NULL;
		struct sq_jw w;

		sq_jw_init(&w, &b);
		sq_jw_string(&w, sq_slice(t[i].in, t[i].n));
		assert_written(&b, t[i].out);
	}
}
END_TEST

/* every byte at every place of a word, beside each of its neighbours in value */
START_TEST(plain_bytes)
{
	char text[20];
	uint64_t v;

	for (unsigned c = 0; c < 256; c++)
		for (unsigned at = 0; at < 8; at++)
			for (int d = -1; d <= 1; d++) {
				bool want = sq_plain_is((unsigned char)c) && sq_plain_is((unsigned char)(' ' + d + 1));

				memset(text, 'a', sizeof(text));
				text[at] = (char)c;
				text[(at + 1) % 8] = (char)(' ' + d + 1);
				memcpy(&v, text, sizeof(v));
				ck_assert_int_eq(sq_plain_are(v), want);
			}
	for (unsigned c = 0; c < 256; c++)
		for (unsigned at = 0; at < sizeof(text); at++) {
			memset(text, 'a', sizeof(text));
			text[at] = (char)c;
			ck_assert_uint_eq(sq_plain_span(text, sizeof(text)), sq_plain_is((unsigned char)c) ? sizeof(text) : at);
		}
}
END_TEST

START_TEST(written_strings_read_back)
{
	char all[256];
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_json_doc *d = NULL;
	struct sq_jw w;

	for (int i = 0; i < 128; i++)
		all[i] = (char)i;
	sq_jw_init(&w, &b);
	sq_jw_string(&w, sq_slice(all, 128));
	ck_assert_int_eq(sq_json_parse(sq_buf_slice(&b), &d, NULL, 0), 0);
	ck_assert(sq_slice_eq(sq_json_string(sq_json_root(d)),
			      sq_slice(all, 128)));
	sq_json_doc_free(d);
	sq_buf_deinit(&b);
}
END_TEST

START_TEST(writes_reals)
{
	static const struct { double v; const char *out; } t[] = {
		{ 0.5, "0.5" }, { 3, "3.0" }, { 0.1, "0.1" }, { 1e300, "1e+300" },
		{ -0.25, "-0.25" }, { 1.0 / 3, "0.33333333333333331" },
		{ INFINITY, "null" }, { NAN, "null" },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		struct sq_buf b = SQ_BUF_NULL;
		struct sq_jw w;

		sq_jw_init(&w, &b);
		sq_jw_real(&w, t[i].v);
		assert_written(&b, t[i].out);
	}
}
END_TEST

START_TEST(writes_paths_without_loss)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_jw w;

	sq_jw_init(&w, &b);
	sq_jw_begin_object(&w);
	sq_jw_kpath(&w, "file_path", "path_b64", SQ_LIT("a/b.c"));
	sq_jw_kuri(&w, "fileUri", SQ_LIT("/r t"), SQ_LIT("a/b.c"));
	sq_jw_end_object(&w);
	assert_written(&b, "{\"file_path\":\"a/b.c\","
			   "\"fileUri\":\"file:///r%20t/a/b.c\"}");
	sq_jw_init(&w, &b);
	sq_jw_begin_object(&w);
	sq_jw_kpath(&w, "file_path", "path_b64", sq_slice("\xff.c", 3));
	sq_jw_kuri(&w, "fileUri", SQ_LIT("/"), sq_slice("\xff.c", 3));
	sq_jw_end_object(&w);
	assert_written(&b, "{\"file_path\":\"\xef\xbf\xbd.c\","
			   "\"path_b64\":\"/y5j\","
			   "\"fileUri\":\"file:///%FF.c\"}");
}
END_TEST

START_TEST(base64_round_trip)
{
	static const char *const bad[] = { "A", "AB=C", "====", "A===", "!AAA" };

	for (size_t n = 0; n < 20; n++) {
		struct sq_buf b = SQ_BUF_NULL, back = SQ_BUF_NULL;
		struct sq_jw w;
		char in[20];

		for (size_t i = 0; i < n; i++)
			in[i] = (char)(i * 37 + n * 91);
		sq_jw_init(&w, &b);
		sq_jw_base64(&w, sq_slice(in, n));
		ck_assert_int_eq(sq_base64_decode(sq_slice(b.p + 1, b.n - 2),
						  &back), 0);
		ck_assert(sq_slice_eq(sq_buf_slice(&back), sq_slice(in, n)));
		sq_buf_deinit(&b);
		sq_buf_deinit(&back);
	}
	for (size_t i = 0; i < SQ_ARRAY_SIZE(bad); i++) {
		struct sq_buf back = SQ_BUF_NULL;

		ck_assert_int_eq(sq_base64_decode(sq_slice_z(bad[i]), &back),
				 -EINVAL);
		sq_buf_deinit(&back);
	}
}
END_TEST

START_TEST(tree_writes_itself)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_json_doc *d = parse("{ \"b\" : [1, \"x\"], \"a\": null }");

	ck_assert_int_eq(sq_json_write(sq_json_root(d), 0, &b), 0);
	assert_written(&b, "{\"b\":[1,\"x\"],\"a\":null}");
	sq_json_doc_free(d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proto-json");
	TCase *c = tcase_create("json");

	tcase_add_test(c, reads_every_type);
	tcase_add_test(c, wrong_type_gives_default);
	tcase_add_test(c, refuses_bad_documents);
	tcase_add_test(c, deep_nesting_is_an_error);
	tcase_add_test(c, integers_beyond_int64_are_reals);
	tcase_add_test(c, values_know_their_source);
	tcase_add_test(c, last_of_equal_keys_counts);
	tcase_add_test(c, tree_writes_itself_indented);
	tcase_add_test(c, writes_nested_values);
	tcase_add_test(c, writes_strings);
	tcase_add_test(c, plain_bytes);
	tcase_add_test(c, written_strings_read_back);
	tcase_add_test(c, writes_reals);
	tcase_add_test(c, writes_paths_without_loss);
	tcase_add_test(c, base64_round_trip);
	tcase_add_test(c, tree_writes_itself);
	suite_add_tcase(s, c);
	return suite_run(s);
}
