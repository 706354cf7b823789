/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * config — what the daemon was told: defaults, files, environment, in this order.
 * Files: /etc/sqry/sqryd.conf, $XDG_CONFIG_HOME/sqry/sqryd.conf, the *.conf of
 * either sqryd.conf.d/ in byte order; or the one of --config or
 * SQRY_DAEMON_CONFIG alone. A missing file is fine unless it was named.
 * Ownership: a value; owns its strings.
 * Threads:   main thread while it is made; read-only then.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/str.h"

struct sq_config {
	uint64_t memory_limit_mb;
	uint32_t debounce_ms, max_wait_ms;
	uint32_t stale_serve_max_age_hours;    /* 0: no cap */
	uint32_t ipc_shutdown_drain_secs;
	uint32_t tool_timeout_secs;
	uint32_t cost_gate_node_limit;         /* definitions; 0: no query is too broad */
	uint32_t cost_gate_min_prefix, cost_gate_min_literal;
	uint64_t query_max_rows;               /* definitions, names and references that one query looks at */
	uint32_t auto_start_ready_timeout_secs;
	uint32_t workers;                      /* 0: as many as there are CPUs */
	uint32_t query_threads;                /* 0: the same, at least 2 */
	uint64_t max_file_mb;
	uint64_t kept_trees_mb;                /* syntax trees of edited files; 0: none */
	enum sq_log_level log_level;
	char *log_file;                        /* NULL: standard error */
	char *grammar_dir;                     /* NULL: as installed */
	char *socket_path;                     /* NULL: derived (protocol 2.7) */
	int watch_tier;                        /* enum sq_watch_tier, -1 best */
	bool use_gitignore;
	bool bind_unknown_receivers;
	char **excludes;                       /* NULL-terminated, may be NULL */
	size_t n_excludes;
};
/* what is wrong, with file and line when there are */
struct sq_config_error { char text[512]; };

void sq_config_deinit(struct sq_config *c);
/**
 * sq_config_load()
 * @path: --config, or NULL
 * Return: 0; SQ_CONFIG_E_BAD with @ret_err filled (exit 78); -errno.
 */
enum { SQ_CONFIG_E_BAD = 1 };
int sq_config_load(const char *path, struct sq_config *ret_c, struct sq_config_error *ret_err) sq_must_check;
/** sq_config_set() - one key as a file would; for the command line. Return: 0; SQ_CONFIG_E_BAD; -ENOMEM. */
int sq_config_set(struct sq_config *c, const char *section, const char *key, const char *value,
		  struct sq_config_error *ret_err) sq_must_check;
/** sq_config_print() - the effective values as a file that can be read again. */
void sq_config_print(const struct sq_config *c, FILE *out);
int sq_log_level_parse(const char *name);       /* the value, or -1 */
