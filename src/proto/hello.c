/* SPDX-License-Identifier: MIT */
#include "proto/hello.h"

#include <stdio.h>

#include "base/error.h"

/* a JSON integer within uint32_t */
static bool get_u32(const struct sq_json *v, uint32_t *ret)
{
	int64_t i = sq_json_int(v, -1);

	if (i < 0 || i > UINT32_MAX)
		return false;
	*ret = (uint32_t)i;
	return true;
}

static void bad_shim(struct sq_hello *h, const char *why, const char *what)
{
	h->kind = SQ_HELLO_BAD_SHIM;
	snprintf(h->reason, sizeof(h->reason), "invalid ShimRegister: %s%.64s",
		 why, what);
}

static void decode_shim(const struct sq_json *root, struct sq_hello *h)
{
	struct sq_slice protocol = sq_json_string(sq_json_get(root, "protocol"));
	const char *key;

	for (size_t i = 0; (key = sq_json_member(root, i, NULL)); i++) {
		if (strcmp(key, "protocol") && strcmp(key, "pid")) {
			bad_shim(h, "unknown field ", key);
			return;
		}
	}
	if (sq_slice_is(protocol, "lsp")) {
		h->shim = SQ_SHIM_LSP;
	} else if (sq_slice_is(protocol, "mcp")) {
		h->shim = SQ_SHIM_MCP;
	} else {
		bad_shim(h, "protocol must be \"lsp\" or \"mcp\"", "");
		return;
	}
	if (!get_u32(sq_json_get(root, "pid"), &h->pid)) {
		bad_shim(h, "pid must be an integer from 0 to 4294967295", "");
		return;
	}
	h->kind = SQ_HELLO_SHIM;
}

static void decode_daemon(const struct sq_json *root, struct sq_hello *h)
{
	const struct sq_json *client = sq_json_get(root, "client_version");
	struct sq_slice version = sq_json_string(client);

	if (sq_json_type(client) != SQ_JSON_STRING ||
	    !get_u32(sq_json_get(root, "protocol_version"),
		     &h->protocol_version))
		return;
	snprintf(h->client_version, sizeof(h->client_version), "%.*s",
		 (int)SQ_MIN(version.n, sizeof(h->client_version) - 1),
		 version.p);
	h->kind = SQ_HELLO_DAEMON;
}

int sq_hello_decode(struct sq_slice body, struct sq_hello *ret_h)
{
	struct sq_hello h = { .kind = SQ_HELLO_INVALID };
	struct sq_json_doc *doc = NULL;
	const struct sq_json *root;
	int r;

	r = sq_json_parse(body, &doc, NULL, 0);
	if (r < 0)
		return sq_error_trace(r);
	if (!r) {
		root = sq_json_root(doc);
		if (sq_json_get(root, "protocol") && sq_json_get(root, "pid"))
			decode_shim(root, &h);
		else
			decode_daemon(root, &h);
	}
	sq_json_doc_free(doc);
	*ret_h = h;
	return 0;
}

bool sq_hello_is_compatible(const struct sq_hello *h)
{
	return h->protocol_version == SQ_PROTOCOL_VERSION;
}

void sq_hello_response(struct sq_buf *out, bool compatible)
{
	struct sq_jw w;

	sq_jw_init(&w, out);
	sq_jw_begin_object(&w);
	sq_jw_kbool(&w, "compatible", compatible);
	sq_jw_kstr(&w, "daemon_version", SQ_LIT(PACKAGE_VERSION));
	sq_jw_ku64(&w, "envelope_version", SQ_ENVELOPE_VERSION);
	sq_jw_end_object(&w);
}

void sq_hello_shim_ack(struct sq_buf *out, const char *reason)
{
	struct sq_jw w;

	sq_jw_init(&w, out);
	sq_jw_begin_object(&w);
	sq_jw_kbool(&w, "accepted", !reason);
	sq_jw_kstr(&w, "daemon_version", SQ_LIT(PACKAGE_VERSION));
	if (reason)
		sq_jw_kstr(&w, "reason", sq_slice_z(reason));
	sq_jw_ku64(&w, "envelope_version", SQ_ENVELOPE_VERSION);
	sq_jw_end_object(&w);
}

void sq_hello_request(struct sq_buf *out, const char *client_version)
{
	struct sq_jw w;

	sq_jw_init(&w, out);
	sq_jw_begin_object(&w);
	sq_jw_kstr(&w, "client_version", sq_slice_z(client_version));
	sq_jw_ku64(&w, "protocol_version", SQ_PROTOCOL_VERSION);
	sq_jw_end_object(&w);
}
