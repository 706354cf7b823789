/* SPDX-License-Identifier: MIT */
/*
 * Bytes from a socket: frames, hello and JSON-RPC. Checked beyond "no crash":
 * what was decoded can be answered in well-formed JSON.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "proto/frame.h"
#include "proto/hello.h"
#include "proto/rpc.h"

const struct fuzz_fixtures fuzz_fixtures = { .dir = NULL };

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void must_parse(struct sq_buf *b)
{
	struct sq_json_doc *d = NULL;

	must(!sq_buf_error(b));
	must(!sq_json_parse(sq_buf_slice(b), &d, NULL, 0));
	sq_json_doc_free(d);
	sq_buf_deinit(b);
}

static void answer(const struct sq_rpc_item *it)
{
	struct sq_rpc_meta meta = { .last_error = it->req.method };
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_jw w;

	if (it->error) {
		must(it->req.id.n);
		sq_rpc_error(&b, it->req.id, it->error, SQ_LIT("bad"),
			     SQ_SLICE_NULL);
		must_parse(&b);
		return;
	}
	must(it->req.method.n);
	sq_rpc_method_not_found(&b, it->req.id, it->req.method);
	must_parse(&b);
	sq_jw_init(&w, &b);
	sq_rpc_result_begin(&w, it->req.id);
	sq_jw_string(&w, it->req.method);
	sq_rpc_result_end(&w, &meta);
	must_parse(&b);
}

static void one_body(struct sq_slice body)
{
	struct sq_rpc_message m;
	struct sq_hello h;

	must(!sq_hello_decode(body, &h));
	must(h.kind != SQ_HELLO_BAD_SHIM || h.reason[0]);
	if (sq_rpc_decode(body, &m))
		return;
	must(m.n > 0);
	for (size_t i = 0; i < m.n; i++)
		answer(&m.items[i]);
	sq_rpc_message_deinit(&m);
}

static void raw_bytes(struct sq_slice s)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_jw w;

	sq_jw_init(&w, &b);
	sq_jw_begin_object(&w);
	sq_jw_kpath(&w, "p", "b", s);
	sq_jw_kuri(&w, "u", SQ_LIT("/"), s);
	sq_jw_end_object(&w);
	must_parse(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sq_slice in = sq_slice((const char *)data, size), body;
	size_t used;

	one_body(in);
	raw_bytes(in);
	while (!sq_frame_next(in, &body, &used)) {
		must(used <= in.n);
		one_body(body);
		in = sq_slice(in.p + used, in.n - used);
	}
	return 0;
}
