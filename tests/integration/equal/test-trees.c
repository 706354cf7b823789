/* SPDX-License-Identifier: MIT */
/*
 * test-trees [--lang NAME] [--edits N] [--seed S] [FILE...] — facts made with
 * the trees of the version before against facts made from nothing, edit after
 * edit. Edits are what people do: typing, lines and blocks in and out, pastes
 * from another file, renames, comments. Many break the syntax; most of those are
 * undone by the next one, so that old trees are of use. Exit status 1 on a
 * difference, or when no parse used an old tree. Without FILE: tests/fixtures/lang.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/lang.h"

#define FILES_MAX 256
#define TEXT_MAX (2u << 20)
#define LIFE 60   /* edits before a text starts again from its file */

struct file { char *p; size_t n; enum sq_lang lang; };
static struct file files[FILES_MAX];
static size_t n_files;
static uint64_t random_state;
static struct sq_extractor *extractor;
static struct sq_buf text, before;

static uint64_t next_random(void)
{
	/* xorshift64 of G. Marsaglia */
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t below(size_t n)
{
	return n ? (size_t)(next_random() % n) : 0;
}

static void add_file(const char *path)
{
	enum sq_lang lang = sq_lang_detect(sq_slice_z(path));
	FILE *f = lang == SQ_LANG_NONE || n_files == FILES_MAX ? NULL : fopen(path, "re");
	char *p;

	if (!f)
		return;
	p = malloc(TEXT_MAX);
	if (!p)
		abort();
	files[n_files] = (struct file){ .p = p, .n = fread(p, 1, TEXT_MAX / 2, f), .lang = lang };
	n_files += files[n_files].n > 0;
	fclose(f);
}

static void add_fixtures(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_type == DT_DIR)
			add_fixtures(path);
		else
			add_file(path);
	}
	if (d)
		closedir(d);
}

/* ---- edits -------------------------------------------------------------------- */

static void replace(size_t at, size_t gone, const char *p, size_t n)
{
	char *copy = malloc(text.n - gone + n + 1);

	if (!copy)
		abort();
	memcpy(copy, text.p, at);
	memcpy(copy + at, p, n);
	memcpy(copy + at + n, text.p + at + gone, text.n - at - gone);
	n += text.n - gone;
	sq_buf_clear(&text);
	sq_buf_add(&text, copy, n);
	free(copy);
}

static size_t line_start(const char *p, size_t at)
{
	while (at && p[at - 1] != '\n')
		at--;
	return at;
}

/* from the line at @at, @lines of them */
static size_t lines_length(const char *p, size_t n, size_t at, size_t lines)
{
	size_t end = at;

	while (lines-- && end < n) {
		while (end < n && p[end] != '\n')
			end++;
		end += end < n;
	}
	return end - at;
}

static void type_characters(void)
{
	static const char typed[] = "abxyz_019 \n\t(){}[];,.:=+-*/\"'#<>&|!?@\\";
	char s[8];
	size_t n = 1 + below(4);

	for (size_t i = 0; i < n; i++)
		s[i] = typed[below(sizeof(typed) - 1)];
	replace(below(text.n + 1), 0, s, n);
}

static void remove_characters(void)
{
	size_t at = below(text.n), n = 1 + below(4);

	replace(at, SQ_MIN(n, text.n - at), "", 0);
}

static void remove_lines(void)
{
	size_t at = line_start(text.p, below(text.n));

	replace(at, lines_length(text.p, text.n, at, 1 + below(6)), "", 0);
}

