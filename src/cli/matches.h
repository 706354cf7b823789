/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * matches — the answer of a search or a query on stdout: aligned rows, CSV,
 * TSV or a count, in the order asked for, with the source around if wanted.
 * Ownership: the caller's. Threads: main.
 */
#include "cli/cli.h"
#include "cli/opts.h"

struct sq_matches {
	const char *columns;            /* "name,file,...": of CSV and TSV */
	const char *sort;               /* "file", "line", "name", "kind"; NULL: the daemon's order */
	const char *validate;           /* "off", "warn", "fail"; NULL: warn */
	bool csv, tsv, headers, raw_csv, count;
	int64_t preview;                /* lines around each match; -1: none */
};
#define SQ_MATCHES_NULL { .preview = -1 }
/* the options of it, for a table of a subcommand */
#define SQ_MATCHES_OPTS(m) \
	{ "csv", 0, SQ_OPT_FLAG, &(m).csv, 0, 0, NULL, "comma-separated values" }, \
	{ "tsv", 0, SQ_OPT_FLAG, &(m).tsv, 0, 0, NULL, "values separated by tabs" }, \
	{ "headers", 0, SQ_OPT_FLAG, &(m).headers, 0, 0, NULL, "with a line of column names" }, \
	{ "columns", 0, SQ_OPT_STRING, &(m).columns, 0, 0, "LIST", \
	  "of name, qualified_name, kind, file, line, column, end_line, end_column, language, preview" }, \
	{ "raw-csv", 0, SQ_OPT_FLAG, &(m).raw_csv, 0, 0, NULL, "leave =, +, - and @ at the start of a value alone" }, \
	{ "count", 'c', SQ_OPT_FLAG, &(m).count, 0, 0, NULL, "only how many there are" }, \
	{ "preview", 0, SQ_OPT_INT, &(m).preview, 0, 50, "N", "with N lines of source around each" }, \
	{ "sort", 0, SQ_OPT_STRING, &(m).sort, 0, 0, "FIELD", "by file, line, name or kind" }, \
	{ "validate", 0, SQ_OPT_STRING, &(m).validate, 0, 0, "MODE", \
	  "off, warn or fail (exit 2): an answer from an outdated or incomplete graph" }

/** sq_matches_check() - before anything is asked. 0; SQ_EXIT_USAGE, explained. */
int sq_matches_check(const struct sq_cli *cli, const struct sq_matches *m);
/** sq_matches_print() - Return: an exit status: found by "total". */
int sq_matches_print(const struct sq_cli *cli, const struct sq_matches *m, const struct sqry_reply *reply);
/* table.c: one item as CSV or TSV */
int sq_table_check(const struct sq_cli *cli, const char *columns);
/** sq_table_print() - items as lines of values. 0 or -ENOMEM. */
int sq_table_print(const struct sq_matches *m, const char *root, const struct sqry_value *const *items, size_t n);
/** sq_table_groups() - groups as "value,count". 0 or -ENOMEM. */
int sq_table_groups(const struct sq_matches *m, const struct sqry_value *groups);
/** sq_matches_source() - lines [first, last] of a file as they are on disk; @mark: with numbers, and
 *  '>' at that line. 0; -1: it cannot be read. */
int sq_matches_source(const char *root, const char *path, long long first, long long last, long long mark,
		      struct sq_buf *out);
