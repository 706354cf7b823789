/* SPDX-License-Identifier: MIT */
#include "proto/rpc.h"

#include "base/error.h"
#include "base/time.h"

#define SMALL_ANSWER_BYTES 1000u

/* digits only, within uint64_t */
static bool is_u64_text(struct sq_slice s)
{
	static const char max[] = "18446744073709551615";

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	if (s.n != sizeof(max) - 1)
		return s.n && s.n < sizeof(max) - 1;
	return memcmp(s.p, max, s.n) <= 0;
}

static bool id_is_valid(const struct sq_json *id, struct sq_slice text)
{
	switch (sq_json_type(id)) {
	case SQ_JSON_NULL:
	case SQ_JSON_STRING:
	case SQ_JSON_INT:
		return true;
	case SQ_JSON_REAL: /* an integer beyond int64_t reads as a real */
		return is_u64_text(text);
	default:
		return false;
	}
}

static bool params_are_valid(const struct sq_json *p)
{
	enum sq_json_type t = sq_json_type(p);

	return t == SQ_JSON_OBJECT || t == SQ_JSON_ARRAY || t == SQ_JSON_NULL;
}

/* @body: what @v was read from; the id still borrows from it */
static void classify(const struct sq_json *v, struct sq_slice body,
		     struct sq_rpc_item *ret)
{
	struct sq_rpc_request *req = &ret->req;
	const struct sq_json *id, *params;
	struct sq_slice id_text = SQ_SLICE_NULL;

	*ret = (struct sq_rpc_item){ .error = SQ_RPC_INVALID_REQUEST };
	req->id = SQ_LIT("null");
	if (sq_json_type(v) != SQ_JSON_OBJECT)
		return;
	id = sq_json_get(v, "id");
	if (id) {
		id_text = sq_json_source(id, body);
		if (!id_is_valid(id, id_text))
			return;
		req->id = id_text;
	}
	req->method = sq_json_string(sq_json_get(v, "method"));
	params = sq_json_get(v, "params");
	if (!sq_slice_is(sq_json_string(sq_json_get(v, "jsonrpc")), "2.0") ||
	    !req->method.n || !params_are_valid(params))
		return;
	if (!id)
		req->id = SQ_SLICE_NULL;
	req->params = sq_json_type(params) == SQ_JSON_NULL ? NULL : params;
	ret->error = 0;
}

/* the message outlives the body: ids move into the document */
static int own_ids(struct sq_rpc_message *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct sq_slice *id = &m->items[i].req.id;
		char *copy;

		if (!id->n)
			continue;
		copy = sq_json_doc_alloc(m->doc, id->n);
		if (!copy)
			return sq_error_origin(-ENOMEM);
		id->p = memcpy(copy, id->p, id->n);
	}
	return 0;
}

static int classify_all(struct sq_rpc_message *m, struct sq_slice body)
{
	const struct sq_json *root = sq_json_root(m->doc);

	m->items = sq_json_doc_alloc(m->doc, m->n * sizeof(*m->items));
	if (!m->items)
		return sq_error_origin(-ENOMEM);
	for (size_t i = 0; i < m->n; i++)
		classify(m->is_batch ? sq_json_at(root, i) : root, body, &m->items[i]);
	return own_ids(m);
}

int sq_rpc_decode(struct sq_slice body, struct sq_rpc_message *ret_m)
{
	struct sq_rpc_message m = { .n = 1 };
	const struct sq_json *root;
	int r;

	r = sq_json_parse(body, &m.doc, NULL, 0);
	if (r)
		return r < 0 ? sq_error_trace(r) : SQ_RPC_E_PARSE;
	root = sq_json_root(m.doc);
	if (sq_json_type(root) == SQ_JSON_ARRAY && sq_json_len(root)) {
		m.is_batch = true;
		m.n = sq_json_len(root);
	}
	r = classify_all(&m, body);
	if (r < 0) {
		sq_rpc_message_deinit(&m);
		return sq_error_trace(r);
	}
	*ret_m = m;
	return 0;
}

void sq_rpc_message_deinit(struct sq_rpc_message *m)
{
	sq_json_doc_free(m->doc);
	*m = (struct sq_rpc_message){ 0 };
}

void sq_rpc_request(struct sq_buf *out, uint64_t id, const char *method,
		    struct sq_slice params)
{
	struct sq_jw w;

	sq_jw_init(&w, out);
	sq_jw_begin_object(&w);
	sq_jw_kstr(&w, "jsonrpc", SQ_LIT("2.0"));
	sq_jw_ku64(&w, "id", id);
	sq_jw_kstr(&w, "method", sq_slice_z(method));
	if (params.n) {
		sq_jw_key(&w, "params");
		sq_jw_raw(&w, params);
	}
	sq_jw_end_object(&w);
}

static void response_begin(struct sq_jw *w, struct sq_slice id)
{
	sq_jw_begin_object(w);
	sq_jw_kstr(w, "jsonrpc", SQ_LIT("2.0"));
	sq_jw_key(w, "id");
	sq_jw_raw(w, id.n ? id : SQ_LIT("null"));
}

