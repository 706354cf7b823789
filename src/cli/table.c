/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/matches.h"

/* a column, and the member of an item that fills it */
static const struct column { const char *name, *key; bool is_number; } all[] = {
	{ "name", "name", false }, { "qualified_name", "qualified_name", false },
	{ "kind", "kind", false }, { "file", "file_path", false },
	{ "line", "start_line", true }, { "column", "start_column", true },
	{ "end_line", "end_line", true }, { "end_column", "end_column", true },
	{ "language", "language", false }, { "preview", NULL, false },
};
#define N_COLUMNS (sizeof(all) / sizeof(all[0]))
#define USUAL "name,qualified_name,kind,file,line,column,end_line,end_column,language"

/* the next name of a list at *@at; false: the end. @ret: NULL when there is no such column */
static bool next_column(const char **at, const struct column **ret)
{
	size_t n = strcspn(*at, ",");

	if (!**at)
		return false;
	*ret = NULL;
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (strlen(all[i].name) == n && !memcmp(all[i].name, *at, n))
			*ret = &all[i];
	*at += n + ((*at)[n] == ',');
	return true;
}

int sq_table_check(const struct sq_cli *cli, const char *columns)
{
	const struct column *c;

	if (columns && !*columns)
		return sq_cli_error(cli, SQ_EXIT_USAGE, "--columns names no column");
	for (const char *at = columns; at && next_column(&at, &c);)
		if (!c)
			return sq_cli_error(cli, SQ_EXIT_USAGE, "--columns \"%s\": the columns are "
					    USUAL ",preview", columns);
	return 0;
}

/* a spreadsheet takes a value that begins like this for a formula */
static bool is_formula(struct sq_slice s)
{
	return s.n && memchr("=+-@\t\r", s.p[0], 6);
}

static void add_csv(struct sq_buf *b, struct sq_slice s, bool raw)
{
	bool escape = !raw && is_formula(s);
	bool quote = false;

	for (size_t i = 0; i < s.n; i++)
		quote |= s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r';
	if (quote)
		sq_buf_putc(b, '"');
	if (escape)
		sq_buf_putc(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			sq_buf_putc(b, '"');
		sq_buf_putc(b, s.p[i]);
	}
	if (quote)
		sq_buf_putc(b, '"');
}

/* tabs and ends of lines cannot be written: \t, \n, \r and \\ */
static void add_tsv(struct sq_buf *b, struct sq_slice s, bool raw)
{
	if (!raw && is_formula(s))
		sq_buf_putc(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		const char *at = strchr("\tt\nn\rr\\\\", s.p[i]);

		if (s.p[i] && at && (at - "\tt\nn\rr\\\\") % 2 == 0) {
			sq_buf_putc(b, '\\');
			sq_buf_putc(b, at[1]);
		} else {
			sq_buf_putc(b, s.p[i]);
		}
	}
}

static void add_value(const struct sq_matches *m, struct sq_buf *b, struct sq_slice s)
{
	if (m->tsv)
		add_tsv(b, s, m->raw_csv);
	else
		add_csv(b, s, m->raw_csv);
}

static void add_cell(const struct sq_matches *m, const char *root, const struct column *c,
		     const struct sqry_value *item, struct sq_buf *b)
{
	struct sq_buf line = SQ_BUF_NULL;

	if (c->is_number) {
		sq_buf_printf(b, "%lld", sq_cli_number(item, c->key));
	} else if (c->key) {
		add_value(m, b, sq_slice_z(sq_cli_text(item, c->key)));
	} else {
		long long at = sq_cli_number(item, "start_line");

		if (!sq_matches_source(root, sq_cli_text(item, "file_path"), at, at, 0,
				       &line))
			add_value(m, b, sq_slice(line.p, line.n ? line.n - 1 : 0));
		if (sq_buf_error(&line))
			b->error = sq_buf_error(&line);
		sq_buf_deinit(&line);
	}
}

/* @item: NULL for the line of names */
static void add_line(const struct sq_matches *m, const char *root, const struct sqry_value *item,
		     struct sq_buf *b)
{
	const char *at = m->columns ? m->columns : m->preview >= 0 ? USUAL ",preview" : USUAL;
	const struct column *c;

	for (bool first = true; next_column(&at, &c); first = false) {
		if (!first)
			sq_buf_putc(b, m->tsv ? '\t' : ',');
		if (item)
			add_cell(m, root, c, item, b);
		else
			sq_buf_puts(b, c->name);
	}
	sq_buf_putc(b, '\n');
}

static int write_out(struct sq_buf *b)
{
	int r = sq_buf_error(b);

	if (!r && b->n)
		(void)fwrite(b->p, 1, b->n, stdout);    /* main looks at stdout's state */
	sq_buf_deinit(b);
	return r;
}

int sq_table_print(const struct sq_matches *m, const char *root, const struct sqry_value *const *items, size_t n)
{
	struct sq_buf b = SQ_BUF_NULL;

	if (m->headers)
		add_line(m, root, NULL, &b);
	for (size_t i = 0; i < n; i++)
		add_line(m, root, items[i], &b);
	return write_out(&b);
}

int sq_table_groups(const struct sq_matches *m, const struct sqry_value *groups)
{
	const char sep = m->tsv ? '\t' : ',';
	struct sq_buf b = SQ_BUF_NULL;

	if (m->headers)
		sq_buf_printf(&b, "value%ccount\n", sep);
	for (size_t i = 0; i < sqry_value_count(groups); i++) {
		const struct sqry_value *g = sqry_value_at(groups, i);

		add_value(m, &b, sq_slice_z(sq_cli_text(g, "value")));
		sq_buf_printf(&b, "%c%lld\n", sep, sq_cli_number(g, "count"));
	}
	return write_out(&b);
}
