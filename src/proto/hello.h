/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * hello — the first frame of a connection and its answer (protocol 2.1).
 * Its shape decides what the session is. Functions write one JSON document;
 * the caller frames it.
 * Ownership: a decoded hello owns nothing and borrows nothing.
 * Threads:   as the owner.
 */
#include "proto/json.h"

#define SQ_PROTOCOL_VERSION 1
#define SQ_ENVELOPE_VERSION 1

enum sq_hello_kind {
	SQ_HELLO_DAEMON,        /* JSON-RPC session: answer sq_hello_response() */
	SQ_HELLO_SHIM,          /* raw LSP or MCP stream: answer sq_hello_shim_ack() */
	SQ_HELLO_BAD_SHIM,      /* answer an ack that is not accepted, with @reason; close */
	SQ_HELLO_INVALID,       /* answer -32600 with id null; close */
};
enum sq_shim { SQ_SHIM_LSP, SQ_SHIM_MCP };
struct sq_hello {
	enum sq_hello_kind kind;
	uint32_t protocol_version;      /* DAEMON: compatible iff SQ_PROTOCOL_VERSION, else answer and close */
	char client_version[64];        /* DAEMON: cut to fit; escape before logging */
	enum sq_shim shim;              /* SHIM */
	uint32_t pid;                   /* SHIM */
	char reason[160];               /* BAD_SHIM: "invalid ShimRegister: ..." */
};
/** sq_hello_decode() - Return: 0 with any kind above; -ENOMEM. */
int sq_hello_decode(struct sq_slice body, struct sq_hello *ret_h) sq_must_check;
/** sq_hello_is_compatible() - of a DAEMON hello. */
bool sq_hello_is_compatible(const struct sq_hello *h);
/** sq_hello_response() - DaemonHelloResponse. */
void sq_hello_response(struct sq_buf *out, bool compatible);
/** sq_hello_shim_ack() - ShimRegisterAck; @reason NULL: accepted. */
void sq_hello_shim_ack(struct sq_buf *out, const char *reason);
/** sq_hello_request() - DaemonHello of a client. */
void sq_hello_request(struct sq_buf *out, const char *client_version);
