/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * report — what a run found: rows (a quantity, who, its sample), checks
 * (evidence that the work was done) and failures; as text, JSON and HTML.
 * Ownership: the report owns its rows and copies every string.
 * Threads:   one at a time.
 * Invariants: rows of one quantity stand together, ours first; a row without
 *            values has a status that says why.
 */
#include <stdbool.h>
#include <stdio.h>

#include "bench/machine.h"
#include "base/str.h"
#include "bench/sample.h"

enum sq_row_status { SQ_ROW_OK, SQ_ROW_ABSENT, SQ_ROW_UNSUPPORTED, SQ_ROW_FAILED };
const char *sq_row_status_name(enum sq_row_status s);

#define SQ_OURS "sqryd"

struct sq_row {
	char *scenario, *name, *unit;   /* unit: "s", "ms", "us", "MB", "%", "" */
	char *subject;                  /* SQ_OURS, or the peer */
	char *command;                  /* may be NULL */
	char *note;                     /* may be NULL */
	enum sq_row_status status;
	struct sq_sample sample;
	struct sq_summary told;         /* by a file that keeps no values; else n is 0 */
	/* a comparison with an earlier report */
	enum sq_move move;
	double before;                  /* its median; 0: none */
};

struct sq_check { char *scenario, *text; bool ok; };

struct sq_version_of { char *what, *version; };

struct sq_report {
	struct sq_machine machine;
	char *command, *commit, *corpus, *started;
	unsigned rounds;
	uint64_t n_files, n_bytes;      /* of the corpus */
	bool complete;
	SQ_VEC(struct sq_row *) rows;
	SQ_VEC(struct sq_check) checks;
	SQ_VEC(char *) failures;
	SQ_VEC(struct sq_version_of) versions;
	char *baseline;                 /* file compared with, may be NULL */
};
#define SQ_REPORT_NULL { .complete = false }

void sq_report_deinit(struct sq_report *r);
/** sq_report_row() - the row of this quantity and subject, made when there is none. Borrowed. */
struct sq_row *sq_report_row(struct sq_report *r, const char *scenario, const char *name, const char *unit,
			     const char *subject);
/** sq_report_find() - NULL when there is none. */
struct sq_row *sq_report_find(const struct sq_report *r, const char *scenario, const char *name,
			      const char *subject);
void sq_row_status(struct sq_row *row, enum sq_row_status status, const char *fmt, ...) SQ_PRINTF(3, 4);
void sq_row_note(struct sq_row *row, const char *fmt, ...) SQ_PRINTF(2, 3);
void sq_row_command(struct sq_row *row, const char *command);
/** sq_row_summary() - of its values, or what a file told of them. */
void sq_row_summary(const struct sq_row *row, struct sq_summary *ret);
/** sq_report_check() - one piece of evidence. Return: @ok. */
bool sq_report_check(struct sq_report *r, const char *scenario, bool ok, const char *fmt, ...) SQ_PRINTF(4, 5);
void sq_report_failure(struct sq_report *r, const char *fmt, ...) SQ_PRINTF(2, 3);
void sq_report_version(struct sq_report *r, const char *what, const char *version);
/** sq_report_n_wrong() - failed checks and failures. */
size_t sq_report_n_wrong(const struct sq_report *r);
/** sq_report_ours() - our row of the quantity of @row; NULL when there is none with values. */
const struct sq_row *sq_report_ours(const struct sq_report *r, const struct sq_row *row);

/** sq_report_text() - tables for people, of one scenario or (NULL) the head, all tables and the end. */
void sq_report_text(const struct sq_report *r, const char *scenario, struct sq_buf *out);
void sq_report_head(const struct sq_report *r, struct sq_buf *out);
void sq_report_end(const struct sq_report *r, struct sq_buf *out);
void sq_report_json(const struct sq_report *r, struct sq_buf *out);
void sq_report_html(const struct sq_report *r, struct sq_buf *out);
/** sq_report_save() - write @text to @path, as a whole or not at all. 0 or -errno. */
int sq_report_save(const char *path, const struct sq_buf *text) sq_must_check;

/**
 * sq_report_read() - a report from its JSON.
 * @ret: deinitialized by the caller after success
 * Return: 0; SQ_REPORT_E_FORMAT: no report of this program; -errno.
 */
enum { SQ_REPORT_E_FORMAT = 1 };
int sq_report_read(const char *path, struct sq_report *ret) sq_must_check;
/** sq_report_compare() - find each row in an earlier JSON report and say what moved beyond noise. As sq_report_read(). */
int sq_report_compare(struct sq_report *r, const char *path) sq_must_check;
