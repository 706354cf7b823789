/* SPDX-License-Identifier: MIT */
/* go.mod, and the few lines of TOML that name a package or a source directory */
#include "lang/lang-config.h"

struct line {
	struct sq_slice text;    /* trimmed, without comment */
	uint32_t number;
	const char *next;
};

static struct sq_slice trim(struct sq_slice s)
{
	while (s.n && strchr(" \t\r", s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && strchr(" \t\r", s.p[s.n - 1]))
		s.n--;
	return s;
}

/* cut at @mark unless it stands in quotes */
static struct sq_slice cut_comment(struct sq_slice s, const char *mark)
{
	size_t n = strlen(mark);
	char quote = 0;

	for (size_t i = 0; i + n <= s.n; i++) {
		if (quote)
			quote = s.p[i] == quote ? 0 : quote;
		else if (s.p[i] == '"' || s.p[i] == '\'')
			quote = s.p[i];
		else if (!memcmp(s.p + i, mark, n))
			return sq_slice(s.p, i);
	}
	return s;
}

static bool next_line(const struct sq_walk *w, struct line *l, const char *comment)
{
	const char *end = w->bytes.p + w->bytes.n, *from = l->next ? l->next : w->bytes.p;
	const char *newline;

	if (!w->bytes.n || from >= end)
		return false;
	newline = memchr(from, '\n', (size_t)(end - from));
	l->next = newline ? newline + 1 : end;
	l->text = sq_slice(from, (size_t)((newline ? newline : end) - from));
	l->text = trim(cut_comment(l->text, comment));
	l->number++;
	return true;
}

/* what stands in quotes at the start of s, which moves behind it; empty when nothing does */
static struct sq_slice take_string(struct sq_slice *s)
{
	struct sq_slice v;
	const char *close;

