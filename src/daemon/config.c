/* SPDX-License-Identifier: MIT */
#include "daemon/config.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "watch/watch.h"

enum key_type { KEY_U32, KEY_U64, KEY_LEVEL, KEY_STRING, KEY_LOG_FILE, KEY_TIER, KEY_BOOL, KEY_LIST };
struct key {
	const char *section, *name, *env;
	enum key_type type;
	size_t offset;
	uint64_t min, max;
};
#define AT(field) offsetof(struct sq_config, field)
static const struct key keys[] = {
	{ "daemon", "memory_limit_mb", "SQRY_DAEMON_MEMORY_MB", KEY_U64, AT(memory_limit_mb), 1, 1u << 30 },
	{ "daemon", "debounce_ms", NULL, KEY_U32, AT(debounce_ms), 1, 600000 },
	{ "daemon", "max_wait_ms", NULL, KEY_U32, AT(max_wait_ms), 1, 600000 },
	{ "daemon", "stale_serve_max_age_hours", "SQRY_DAEMON_STALE_MAX_AGE_HOURS", KEY_U32,
	  AT(stale_serve_max_age_hours), 0, UINT32_MAX },
	{ "daemon", "ipc_shutdown_drain_secs", NULL, KEY_U32, AT(ipc_shutdown_drain_secs), 1, 3600 },
	{ "daemon", "tool_timeout_secs", "SQRY_DAEMON_TOOL_TIMEOUT_SECS", KEY_U32, AT(tool_timeout_secs), 1, 3600 },
	{ "daemon", "cost_gate_node_limit", "SQRY_COST_GATE_NODE_LIMIT", KEY_U32, AT(cost_gate_node_limit), 0, UINT32_MAX },
	{ "daemon", "cost_gate_min_prefix", "SQRY_COST_GATE_MIN_PREFIX", KEY_U32, AT(cost_gate_min_prefix), 0, 1024 },
	{ "daemon", "cost_gate_min_literal", "SQRY_COST_GATE_MIN_LITERAL", KEY_U32, AT(cost_gate_min_literal), 0, 1024 },
	{ "daemon", "query_max_rows", NULL, KEY_U64, AT(query_max_rows), 1, UINT32_MAX },
	{ "daemon", "auto_start_ready_timeout_secs", "SQRY_DAEMON_AUTO_START_READY_TIMEOUT_SECS", KEY_U32,
	  AT(auto_start_ready_timeout_secs), 1, 60 },
	{ "daemon", "workers", NULL, KEY_U32, AT(workers), 0, 1024 },
	{ "daemon", "query_threads", NULL, KEY_U32, AT(query_threads), 0, 64 },
	{ "daemon", "max_file_mb", NULL, KEY_U64, AT(max_file_mb), 1, 1024 },
	{ "daemon", "kept_trees_mb", NULL, KEY_U64, AT(kept_trees_mb), 0, 65536 },
	{ "daemon", "bind_unknown_receivers", NULL, KEY_BOOL, AT(bind_unknown_receivers), 0, 0 },
	{ "daemon", "log_level", "SQRY_DAEMON_LOG_LEVEL", KEY_LEVEL, AT(log_level), 0, 0 },
	{ "daemon", "log_file", "SQRY_DAEMON_LOG_FILE", KEY_LOG_FILE, AT(log_file), 0, 0 },
	{ "daemon", "grammar_dir", NULL, KEY_STRING, AT(grammar_dir), 0, 0 },
	{ "socket", "path", "SQRY_DAEMON_SOCKET", KEY_STRING, AT(socket_path), 0, 0 },
	{ "watch", "tier", NULL, KEY_TIER, AT(watch_tier), 0, 0 },
	{ "watch", "use_gitignore", NULL, KEY_BOOL, AT(use_gitignore), 0, 0 },
	{ "watch", "exclude", NULL, KEY_LIST, AT(excludes), 0, 0 },
};

