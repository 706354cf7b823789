/* SPDX-License-Identifier: MIT */
#include "cli/stats.h"

#include <stdio.h>

#include "cli/text.h"

const struct sqry_value *sq_stats_find(const struct sqry_value *status,
				       const char *path)
{
	const struct sqry_value *all = sqry_value_get(status, "workspaces");
	const struct sqry_value *best = NULL;
	struct sq_slice p = sq_slice_z(path);
	size_t best_n = 0;

	for (size_t i = 0; i < sqry_value_count(all); i++) {
		const struct sqry_value *w = sqry_value_at(all, i);
		struct sq_slice root = sq_slice_z(sq_cli_text(w, "index_root"));

		if (!root.n || root.n < best_n || !sq_slice_has_prefix(p, root))
			continue;
		if (p.n > root.n && root.n > 1 && p.p[root.n] != '/')
			continue;
		best = w;
		best_n = root.n;
	}
	return best;
}

static void print_label(const char *label)
{
	printf("  %-12s ", label);
}

static void print_line(struct sq_buf *b)
{
	const char *z = sq_buf_z(b);

	puts(z ? z : "");
	sq_buf_clear(b);
}

static void print_files(const struct sqry_value *graph, struct sq_buf *b)
{
	uint64_t skipped = sq_cli_count(graph, "skipped");

	print_label("files");
	sq_text_count(b, sq_cli_count(graph, "files"));
	if (skipped) {
		sq_buf_puts(b, " and ");
		sq_text_count(b, skipped);
		sq_buf_puts(b, " skipped");
	}
	if (sq_cli_count(graph, "source_bytes")) {
		sq_buf_puts(b, ", ");
		sq_text_bytes(b, sq_cli_count(graph, "source_bytes"));
	}
	print_line(b);
}

static void print_links(const struct sqry_value *graph, struct sq_buf *b)
{
	const struct sqry_value *links = sqry_value_get(graph, "links");
	uint64_t bound = sq_cli_count(links, "bound");
	uint64_t ambiguous = sq_cli_count(links, "ambiguous") + sq_cli_count(links, "elided");
	uint64_t open = sq_cli_count(links, "unresolved");

	if (!links)
		return;
	print_label("resolved");
	sq_text_percent(b, bound, bound + ambiguous + open);
	sq_buf_puts(b, " (");
	sq_text_count(b, bound);
	sq_buf_puts(b, " bound, ");
	sq_text_count(b, ambiguous);
	sq_buf_puts(b, " ambiguous, ");
	sq_text_count(b, open);
	sq_buf_puts(b, " unresolved)");
	print_line(b);
}

void sq_stats_print(const struct sqry_value *graph)
{
	static const char *const keys[] = { "definitions", "references",
					    "imports", "names" };
	struct sq_buf b = SQ_BUF_NULL;

	print_files(graph, &b);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(keys); i++) {
		if (!sqry_value_get(graph, keys[i]))
			continue;
		print_label(keys[i]);
		sq_text_count(&b, sq_cli_count(graph, keys[i]));
		print_line(&b);
	}
	print_links(graph, &b);
	if (sq_cli_count(graph, "bytes")) {
		print_label("memory");
		sq_text_bytes(&b, sq_cli_count(graph, "bytes"));
		print_line(&b);
	}
	sq_buf_deinit(&b);
}

static void print_members(const char *title, const struct sqry_value *v,
			  void (*put)(struct sq_buf *, uint64_t))
{
	struct sq_buf b = SQ_BUF_NULL;
	const char *key;

	if (sqry_value_count(v))
		printf("%s\n", title);
	for (size_t i = 0; (key = sqry_value_key(v, i)); i++) {
		if (!sq_cli_count(v, key))
			continue;
		print_label(key);
		put(&b, sq_cli_count(v, key));
		print_line(&b);
	}
	sq_buf_deinit(&b);
}

void sq_stats_print_details(const struct sqry_value *graph)
{
	print_members("links by rule", sqry_value_get(graph, "by_rule"),
		      sq_text_count);
	print_members("memory by kind", sqry_value_get(graph, "bytes_by_kind"),
		      sq_text_bytes);
}
