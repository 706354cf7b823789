/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * pingpong — the bare round trip of a message over a Unix socket: another
 * process that reads a request and writes an answer of the same sizes as the
 * daemon's, and does nothing else. What a query costs above it is ours.
 * Ownership: the pingpong owns its process. Threads: a connection is one thread's.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/alloc.h"

struct sq_pingpong { pid_t pid; char socket[108]; uint32_t n_request, n_answer; };
#define SQ_PINGPONG_NULL { 0, "", 0, 0 }
/** sq_pingpong_start() - @dir: for its socket. 0 or -errno. */
int sq_pingpong_start(struct sq_pingpong *p, const char *dir, uint32_t n_request, uint32_t n_answer) sq_must_check;
void sq_pingpong_stop(struct sq_pingpong *p);
/** sq_pingpong_connect() - Return: a descriptor or -errno. */
int sq_pingpong_connect(const struct sq_pingpong *p);
/** sq_pingpong_once() - one round trip. @buf: as large as the larger of both. 0 or -errno. */
int sq_pingpong_once(const struct sq_pingpong *p, int fd, char *buf) sq_must_check;