static const char *const level_names[] = {
	[SQ_LOG_ERROR] = "error", [SQ_LOG_WARNING] = "warning", [SQ_LOG_NOTICE] = "notice",
	[SQ_LOG_INFO] = "info", [SQ_LOG_DEBUG] = "debug",
};

int sq_log_level_parse(const char *name)
{
	if (!strcmp(name, "warn"))
		return SQ_LOG_WARNING;
	for (int i = SQ_LOG_ERROR; i <= SQ_LOG_DEBUG; i++)
		if (!strcmp(name, level_names[i]))
			return i;
	return -1;
}

static const char *const tier_names[] = {
	[SQ_WATCH_NONE] = "none", [SQ_WATCH_DIRECTORY] = "directory", [SQ_WATCH_FILESYSTEM] = "filesystem",
};

static int tier_parse(const char *name)
{
	if (!strcmp(name, "auto"))
		return -1;
	for (size_t i = 0; i < SQ_ARRAY_SIZE(tier_names); i++)
		if (!strcmp(name, tier_names[i]))
			return (int)i;
	return -2;
}

static const struct sq_config defaults = {
	.memory_limit_mb = 2048,
	.debounce_ms = 20,
	.max_wait_ms = 500,
	.stale_serve_max_age_hours = 24,
	.ipc_shutdown_drain_secs = 5,
	.tool_timeout_secs = 60,
	.cost_gate_node_limit = 50000,
	.cost_gate_min_prefix = 3,
	.cost_gate_min_literal = 4,
	.query_max_rows = 1u << 30,
	.auto_start_ready_timeout_secs = 10,
	.max_file_mb = 32,
	.kept_trees_mb = 64,
	.log_level = SQ_LOG_INFO,
	.watch_tier = -1,
	.use_gitignore = true,
	.bind_unknown_receivers = true,
};

void sq_config_deinit(struct sq_config *c)
{
	sq_free(c->log_file);
	sq_free(c->grammar_dir);
	sq_free(c->socket_path);
	for (size_t i = 0; i < c->n_excludes; i++)
		sq_free(c->excludes[i]);
	sq_free(c->excludes);
	*c = (struct sq_config){ .memory_limit_mb = 0 };
}

static int bad(struct sq_config_error *err, const struct key *k, const char *value, const char *allowed)
{
	(void)snprintf(err->text, sizeof(err->text), "%s = %.60s: must be %s", k->name, value, allowed);
	return SQ_CONFIG_E_BAD;
}

static int set_number(void *field, const struct key *k, const char *value, struct sq_config_error *err)
{
	char allowed[80], *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(value, &end, 10);
	if (errno || end == value || *end || value[0] == '-' || n < k->min || n > k->max) {
		(void)snprintf(allowed, sizeof(allowed), "a whole number from %llu to %llu",
			       (unsigned long long)k->min, (unsigned long long)k->max);
		return bad(err, k, value, allowed);
	}
	if (k->type == KEY_U32)
		*(uint32_t *)field = (uint32_t)n;
	else
		*(uint64_t *)field = n;
	return 0;
}

static int set_string(char **field, const char *value)
{
	char *copy = sq_strdup(value);

	if (!copy)
		return sq_error_origin(-ENOMEM);
	sq_free(*field);
	*field = copy;
	return 0;
}

static int add_exclude(struct sq_config *c, const char *value)
{
	char **v = sq_realloc(c->excludes, (c->n_excludes + 2) * sizeof(*v));

	if (!v)
		return sq_error_origin(-ENOMEM);
	c->excludes = v;
	v[c->n_excludes] = sq_strdup(value);
	if (!v[c->n_excludes])
		return sq_error_origin(-ENOMEM);
	v[++c->n_excludes] = NULL;
	return 0;
}

