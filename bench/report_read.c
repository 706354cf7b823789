/* SPDX-License-Identifier: MIT */
/* a JSON report, read again */
#include <err.h>
#include <fcntl.h>
#include <sysexits.h>

#include "base/error.h"
#include "bench/report.h"
#include "proto/json.h"
#include "sys/fd.h"

#define MAX_REPORT_BYTES (64u << 20)

/* NUL-terminated, "" when absent */
static const char *text_of(const struct sq_json *obj, const char *key)
{
	struct sq_slice s = sq_json_string(sq_json_get(obj, key));

	return s.p ? s.p : "";
}

static char *own(const char *s)
{
	char *copy = sq_strdup(s);

	if (!copy)
		errx(EX_OSERR, "out of memory");
	return copy;
}

static uint64_t count_of(const struct sq_json *obj, const char *key)
{
	int64_t n = sq_json_int(sq_json_get(obj, key), 0);

	return n > 0 ? (uint64_t)n : 0;
}

static void read_machine(const struct sq_json *j, struct sq_machine *m)
{
	snprintf(m->cpu, sizeof(m->cpu), "%s", text_of(j, "cpu"));
	snprintf(m->kernel, sizeof(m->kernel), "%s", text_of(j, "kernel"));
	snprintf(m->system, sizeof(m->system), "%s", text_of(j, "system"));
	snprintf(m->filesystem, sizeof(m->filesystem), "%s", text_of(j, "filesystem"));
	m->cores = (unsigned)count_of(j, "cores");
	m->memory_bytes = count_of(j, "memory_bytes");
	m->load = sq_json_real(sq_json_get(j, "load"), -1);
}

static enum sq_row_status status_of(const char *name)
{
	for (enum sq_row_status s = SQ_ROW_OK; s <= SQ_ROW_FAILED; s++)
		if (!strcmp(sq_row_status_name(s), name))
			return s;
	return SQ_ROW_OK;
}

static void read_row(struct sq_report *r, const struct sq_json *j)
{
	struct sq_row *row = sq_report_row(r, text_of(j, "scenario"), text_of(j, "name"), text_of(j, "unit"),
					   text_of(j, "subject"));
	const struct sq_json *values = sq_json_get(j, "values");

	row->status = status_of(text_of(j, "status"));
	if (*text_of(j, "note"))
		sq_row_note(row, "%s", text_of(j, "note"));
	if (*text_of(j, "command"))
		sq_row_command(row, text_of(j, "command"));
	for (size_t i = 0; i < sq_json_len(values); i++)
		sq_sample_add(&row->sample, sq_json_real(sq_json_at(values, i), 0));
	if (row->sample.values.n)
		return;
	row->told = (struct sq_summary){
		.n = (size_t)count_of(j, "n"), .median = sq_json_real(sq_json_get(j, "median"), 0),
		.p99 = sq_json_real(sq_json_get(j, "p99"), 0), .p999 = sq_json_real(sq_json_get(j, "p999"), 0),
		.min = sq_json_real(sq_json_get(j, "min"), 0), .max = sq_json_real(sq_json_get(j, "max"), 0),
		.mad = sq_json_real(sq_json_get(j, "mad"), 0),
	};
}

static void read_lists(struct sq_report *r, const struct sq_json *root)
{
	const struct sq_json *rows = sq_json_get(root, "rows"), *checks = sq_json_get(root, "checks");
	const struct sq_json *failures = sq_json_get(root, "failures"), *versions = sq_json_get(root, "versions");
	const struct sq_json *v;
	const char *what;

	for (size_t i = 0; i < sq_json_len(rows); i++)
		read_row(r, sq_json_at(rows, i));
	for (size_t i = 0; i < sq_json_len(checks); i++)
		(void)sq_report_check(r, text_of(sq_json_at(checks, i), "scenario"),
				      sq_json_bool(sq_json_get(sq_json_at(checks, i), "ok"), false), "%s",
				      text_of(sq_json_at(checks, i), "text"));
	for (size_t i = 0; i < sq_json_len(failures); i++)
		sq_report_failure(r, "%.*s", (int)sq_json_string(sq_json_at(failures, i)).n,
				  sq_json_string(sq_json_at(failures, i)).p);
	for (size_t i = 0; (what = sq_json_member(versions, i, &v)); i++)
		sq_report_version(r, what, sq_json_string(v).p ? sq_json_string(v).p : "");
}

static void read_all(struct sq_report *r, const struct sq_json *root)
{
	const struct sq_json *corpus = sq_json_get(root, "corpus");

	r->command = own(text_of(root, "command"));
	r->commit = own(text_of(root, "commit"));
	r->started = own(text_of(root, "started"));
	r->complete = sq_json_bool(sq_json_get(root, "complete"), false);
	r->rounds = (unsigned)count_of(root, "rounds");
	r->corpus = own(text_of(corpus, "name"));
	r->n_files = count_of(corpus, "files");
	r->n_bytes = count_of(corpus, "bytes");
	read_machine(sq_json_get(root, "machine"), &r->machine);
	read_lists(r, root);
}

int sq_report_read(const char *path, struct sq_report *ret)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	struct sq_report report = SQ_REPORT_NULL;
	struct sq_json_doc *doc = NULL;
	const struct sq_json *root;
	int r = sq_fd_read_file(AT_FDCWD, path, MAX_REPORT_BYTES, &text);

	if (r)
		return r < 0 ? sq_error_trace(r) : SQ_REPORT_E_FORMAT;
	r = sq_json_parse(sq_buf_slice(&text), &doc, NULL, 0);
	if (r)
		return r < 0 ? sq_error_trace(r) : SQ_REPORT_E_FORMAT;
	root = sq_json_root(doc);
	if (!sq_slice_is(sq_json_string(sq_json_get(root, "tool")), "sqry-bench") ||
	    sq_json_type(sq_json_get(root, "rows")) != SQ_JSON_ARRAY) {
		sq_json_doc_free(doc);
		return SQ_REPORT_E_FORMAT;
	}
	read_all(&report, root);
	sq_json_doc_free(doc);
	*ret = report;
	return 0;
}
