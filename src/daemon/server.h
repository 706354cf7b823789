/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * server — the listening socket and the connections: frames in, frames out.
 * Ownership: the daemon's. A connection lives until it is closed and its last
 *            message is gone.
 * Threads:   loop thread.
 * Limits:    [socket] max_clients, max_requests_per_client (a batch counts as
 *            what it holds) and max_buffered_mb_per_client; a client that
 *            exceeds what it may have outstanding or not taken is not read
 *            from until it has. A frame is at most SQ_FRAME_MAX.
 * Fairness:  a connection runs at most SQ_CONN_FRAMES_A_TURN frames before the
 *            others, and has all query threads but one (struct sq_share).
 * Peers:     refused with -32600, id null, and closed, as daemon/peer.h says.
 */
#include "daemon/daemon.h"

#define SQ_CONN_RECV_BYTES (64u << 10)        /* room offered to one receive */
#define SQ_CONN_FRAMES_A_TURN 64u             /* run before the other connections are looked at */

struct sq_conn;
struct sq_share;
struct sq_spool;
struct sq_server_counters {
	unsigned n_connections;
	unsigned n_outstanding;                /* requests */
	uint64_t n_accepted, n_refused, n_requests, n_bad_frames;
	uint64_t n_foreign;                    /* of n_refused: users who may not ask */
	uint64_t n_turns;                      /* times that a connection left others the turn */
};
/** sq_server_new() - @listen_fd: -1: sq_server_listen() follows. */
int sq_server_new(struct sq_daemon *d, int listen_fd, struct sq_server **ret_s) sq_must_check;
/** sq_server_listen() - accept on @listen_fd, borrowed, from now on. */
void sq_server_listen(struct sq_server *s, int listen_fd);
/**
 * sq_server_adopt() - a connection of a daemon that is replaced.
 * @fd:         consumed
 * @is_greeted: hellos were exchanged
 * @bytes:      received there, not yet run
 */
void sq_server_adopt(struct sq_server *s, int fd, bool is_greeted, struct sq_slice bytes);
/**
 * sq_server_hand_over() - pass on the listening socket, @lock_fd, and every
 * connection as soon as its last answer is out, over the one of @heir, whose
 * requests are all answered.
 * @left: when nothing is left but the heir's connection
 * Return: 0; -errno, nothing was given away.
 */
int sq_server_hand_over(struct sq_server *s, struct sq_conn *heir, int lock_fd, void (*left)(void *arg),
			void *arg) sq_must_check;
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
/** sq_conn_message_begins() / _ends() - count the requests that are outstanding. */
void sq_conn_message_begins(struct sq_conn *c, size_t n);
void sq_conn_message_ends(struct sq_conn *c, size_t n);
/** sq_conn_share() - what it has of the query threads. */
struct sq_share *sq_conn_share(struct sq_conn *c);
/** sq_conn_is_own() - the peer is of our own user. */
bool sq_conn_is_own(const struct sq_conn *c);
/** sq_conn_is_dead() - closed; its answers go nowhere. */
bool sq_conn_is_dead(const struct sq_conn *c);
/** sq_conn_spool() - the dump that this connection keeps; a slot that its method owns. */
struct sq_spool **sq_conn_spool(struct sq_conn *c);