static int set_bool(bool *field, const struct key *k, const char *value, struct sq_config_error *err)
{
	if (!strcmp(value, "true") || !strcmp(value, "yes") || !strcmp(value, "1"))
		*field = true;
	else if (!strcmp(value, "false") || !strcmp(value, "no") || !strcmp(value, "0"))
		*field = false;
	else
		return bad(err, k, value, "true or false");
	return 0;
}

static int set_log_file(char **field, const char *value)
{
	if (strcmp(value, "stderr") && strcmp(value, "-"))
		return set_string(field, value);
	sq_free(*field);
	*field = NULL;
	return 0;
}

static int set_key(struct sq_config *c, const struct key *k, const char *value, struct sq_config_error *err)
{
	void *field = (char *)c + k->offset;
	int n;

	switch (k->type) {
	case KEY_U32:
	case KEY_U64:
		return set_number(field, k, value, err);
	case KEY_LEVEL:
		n = sq_log_level_parse(value);
		if (n < 0)
			return bad(err, k, value, "error, warning, notice, info or debug");
		c->log_level = (enum sq_log_level)n;
		return 0;
	case KEY_TIER:
		n = tier_parse(value);
		if (n < -1)
			return bad(err, k, value, "auto, filesystem, directory or none");
		c->watch_tier = n;
		return 0;
	case KEY_BOOL:
		return set_bool(field, k, value, err);
	case KEY_LIST:
		return add_exclude(c, value);
	case KEY_LOG_FILE:
		return set_log_file(field, value);
	default:
		return set_string(field, value);
	}
}

int sq_config_set(struct sq_config *c, const char *section, const char *key, const char *value,
		  struct sq_config_error *ret_err)
{
	for (size_t i = 0; i < SQ_ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].section, section) && !strcmp(keys[i].name, key))
			return set_key(c, &keys[i], value, ret_err);
	(void)snprintf(ret_err->text, sizeof(ret_err->text), "unknown key \"%.60s\" in section [%.60s]", key, section);
	return SQ_CONFIG_E_BAD;
}

/* ---- files -------------------------------------------------------------------- */

struct reading {
	struct sq_config *c;
	struct sq_config_error *err;
	int error;
};

static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct reading *rd = user;

	if (rd->error)
		return 1;   /* the first one counts, inih tells its line */
	rd->error = sq_config_set(rd->c, section, name, value, rd->err);
	return rd->error == 0;
}

static int read_file(struct sq_config *c, const char *path, bool must_exist, struct sq_config_error *err)
{
	struct reading rd = { .c = c, .err = err };
	struct sq_config_error what;
	int line = ini_parse(path, handle, &rd);

	if (line == -1) {
		if (errno == ENOENT && !must_exist)
			return 0;
		(void)snprintf(err->text, sizeof(err->text), "%.200s: %s", path, strerror(errno));
		return SQ_CONFIG_E_BAD;
	}
	if (rd.error < 0 || line == -2)
		return sq_error_origin(-ENOMEM);
	if (!line)
		return 0;
	what = *err;
	if (!rd.error)
		(void)snprintf(what.text, sizeof(what.text), "not \"key = value\" nor \"[section]\"");
	(void)snprintf(err->text, sizeof(err->text), "%.200s:%d: %.250s", path, line, what.text);
	return SQ_CONFIG_E_BAD;
}

static int is_conf(const struct dirent *e)
{
	return sq_slice_has_suffix(sq_slice_z(e->d_name), SQ_LIT(".conf"));
}

static int byte_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_drop_ins(struct sq_config *c, const char *dir, struct sq_config_error *err)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, is_conf, byte_order), r = 0;

	for (int i = 0; i < n; i++) {
		char *path = r ? NULL : sq_asprintf("%s/%s", dir, list[i]->d_name);

		if (!r)
			r = path ? read_file(c, path, true, err) : sq_error_origin(-ENOMEM);
		sq_free(path);
		sq_free_libc(list[i]);   /* scandir's own */
	}
	sq_free_libc(list);
	return r;
}

