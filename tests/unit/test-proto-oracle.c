/* SPDX-License-Identifier: MIT */
/*
 * The reader says what jansson says: of random documents, and of the same
 * documents with a few bytes wrong. Two differences are known: integers beyond
 * int64_t, see judge(), and a NUL behind the document, which jansson overlooks
 * and which is not drawn here (test-proto-json has it).
 */
#include <jansson.h>
#include <stdlib.h>

#include "proto/json.h"
#include "../support/suite.h"

#define N_DOCUMENTS 60000
#define DEPTH 5

static uint64_t state = 88172645463325252u;

static unsigned draw(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

/* ---- documents ------------------------------------------------------------------ */

static void add_space(struct sq_buf *b)
{
	static const char space[] = " \t\r\n";

	while (!draw(4))
		sq_buf_putc(b, space[draw(4)]);
}

static void add_string(struct sq_buf *b, unsigned longest)
{
	static const char *const parts[] = {
		"a", "b", "key", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\u20AC", "\\ud83d\\ude00",
		"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x7f", " ", "{", "]", "\\u0000", "\\ud800", "\\udc00",
		"\\ud800\\u0041", "\xc0\xaf", "\xed\xa0\x80", "\xff", "\x01", "\\x",
	};
	unsigned good = draw(100) ? 19 : (unsigned)SQ_ARRAY_SIZE(parts);

	sq_buf_putc(b, '"');
	for (unsigned n = draw(longest); n; n--)
		sq_buf_puts(b, parts[draw(good)]);
	sq_buf_putc(b, '"');
}

static void add_number(struct sq_buf *b)
{
	static const char *const v[] = {
		"0", "-0", "1", "-17", "1234567890", "9223372036854775807", "-9223372036854775808",
		"9223372036854775808", "-9223372036854775809", "18446744073709551615", "0.5", "-1.25e3", "1E5", "1e-400",
		"2.2250738585072014e-308", "0.1", "1e308", "1e+2", "01", "1.", ".5", "-", "1e", "1e999", "+1", "0x1",
		"123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890.5",
	};

	sq_buf_puts(b, v[draw(draw(50) ? 18 : (unsigned)SQ_ARRAY_SIZE(v))]);
}

static void add_value(struct sq_buf *b, unsigned depth);

static void add_container(struct sq_buf *b, unsigned depth, bool is_object)
{
	unsigned n = draw(100) ? draw(6) : draw(60);

	sq_buf_putc(b, is_object ? '{' : '[');
	for (unsigned i = 0; i < n; i++) {
		if (i)
			sq_buf_putc(b, ',');
		add_space(b);
		if (is_object) {
			add_string(b, 3);
			add_space(b);
			sq_buf_putc(b, ':');
		}
		add_value(b, depth - 1);
		add_space(b);
	}
	sq_buf_putc(b, is_object ? '}' : ']');
}

static void add_value(struct sq_buf *b, unsigned depth)
{
	static const char *const words[] = { "true", "false", "null", "nul", "True" };
	unsigned kind = draw(depth ? 8 : 5);

	add_space(b);
	if (kind < 2)
		add_string(b, 8);
	else if (kind < 4)
		add_number(b);
	else if (kind == 4)
		sq_buf_puts(b, words[draw(draw(50) ? 3 : 5)]);
	else
		add_container(b, depth, kind < 7);
}

static void spoil(struct sq_buf *b)
{
	static const char bytes[] = "{}[]\",:\\0-.e \xff\x80n";

	for (unsigned n = draw(4); n && b->n; n--) {
		size_t at = draw((unsigned)b->n);

		if (draw(3)) {
			b->p[at] = bytes[draw(sizeof(bytes) - 1)];
		} else {
			memmove(b->p + at, b->p + at + 1, b->n - at - 1);
			b->n--;
		}
	}
}

/* ---- comparing -------------------------------------------------------------------- */

static void compare(const struct sq_json *v, json_t *want);

static void compare_object(const struct sq_json *v, json_t *want)
{
	void *it = json_object_iter(want);

	ck_assert_uint_eq(sq_json_len(v), json_object_size(want));
	for (size_t i = 0; i < sq_json_len(v); i++, it = json_object_iter_next(want, it)) {
		const struct sq_json *child;

		ck_assert_str_eq(sq_json_member(v, i, &child), json_object_iter_key(it));
		ck_assert_ptr_eq(sq_json_get(v, json_object_iter_key(it)), child);
		compare(child, json_object_iter_value(it));
	}
}

static void compare(const struct sq_json *v, json_t *want)
{
	switch (sq_json_type(v)) {
	case SQ_JSON_NULL:
		ck_assert(json_is_null(want));
		break;
	case SQ_JSON_BOOL:
		ck_assert(json_is_boolean(want) && sq_json_bool(v, false) == json_is_true(want));
		break;
	case SQ_JSON_INT:
		ck_assert(json_is_integer(want) && sq_json_int(v, 0) == json_integer_value(want));
		break;
	case SQ_JSON_REAL:
		ck_assert(json_is_real(want));
		ck_assert(sq_json_real(v, 0) == json_real_value(want));
		break;
	case SQ_JSON_STRING:
		ck_assert(json_is_string(want));
		ck_assert(sq_slice_eq(sq_json_string(v), sq_slice(json_string_value(want), json_string_length(want))));
		ck_assert_int_eq(sq_json_string(v).p[sq_json_string(v).n], 0);
		break;
	case SQ_JSON_ARRAY:
		ck_assert(json_is_array(want) && sq_json_len(v) == json_array_size(want));
		for (size_t i = 0; i < sq_json_len(v); i++)
			compare(sq_json_at(v, i), json_array_get(want, i));
		break;
	case SQ_JSON_OBJECT:
		ck_assert(json_is_object(want));
		compare_object(v, want);
		break;
	}
}

/* what was written is read again as the same */
static void compare_written(const struct sq_json *v, json_t *want)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_json_doc *d = NULL;

	ck_assert_int_eq(sq_json_write(v, draw(3), &b), 0);
	ck_assert_int_eq(sq_json_parse(sq_buf_slice(&b), &d, NULL, 0), 0);
	compare(sq_json_root(d), want);
	sq_json_doc_free(d);
	sq_buf_deinit(&b);
}

