/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * wire — a connection to the daemon whose answers are read and not decoded:
 * what a question costs before a client's library does anything with it.
 * The request is made once; each exchange is one write and, as a rule, one read.
 * Ownership: caller-owned storage. Threads: one at a time.
 */
#include "base/str.h"

struct sq_wire { int fd; struct sq_buf request, in; };
#define SQ_WIRE_NULL { -1, SQ_BUF_NULL, SQ_BUF_NULL }
/** sq_wire_connect() - Return: a descriptor or -errno. */
int sq_wire_connect(const char *socket);
/** sq_wire_open() - connect, exchange hellos, prepare the request. @params: a JSON object.
 *  Return: 0; -EPROTO: the daemon refused; -errno. */
int sq_wire_open(struct sq_wire *w, const char *socket, const char *method, const char *params) sq_must_check;
void sq_wire_close(struct sq_wire *w);
/** sq_wire_once() - ask, and read until the answer is whole. @ret_body: borrowed until the next call.
 *  0; -EPROTO: an answer that is no frame, or more than one; -errno. */
int sq_wire_once(struct sq_wire *w, struct sq_slice *ret_body) sq_must_check;
