/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * config_key — the keys of the configuration: section, name, type, range,
 * default, variable, and whether a running daemon can take a new value.
 * Threads: as config.h.
 */
#include "daemon/config.h"

struct sq_config_key {
	const char *section, *name, *env;
	uint8_t type;                  /* config_key.c's */
	bool is_live;                  /* a reload applies it */
	size_t offset;
	uint64_t min, max;
};
extern const struct sq_config_key sq_config_keys[];
extern const size_t sq_config_n_keys;
extern const struct sq_config sq_config_defaults;

/** sq_config_key_find() - Return: its index; -1 with what is known there instead. */
int sq_config_key_find(const char *section, const char *name, struct sq_config_error *ret_err);
/** sq_config_key_set() - @origin: "FILE:LINE", copied. Return: 0; SQ_CONFIG_E_BAD; -ENOMEM. */
int sq_config_key_set(struct sq_config *c, int key, const char *value, const char *origin,
		      struct sq_config_error *ret_err) sq_must_check;
/** sq_config_key_text() - the value as a file has it; a list separated by blanks. "": nothing was said. */
void sq_config_key_text(const struct sq_config *c, int key, struct sq_buf *b);
/** sq_config_key_is_list() - its values are c->excludes. */
bool sq_config_key_is_list(int key);
/** sq_config_key_take() - exchange the value and its origin with @from's. */
void sq_config_key_take(struct sq_config *c, struct sq_config *from, int key);
/** sq_config_workspace_set() - one key of [workspace "@path"]. */
int sq_config_workspace_set(struct sq_config *c, struct sq_slice path, const char *key, const char *value,
			    const char *origin, struct sq_config_error *ret_err) sq_must_check;
