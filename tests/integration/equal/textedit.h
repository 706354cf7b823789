/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * textedit — what people do to a text: typing, lines in and out, pastes,
 * renames, comments. Drawn by a seed, so that a run can be repeated.
 * Ownership: the caller's; sq_buf_deinit(&e->text) ends it.
 * Threads:   one.
 */
#include "base/str.h"
#include "facts/kinds.h"

struct textedit { struct sq_buf text; uint64_t random; };

uint64_t textedit_random(struct textedit *e);
/** textedit_below() - a number below @n, 0 for 0. */
size_t textedit_below(struct textedit *e, size_t n);
void textedit_replace(struct textedit *e, size_t at, size_t gone, const char *p, size_t n);
/** textedit_line() - start of a line of @text, drawn by position. */
size_t textedit_line(struct textedit *e, struct sq_slice text);
/** textedit_lines_length() - bytes of @lines lines from the start of a line at @at. */
size_t textedit_lines_length(struct sq_slice text, size_t at, size_t lines);
/** textedit_word() - the first word at or after a drawn position; empty when there is none. */
struct sq_slice textedit_word(struct textedit *e, struct sq_slice text);

/* edits, each at a drawn place */
void textedit_type_characters(struct textedit *e);
void textedit_remove_characters(struct textedit *e);
void textedit_remove_lines(struct textedit *e);
/** textedit_paste_lines() - lines of @from, which must not be the text itself. */
void textedit_paste_lines(struct textedit *e, struct sq_slice from);
void textedit_rename_word(struct textedit *e);
void textedit_toggle_comment(struct textedit *e, enum sq_lang lang);
void textedit_comment_block(struct textedit *e);
/** textedit_add_function() - at the end of the text, @name with a call in it. */
void textedit_add_function(struct textedit *e, enum sq_lang lang, struct sq_slice name);