/* a document, cut and escaped, for a message */
static const char *show(struct sq_slice text)
{
	static struct sq_buf b;

	sq_buf_clear(&b);
	sq_buf_add_escaped(&b, sq_slice(text.p, text.n < 500 ? text.n : 500));
	return sq_buf_z(&b);
}

static unsigned n_accepted, n_refused, n_wide;

static void judge(struct sq_slice text)
{
	struct sq_json_doc *d = NULL;
	json_error_t err;
	json_t *want = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &err);
	char msg[160] = "";
	int r = sq_json_parse(text, &d, msg, sizeof(msg));

	if (!want && json_error_code(&err) == json_error_numeric_overflow) {
		n_wide++;       /* jansson refuses integers beyond int64_t; here they are reals */
	} else if (want) {
		ck_assert_msg(!r, "refused (%s): %s", msg, show(text));
		compare(sq_json_root(d), want);
		compare_written(sq_json_root(d), want);
		n_accepted++;
	} else {
		ck_assert_msg(r == SQ_JSON_E_SYNTAX, "accepted, though %s: %s", err.text, show(text));
		n_refused++;
	}
	sq_json_doc_free(d);
	json_decref(want);
}

START_TEST(reads_what_jansson_reads)
{
	for (unsigned i = 0; i < N_DOCUMENTS; i++) {
		struct sq_buf b = SQ_BUF_NULL;

		add_value(&b, DEPTH);
		add_space(&b);
		judge(sq_buf_slice(&b));
		spoil(&b);
		judge(sq_buf_slice(&b));
		sq_buf_deinit(&b);
	}
	ck_assert_uint_gt(n_accepted, N_DOCUMENTS / 2);
	ck_assert_uint_gt(n_refused, N_DOCUMENTS / 2);
	ck_assert_uint_gt(n_wide, 100);
}
END_TEST

START_TEST(nests_as_deeply_as_jansson)
{
	for (unsigned depth = 2040; depth < 2056; depth++) {
		struct sq_buf b = SQ_BUF_NULL;

		for (unsigned i = 0; i < depth; i++)
			sq_buf_puts(&b, i % 2 ? "[" : "{\"a\":");
		sq_buf_puts(&b, "1");
		for (unsigned i = depth; i--;)
			sq_buf_puts(&b, i % 2 ? "]" : "}");
		judge(sq_buf_slice(&b));
		sq_buf_deinit(&b);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proto-oracle");
	TCase *c = tcase_create("json");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, reads_what_jansson_reads);
	tcase_add_test(c, nests_as_deeply_as_jansson);
	suite_add_tcase(s, c);
	return suite_run(s);
}
