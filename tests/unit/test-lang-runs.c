/* SPDX-License-Identifier: MIT */
/*
 * Lines that are read without the parser give the facts that parsing them
 * gives: written cases, random files, and with an argument
 *
 *   test-lang-runs DIR [all]
 *
 * the .c and .h files below DIR; prints how many files, bytes and differences,
 * and the CPU time of each way. Without "all" only those are compared of which
 * half is runs, or that have initialisers of many numbers: the others are read by
 * the same code in both ways.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "earlier.h"
#include "lang/cut.h"
#include "lang/lang-c.h"
#include "lang/lang.h"
#include "../support/suite.h"

static struct sq_lang_registry *registry;
static struct sq_extractor *extractor;

static int facts_of(struct sq_slice bytes, bool plain, struct sq_facts *ret_f)
{
	struct sq_extract_limits limits;

	sq_extract_limits_default(&limits);
	limits.watchdog_ns = 0;
	limits.max_steps = UINT64_MAX;
	limits.plain = plain;
	return sq_extract(extractor, SQ_LANG_C, bytes, &limits, ret_f);
}

/* one way of reading a file; @cpu_ns: its time is added there */
static int timed_facts_of(struct sq_slice bytes, bool plain, uint64_t *cpu_ns, struct sq_facts *ret_f)
{
	uint64_t since = sq_thread_cpu_ns();
	int r = facts_of(bytes, plain, ret_f);

	*cpu_ns += sq_thread_cpu_ns() - since;
	return r;
}

static bool is_same_part(const struct sq_part *a, const struct sq_part *b)
{
	return a->hash == b->hash && a->start == b->start && a->len == b->len && a->row == b->row &&
	       a->n_rows == b->n_rows && a->n_typed == b->n_typed && a->has_error == b->has_error;
}

static bool has_same_parts(const struct sq_columns *a, const struct sq_columns *b)
{
	struct sq_part_cursor at, bt;
	struct sq_typed s, t;
	struct sq_part p, q;

	sq_parts_begin(a, &at);
	sq_parts_begin(b, &bt);
	while (sq_parts_next(&at, &p)) {
		if (!sq_parts_next(&bt, &q) || !is_same_part(&p, &q))
			return false;
		for (uint32_t i = 0; i < p.n_typed; i++) {
			sq_typed_next(&at, &s);
			sq_typed_next(&bt, &t);
			if (s.name != t.name || s.type != t.type)
				return false;
		}
	}
	return !sq_parts_next(&bt, &q);
}

/* the same bytes, but for the steps of a parser that was not given the numbers of initialisers */
static bool says_same(const struct sq_facts *a, const struct sq_facts *b)
{
	struct sq_buf text[2] = { SQ_BUF_NULL, SQ_BUF_NULL };
	bool same = a->n_bytes == b->n_bytes && (!a->n_bytes || !memcmp(a->blob, b->blob, a->n_bytes));

	if (same || !a->blob || !b->blob)
		return same;
	sq_facts_print(a, &text[0]);
	sq_facts_print(b, &text[1]);
	same = sq_slice_eq(sq_buf_slice(&text[0]), sq_buf_slice(&text[1])) &&
	       has_same_parts(&a->columns, &b->columns);
	sq_buf_deinit(&text[0]);
	sq_buf_deinit(&text[1]);
	return same;
}

/* @cpu_ns: of reading it with runs, and plainly */
static bool is_same_timed(struct sq_slice bytes, bool plain_first, uint64_t cpu_ns[2])
{
	struct sq_facts f[2] = { SQ_FACTS_NULL, SQ_FACTS_NULL };
	bool same;
	int r[2];

	r[plain_first] = timed_facts_of(bytes, plain_first, &cpu_ns[plain_first], &f[plain_first]);
	r[!plain_first] = timed_facts_of(bytes, !plain_first, &cpu_ns[!plain_first], &f[!plain_first]);
	same = r[0] == r[1] && says_same(&f[0], &f[1]);
	sq_facts_deinit(&f[0]);
	sq_facts_deinit(&f[1]);
	return same;
}

static bool is_same(struct sq_slice bytes)
{
	return is_same_timed(bytes, false, (uint64_t[2]){ 0 });
}

