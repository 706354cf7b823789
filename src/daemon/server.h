/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * server — the listening socket and the connections: frames in, frames out.
 * Ownership: the daemon's. A connection lives until it is closed and its last
 *            message is gone.
 * Threads:   loop thread.
 * Limits:    named below; a client that exceeds what it may have outstanding is
 *            not read from until it has taken its answers.
 */
#include "daemon/daemon.h"

#define SQ_SERVER_CONNECTIONS_MAX 1024u
#define SQ_CONN_OUTSTANDING_MAX 256u          /* messages not yet answered */
#define SQ_CONN_BUFFERED_MAX (64u << 20)      /* answers not yet taken, bytes: then no more is read */
#define SQ_CONN_RECV_BYTES (64u << 10)        /* room offered to one receive */

struct sq_conn;
struct sq_spool;
struct sq_server_counters {
	unsigned n_connections;
	unsigned n_outstanding;                /* messages */
	uint64_t n_accepted, n_refused, n_requests, n_bad_frames;
};
int sq_server_new(struct sq_daemon *d, int listen_fd, struct sq_server **ret_s) sq_must_check;
/** sq_server_free() - after the loop has ended. */
struct sq_server *sq_server_free(struct sq_server *s);
/**
 * sq_server_stop() - accept nothing more, read nothing more; @done(arg) when
 * the last answer is out, or after @drain_ns with what is left cut off.
 */
void sq_server_stop(struct sq_server *s, uint64_t drain_ns, void (*done)(void *arg), void *arg);
void sq_server_read_counters(const struct sq_server *s, struct sq_server_counters *ret);

/* for call.c */
struct sq_conn *sq_conn_ref(struct sq_conn *c);
void sq_conn_unref(struct sq_conn *c);
/** sq_conn_send() - queue one frame. */
void sq_conn_send(struct sq_conn *c, struct sq_slice body);
/** sq_conn_message_begins() / _ends() - count what is outstanding. */
void sq_conn_message_begins(struct sq_conn *c);
void sq_conn_message_ends(struct sq_conn *c);
/** sq_conn_is_dead() - closed; its answers go nowhere. */
bool sq_conn_is_dead(const struct sq_conn *c);
/** sq_conn_spool() - the dump that this connection keeps; a slot that its method owns. */
struct sq_spool **sq_conn_spool(struct sq_conn *c);
