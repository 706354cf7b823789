/* SPDX-License-Identifier: MIT */
/*
 * test-trees [--lang NAME] [--edits N] [--seed S] [FILE...] — facts made with
 * the help of the version before, its facts and its tree, against facts made from
 * nothing, edit after edit. Edits are what people do: typing, lines and blocks in and out, pastes
 * from another file, renames, comments. Many break the syntax; most of those are
 * undone by one of the next, so that old trees are of use. One life of a text in
 * four runs under a limit of parser steps that it is about to meet. Exit status 1
 * on a difference, or when the version before was never of use. N is also SQ_TREES_EDITS.
 * Without FILE: tests/fixtures/lang.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "lang/lang.h"
#include "earlier.h"
#include "textedit.h"

#define FILES_MAX 256
#define TEXT_MAX (2u << 20)
#define TEXT_OF_PARTS 6000
#define LIFE 60          /* edits before a text starts again from its file */
#define EDITS 400        /* a language, when nobody says */
#define STEPS_MAX 150000 /* of the parser, in three lives of four */

struct file { char *p; size_t n; enum sq_lang lang; };
static struct file files[FILES_MAX];
static size_t n_files;
static struct sq_extractor *extractor;
static struct textedit ed;
static struct earlier earlier;     /* facts of the version before */
static struct sq_buf good;         /* the text as it was without an error */
static uint64_t max_steps;

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

/* lines of a file of the language, often of this one */
static void paste_lines(const struct file *f)
{
	const struct file *from = f;

	for (int i = 0; i < 4; i++) {
		const struct file *other = &files[textedit_below(&ed, n_files)];

		if (other->lang == f->lang)
			from = other;
	}
	textedit_paste_lines(&ed, sq_slice(from->p, from->n));
}

static void edit(const struct file *f)
{
	size_t n = ed.text.n ? textedit_below(&ed, 12) : 11;

	switch (n) {
	case 0:
		textedit_type_characters(&ed);
		break;
	case 1:
		textedit_remove_characters(&ed);
		break;
	case 2:
		textedit_remove_lines(&ed);
		break;
	case 3:
	case 4:
		paste_lines(f);
		break;
	case 5:
	case 6:
	case 7:
		textedit_rename_word(&ed);
		break;
	case 8:
		textedit_toggle_comment(&ed, f->lang);
		break;
	case 9:
		textedit_comment_block(&ed);
		break;
	default:
		textedit_add_function(&ed, f->lang, SQ_LIT("added"));
	}
	if (ed.text.n > TEXT_MAX)
		sq_buf_clear(&ed.text);
}

/* ---- comparison --------------------------------------------------------------- */

struct figures { unsigned long edits, reused, errors, limited, differing; };

/* the parts of a C file are known by their text: it must have several */
static void reset(const struct file *f)
{
	sq_buf_clear(&ed.text);
	do
		sq_buf_add(&ed.text, f->p, f->n);
	while (f->lang == SQ_LANG_C && ed.text.n < TEXT_OF_PARTS);
	sq_buf_clear(&good);
	sq_buf_add_slice(&good, sq_buf_slice(&ed.text));
	max_steps = textedit_below(&ed, 4) ? STEPS_MAX : 1 + textedit_below(&ed, f->n / 64 + 8);
}

static void show(const struct file *f, const struct sq_facts *a, const struct sq_facts *b)
{
	struct sq_buf x = SQ_BUF_NULL, y = SQ_BUF_NULL;

	sq_facts_print(a, &x);
	sq_facts_print(b, &y);
	printf("# %s: with the version before (errors: %d)\n%.*s# from nothing (errors: %d)\n%.*s# text\n%.*s\n",
	       sq_lang_name(f->lang), a->has_error, (int)x.n, x.p, b->has_error, (int)y.n, y.p,
	       (int)ed.text.n, ed.text.p);
	sq_buf_deinit(&x);
	sq_buf_deinit(&y);
}