void sq_rpc_result_begin(struct sq_jw *w, struct sq_slice id)
{
	/* a small answer without growing again and again; failure stays in the buffer */
	(void)sq_buf_reserve(w->out, SMALL_ANSWER_BYTES);
	response_begin(w, id);
	sq_jw_key(w, "result");
	sq_jw_begin_object(w);
	sq_jw_key(w, "result");
}

static void write_meta(struct sq_jw *w, const struct sq_rpc_meta *m)
{
	char when[24];

	sq_jw_begin_object(w);
	sq_jw_kbool(w, "stale", m->stale);
	if (m->last_good_ns) {
		const char *z = sq_time_rfc3339(m->last_good_ns, when,
						sizeof(when));

		sq_jw_kstr(w, "last_good_at", sq_slice_z(z));
	}
	if (m->last_error.n)
		sq_jw_kstr(w, "last_error", m->last_error);
	if (m->workspace_state)
		sq_jw_kstr(w, "workspace_state", sq_slice_z(m->workspace_state));
	sq_jw_kstr(w, "daemon_version", SQ_LIT(PACKAGE_VERSION));
	if (m->as_of.n)
		sq_jw_kstr(w, "as_of", m->as_of);
	if (m->pending_files)
		sq_jw_ku64(w, "pending_files", m->pending_files);
	if (!m->watching)
		sq_jw_kbool(w, "watching", false);
	sq_jw_end_object(w);
}

void sq_rpc_result_end(struct sq_jw *w, const struct sq_rpc_meta *meta)
{
	sq_jw_key(w, "meta");
	write_meta(w, meta);
	sq_jw_end_object(w);
	sq_jw_end_object(w);
}

void sq_rpc_error(struct sq_buf *out, struct sq_slice id, int code,
		  struct sq_slice message, struct sq_slice data)
{
	struct sq_jw w;

	sq_jw_init(&w, out);
	response_begin(&w, id);
	sq_jw_key(&w, "error");
	sq_jw_begin_object(&w);
	sq_jw_key(&w, "code");
	sq_jw_i64(&w, code);
	sq_jw_kstr(&w, "message", message);
	if (data.n) {
		sq_jw_key(&w, "data");
		sq_jw_raw(&w, data);
	}
	sq_jw_end_object(&w);
	sq_jw_end_object(&w);
}

/* an error whose data could not be built is still an error */
static void error_with(struct sq_buf *out, struct sq_slice id, int code,
		       struct sq_slice message, struct sq_buf *data)
{
	if (sq_buf_error(data))
		out->error = -ENOMEM;
	else
		sq_rpc_error(out, id, code, message, sq_buf_slice(data));
	sq_buf_deinit(data);
}

void sq_rpc_error_envelope(struct sq_buf *out, struct sq_slice id,
			   const struct sq_rpc_failure *f,
			   struct sq_slice message, struct sq_slice details)
{
	struct sq_buf data = SQ_BUF_NULL;
	struct sq_jw w;

	sq_jw_init(&w, &data);
	sq_jw_begin_object(&w);
	sq_jw_kstr(&w, "kind", sq_slice_z(f->kind));
	sq_jw_kbool(&w, "retryable", f->retryable);
	sq_jw_key(&w, "retry_after_ms");
	if (f->retry_after_ms < 0)
		sq_jw_null(&w);
	else
		sq_jw_i64(&w, f->retry_after_ms);
	sq_jw_key(&w, "details");
	sq_jw_raw(&w, details.n ? details : SQ_LIT("null"));
	sq_jw_end_object(&w);
	error_with(out, id, f->code, message, &data);
}

void sq_rpc_invalid_params(struct sq_buf *out, struct sq_slice id,
			   struct sq_slice reason)
{
	static const struct sq_rpc_failure f = {
		.code = SQ_RPC_INVALID_PARAMS,
		.kind = "validation_error",
		.retry_after_ms = -1,
	};
	struct sq_buf details = SQ_BUF_NULL, message = SQ_BUF_NULL;
	struct sq_jw w;

	sq_jw_init(&w, &details);
	sq_jw_begin_object(&w);
	sq_jw_kstr(&w, "reason", reason);
	sq_jw_end_object(&w);
	sq_buf_puts(&message, "Invalid params: ");
	sq_buf_add_slice(&message, reason);
	if (sq_buf_error(&details) || sq_buf_error(&message))
		out->error = -ENOMEM;
	else
		sq_rpc_error_envelope(out, id, &f, sq_buf_slice(&message),
				      sq_buf_slice(&details));
	sq_buf_deinit(&details);
	sq_buf_deinit(&message);
}

void sq_rpc_method_not_found(struct sq_buf *out, struct sq_slice id,
			     struct sq_slice method)
{
	struct sq_buf data = SQ_BUF_NULL;
	struct sq_jw w;

	sq_jw_init(&w, &data);
	sq_jw_begin_object(&w);
	sq_jw_kstr(&w, "method", method);
	sq_jw_end_object(&w);
	error_with(out, id, SQ_RPC_METHOD_NOT_FOUND, SQ_LIT("Method not found"),
		   &data);
}
