/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/matches.h"
#include "cli/text.h"

static void add_item(struct sq_rows *rows, const char *root,
		     const struct sqry_value *v)
{
	const char *name = sq_cli_text(v, "qualified_name");
	const struct sqry_value *score = sqry_value_get(v, "score");

	sq_text_path(&rows->text, sq_cli_text(v, "file_path")[0] == '/' ? "" : root,
		     sq_cli_text(v, "file_path"));
	sq_buf_printf(&rows->text, ":%lld", sq_cli_number(v, "start_line"));
	sq_rows_end_cell(rows);
	sq_rows_cell(rows, sq_cli_text(v, "kind"));
	sq_rows_cell(rows, *name ? name : sq_cli_text(v, "name"));
	sq_rows_cell(rows, sq_cli_text(v, "language"));
	if (score)
		sq_buf_printf(&rows->text, "%.2f", sqry_value_real(score, 0));
	sq_rows_end_cell(rows);
}

/* ---- source ---------------------------------------------------------------------- */

int sq_matches_source(const char *root, const char *path, long long first, long long last, long long mark,
		      struct sq_buf *out)
{
	struct sq_buf full = SQ_BUF_NULL;
	size_t cap = 0;
	char *line = NULL;
	FILE *f;

	sq_buf_printf(&full, "%s%s%s", *path == '/' ? "" : root, *path == '/' ? "" : "/", path);
	f = sq_buf_z(&full) ? fopen(full.p, "re") : NULL;
	sq_buf_deinit(&full);
	for (long long n = 1; f && n <= last; n++) {
		ssize_t len = getline(&line, &cap, f);

		if (len < 0)
			break;
		if (n < first)
			continue;
		len -= len && line[len - 1] == '\n';
		if (mark)
			sq_buf_printf(out, "%c%6lld  ", n == mark ? '>' : ' ', n);
		sq_text_safe(out, sq_slice(line, (size_t)len));
		sq_buf_putc(out, '\n');
	}
	sq_free_libc(line);
	if (f)
		(void)fclose(f);        /* it was only read */
	return f ? 0 : -1;
}

/* ---- items ------------------------------------------------------------------------ */

struct items {
	const char *root;
	const struct sqry_value **v;
	size_t n;
};

static int compare_text(const struct sqry_value *a, const struct sqry_value *b, const char *key)
{
	return strcmp(sq_cli_text(a, key), sq_cli_text(b, key));
}

static int compare_line(const struct sqry_value *a, const struct sqry_value *b)
{
	long long x = sq_cli_number(a, "start_line"), y = sq_cli_number(b, "start_line");

	return x < y ? -1 : x > y;
}

/* by @field, then by file and line */
static int compare(const void *pa, const void *pb, void *field)
{
	const struct sqry_value *a = *(const struct sqry_value *const *)pa;
	const struct sqry_value *b = *(const struct sqry_value *const *)pb;
	int r = 0;

	if (!strcmp(field, "line"))
		r = compare_line(a, b);
	else if (strcmp(field, "file"))
		r = compare_text(a, b, field);
	if (!r)
		r = compare_text(a, b, "file_path");
	return r ? r : compare_line(a, b);
}

static int items_init(struct items *it, const struct sqry_value *result, const char *sort)
{
	const struct sqry_value *items = sqry_value_get(result, "items");
	size_t n = sqry_value_count(items);

	*it = (struct items){ .root = sq_cli_text(result, "root") };
	it->v = sq_calloc(n + 1, sizeof(*it->v));
	if (!it->v)
		return -ENOMEM;
	for (; it->n < n; it->n++)
		it->v[it->n] = sqry_value_at(items, it->n);
	if (sort)
		qsort_r(it->v, n, sizeof(*it->v), compare, (void *)sort);
	return 0;
}

static int print_rows(const struct sq_cli *cli, const struct items *it, size_t from, size_t to)
{
	static const enum sq_style styles[] = {
		SQ_STYLE_PLACE, SQ_STYLE_KIND, SQ_STYLE_NAME, SQ_STYLE_DIM,
		SQ_STYLE_DIM,
	};
	struct sq_rows rows;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = from; i < to; i++)
		add_item(&rows, it->root, it->v[i]);
	return sq_cli_print_rows(cli, &rows);
}

static int print_with_source(const struct sq_cli *cli, const struct sq_matches *m, const struct items *it)
{
	struct sq_buf text = SQ_BUF_NULL;
	int r = 0;

	for (size_t i = 0; !r && i < it->n; i++) {
		long long line = sq_cli_number(it->v[i], "start_line");

		sq_buf_clear(&text);
		r = print_rows(cli, it, i, i + 1);
		if (sq_matches_source(it->root, sq_cli_text(it->v[i], "file_path"), line - m->preview,
				      line + m->preview, line, &text))
			sq_cli_note("%s cannot be read", sq_cli_text(it->v[i], "file_path"));
		if (!r)
			r = sq_buf_error(&text);
		if (!r && text.n)
			(void)fwrite(text.p, 1, text.n, stdout);        /* main looks at its state */
	}
	sq_buf_deinit(&text);
	return r;
}

static int print_items(const struct sq_cli *cli, const struct sq_matches *m, const struct sqry_value *result)
{
	struct items it;
	int r = items_init(&it, result, m->sort);

	if (!r && (m->csv || m->tsv))
		r = sq_table_print(m, it.root, it.v, it.n);
	else if (!r && m->preview >= 0)
		r = print_with_source(cli, m, &it);
	else if (!r)
		r = print_rows(cli, &it, 0, it.n);
	sq_free(it.v);
	return r < 0 ? sq_cli_no_memory(cli) : r;
}

/* ---- groups and figures ----------------------------------------------------------- */