static uint64_t run_bytes(struct sq_slice bytes)
{
	struct sq_cut c = { .want_runs = true };
	uint64_t n;

	if (sq_c_cut(bytes, &c) < 0) {
		fprintf(stderr, "no memory to cut a file\n");
		exit(EXIT_FAILURE);
	}
	n = c.run_bytes;
	sq_cut_deinit(&c);
	return n;
}

/* of initialisers, that are not parsed */
static uint64_t number_bytes(struct sq_slice bytes)
{
	struct sq_cut c = { .want_runs = true };
	uint64_t n = 0;

	if (sq_c_cut(bytes, &c) < 0) {
		fprintf(stderr, "no memory to cut a file\n");
		exit(EXIT_FAILURE);
	}
	for (size_t i = 0; i < c.pieces.n; i++)
		n += c.pieces.v[i].skip_end - c.pieces.v[i].skip;
	sq_cut_deinit(&c);
	return n;
}

static void repeat(struct sq_buf *b, const char *text, unsigned n)
{
	while (n--)
		sq_buf_puts(b, text);
}

/* is a file of these lines read without the parser? and the facts are the same */
static void check_lines(const char *line, bool is_run)
{
	struct sq_buf b = SQ_BUF_NULL;

	repeat(&b, line, 40);
	ck_assert_msg((run_bytes(sq_buf_slice(&b)) > 0) == is_run, "%s a run: %s",
		      is_run ? "not" : "is", line);
	ck_assert_msg(is_same(sq_buf_slice(&b)), "other facts alone: %s", line);
	sq_buf_clear(&b);
	sq_buf_puts(&b, "int before(void) { return 1; }\n");
	repeat(&b, line, 40);
	sq_buf_puts(&b, "int after(void) { return X + 1; }\n");
	ck_assert_msg(is_same(sq_buf_slice(&b)), "other facts between functions: %s", line);
	sq_buf_deinit(&b);
}

START_TEST(lines)
{
	static const char *const runs[] = {
		"#define A 1\n", "#define A\n", "  #  define\tA\tB(1, 2)  \n", "#define if int\n",
		"#define A \"x\n", "#define A 'x\n", "#define A # ## @ $ `\n", "#define A { [ (\n",
		"#define A } ) ]\n", "#define A 1 /* c */\n", "#define A 1/**/\n", "#define A 1 /* * **/\n",
		"#define A x.y->z + sizeof(struct s)\n", "\n#define A 1\n", "/* a\n * b */  \n#define A 1\n", "#define defined 1\n",
		"#define __attribute__ x\n", "#define NULL 0\n", "#define A do f(); while (0)\n",
	};
	static const char *const parsed[] = {
		"#define A(x) x\n", "#define A \\\n 1\n", "#define A 1 // c\n", "#define A a / b\n",
		"#define A 1 /* c */ \n", "#define A /* c */ 1\n", "#define A 1 /* c\n */\n", "#define A  \n",
		"#define A 1\r\n", "#define A \xc3\xa9\n", "#define A \f1\n", "#define A\"x\"\n", "#define\n",
		"#define 1 2\n", "// c\n#define A 1\n", "#undef A\n", "#define /**/ A 1\n", "#\\\ndefine A 1\n", "#defineA 1\n",
		"/* #define A 1\n*/ /*\n*/ #define A 1\n",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(runs); i++)
		check_lines(runs[i], true);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(parsed); i++)
		check_lines(parsed[i], false);
}
END_TEST

static void check_place(const char *before, const char *after)
{
	struct sq_buf b = SQ_BUF_NULL;

	sq_buf_puts(&b, before);
	for (unsigned i = 0; i < 40; i++)
		sq_buf_printf(&b, "#define NAME_%u VALUE_%u /* c */\n%s", i, i, i % 7 ? "" : "\n/* c\n c */\n");
	sq_buf_puts(&b, after);
	ck_assert_msg(is_same(sq_buf_slice(&b)), "other facts: %s ... %s", before, after);
	sq_buf_deinit(&b);
}

