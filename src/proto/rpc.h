/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * rpc — JSON-RPC 2.0 requests, responses and the result envelope (protocol 2.2, 2.3, 2.5).
 * A message is classified without running anything; ids keep their source text.
 * Ownership: a message owns everything its requests show; it does not borrow
 *            from the frame's body.
 * Threads:   as the owner.
 */
#include <stdbool.h>

#include "proto/json.h"

#define SQ_RPC_PARSE_ERROR (-32700)
#define SQ_RPC_INVALID_REQUEST (-32600)
#define SQ_RPC_METHOD_NOT_FOUND (-32601)
#define SQ_RPC_INVALID_PARAMS (-32602)
#define SQ_RPC_INTERNAL (-32603)
#define SQ_RPC_TOOL_TIMEOUT (-32000)
#define SQ_RPC_BUILD_FAILED (-32001)
#define SQ_RPC_STALE_EXPIRED (-32002)
#define SQ_RPC_MEMORY_BUDGET (-32003)
#define SQ_RPC_NOT_LOADED (-32004)      /* evicted too */
#define SQ_RPC_OVERSIZE (-32006)
#define SQ_RPC_RESET_WHILE_LOADING (-32008)
#define SQ_RPC_RESET_DISPATCHED (-32009)
#define SQ_RPC_PINNED (-32010)

struct sq_rpc_request {
	struct sq_slice id;             /* source text of the id: "null" when it is null; empty: a notification */
	struct sq_slice method;
	const struct sq_json *params;   /* object, array or NULL */
};
/*
 * One decoded frame: a single request or a batch. A single one has n = 1. So has an
 * empty batch: it is answered by one -32600 object, is_batch is false then.
 * An item with an error shows its id when that was readable, else "null".
 */
struct sq_rpc_message {
	struct sq_json_doc *doc;
	bool is_batch;
	size_t n;
	struct sq_rpc_item { struct sq_rpc_request req; int error; /* 0 or SQ_RPC_INVALID_REQUEST */ } *items;
};
/** sq_rpc_decode() - Return: 0; SQ_RPC_E_PARSE (answer -32700, id null, close); -ENOMEM. */
enum { SQ_RPC_E_PARSE = 1 };
int sq_rpc_decode(struct sq_slice body, struct sq_rpc_message *ret_m) sq_must_check;
void sq_rpc_message_deinit(struct sq_rpc_message *m);

/** sq_rpc_request() - a request with a numeric id. @params: JSON text, empty: none. */
void sq_rpc_request(struct sq_buf *out, uint64_t id, const char *method, struct sq_slice params);

/* what a result's meta says */
struct sq_rpc_meta {
	bool stale;
	const char *workspace_state;    /* "Loaded", ... or NULL for management calls */
	uint64_t last_good_ns;          /* 0: omitted */
	struct sq_slice last_error;     /* empty: omitted */
	struct sq_slice as_of;          /* the graph's clock; empty: omitted */
	uint64_t pending_files;         /* 0: omitted */
	int watching;                   /* 0: "watching": false is written; else omitted */
};
/* {"jsonrpc":"2.0","id":..,"result":{"result": <payload> ,"meta":{..}}} : begin, write the payload value, end */
void sq_rpc_result_begin(struct sq_jw *w, struct sq_slice id);
void sq_rpc_result_end(struct sq_jw *w, const struct sq_rpc_meta *meta);
/** sq_rpc_error() - @data: JSON text or empty. */
void sq_rpc_error(struct sq_buf *out, struct sq_slice id, int code, struct sq_slice message, struct sq_slice data);
/**
 * sq_rpc_error_envelope() - an error whose data are the four keys {kind, retryable,
 * retry_after_ms, details} (protocol 2.5).
 * @retry_after_ms: negative: null. @details: JSON text, empty: null.
 */
struct sq_rpc_failure { int code; const char *kind; bool retryable; int64_t retry_after_ms; };
void sq_rpc_error_envelope(struct sq_buf *out, struct sq_slice id, const struct sq_rpc_failure *f,
			   struct sq_slice message, struct sq_slice details);
/** sq_rpc_invalid_params() - -32602 "Invalid params: <reason>", kind validation_error, details {reason}. */
void sq_rpc_invalid_params(struct sq_buf *out, struct sq_slice id, struct sq_slice reason);
/** sq_rpc_method_not_found() - -32601 with data {method}. */
void sq_rpc_method_not_found(struct sq_buf *out, struct sq_slice id, struct sq_slice method);