/* lines of a file of the language, often of this one */
static void paste_lines(const struct file *f)
{
	const struct file *from = f;
	size_t at;

	for (int i = 0; i < 4; i++) {
		const struct file *other = &files[below(n_files)];

		if (other->lang == f->lang)
			from = other;
	}
	at = line_start(from->p, below(from->n));
	replace(line_start(text.p, below(text.n + 1)), 0, from->p + at,
		lines_length(from->p, from->n, at, 1 + below(12)));
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static void rename_word(void)
{
	size_t at = below(text.n), from, end;
	char name[32];

	while (at < text.n && !is_word(text.p[at]))
		at++;
	for (from = at; from && is_word(text.p[from - 1]);)
		from--;
	for (end = at; end < text.n && is_word(text.p[end]);)
		end++;
	snprintf(name, sizeof(name), "name_%zu", below(1000));
	if (end > from)
		replace(from, end - from, name, strlen(name));
}

static void toggle_comment(enum sq_lang lang)
{
	size_t at = line_start(text.p, below(text.n));
	const char *mark = lang == SQ_LANG_PYTHON ? "# " : "// ";
	size_t n = strlen(mark);

	if (text.n - at >= n && !memcmp(text.p + at, mark, n))
		replace(at, n, "", 0);
	else
		replace(at, 0, mark, n);
}

static void comment_block(void)
{
	size_t at = line_start(text.p, below(text.n));

	replace(at + lines_length(text.p, text.n, at, 1 + below(5)), 0, "*/\n", 3);
	replace(at, 0, "/*\n", 3);
}

static void add_good_line(enum sq_lang lang)
{
	const char *s = lang == SQ_LANG_PYTHON ? "\ndef added(a):\n    return other(a)\n" :
			lang == SQ_LANG_GO ? "\nfunc added(a int) int { return other(a) }\n" :
			lang == SQ_LANG_RUST ? "\nfn added(a: i32) -> i32 { other(a) }\n" :
			lang == SQ_LANG_JAVA ? "\nclass Added { int f(int a) { return g(a); } }\n" :
			lang == SQ_LANG_C || lang == SQ_LANG_CPP ? "\nint added(int a) { return other(a); }\n" :
			"\nfunction added(a) { return other(a); }\n";

	replace(text.n, 0, s, strlen(s));
}

static void edit(const struct file *f)
{
	size_t n = text.n ? below(12) : 11;

	switch (n) {
	case 0:
		type_characters();
		break;
	case 1:
		remove_characters();
		break;
	case 2:
		remove_lines();
		break;
	case 3:
	case 4:
		paste_lines(f);
		break;
	case 5:
	case 6:
	case 7:
		rename_word();
		break;
	case 8:
		toggle_comment(f->lang);
		break;
	case 9:
		comment_block();
		break;
	default:
		add_good_line(f->lang);
	}
	if (text.n > TEXT_MAX)
		sq_buf_clear(&text);
}

/* ---- comparison --------------------------------------------------------------- */

struct figures { unsigned long edits, reused, errors, differing; };

static void reset(const struct file *f)
{
	sq_buf_clear(&text);
	sq_buf_add(&text, f->p, f->n);
}

static void show(const struct file *f, const struct sq_facts *a, const struct sq_facts *b)
{
	struct sq_buf x = SQ_BUF_NULL, y = SQ_BUF_NULL;

	sq_facts_print(a, &x);
	sq_facts_print(b, &y);
	printf("# %s: with the old trees (errors: %d)\n%.*s# from nothing (errors: %d)\n%.*s# text\n%.*s\n",
	       sq_lang_name(f->lang), a->has_error, (int)x.n, x.p, b->has_error, (int)y.n, y.p,
	       (int)text.n, text.p);
	sq_buf_deinit(&x);
	sq_buf_deinit(&y);
}

/* Return: does the text have a syntax error? */
static bool compare(const struct file *f, struct sq_kept **kept, struct figures *n)
{
	struct sq_extract_report report = { .is_reuse = false };
	struct sq_extract_limits limits;
	struct sq_facts a = SQ_FACTS_NULL, b = SQ_FACTS_NULL;
	struct sq_slice bytes = sq_buf_slice(&text);
	bool is_broken;
	int ra, rb;

	sq_extract_limits_default(&limits);
	limits.watchdog_ns = 0;
	ra = sq_extract_kept(extractor, f->lang, bytes, &limits, kept, &report, &a);
	rb = sq_extract(extractor, f->lang, bytes, &limits, &b);
	n->reused += report.is_reuse;
	n->errors += !rb && b.has_error;
	if (ra != rb || (!ra && (a.n_bytes != b.n_bytes || memcmp(a.blob, b.blob, a.n_bytes) != 0))) {
		if (!n->differing++ && !ra && !rb)
			show(f, &a, &b);
	}
	is_broken = !rb && b.has_error;
	sq_facts_deinit(&a);
	sq_facts_deinit(&b);
	return is_broken;
}

static void keep_text(void)
{
	sq_buf_clear(&before);
	sq_buf_add_slice(&before, sq_buf_slice(&text));
}

static void undo(void)
{
	sq_buf_clear(&text);
	sq_buf_add_slice(&text, sq_buf_slice(&before));
}

static void run(const struct file *f, unsigned long edits, struct figures *n)
{
	struct sq_kept *kept = NULL;
	bool is_broken = false;

	for (unsigned long i = 0; i < edits; i++) {
		if (i % LIFE == 0) {
			reset(f);
		} else if (is_broken && below(4)) {
			undo();
		} else {
			keep_text();
			edit(f);
		}
		is_broken = compare(f, &kept, n);
		n->edits++;
	}
	sq_kept_free(kept);
}

static bool run_language(enum sq_lang lang, unsigned long edits)
{
	struct figures n = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < n_files; i++)
		count += files[i].lang == lang;
	for (size_t i = 0; i < n_files; i++)
		if (files[i].lang == lang)
			run(&files[i], (edits + count - 1) / count, &n);
	if (count)
		printf("%-12s files %3zu edits %7lu reused %7lu with errors %7lu differing %lu\n",
		       sq_lang_name(lang), count, n.edits, n.reused, n.errors, n.differing);
	fflush(stdout);
	return !n.differing && (!count || n.reused);
}

int main(int argc, char **argv)
{
	const char *top = getenv("SQ_TOP_SRCDIR"), *only = NULL;
	unsigned long edits = 400;
	struct sq_lang_registry *registry;
	char dir[4096];
	bool equal = true;

	random_state = 5;
	for (int i = 1; i < argc; i++) {
		if (i + 1 < argc && !strcmp(argv[i], "--lang"))
			only = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--edits"))
			edits = strtoul(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--seed"))
			random_state = strtoull(argv[++i], NULL, 10) * 2654435761u + 1;
		else
			add_file(argv[i]);
	}
	if (!n_files) {
		snprintf(dir, sizeof(dir), "%s/tests/fixtures/lang", top ? top : ".");
		add_fixtures(dir);
	}
	if (!n_files || sq_lang_registry_new(NULL, &registry) || sq_extractor_new(registry, &extractor))
		return EXIT_FAILURE;
	for (unsigned lang = SQ_LANG_NONE + 1; lang < SQ_LANG_GOMOD; lang++)
		if (!only || !strcmp(only, sq_lang_name((enum sq_lang)lang)))
			equal &= run_language((enum sq_lang)lang, edits);
	for (size_t i = 0; i < n_files; i++)
		free(files[i].p);
	sq_buf_deinit(&text);
	sq_buf_deinit(&before);
	sq_extractor_free(extractor);
	sq_lang_registry_free(registry);
	return equal ? EXIT_SUCCESS : EXIT_FAILURE;
}
