/* SPDX-License-Identifier: MIT */
#include "client/reply.h"

#include "base/error.h"
#include "client/value.h"
#include "sqry/client.h"

struct sqry_reply {
	struct sq_json_doc *doc;
	const struct sq_json *result, *meta, *error;
};

/* an error with id null is about the connection: it is everybody's */
static bool is_for(const struct sq_json *root, uint64_t id)
{
	const struct sq_json *v = sq_json_get(root, "id");

	if (sq_json_type(v) == SQ_JSON_NULL)
		return sq_json_get(root, "error");
	return sq_json_int(v, -1) == (int64_t)id;
}

static int decode(struct sqry_reply *r, uint64_t id)
{
	const struct sq_json *root = sq_json_root(r->doc);
	const struct sq_json *envelope;

	if (sq_json_type(root) != SQ_JSON_OBJECT)
		return SQ_REPLY_E_BROKEN;
	if (!is_for(root, id))
		return SQ_REPLY_E_OTHER;
	r->error = sq_json_get(root, "error");
	if (r->error)
		return sq_json_type(r->error) == SQ_JSON_OBJECT ?
		       0 : SQ_REPLY_E_BROKEN;
	envelope = sq_json_get(root, "result");
	r->result = sq_json_get(envelope, "result");
	r->meta = sq_json_get(envelope, "meta");
	return r->result && r->meta ? 0 : SQ_REPLY_E_BROKEN;
}

int sq_reply_decode(struct sq_slice body, uint64_t id,
		    struct sqry_reply **ret_r)
{
	struct sqry_reply *r = sq_calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return sq_error_origin(-ENOMEM);
	ret = sq_json_parse(body, &r->doc, NULL, 0);
	if (ret > 0)
		ret = SQ_REPLY_E_BROKEN;
	if (!ret)
		ret = decode(r, id);
	if (ret) {
		sqry_reply_free(r);
		return ret;
	}
	*ret_r = r;
	return 0;
}

struct sqry_reply *sqry_reply_free(struct sqry_reply *r)
{
	if (r) {
		sq_json_doc_free(r->doc);
		sq_free(r);
	}
	return NULL;
}

const struct sqry_value *sqry_reply_result(const struct sqry_reply *r)
{
	return sqry_value_from(r->result);
}

const struct sqry_value *sqry_reply_meta(const struct sqry_reply *r)
{
	return sqry_value_from(r->meta);
}

int sqry_reply_code(const struct sqry_reply *r)
{
	return (int)sq_json_int(sq_json_get(r->error, "code"), 0);
}

const char *sqry_reply_message(const struct sqry_reply *r)
{
	return sq_json_string(sq_json_get(r->error, "message")).p;
}

const struct sqry_value *sqry_reply_data(const struct sqry_reply *r)
{
	return sqry_value_from(sq_json_get(r->error, "data"));
}

char *sqry_reply_text(const struct sqry_reply *r, unsigned indent)
{
	struct sq_buf b = SQ_BUF_NULL;
	int ret;

	if (r->error)
		ret = sq_json_write_with(NULL, "error", r->error, indent, &b);
	else
		ret = sq_json_write_with(r->result, "meta", r->meta, indent, &b);
	if (ret < 0 || !sq_buf_z(&b)) {
		sq_buf_deinit(&b);
		return NULL;
	}
	return b.p;
}
