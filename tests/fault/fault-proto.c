/* SPDX-License-Identifier: MIT */
/* Every allocation of decoding and answering fails once: -ENOMEM or the same
 * answer, and no leak. */
#include <errno.h>
#include <stdio.h>

#include "proto/frame.h"
#include "proto/hello.h"
#include "proto/rpc.h"

#ifdef SQ_TEST_HOOKS
static const char batch[] =
	"[{\"jsonrpc\":\"2.0\",\"id\":18446744073709551615,\"method\":\"a\","
	"\"params\":{\"x\":[1,2.5,\"y\"],\"big\":9223372036854775808}},"
	"{\"jsonrpc\":\"2.0\",\"id\":\"\\u0041\",\"method\":\"b\"},[1],{}]";

static int answer(const struct sq_rpc_item *it, struct sq_buf *out)
{
	struct sq_rpc_meta meta = { .last_error = SQ_LIT("e") };
	size_t at = sq_frame_begin(out);
	struct sq_jw w;

	if (it->error) {
		sq_rpc_invalid_params(out, it->req.id, SQ_LIT("reason"));
	} else {
		sq_jw_init(&w, out);
		sq_rpc_result_begin(&w, it->req.id);
		sq_jw_string(&w, it->req.method);
		sq_rpc_result_end(&w, &meta);
	}
	(void)sq_frame_end(out, at);
	return sq_buf_error(out);
}

static int decode_and_answer(struct sq_buf *out)
{
	struct sq_rpc_message m;
	int r = sq_rpc_decode(SQ_LIT(batch), &m);

	if (r)
		return r;
	for (size_t i = 0; !r && i < m.n; i++)
		r = answer(&m.items[i], out);
	sq_rpc_message_deinit(&m);
	return r;
}

static int greet(struct sq_buf *out)
{
	struct sq_hello h;
	int r = sq_hello_decode(SQ_LIT("{\"client_version\":\"1\","
				       "\"protocol_version\":1}"), &h);

	if (r)
		return r;
	if (h.kind != SQ_HELLO_DAEMON)
		return 1;
	sq_hello_response(out, sq_hello_is_compatible(&h));
	return sq_buf_error(out);
}

static int try_all(const char *what, int (*fn)(struct sq_buf *))
{
	struct sq_buf good = SQ_BUF_NULL, out = SQ_BUF_NULL;
	unsigned n = 0;
	int r = fn(&good);

	if (r)
		return 1;
	do {
		sq_buf_deinit(&out);
		sq_alloc_fail_after(++n);
		r = fn(&out);
		sq_alloc_fail_after(0);
	} while (r == -ENOMEM && n < 1000);
	if (r || n < 3 ||
	    !sq_slice_eq(sq_buf_slice(&out), sq_buf_slice(&good))) {
		printf("%s: after %u failures: %d\n", what, n - 1, r);
		r = 1;
	} else {
		printf("%s: %u allocations failed in turn\n", what, n - 1);
	}
	sq_buf_deinit(&good);
	sq_buf_deinit(&out);
	return r;
}
#endif

int main(void)
{
#ifdef SQ_TEST_HOOKS
	return try_all("decode", decode_and_answer) | try_all("hello", greet);
#else
	printf("SKIP: needs --enable-test-hooks\n");
	return 77;
#endif
}
