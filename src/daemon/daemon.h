/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * daemon — the parts of one running sqryd, wired together.
 * Ownership: main's; everything else borrows.
 * Threads:   fields are set before threads start; what changes later says so.
 */
#include "base/epoch.h"
#include "daemon/config.h"
#include "daemon/metrics.h"
#include "rebuild/rebuild.h"
#include "sys/jobs.h"
#include "sys/loop.h"

struct sq_conn;
struct sq_server;
struct sq_message;
struct sq_latency;
struct sq_query_thread { struct sq_epoch_record *record; };

struct sq_daemon {
	struct sq_config *config;
	struct sq_epoch *epoch;
	struct sq_lang_registry *registry;
	struct sq_rebuild *rebuild;
	struct sq_manager *manager;          /* the rebuild's */
	struct sq_loop *loop;
	struct sq_epoch_record *record;      /* the loop thread's */
	struct sq_jobs *queries;
	struct sq_query_thread *query_threads;
	unsigned n_query_threads;
	struct sq_server *server;
	uint64_t started_ns;
	char clock_prefix[64];               /* "c:<boot>:<pid>:" */
	const char *socket_path;
	unsigned n_spools;                   /* loop thread: dumps that are kept */
	struct sq_message *messages;         /* loop thread: those that are not gone */
	struct sq_latency *latencies;        /* loop thread: of each method */
	struct sq_build_metrics builds;      /* atomics */
	uint64_t n_cancelled;                /* atomic: queries that ended because nobody waited any more */
#ifdef SQ_TEST_HOOKS
	bool holds_reads;                    /* atomic: a read begins when its call is cancelled */
#endif
};

/** sq_daemon_clock() - "c:<boot>:<pid>:<counter>"; @buf of at least SQ_CLOCK_MAX. */
#define SQ_CLOCK_MAX 96
struct sq_slice sq_daemon_clock(const struct sq_daemon *d, const struct sq_workspace *ws, uint64_t generation,
				char *buf);
/** sq_daemon_leave() - end a section and do what a leaving reader owes. */
void sq_daemon_leave(struct sq_daemon *d, struct sq_epoch_record *record);
/** sq_daemon_check_retained() - warn of readers that hold memory for too long; loop thread. */
void sq_daemon_check_retained(struct sq_daemon *d);
/** sq_daemon_hand_over() - to the daemon of @conn, as soon as the call that is answered is out; loop thread. */
void sq_daemon_hand_over(struct sq_daemon *d, struct sq_conn *conn);
/** sq_daemon_stop() - begin an orderly stop; loop thread. */
void sq_daemon_stop(struct sq_daemon *d, const char *why);
