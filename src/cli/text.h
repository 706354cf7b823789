/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * text — how things look: numbers, sizes, places, rows. Whatever came from
 * a file or the daemon is printed with its control characters escaped, so
 * that no name can drive a terminal.
 * Ownership: the caller's buffers. Threads: main.
 */
#include "cli/cli.h"

/** sq_text_safe() - append UTF-8 text, control characters as \xNN. */
void sq_text_safe(struct sq_buf *b, struct sq_slice s);
/** sq_text_count() - 1,234,567. */
void sq_text_count(struct sq_buf *b, uint64_t v);
/** sq_text_bytes() - "812 KB", "1.4 GB": powers of 1024, as the daemon's limits are. */
void sq_text_bytes(struct sq_buf *b, uint64_t bytes);
/** sq_text_percent() - one decimal: "93.1 %"; "-" when @all is 0. */
void sq_text_percent(struct sq_buf *b, uint64_t part, uint64_t all);
/** sq_text_duration() - "2h 14m", "14m 3s", "3.2 s", "12 ms". */
void sq_text_duration(struct sq_buf *b, uint64_t ms);
/** sq_text_path() - @path below @root as seen from the current directory; @root may be "". */
void sq_text_path(struct sq_buf *b, const char *root, const char *path);
/** sq_text_uri_path() - the path of a file URI, percent signs undone; "" when it is none. */
void sq_text_uri_path(struct sq_buf *b, const char *uri);

/* rows of columns, aligned when printed */
enum sq_style { SQ_STYLE_PLAIN, SQ_STYLE_PLACE, SQ_STYLE_KIND, SQ_STYLE_NAME, SQ_STYLE_DIM };
#define SQ_ROWS_COLUMNS 6u
struct sq_rows {
	struct sq_buf text;             /* all cells, one after the other */
	size_t *ends;                   /* of each cell in @text */
	size_t n, cap;
	unsigned n_columns;
	enum sq_style styles[SQ_ROWS_COLUMNS];
};
void sq_rows_init(struct sq_rows *r, unsigned n_columns, const enum sq_style *styles);
void sq_rows_deinit(struct sq_rows *r);
/** sq_rows_end_cell() - what was appended to ->text since the last cell is one. */
void sq_rows_end_cell(struct sq_rows *r);
/** sq_rows_cell() - a cell of safe text. */
void sq_rows_cell(struct sq_rows *r, const char *s);
/** sq_rows_print() - to stdout; 0 or -ENOMEM. */
int sq_rows_print(struct sq_rows *r, bool color) sq_must_check;
