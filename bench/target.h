/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * target — the daemon that is measured: one of our own on a private socket in
 * the scratch directory, or one that runs already. Reached through libsqry.
 * Ownership: the target owns its daemon and its connection.
 * Threads:   main thread; other threads open clients of their own.
 * Errors:    0 or SQ_TARGET_E_*; the sentence is in why.
 */
#include <sqry/sqry.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "bench/histogram.h"

enum { SQ_TARGET_E_FAILED = 1, SQ_TARGET_E_UNSUPPORTED /* -32601 */ };

struct sq_target {
	char *sqryd;                    /* program; NULL: the daemon is not ours */
	char *socket, *home;            /* home: its configuration and cache */
	uint64_t memory_mb;
	bool is_ours;
	pid_t pid;                      /* 0: unknown or not running */
	struct sqry_client *client;
	bool is_loaded;                 /* the corpus */
	bool is_cut;                    /* the daemon closed the connection: it is about to end */
	char why[600];
};
#define SQ_TARGET_NULL { .pid = 0 }

/** sq_target_init() - @socket: of a running daemon; NULL: one of ours below @scratch. */
int sq_target_init(struct sq_target *t, const char *sqryd, const char *socket, const char *scratch,
		   uint64_t memory_mb) sq_must_check;
void sq_target_deinit(struct sq_target *t);
/** sq_target_start() - have one that answers, and a connection to it. */
int sq_target_start(struct sq_target *t) sq_must_check;
/** sq_target_stop() - end ours, close the connection. */
void sq_target_stop(struct sq_target *t);
/** sq_target_is_dead() - ours has ended though nobody asked it to; says how in why. */
bool sq_target_is_dead(struct sq_target *t);
/** sq_target_client() - a further connection. */
int sq_target_client(struct sq_target *t, struct sqry_client **ret) sq_must_check;

/** sq_target_call() - @params is consumed. @ret_reply: NULL when only success matters. */
int sq_target_call(struct sq_target *t, const char *method, struct sqry_params *params,
		   struct sqry_reply **ret_reply) sq_must_check;
/* calls with one parameter, a directory */
int sq_target_load(struct sq_target *t, const char *dir) sq_must_check;
int sq_target_unload(struct sq_target *t, const char *dir) sq_must_check;
int sq_target_sync(struct sq_target *t, const char *dir) sq_must_check;
int sq_target_rebuild(struct sq_target *t, const char *dir) sq_must_check;

/** sq_search_params() - exact search of @name below @dir. */
struct sqry_params *sq_search_params(const char *dir, const char *name);
/** sq_target_count() - definitions whose name a regular expression finds. */
int sq_target_count(struct sq_target *t, const char *dir, const char *regex, int64_t *ret_total) sq_must_check;
/** sq_target_find() - definitions of a name; @ret_end_line: of the first, may be NULL. */
int sq_target_find(struct sq_target *t, const char *dir, const char *name, int64_t *ret_total,
		   int64_t *ret_end_line) sq_must_check;

struct sq_target_status {
	int64_t workers, debounce_ms;
	bool has_store;
	/* of the workspace; -1 where the daemon does not say */
	int64_t files, definitions, references, bound, ambiguous, unresolved;
	int64_t bytes, last_files, last_us, parsed_total;
	bool last_us_is_exact;          /* else rounded down to 1 ms */
	int64_t overflows, rescans, pending;
	bool watching;
};
int sq_target_status(struct sq_target *t, const char *dir, struct sq_target_status *ret) sq_must_check;

/** sq_target_histogram() - how long calls of @method took inside; false: the daemon does not tell. */
bool sq_target_histogram(struct sq_target *t, const char *method, struct sq_histogram *ret);

struct sq_memory { uint64_t peak, resident, anonymous; };       /* bytes; anonymous with shared memory */
/** sq_target_memory() - from /proc; false when it cannot be read. */
bool sq_target_memory(const struct sq_target *t, struct sq_memory *ret);
struct sq_effort { double cpu_s; uint64_t switches; };  /* on a CPU; voluntary context switches */
bool sq_target_effort(const struct sq_target *t, struct sq_effort *ret);