START_TEST(places)
{
	check_place("", "");
	check_place("", "#define LAST 1");
	check_place("#ifndef G\n#define G\n", "#endif\n");
	check_place("#if A\nint a;\n#else\n", "int b;\n#endif\nint c;\n");
	check_place("struct s {\n\tint a;\n", "\tint b;\n};\n");
	check_place("enum e {\n\tA,\n", "\tB,\n};\n");
	check_place("int f(int a)\n{\n\tint b = a;\n", "\treturn NAME_3 + b;\n}\n");
	check_place("int v[] = {\n\t1,\n", "\t2 };\n");
	check_place("int\n", "x;\n");
	check_place("#if A\nstruct s {\n#else\nstruct t {\n#endif\n", "int a; };\n");
	check_place("/* not closed\n", "int x;\n");
	check_place("const char *s = \"a\\\n", "\";\n");
	check_place("extern \"C\" {\n", "}\nint x;\n");
	check_place("int broken( {\n;;)\n", "int x;\n");
	check_place("int x;\n", "int broken( {\n;;)\n");
	check_place("static int x __attribute__((unused))\n", ";\n");
}
END_TEST

static uint64_t seed = 20251121;

static uint32_t draw(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((seed >> 33) % n);
}

/* the facts of a file as the next version of another one are those that it has alone */
static bool is_same_again(struct sq_slice bytes, struct earlier *earlier)
{
	struct sq_facts edited = SQ_FACTS_NULL, plain = SQ_FACTS_NULL;
	struct sq_extract_limits limits;
	bool same;
	int r, p;

	sq_extract_limits_default(&limits);
	limits.watchdog_ns = 0;
	r = sq_extract_again(extractor, SQ_LANG_C, bytes, &limits, earlier_of(earlier), NULL, &edited);
	p = facts_of(bytes, true, &plain);
	same = r == p && says_same(&edited, &plain);
	if (!r)
		earlier_set(earlier, &edited);
	sq_facts_deinit(&plain);
	return same;
}

START_TEST(random_files)
{
	static const char *const parts[] = {
		"#define A 1\n", "#define NAME_OF_IT 0x10\n", "#define B (A + 1)\n", "#define C \"a b\"\n", "\n", "/* c */\n",
		"/* c\n * c\n */\n", "// c\n", "#define D 1 /* c */\n", "#define E 1 /* c */ \n", "#define F(x) ((x) + 1)\n",
		"#define G a, \\\n\tb\n", "int x = A;\n", "static int f(int a)\n{\n\treturn a + B;\n}\n", "struct s { int a; };\n",
		"enum e {\n", "A1,\n", "};\n", "#ifdef A\n", "#else\n", "#endif\n", "#undef A\n", "{\n", "}\n", "\"\n", "/*\n",
		"#define H 1\r\n", "#define I \xff\n", "  #  define J\tK\n", "#define\n", "typedef int t;\n", "a", "\\\n", "#define L /\n",
	};
	const char *rounds = getenv("SQ_TEST_ROUNDS");
	unsigned n = rounds ? (unsigned)atoi(rounds) * 20 : 3000, n_run = 0;
	struct earlier earlier = { .strings = NULL };

	for (unsigned i = 0; i < n; i++) {
		struct sq_buf b = SQ_BUF_NULL;
		unsigned n_parts = 20 + draw(60), broken = draw(3) ? 14 : SQ_ARRAY_SIZE(parts);

		while (n_parts--)   /* mostly the lines of runs */
			sq_buf_puts(&b, parts[draw(5) ? draw(9) : draw(broken)]);
		n_run += run_bytes(sq_buf_slice(&b)) > b.n / 2;
		if (!is_same(sq_buf_slice(&b)))
			ck_abort_msg("round %u: other facts:\n%.*s", i, (int)b.n, b.p);
		if (!is_same_again(sq_buf_slice(&b), &earlier))
			ck_abort_msg("round %u: other facts with an earlier version:\n%.*s", i, (int)b.n, b.p);
		sq_buf_deinit(&b);
	}
	earlier_deinit(&earlier);
	ck_assert_uint_gt(n_run, n / 20);
}
END_TEST

/* ---- numbers of initialisers --------------------------------------------------- */