	*s = trim(*s);
	if (s->n < 2 || (s->p[0] != '"' && s->p[0] != '\''))
		return SQ_SLICE_NULL;
	close = memchr(s->p + 1, s->p[0], s->n - 1);
	if (!close)
		return SQ_SLICE_NULL;
	v = sq_slice(s->p + 1, (size_t)(close - s->p) - 1);
	s->n -= (size_t)(close + 1 - s->p);
	s->p = close + 1;
	return v;
}

void sq_config_scan_gomod(struct sq_walk *w, const TSTree *tree)
{
	struct line l = { .number = 0 };

	(void)tree;
	while (next_line(w, &l, "//")) {
		struct sq_slice path, quoted;

		if (!sq_slice_has_prefix(l.text, SQ_LIT("module")) || l.text.n < 8 ||
		    !strchr(" \t\"", l.text.p[6]))
			continue;
		path = trim(sq_slice(l.text.p + 6, l.text.n - 6));
		quoted = path;
		quoted = take_string(&quoted);
		sq_walk_import(w, l.number, SQ_IMPORT_ROOT, quoted.n ? quoted : path,
			       SQ_SLICE_NULL, SQ_SLICE_NULL, 0);
		return;
	}
}

/* TOML */

struct entry {
	struct sq_slice section, key, value;
};

/* [section] and "key = value" lines; true for the latter */
static bool read_entry(struct sq_slice text, struct entry *e)
{
	const char *equals;

	if (text.n && text.p[0] == '[') {
		e->section = trim(sq_slice(text.p + 1, text.n - 1));
		while (e->section.n && e->section.p[e->section.n - 1] == ']')
			e->section.n--;
		return false;
	}
	equals = text.n ? memchr(text.p, '=', text.n) : NULL;
	if (!equals)
		return false;
	e->key = trim(sq_slice(text.p, (size_t)(equals - text.p)));
	e->value = trim(sq_slice(equals + 1, text.n - (size_t)(equals + 1 - text.p)));
	return true;
}

/* a crate is named in code with '_' for '-' */
static struct sq_slice crate_name(struct sq_walk *w, struct sq_slice name)
{
	sq_buf_clear(&w->scratch);
	for (size_t i = 0; i < name.n; i++)
		sq_buf_putc(&w->scratch, name.p[i] == '-' ? '_' : name.p[i]);
	return sq_walk_text(w, sq_walk_sym(w, sq_buf_slice(&w->scratch)));
}

void sq_config_scan_cargo(struct sq_walk *w, const TSTree *tree)
{
	struct sq_slice package = SQ_SLICE_NULL, lib = SQ_SLICE_NULL;
	uint32_t package_line = 0, lib_line = 0;
	struct line l = { .number = 0 };
	struct entry e = { .section = SQ_SLICE_NULL };

	(void)tree;
	while (next_line(w, &l, "#")) {
		if (!read_entry(l.text, &e) || !sq_slice_is(e.key, "name"))
			continue;
		if (sq_slice_is(e.section, "package")) {
			package = take_string(&e.value);
			package_line = l.number;
		} else if (sq_slice_is(e.section, "lib")) {
			lib = take_string(&e.value);
			lib_line = l.number;
		}
	}
	if (lib.n)
		sq_walk_import(w, lib_line, SQ_IMPORT_ROOT, crate_name(w, lib), SQ_SLICE_NULL,
			       SQ_SLICE_NULL, 0);
	else if (package.n)
		sq_walk_import(w, package_line, SQ_IMPORT_ROOT, crate_name(w, package),
			       SQ_SLICE_NULL, SQ_SLICE_NULL, 0);
}

/* every quoted string of an array that may go on over lines */
static void add_where(struct sq_walk *w, struct line *l, struct sq_slice value)
{
	do {
		while (value.n && value.p[0] != ']') {
			struct sq_slice dir = take_string(&value);

			if (dir.n)
				sq_walk_import(w, l->number, SQ_IMPORT_PATH, dir, SQ_SLICE_NULL,
					       SQ_SLICE_NULL, 0);
			else if (value.n && value.p[0] != ']')
				value = sq_slice(value.p + 1, value.n - 1);
		}
		if (value.n)
			return;
	} while (next_line(w, l, "#") && (value = l->text, true));
}

/* { "" = "src" }: where packages without another entry lie */
static void add_package_dir(struct sq_walk *w, uint32_t line, struct sq_slice value)
{
	for (size_t i = 0; i + 2 <= value.n; i++) {
		struct sq_slice rest, dir;

		if (memcmp(value.p + i, "\"\"", 2) != 0 && memcmp(value.p + i, "''", 2) != 0)
			continue;
		rest = trim(sq_slice(value.p + i + 2, value.n - i - 2));
		if (!rest.n || rest.p[0] != '=')
			return;
		rest = sq_slice(rest.p + 1, rest.n - 1);
		dir = take_string(&rest);
		if (dir.n)
			sq_walk_import(w, line, SQ_IMPORT_PATH, dir, SQ_SLICE_NULL, SQ_SLICE_NULL, 0);
		return;
	}
}

void sq_config_scan_pyproject(struct sq_walk *w, const TSTree *tree)
{
	struct line l = { .number = 0 };
	struct entry e = { .section = SQ_SLICE_NULL };

	(void)tree;
	while (next_line(w, &l, "#")) {
		if (!read_entry(l.text, &e))
			continue;
		if (sq_slice_is(e.key, "name") && (sq_slice_is(e.section, "project") ||
						   sq_slice_is(e.section, "tool.poetry"))) {
			struct sq_slice name = take_string(&e.value);

			if (name.n)
				sq_walk_import(w, l.number, SQ_IMPORT_ROOT, name, SQ_SLICE_NULL,
					       SQ_SLICE_NULL, 0);
		} else if (sq_slice_is(e.key, "where") &&
			   sq_slice_is(e.section, "tool.setuptools.packages.find")) {
			add_where(w, &l, e.value);
		} else if (sq_slice_is(e.key, "package-dir") &&
			   sq_slice_is(e.section, "tool.setuptools")) {
			add_package_dir(w, l.number, e.value);
		} else if (sq_slice_is(e.section, "tool.setuptools.package-dir")) {
			add_package_dir(w, l.number, l.text);
		}
	}
}

/* the languages */

#define CONFIG(name_, lang_, grammar_, ...) \
	static const char *const name_##_files[] = { __VA_ARGS__, NULL }; \
	const struct sq_lang_traits sq_traits_##name_ = { \
		.lang = lang_, .family = SQ_FAMILY_CONFIG, .style = SQ_STYLE_CONFIG, \
		.unit = SQ_UNIT_FILE, .separator = ".", \
	}; \
	const struct sq_spec sq_spec_##name_ = { \
		.lang = lang_, .version = 2, .grammar = grammar_, \
		.file_names = name_##_files, .traits = &sq_traits_##name_, \
		.scan = sq_config_scan_##name_, \
	}

CONFIG(gomod, SQ_LANG_GOMOD, NULL, "go.mod");
CONFIG(package_json, SQ_LANG_PACKAGE_JSON, "json", "package.json");
CONFIG(tsconfig, SQ_LANG_TSCONFIG, "json", "tsconfig.json", "tsconfig.base.json",
       "jsconfig.json");
CONFIG(cargo, SQ_LANG_CARGO, NULL, "Cargo.toml");
CONFIG(pyproject, SQ_LANG_PYPROJECT, NULL, "pyproject.toml");
CONFIG(compile_commands, SQ_LANG_COMPILE_COMMANDS, "json", "compile_commands.json");
