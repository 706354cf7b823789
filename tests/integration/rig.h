/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * rig — a real daemon in a temporary directory, and raw frames to it.
 * Ownership: a rig owns its directory, its daemon and its connections.
 * Threads:   the test's.
 * Waiting:   for readiness by the pipe of a detached start, for results by
 *            answers, for the end by waitpid; nothing sleeps.
 */
#include <check.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"
#include "proto/json.h"

struct rig {
	char dir[64];              /* everything below it */
	char tree[80];             /* the workspace, empty at first */
	char sock[96], conf[96], log[96];
	pid_t pid;                 /* of the daemon, 0: none */
	uid_t uid;                 /* run it as this user, 0: as we are */
	void (*prepare)(struct rig *r);   /* in the child before its program, may be NULL */
};
/** rig_init() - directory and configuration; @config: further lines, may be "". */
void rig_init(struct rig *r, const char *config);
/** rig_start() - returns when it serves. */
void rig_start(struct rig *r);
/** rig_stop() - daemon/stop, then wait. Return: its exit status. */
int rig_stop(struct rig *r);
void rig_kill(struct rig *r, int sig);
/** rig_wait() - Return: exit status, or 128 + signal. */
int rig_wait(struct rig *r);
/** rig_deinit() - kill what runs, remove the directory. */
void rig_deinit(struct rig *r);

/* files below the tree; parents are made */
void rig_write(struct rig *r, const char *path, const char *text);
void rig_write_bytes(struct rig *r, const char *path, const void *p, size_t n);
void rig_unlink(struct rig *r, const char *path);
void rig_rename(struct rig *r, const char *from, const char *to);
const char *rig_path(struct rig *r, const char *path);   /* absolute, valid until the next call */

/* a connection */
struct rig_conn { int fd; };
void rig_open(struct rig *r, struct rig_conn *c);         /* no hello yet */
void rig_connect(struct rig *r, struct rig_conn *c);      /* with hello */
void rig_close(struct rig_conn *c);
void rig_send_raw(struct rig_conn *c, const void *p, size_t n);
void rig_send(struct rig_conn *c, const char *json);
/** rig_recv() - one frame's document; NULL at the end of the stream. */
struct sq_json_doc *rig_recv(struct rig_conn *c);
/** rig_is_eof() - the daemon closed; reads until then. */
bool rig_is_eof(struct rig_conn *c);
/** rig_ask() - request id 7; @fmt: its params, a format. The whole response. */
struct sq_json_doc *rig_ask(struct rig_conn *c, const char *method, const char *fmt, ...) SQ_PRINTF(3, 4);
/* one call on a connection of its own; asserts success, or the error code */
struct sq_json_doc *rig_ok(struct rig *r, const char *method, const char *fmt, ...) SQ_PRINTF(3, 4);
struct sq_json_doc *rig_fails(struct rig *r, int code, const char *method, const char *fmt, ...) SQ_PRINTF(4, 5);
/** rig_result() - the T of {result: {result: T, meta}}; NULL for an error. */
const struct sq_json *rig_result(const struct sq_json_doc *d);
const struct sq_json *rig_meta(const struct sq_json_doc *d);
int rig_error(const struct sq_json_doc *d);               /* code, 0 for a result */

/* shorthands on the tree */
void rig_load(struct rig *r);
void rig_sync(struct rig *r);
int64_t rig_count(struct rig *r, const char *name);       /* definitions of that name */
int64_t rig_callers(struct rig *r, const char *name);
const struct sq_json *rig_workspace(const struct sq_json_doc *status, const char *root);
/** rig_expect_state() - state of the tree in status, without waiting. */
void rig_expect_state(struct rig *r, const char *state);

/** rig_main() - run a suite; CK_FORK=no is what these tests need. */
int rig_main(const char *name, void (*add)(TCase *tc));
