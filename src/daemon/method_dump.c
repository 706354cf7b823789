/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/read.h"
#include "daemon/server.h"
#include "daemon/spool.h"
#include "graph/dump.h"

struct dump_args {
	struct sq_slice path, cursor;
	bool hash;
	struct sq_spool *spool;        /* made by the job, or taken from the connection while it reads */
	struct sq_buf text;
	bool failed;                   /* job_out holds the error */
	bool is_charged;               /* counted in d->n_spools, and there is no spool yet */
};

static struct dump_args *args_of(struct sq_call *c)
{
	return c->args;
}

/* the chunk read by the job: answer, and keep the spool for the next one */
static void answer_chunk(struct sq_call *c)
{
	struct dump_args *a = args_of(c);
	struct sq_spool **slot = sq_conn_spool(c->msg->conn), *s = SQ_TAKE(a->spool);
	char cursor[48];
	struct sq_jw w;

	sq_call_begin(c, &w);
	sq_jw_kstr(&w, "text", sq_buf_slice(&a->text));
	sq_jw_key(&w, "next_cursor");
	if (s->offset < s->size) {
		(void)snprintf(cursor, sizeof(cursor), "%" PRIu64 ":%" PRIu64, s->id, s->offset);
		sq_jw_string(&w, sq_slice_z(cursor));
	} else {
		sq_jw_null(&w);
	}
	sq_jw_ku64(&w, "total_bytes", s->size);
	sq_jw_end_object(&w);
	sq_rpc_result_end(&w, &s->meta.meta);
	if (s->offset < s->size && !sq_conn_is_dead(c->msg->conn)) {
		*slot = sq_spool_free(*slot, c->d);   /* another dump was started meanwhile */
		*slot = s;
	} else {
		sq_spool_free(s, c->d);
	}
	sq_buf_deinit(&a->text);
	sq_call_answered(c);
}

/* the call ended without us */
static void dump_drop(struct sq_call *c)
{
	struct dump_args *a = args_of(c);

	if (!a->spool && a->is_charged)
		c->d->n_spools--;
	a->spool = sq_spool_free(a->spool, c->d);
	sq_buf_deinit(&a->text);
}

static void chunk_read(struct sq_call *c)
{
	struct dump_args *a = args_of(c);

	if (!a->failed) {
		answer_chunk(c);
		return;
	}
	dump_drop(c);
	sq_buf_deinit(&c->out);
	c->out = c->job_out;
	c->job_out = (struct sq_buf)SQ_BUF_NULL;
	sq_call_answered(c);
}

static void read_chunk(struct sq_call *c)
{
	struct dump_args *a = args_of(c);
	int r = sq_spool_read(a->spool, &a->text);

	if (r < 0) {
		sq_answer_internal(&c->job_out, c->req->id, strerrordesc_np(-r));
		a->failed = true;
	}
}

static void write_hash(struct sq_read *r)
{
	char hex[33];
	struct sq_jw w;
	int e = sq_dump_hash(r->v, hex);

	if (e < 0) {
		sq_read_errno(r, e);
		return;
	}
	sq_read_begin(r, &w);
	sq_jw_begin_object(&w);
	sq_jw_kstr(&w, "hash", sq_slice_z(hex));
	sq_jw_end_object(&w);
	sq_read_end(r, &w);
}

/* on a query thread: the whole text into a file, then its first chunk */
static void dump(struct sq_read *r)
{
	struct dump_args *a = args_of(r->c);
	int e = sq_spool_new(r->v, r->rest, &a->spool);

	if (e < 0) {
		sq_read_errno(r, e);
		a->failed = true;
		return;
	}
	sq_answer_meta_copy(&a->spool->meta, &r->meta);
	a->spool->is_counted = true;   /* charged by the loop when the dump was asked for */
	read_chunk(r->c);
}

static void dump_done(struct sq_call *c)
{
	struct dump_args *a = args_of(c);

	/* no spool: the workspace could not be read, job_out says why */
	a->failed |= !a->spool;
	chunk_read(c);
}

static void next_chunk_job(struct sq_call *c, struct sq_epoch_record *record)
{
	(void)record;
	read_chunk(c);
}

static bool cursor_matches(const struct sq_spool *s, struct sq_slice cursor)
{
	char want[48];

	if (!s)
		return false;
	(void)snprintf(want, sizeof(want), "%" PRIu64 ":%" PRIu64, s->id, s->offset);
	return sq_slice_is(cursor, want);
}

static void next_chunk(struct sq_call *c)
{
	struct dump_args *a = args_of(c);
	struct sq_spool **slot = sq_conn_spool(c->msg->conn);

	if (!cursor_matches(*slot, a->cursor)) {
		sq_call_invalid(c, "cursor is unknown or stale: start the dump again");
		return;
	}
	a->spool = SQ_TAKE(*slot);
	sq_call_start_job(c, next_chunk_job, chunk_read);
}

static void first_chunk(struct sq_call *c)
{
	struct sq_spool **slot = sq_conn_spool(c->msg->conn);

	*slot = sq_spool_free(*slot, c->d);
	if (c->d->n_spools >= SQ_SPOOLS_MAX) {
		sq_call_invalid(c, "too many dumps: %u are being read", SQ_SPOOLS_MAX);
		return;
	}
	c->d->n_spools++;
	args_of(c)->is_charged = true;
	sq_read_start_job(c, args_of(c)->path, dump, dump_done);
}

void sq_method_dump(struct sq_call *c)
{
	c->args = sq_calloc(1, sizeof(struct dump_args));
	c->drop = dump_drop;
	if (!c->args) {
		sq_answer_internal(&c->out, c->req->id, "out of memory");
		sq_call_answered(c);
		return;
	}
	struct dump_args *a = args_of(c);
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, true, 0, 0, &a->path },
		{ "hash", SQ_PARAM_BOOL, false, 0, 0, &a->hash },
		{ "cursor", SQ_PARAM_STRING, false, 0, 0, &a->cursor },
	};

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	if (a->hash)
		sq_read_run(c, a->path, false, write_hash);
	else if (a->cursor.n)
		next_chunk(c);
	else
		first_chunk(c);
}