static char *user_config_dir(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (xdg && xdg[0] == '/')
		return sq_asprintf("%s/sqry", xdg);
	return sq_asprintf("%s/.config/sqry", home ? home : "");
}

static int read_dirs(struct sq_config *c, struct sq_config_error *err)
{
	_cleanup_(sq_freep) char *user = user_config_dir();
	const char *dirs[] = { "/etc/sqry", user };
	int r = user ? 0 : sq_error_origin(-ENOMEM);

	for (int pass = 0; pass < 2 && !r; pass++)
		for (size_t i = 0; i < SQ_ARRAY_SIZE(dirs) && !r; i++) {
			char *path = sq_asprintf("%s/sqryd.conf%s", dirs[i], pass ? ".d" : "");

			if (!path)
				return sq_error_origin(-ENOMEM);
			r = pass ? read_drop_ins(c, path, err) : read_file(c, path, false, err);
			sq_free(path);
		}
	return r;
}

static int read_environment(struct sq_config *c, struct sq_config_error *err)
{
	for (size_t i = 0; i < SQ_ARRAY_SIZE(keys); i++) {
		const char *value = keys[i].env ? getenv(keys[i].env) : NULL;
		struct sq_config_error what;
		int r;

		if (!value || !*value)
			continue;
		r = set_key(c, &keys[i], value, &what);
		if (r > 0)
			(void)snprintf(err->text, sizeof(err->text), "environment %s: %.400s", keys[i].env, what.text);
		if (r)
			return r;
	}
	return 0;
}

int sq_config_load(const char *path, struct sq_config *ret_c, struct sq_config_error *ret_err)
{
	struct sq_config c = defaults;
	int r;

	if (!path)
		path = getenv("SQRY_DAEMON_CONFIG");
	if (path && *path)
		r = read_file(&c, path, true, ret_err);
	else
		r = read_dirs(&c, ret_err);
	if (!r)
		r = read_environment(&c, ret_err);
	if (r) {
		sq_config_deinit(&c);
		return r;
	}
	*ret_c = c;
	return 0;
}

/* ---- print -------------------------------------------------------------------- */

static void print_key(const struct sq_config *c, const struct key *k, FILE *out)
{
	const void *field = (const char *)c + k->offset;
	const char *text;

	switch (k->type) {
	case KEY_U32:
		fprintf(out, "%s = %u\n", k->name, *(const uint32_t *)field);
		break;
	case KEY_U64:
		fprintf(out, "%s = %llu\n", k->name, (unsigned long long)*(const uint64_t *)field);
		break;
	case KEY_LEVEL:
		fprintf(out, "%s = %s\n", k->name, level_names[c->log_level]);
		break;
	case KEY_TIER:
		fprintf(out, "%s = %s\n", k->name, c->watch_tier < 0 ? "auto" : tier_names[c->watch_tier]);
		break;
	case KEY_BOOL:
		fprintf(out, "%s = %s\n", k->name, *(const bool *)field ? "true" : "false");
		break;
	case KEY_LIST:
		for (size_t i = 0; i < c->n_excludes; i++)
			fprintf(out, "%s = %s\n", k->name, c->excludes[i]);
		break;
	case KEY_LOG_FILE:
		text = *(char *const *)field;
		fprintf(out, "%s = %s\n", k->name, text ? text : "stderr");
		break;
	default:
		text = *(char *const *)field;
		if (text)
			fprintf(out, "%s = %s\n", k->name, text);
		else
			fprintf(out, "; %s = (derived)\n", k->name);
	}
}

void sq_config_print(const struct sq_config *c, FILE *out)
{
	const char *section = "";

	for (size_t i = 0; i < SQ_ARRAY_SIZE(keys); i++) {
		if (strcmp(section, keys[i].section)) {
			section = keys[i].section;
			fprintf(out, "%s[%s]\n", i ? "\n" : "", section);
		}
		print_key(c, &keys[i], out);
	}
}
