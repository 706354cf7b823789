/* SPDX-License-Identifier: MIT */
#include "bench/report.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/fd.h"

static char *own(const char *s)
{
	char *copy = sq_strdup(s);

	if (!copy)
		errx(EX_OSERR, "out of memory");
	return copy;
}

static char *own_format(const char *fmt, va_list ap)
{
	char text[1024];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	return own(text);
}

static void must(int r)
{
	if (r)
		errx(EX_OSERR, "out of memory");
}

const char *sq_row_status_name(enum sq_row_status s)
{
	static const char *const names[] = {
		[SQ_ROW_OK] = "ok", [SQ_ROW_ABSENT] = "absent", [SQ_ROW_UNSUPPORTED] = "not supported",
		[SQ_ROW_FAILED] = "failed",
	};

	return names[s];
}

/* ---- rows ----------------------------------------------------------------------- */

static void row_free(struct sq_row *row)
{
	sq_free(row->scenario);
	sq_free(row->name);
	sq_free(row->unit);
	sq_free(row->subject);
	sq_free(row->command);
	sq_free(row->note);
	sq_sample_deinit(&row->sample);
	sq_free(row);
}

static bool same_quantity(const struct sq_row *row, const char *scenario, const char *name)
{
	return !strcmp(row->scenario, scenario) && !strcmp(row->name, name);
}

struct sq_row *sq_report_find(const struct sq_report *r, const char *scenario, const char *name,
			      const char *subject)
{
	for (size_t i = 0; i < r->rows.n; i++)
		if (same_quantity(r->rows.v[i], scenario, name) && !strcmp(r->rows.v[i]->subject, subject))
			return r->rows.v[i];
	return NULL;
}

/* behind the rows of its quantity, or before them when it is ours */
static size_t place_of(const struct sq_report *r, const char *scenario, const char *name, bool ours)
{
	size_t at = r->rows.n;

	for (size_t i = 0; i < r->rows.n; i++)
		if (same_quantity(r->rows.v[i], scenario, name)) {
			at = i + 1;
			if (ours)
				return i;
		}
	return at;
}

struct sq_row *sq_report_row(struct sq_report *r, const char *scenario, const char *name, const char *unit,
			     const char *subject)
{
	struct sq_row *row = sq_report_find(r, scenario, name, subject);
	size_t at;

	if (row)
		return row;
	at = place_of(r, scenario, name, !strcmp(subject, SQ_OURS));
	row = sq_calloc(1, sizeof(*row));
	must(row ? sq_vec_reserve(&r->rows, 1) : -1);
	row->scenario = own(scenario);
	row->name = own(name);
	row->unit = own(unit);
	row->subject = own(subject);
	memmove(&r->rows.v[at + 1], &r->rows.v[at], (r->rows.n - at) * sizeof(row));
	r->rows.v[at] = row;
	r->rows.n++;
	return row;
}

void sq_row_note(struct sq_row *row, const char *fmt, ...)
{
	va_list ap;

	sq_free(row->note);
	va_start(ap, fmt);
	row->note = own_format(fmt, ap);
	va_end(ap);
}

void sq_row_status(struct sq_row *row, enum sq_row_status status, const char *fmt, ...)
{
	va_list ap;

	row->status = status;
	sq_free(row->note);
	va_start(ap, fmt);
	row->note = own_format(fmt, ap);
	va_end(ap);
}

void sq_row_command(struct sq_row *row, const char *command)
{
	sq_free(row->command);
	row->command = own(command);
}

const struct sq_row *sq_report_ours(const struct sq_report *r, const struct sq_row *row)
{
	const struct sq_row *ours = sq_report_find(r, row->scenario, row->name, SQ_OURS);

	return ours && (ours->sample.values.n || ours->told.n) ? ours : NULL;
}

void sq_row_summary(const struct sq_row *row, struct sq_summary *ret)
{
	if (row->sample.values.n)
		sq_sample_summary(&row->sample, ret);
	else
		*ret = row->told;
}

/* ---- checks, failures, versions ------------------------------------------------- */

bool sq_report_check(struct sq_report *r, const char *scenario, bool ok, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = own_format(fmt, ap);
	va_end(ap);
	must(sq_vec_push(&r->checks, (struct sq_check){ own(scenario), text, ok }));
	return ok;
}

void sq_report_failure(struct sq_report *r, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = own_format(fmt, ap);
	va_end(ap);
	must(sq_vec_push(&r->failures, text));
}

void sq_report_version(struct sq_report *r, const char *what, const char *version)
{
	must(sq_vec_push(&r->versions, (struct sq_version_of){ own(what), own(version) }));
}

size_t sq_report_n_wrong(const struct sq_report *r)
{
	size_t n = r->failures.n;

	for (size_t i = 0; i < r->checks.n; i++)
		n += !r->checks.v[i].ok;
	return n;
}

void sq_report_deinit(struct sq_report *r)
{
	for (size_t i = 0; i < r->rows.n; i++)
		row_free(r->rows.v[i]);
	for (size_t i = 0; i < r->checks.n; i++) {
		sq_free(r->checks.v[i].scenario);
		sq_free(r->checks.v[i].text);
	}
	for (size_t i = 0; i < r->failures.n; i++)
		sq_free(r->failures.v[i]);
	for (size_t i = 0; i < r->versions.n; i++) {
		sq_free(r->versions.v[i].what);
		sq_free(r->versions.v[i].version);
	}
	sq_vec_deinit(&r->rows);
	sq_vec_deinit(&r->checks);
	sq_vec_deinit(&r->failures);
	sq_vec_deinit(&r->versions);
	sq_free(r->command);
	sq_free(r->commit);
	sq_free(r->corpus);
	sq_free(r->started);
	sq_free(r->baseline);
}

/* ---- files ---------------------------------------------------------------------- */

int sq_report_save(const char *path, const struct sq_buf *text)
{
	_cleanup_(sq_freep) char *temp = sq_asprintf("%s.%d.tmp", path, (int)getpid());
	_cleanup_(sq_fd_closep) int fd = -1;
	int r = sq_buf_error(text);

	if (r || !temp)
		return sq_error_origin(-ENOMEM);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return sq_error_origin(-errno);
	r = sq_fd_write_all(fd, text->p, text->n);
	if (!r && rename(temp, path))
		r = -errno;
	if (r)
		unlink(temp);
	return r;
}

static void compare_row(struct sq_row *row, const struct sq_row *old)
{
	struct sq_summary before, now;

	sq_row_summary(row, &now);
	sq_row_summary(old, &before);
	if (!before.n || !now.n)
		return;
	row->before = before.median;
	row->move = sq_summary_move(&before, &now);
}

int sq_report_compare(struct sq_report *r, const char *path)
{
	struct sq_report old;
	int e = sq_report_read(path, &old);

	if (e)
		return e;
	for (size_t i = 0; i < r->rows.n; i++) {
		struct sq_row *row = r->rows.v[i];
		const struct sq_row *was = sq_report_find(&old, row->scenario, row->name, row->subject);

		if (was)
			compare_row(row, was);
	}
	sq_report_deinit(&old);
	sq_free(r->baseline);
	r->baseline = own(path);
	return 0;
}