/* bytes that went through the parser */
static uint64_t parsed_bytes(struct sq_slice bytes)
{
	struct sq_facts f = SQ_FACTS_NULL;
	struct sq_extract_report report;
	struct sq_extract_limits limits;

	sq_extract_limits_default(&limits);
	ck_assert_int_eq(sq_extract_again(extractor, SQ_LANG_C, bytes, &limits, NULL, &report, &f), 0);
	sq_facts_deinit(&f);
	return report.parsed_bytes;
}

/* is an initialiser of such elements read without them? and the facts are the same */
static void check_numbers(const char *open, const char *element, bool is_skipped)
{
	static const char after[] = "FOO, };\nint after(void) { return X + 1; }\n";
	struct sq_buf b = SQ_BUF_NULL;

	sq_buf_puts(&b, "struct s before;\n");
	sq_buf_puts(&b, open);
	repeat(&b, element, 1500);
	sq_buf_puts(&b, after);
	ck_assert_msg((parsed_bytes(sq_buf_slice(&b)) < 500) == is_skipped, "%s skipped: %s%s",
		      is_skipped ? "not" : "is", open, element);
	ck_assert_msg(is_same(sq_buf_slice(&b)), "other facts: %s%s", open, element);
	sq_buf_deinit(&b);
}

START_TEST(numbers)
{
	static const char array[] = "static const struct s array[N * 4] = {\n\t";
	static const char *const skipped[] = {
		"1, ", "0xFf, ", "-1,\n", "017, ", "18446744073709551615ULL, ", "1u,\r\n", "{ 1, 0x2 },\n", "{1,2,},",
		"{ { 1 }, { {2}, 3 } },\n", "{},", "1 /* FOO, */,", "1, // a\n", "1\n,\t", "{ 1, /* { */ 2 }, ",
	};
	static const char *const parsed[] = {
		"A, ", "'a', ", "\"a\", ", "1.5, ", "1e5, ", "1 + 1, ", "(1), ", "{ A, 1 }, ", "[1] = 2, ", ".a = 1, ", "0x, ",
		"1x, ", "- 1, ", "1,, ", "{,}, ", "1, // a \\\n", "1, \\\n", "1 2, ", "}, ",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(skipped); i++)
		check_numbers(array, skipped[i], true);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(parsed); i++)
		check_numbers(array, parsed[i], false);
	check_numbers("int a = (struct s){ ", "1, ", false);
	check_numbers("int f(void) { int a[] = { ", "1, ", false);
	check_numbers("int a[] = ({ ", "1, ", false);
	check_numbers("#if A\nint a[] = { \n#else\nint a[] = {\n", "1, ", false);
	check_numbers("#if A\nint b;\n#endif\nint a[] = {", "1, ", true);
	check_numbers("int broken( {\n;;)\nint a[] = {", "1, ", false);
}
END_TEST

START_TEST(random_numbers)
{
	static const char *const parts[] = {
		"1, ", "0x2F,\n", "{ 1, 2 }, ", "-3, ", "{ { 1 }, {} },\n", "/* FOO */ ", "// c\n", "FOO, ", "[3] = 1, ", "{", "}",
		".x = { 5, 6, }, ", "1.5, ", "// c \\\n", ";\n", "\"a\", ", "\n#if X\n", "\n#endif\n", "(", ")", "f(1), ", "'", ",",
		"};\nint b[] = { ", "};\nint f(int a)\n{\n\treturn a;\n}\nstruct s c = { ", "\\\n",
	};
	struct earlier earlier = { .strings = NULL };
	unsigned n_skipped = 0;

	for (unsigned i = 0; i < 200; i++) {
		unsigned n_parts = 400 + draw(600), odd = draw(2000) + 5;
		struct sq_buf b = SQ_BUF_NULL;

		sq_buf_puts(&b, "int a[] = { ");
		while (n_parts--)
			sq_buf_puts(&b, parts[draw(draw(odd) ? 7 : SQ_ARRAY_SIZE(parts))]);
		sq_buf_puts(&b, draw(2) ? "};\nint last;\n" : "");
		n_skipped += parsed_bytes(sq_buf_slice(&b)) + 1000 < b.n;
		if (!is_same(sq_buf_slice(&b)))
			ck_abort_msg("round %u: other facts:\n%.*s", i, (int)b.n, b.p);
		if (!is_same_again(sq_buf_slice(&b), &earlier))
			ck_abort_msg("round %u: other facts with an earlier version:\n%.*s", i, (int)b.n, b.p);
		sq_buf_deinit(&b);
	}
	earlier_deinit(&earlier);
	ck_assert_uint_gt(n_skipped, 60);
}
END_TEST

