/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * config — what the daemon was told: defaults, files, environment, command line, in this order.
 * Files: see proto/settings.h. A missing file is fine unless it was named.
 * Ownership: a value; owns its strings.
 * Threads:   main thread while it is made. sq_config_reload() on the loop
 *            thread changes what may change: numbers are stored atomically and
 *            read by sq_config_u32(), _u64() off the loop thread; strings and
 *            lists that may change are read on the loop thread only.
 * What may not change while the daemon runs is read-only, on any thread.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/atomic.h"
#include "base/log.h"
#include "base/str.h"

#define SQ_CONFIG_KEYS_MAX 64

/* what [workspace "/path"] says */
struct sq_config_workspace {
	char *path;
	char *origin;                          /* of its first key */
	bool pinned;                           /* loaded when the daemon starts, never evicted */
	bool exclude;                          /* a load of it, or of what is below, is refused */
};
struct sq_config {
	uint64_t memory_limit_mb;
	uint32_t idle_timeout_minutes;         /* without a client: the end; only when a client started it. 0: never */
	uint32_t debounce_ms, max_wait_ms;
	uint32_t incremental_threshold;        /* changed files that make a turn a full build (DF) */
	uint32_t closure_limit_percent;        /* share of the files that makes a turn a full build (DF) */
	uint32_t stale_serve_max_age_hours;    /* 0: no cap */
	uint32_t rebuild_drain_timeout_ms;     /* a replaced version that is read for longer: one warning */
	uint32_t ipc_shutdown_drain_secs;
	uint32_t tool_timeout_secs;
	uint32_t turn_budget_secs;             /* of one turn; 0: none */
	uint32_t max_shim_connections;         /* none is accepted yet, each is told the reason */
	uint32_t cost_gate_node_limit;         /* definitions; 0: no query is too broad */
	uint32_t cost_gate_min_prefix, cost_gate_min_literal;
	uint64_t query_max_rows;               /* definitions, names and references that one query looks at */
	uint32_t auto_start_ready_timeout_secs;
	uint32_t workers;                      /* 0: as many as there are CPUs */
	uint32_t query_threads;                /* 0: the same, at least 2 */
	uint64_t max_file_mb;
	uint64_t kept_trees_mb;                /* syntax trees of edited files; 0: none */
	bool install_user_service;             /* without effect, by the protocol */
	enum sq_log_level log_level;
	bool log_is_stderr;                    /* "stderr" or "-" was said */
	char *log_file;                        /* NULL: derived in the background, else standard error */
	uint64_t log_max_size_mb;
	uint32_t log_keep_rotations;
	char *grammar_dir;                     /* NULL: as installed */
	char *socket_path;                     /* NULL: derived (protocol 2.7) */
	char *allow_uids, *allow_gid;          /* who else may connect: numbers, NULL: nobody */
	uint32_t max_clients;                  /* connections */
	uint32_t max_requests_per_client;      /* not yet answered; of one batch, too */
	uint32_t max_buffered_mb_per_client;   /* answers that it has not taken */
	int watch_tier;                        /* enum sq_watch_tier, -1 best */
	bool use_gitignore;
	bool bind_unknown_receivers;
	char **excludes;                       /* NULL-terminated, may be NULL */
	char **exclude_origins;
	size_t n_excludes;
	struct sq_config_workspace *workspaces;
	size_t n_workspaces;
	char *named_file;                      /* --config; NULL: none */
	char *origins[SQ_CONFIG_KEYS_MAX];     /* of the values, by key; NULL: default */
};
#define SQ_CONFIG_NULL { .memory_limit_mb = 0 }
/* what is wrong, with file and line when there are, and what is allowed */
struct sq_config_error { char text[512]; };

void sq_config_deinit(struct sq_config *c);
/**
 * sq_config_load()
 * @path: --config, or NULL
 * Return: 0; SQ_CONFIG_E_BAD with @ret_err filled (exit 78); -errno.
 */
enum { SQ_CONFIG_E_BAD = 1 };
int sq_config_load(const char *path, struct sq_config *ret_c, struct sq_config_error *ret_err) sq_must_check;
/** sq_config_set() - one key as the command line gives it: it outlives a reload. Return: 0; SQ_CONFIG_E_BAD; -ENOMEM. */
int sq_config_set(struct sq_config *c, const char *section, const char *key, const char *value,
		  struct sq_config_error *ret_err) sq_must_check;
/* one value that is another now */
struct sq_config_change {
	const char *section, *key, *from, *to;
	const char *origin;                    /* of @to; NULL: default */
	bool is_applied;                       /* false: not without a restart; the old one holds */
};
/**
 * sq_config_reload() - read it all again and take over what may change.
 * @tell: every difference, after it was applied
 * Return: 0; SQ_CONFIG_E_BAD or -errno, nothing changed.
 */
int sq_config_reload(struct sq_config *c, void (*tell)(void *arg, const struct sq_config_change *change), void *arg,
		     struct sq_config_error *ret_err) sq_must_check;
/** sq_config_print() - the effective values as a file that can be read again, with where each came from. */
void sq_config_print(const struct sq_config *c, FILE *out);
/** sq_config_workspace() - the section of @path or of the longest directory above it; NULL: none. */
const struct sq_config_workspace *sq_config_workspace(const struct sq_config *c, struct sq_slice path);
/** sq_config_has_id() - is @id among the numbers of @list (allow_uids, allow_gid)? NULL: none. */
bool sq_config_has_id(const char *list, uint32_t id);
int sq_log_level_parse(const char *name);       /* the value, or -1 */

/* A number that a reload may change, on any thread. Relaxed: it stands for itself. */
static inline uint32_t sq_config_u32(const uint32_t *value)
{
	return sq_load_relaxed(value);
}

static inline uint64_t sq_config_u64(const uint64_t *value)
{
	return sq_load_relaxed(value);
}