/* "VALUE  COUNT" a row */
static int print_groups(const struct sq_cli *cli, const struct sqry_value *groups)
{
	static const enum sq_style styles[] = { SQ_STYLE_NAME, SQ_STYLE_PLAIN };
	struct sq_rows rows;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = 0; i < sqry_value_count(groups); i++) {
		const struct sqry_value *g = sqry_value_at(groups, i);

		sq_rows_cell(&rows, *sq_cli_text(g, "value") ? sq_cli_text(g, "value") : "-");
		sq_buf_printf(&rows.text, "%lld", sq_cli_number(g, "count"));
		sq_rows_end_cell(&rows);
	}
	return sq_cli_print_rows(cli, &rows);
}

static int print_stats(const struct sq_cli *cli, const struct sqry_value *result)
{
	static const struct { const char *key, *title; } parts[] = {
		{ "by_kind", "by kind" }, { "by_lang", "by language" },
		{ "by_visibility", "by visibility" },
	};
	int r = 0;

	printf("total: %lld\n", sq_cli_number(result, "total"));
	for (size_t i = 0; !r && i < SQ_ARRAY_SIZE(parts); i++) {
		printf("\n%s\n", parts[i].title);
		r = print_groups(cli, sqry_value_get(result, parts[i].key));
	}
	return r;
}

static int print_result(const struct sq_cli *cli, const struct sq_matches *m, const struct sqry_value *result)
{
	const struct sqry_value *groups = sqry_value_get(result, "groups");

	if (groups && (m->csv || m->tsv))
		return sq_table_groups(m, groups) < 0 ? sq_cli_no_memory(cli) : 0;
	if (groups)
		return print_groups(cli, groups);
	if (sqry_value_get(result, "by_kind"))
		return print_stats(cli, result);
	return print_items(cli, m, result);
}

static void note_cut(const struct sqry_value *result, size_t shown)
{
	const char *why = sq_cli_text(result, "truncated_reason");

	if (*why && strcmp(why, "limit"))
		sq_cli_note("not all matches: cut by its %s", why);
	else if (sqry_value_get(result, "groups"))
		sq_cli_note("%zu of %lld groups; --limit shows more",
			    sqry_value_count(sqry_value_get(result, "groups")),
			    sq_cli_number(result, "groups_total"));
	else
		sq_cli_note("%zu of %lld matches; --limit shows more", shown,
			    sq_cli_number(result, "total"));
}

/* ---- the whole answer -------------------------------------------------------------- */

static bool is_one_of(const char *s, const char *const *v)
{
	for (; *v; v++)
		if (!strcmp(s, *v))
			return true;
	return false;
}

int sq_matches_check(const struct sq_cli *cli, const struct sq_matches *m)
{
	static const char *const sorts[] = { "file", "line", "name", "kind", NULL };
	static const char *const modes[] = { "off", "warn", "fail", NULL };

	if (m->csv + m->tsv + m->count + cli->json > 1)
		return sq_cli_error(cli, SQ_EXIT_USAGE, "--csv, --tsv, --count and --json exclude each other");
	if ((m->columns || m->headers || m->raw_csv) && !m->csv && !m->tsv)
		return sq_cli_error(cli, SQ_EXIT_USAGE, "--columns, --headers and --raw-csv go with --csv or --tsv");
	if (m->sort && !is_one_of(m->sort, sorts))
		return sq_cli_error(cli, SQ_EXIT_USAGE, "--sort takes file, line, name or kind, not \"%s\"", m->sort);
	if (m->validate && !is_one_of(m->validate, modes))
		return sq_cli_error(cli, SQ_EXIT_USAGE, "--validate takes off, warn or fail, not \"%s\"",
				    m->validate);
	return sq_table_check(cli, m->columns);
}

/* is the answer older than the tree, or not the whole one? */
static bool is_outdated(const struct sqry_reply *reply)
{
	const struct sqry_value *meta = sqry_reply_meta(reply);
	const char *why = sq_cli_text(sqry_reply_result(reply), "truncated_reason");

	return sqry_value_bool(sqry_value_get(meta, "stale"), false) ||
	       sq_cli_number(meta, "pending_files") > 0 || (*why && strcmp(why, "limit") != 0);
}

static int print_all(const struct sq_cli *cli, const struct sq_matches *m, const struct sqry_reply *reply)
{
	const struct sqry_value *result = sqry_reply_result(reply);

	if (cli->json)
		return sq_cli_print_json(cli, reply);
	if (!m->count && !sqry_value_bool(sqry_value_get(result, "count"), false))
		return print_result(cli, m, result);
	printf("%lld\n", sq_cli_number(result, "total"));
	return 0;
}

int sq_matches_print(const struct sq_cli *cli, const struct sq_matches *m, const struct sqry_reply *reply)
{
	const struct sqry_value *result = sqry_reply_result(reply);
	const char *mode = m->validate ? m->validate : "warn";
	long long total = sq_cli_number(result, "total");
	int r;

	if (!strcmp(mode, "fail") && is_outdated(reply)) {
		sq_cli_warn_stale(reply);
		return sq_cli_error(cli, SQ_EXIT_USAGE, "the graph is outdated or the answer incomplete");
	}
	r = print_all(cli, m, reply);
	if (strcmp(mode, "off") != 0)
		sq_cli_warn_stale(reply);
	if (r)
		return r;
	if (!cli->json && !m->count && sqry_value_bool(sqry_value_get(result, "truncated"), false))
		note_cut(result, sqry_value_count(sqry_value_get(result, "items")));
	if (!total && cli->is_tty && !cli->json)
		sq_cli_note("no match");
	return total ? SQ_EXIT_FOUND : SQ_EXIT_NOT_FOUND;
}