/* Return: does the text have a syntax error? */
static bool compare(const struct file *f, struct figures *n)
{
	struct sq_extract_report report = { .is_edited = false };
	struct sq_extract_limits limits;
	struct sq_facts a = SQ_FACTS_NULL, b = SQ_FACTS_NULL;
	struct sq_slice bytes = sq_buf_slice(&ed.text);
	bool is_broken;
	int ra, rb;

	sq_extract_limits_default(&limits);
	limits.watchdog_ns = 0;
	limits.max_steps = max_steps;
	ra = sq_extract_again(extractor, f->lang, bytes, &limits, earlier_of(&earlier), &report, &a);
	rb = sq_extract(extractor, f->lang, bytes, &limits, &b);
	n->reused += report.is_edited || report.n_known;
	n->errors += !rb && b.has_error;
	n->limited += rb == SQ_LANG_E_LIMIT;
	if (ra != rb || (!ra && (a.n_bytes != b.n_bytes || memcmp(a.blob, b.blob, a.n_bytes) != 0))) {
		if (!n->differing++)
			printf("# %s: %d with the version before, %d from nothing, limit %llu\n",
			       sq_lang_name(f->lang), ra, rb, (unsigned long long)max_steps);
		if (n->differing == 1 && !ra && !rb)
			show(f, &a, &b);
	}
	is_broken = rb || b.has_error;
	if (!ra)
		earlier_set(&earlier, &a);
	sq_facts_deinit(&b);
	return is_broken;
}

static void copy(struct sq_buf *to, const struct sq_buf *from)
{
	sq_buf_clear(to);
	sq_buf_add_slice(to, sq_buf_slice(from));
}

static void run(const struct file *f, unsigned long edits, struct figures *n)
{
	bool is_broken = false;

	for (unsigned long i = 0; i < edits; i++) {
		if (i % LIFE == 0)
			reset(f);
		else if (is_broken && textedit_below(&ed, 4))
			copy(&ed.text, &good);
		else
			edit(f);
		is_broken = compare(f, n);
		if (!is_broken)
			copy(&good, &ed.text);
		n->edits++;
	}
	earlier_deinit(&earlier);
}

static bool run_language(enum sq_lang lang, unsigned long edits)
{
	uint64_t start = sq_thread_cpu_ns();
	struct figures n = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < n_files; i++)
		count += files[i].lang == lang;
	for (size_t i = 0; i < n_files; i++)
		if (files[i].lang == lang)
			run(&files[i], (edits + count - 1) / count, &n);
	if (count)
		printf("%-12s files %3zu edits %7lu reused %7lu with errors %7lu over the limit %7lu "
		       "differing %lu, %.1f CPU-s\n", sq_lang_name(lang), count, n.edits, n.reused, n.errors,
		       n.limited, n.differing, (double)(sq_thread_cpu_ns() - start) / 1e9);
	fflush(stdout);
	return !n.differing && (!count || n.reused);
}

int main(int argc, char **argv)
{
	const char *top = getenv("SQ_TOP_SRCDIR"), *env = getenv("SQ_TREES_EDITS"), *only = NULL;
	unsigned long edits = env ? strtoul(env, NULL, 10) : EDITS;
	unsigned long long seed = 5;
	struct sq_lang_registry *registry;
	char dir[4096];
	bool equal = true;

	for (int i = 1; i < argc; i++) {
		if (i + 1 < argc && !strcmp(argv[i], "--lang"))
			only = argv[++i];
		else if (i + 1 < argc && !strcmp(argv[i], "--edits"))
			edits = strtoul(argv[++i], NULL, 10);
		else if (i + 1 < argc && !strcmp(argv[i], "--seed"))
			seed = strtoull(argv[++i], NULL, 10);
		else
			add_file(argv[i]);
	}
	ed.random = seed * 2654435761u + 1;
	printf("seed %llu\n", seed);
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
	sq_buf_deinit(&ed.text);
	sq_buf_deinit(&good);
	sq_extractor_free(extractor);
	sq_lang_registry_free(registry);
	return equal ? EXIT_SUCCESS : EXIT_FAILURE;
}