/* ---- a directory --------------------------------------------------------------- */

struct tally { uint64_t files, bytes, run_files, run_bytes, number_files, number_bytes, compared, differ, cpu_ns[2]; };
static bool compare_all;

static void compare_bytes(const char *path, struct sq_slice bytes, struct tally *t)
{
	uint64_t run = run_bytes(bytes), skipped = number_bytes(bytes);
	bool is_run = run >= bytes.n / 2;

	t->files++;
	t->bytes += bytes.n;
	t->run_files += is_run;
	t->run_bytes += is_run ? run : 0;
	t->number_files += skipped > 0;
	t->number_bytes += skipped;
	if (!is_run && !skipped && !compare_all)
		return;
	if (!is_same_timed(bytes, t->compared++ % 2, t->cpu_ns)) {
		t->differ++;
		printf("differs: %s\n", path);
	}
}

static void compare_file(const char *path, struct tally *t)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *p;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || !(p = sq_malloc((size_t)st.st_size + 1))) {
		if (fd >= 0)
			close(fd);
		return;
	}
	n = read(fd, p, (size_t)st.st_size);
	close(fd);
	if (n > 0)
		compare_bytes(path, sq_slice(p, (size_t)n), t);
	sq_free(p);
}

static void compare_dir(const char *dir, struct tally *t)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		_cleanup_(sq_freep) char *path = sq_asprintf("%s/%s", dir, e->d_name);
		size_t n = strlen(e->d_name);

		if (e->d_name[0] == '.')
			continue;
		if (e->d_type == DT_DIR)
			compare_dir(path, t);
		else if (n > 2 && e->d_name[n - 2] == '.' && strchr("ch", e->d_name[n - 1]))
			compare_file(path, t);
	}
	if (d)
		closedir(d);
}

static int compare(const char *dir)
{
	struct sq_facts f = SQ_FACTS_NULL;
	struct tally t = { .files = 0 };

	/* files that cannot be read either way would be the same */
	if (facts_of(SQ_LIT("int a;\n"), false, &f)) {
		fprintf(stderr, "C cannot be read: is SQRYD_GRAMMAR_DIR set?\n");
		return EXIT_FAILURE;
	}
	sq_facts_deinit(&f);
	compare_dir(dir, &t);
	printf("%llu files, %llu bytes; %llu files with runs, %llu bytes in them; %llu compared, differences: %llu\n",
	       (unsigned long long)t.files, (unsigned long long)t.bytes, (unsigned long long)t.run_files,
	       (unsigned long long)t.run_bytes, (unsigned long long)t.compared, (unsigned long long)t.differ);
	printf("%llu files with numbers, %llu bytes of them\n", (unsigned long long)t.number_files,
	       (unsigned long long)t.number_bytes);
	printf("%.2f s CPU with runs, %.2f s with every line parsed\n", (double)t.cpu_ns[0] / 1e9,
	       (double)t.cpu_ns[1] / 1e9);
	return t.differ || !t.compared ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	Suite *s = suite_create("lang/runs");
	TCase *tc = tcase_create("runs");
	int failed;

	if (sq_lang_registry_new(NULL, &registry) || sq_extractor_new(registry, &extractor))
		return EXIT_FAILURE;
	compare_all = argc > 2;
	if (argc > 1)
		return compare(argv[1]);
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, lines);
	tcase_add_test(tc, places);
	tcase_add_test(tc, random_files);
	tcase_add_test(tc, numbers);
	tcase_add_test(tc, random_numbers);
	suite_add_tcase(s, tc);
	failed = suite_run(s);
	sq_extractor_free(extractor);
	sq_lang_registry_free(registry);
	return failed;
}
