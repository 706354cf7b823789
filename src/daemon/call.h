/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * call — one request from a frame until its answer, and the message it came in.
 *
 * A message is one frame: a request or a batch. It is answered when all its
 * calls are, with one frame, or with none when all were notifications. A call
 * is answered once; work that goes on after that (a job whose time is up) holds
 * the message until it ends.
 * Ownership: a message holds its connection; each asynchronous part of a call
 *            (job, waiter, timer) holds the message.
 * Threads:   loop thread, but: a job writes ->out and ->work of its call, a
 *            waiter ->outcome; both are handed over by a post to the loop.
 */
#include "daemon/daemon.h"
#include "proto/rpc.h"

struct sq_conn;
struct sq_call;
struct sq_message;

struct sq_method {
	const char *name;
	/* on the loop thread: answer now, or arrange it */
	void (*run)(struct sq_call *c);
};

/* what several parts of a call fill in */
struct sq_call {
	struct sq_message *msg;
	struct sq_daemon *d;
	const struct sq_rpc_request *req;
	const struct sq_method *method;
	bool is_answered;
	bool is_notification;
	struct sq_buf out;               /* the response object */
	/* asynchronous parts */
	void (*job)(struct sq_call *c, struct sq_epoch_record *record);   /* on a query thread */
	void (*then)(struct sq_call *c); /* on the loop after the job: answers or arranges; NULL: job_out is the answer */
	void (*drop)(struct sq_call *c); /* instead of then, when the call was answered meanwhile; may be NULL */
	struct sq_buf job_out;
	struct sq_call *next_job;        /* of its connection's share */
	struct sq_post post;
	struct sq_waiter waiter;
	void (*waited)(struct sq_call *c);     /* on the loop, with ->outcome */
	struct sq_outcome outcome;
	struct sq_op timers[2];          /* of the job, of the wait */
	void (*timer_fn[2])(struct sq_call *c);
	bool cancel;                     /* atomic: the job shall end */
	uint64_t started_ns;             /* when its frame was there */
	struct sq_workspace *ws;         /* referenced, or NULL */
	void *work, *args;               /* the arrangement's, the method's: sq_malloc'ed or NULL */
};
/*
 * What a connection has of the query threads: one of them less than there are,
 * so that nobody keeps all of them. Its other jobs wait here, in their order.
 */
struct sq_share {
	struct sq_call *first, **last;
	unsigned n_running;              /* handed to d->queries, not yet finished */
};
void sq_share_init(struct sq_share *s);
struct sq_message {
	struct sq_conn *conn;
	struct sq_rpc_message rpc;
	unsigned refs;
	size_t n_unanswered;
	size_t held_bytes;                 /* answers of a batch that wait for the others */
	struct sq_message *next, **prev;   /* of d->messages */
	struct sq_call calls[];
};

/** sq_message_run() - decode one frame and run its calls. @body is borrowed.
 *  Return: 0; SQ_RPC_E_PARSE (the caller answers and closes); -ENOMEM. */
int sq_message_run(struct sq_conn *conn, struct sq_daemon *d, struct sq_slice body) sq_must_check;
/** sq_messages_cancel() - jobs of every message end at their next check. */
void sq_messages_cancel(struct sq_daemon *d);
/** sq_messages_abandon() - the same for those of one connection: nobody will take their answers. */
void sq_messages_abandon(struct sq_daemon *d, const struct sq_conn *conn);
/** sq_call_begin() - the result is an object, open in @w; the answer goes to c->out. */
void sq_call_begin(struct sq_call *c, struct sq_jw *w);
/** sq_call_end() - close it, with the meta of a management call, and answer. @state: may be NULL. */
void sq_call_end(struct sq_call *c, struct sq_jw *w, const char *state);
/** sq_call_answered() - ->out is complete (or stays empty, a notification's). */
void sq_call_answered(struct sq_call *c);
/** sq_call_invalid() - -32602, kind validation_error. */
void sq_call_invalid(struct sq_call *c, const char *fmt, ...) SQ_PRINTF(2, 3);
/* what a parameter breaks (protocol 2.4) */
struct sq_violation {
	const char *constraint;         /* "non_empty", "range", "ordering", "xor" */
	const char *field, *other;      /* @other: of two fields, or NULL */
	int64_t min, max, actual;       /* of a range */
};
/** sq_call_violates() - the same as sq_call_invalid(), with details {kind: "validation", constraint, ...}. */
void sq_call_violates(struct sq_call *c, const struct sq_violation *v, const char *reason);
/**
 * sq_call_start_job() - run @job on a query thread under the tool timeout.
 * @then: see struct sq_call. When the call was answered meanwhile (time was up,
 *         no room for the job) c->drop is called instead.
 */
void sq_call_start_job(struct sq_call *c, void (*job)(struct sq_call *, struct sq_epoch_record *),
		       void (*then)(struct sq_call *));
/** sq_call_prepare_wait() - c->waiter may be handed to rebuild/; @waited runs on the loop, unless
 *  the call was answered meanwhile. */
struct sq_waiter *sq_call_prepare_wait(struct sq_call *c, void (*waited)(struct sq_call *));
/** sq_call_abandon_wait() - it was not handed over after all. */
void sq_call_abandon_wait(struct sq_call *c);
/** sq_call_limit_wait() - @late(c) when no answer was given @ns from now. */
void sq_call_limit_wait(struct sq_call *c, uint64_t ns, void (*late)(struct sq_call *c));

/** sq_methods_find() - NULL: no such method. */
const struct sq_method *sq_methods_find(struct sq_slice name);
/** sq_methods_count(), _at(), _index() - the table in order, for figures of each method. */
size_t sq_methods_count(void);
const struct sq_method *sq_methods_at(size_t i);
size_t sq_methods_index(const struct sq_method *method);
