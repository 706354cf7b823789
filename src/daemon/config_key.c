/* SPDX-License-Identifier: MIT */
#include "daemon/config_key.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "watch/watch.h"

enum key_type { KEY_U32, KEY_U64, KEY_LEVEL, KEY_STRING, KEY_LOG_FILE, KEY_TIER, KEY_BOOL, KEY_LIST,
		KEY_IDS };
#define LIVE true
#define FIXED false
#define AT(field) offsetof(struct sq_config, field)

const struct sq_config_key sq_config_keys[] = {
	{ "daemon", "memory_limit_mb", "SQRY_DAEMON_MEMORY_MB", KEY_U64, LIVE, AT(memory_limit_mb), 1, 1u << 30 },
	{ "daemon", "idle_timeout_minutes", NULL, KEY_U32, LIVE, AT(idle_timeout_minutes), 0, 525600 },
	{ "daemon", "debounce_ms", NULL, KEY_U32, LIVE, AT(debounce_ms), 1, 600000 },
	{ "daemon", "max_wait_ms", NULL, KEY_U32, LIVE, AT(max_wait_ms), 1, 600000 },
	{ "daemon", "incremental_threshold", NULL, KEY_U32, FIXED, AT(incremental_threshold), 0, UINT32_MAX },
	{ "daemon", "closure_limit_percent", NULL, KEY_U32, FIXED, AT(closure_limit_percent), 1, 100 },
	{ "daemon", "stale_serve_max_age_hours", "SQRY_DAEMON_STALE_MAX_AGE_HOURS", KEY_U32, LIVE,
	  AT(stale_serve_max_age_hours), 0, UINT32_MAX },
	{ "daemon", "rebuild_drain_timeout_ms", NULL, KEY_U32, LIVE, AT(rebuild_drain_timeout_ms), 0, 3600000 },
	{ "daemon", "ipc_shutdown_drain_secs", NULL, KEY_U32, LIVE, AT(ipc_shutdown_drain_secs), 1, 3600 },
	{ "daemon", "tool_timeout_secs", "SQRY_DAEMON_TOOL_TIMEOUT_SECS", KEY_U32, LIVE, AT(tool_timeout_secs), 1, 3600 },
	{ "daemon", "turn_budget_secs", NULL, KEY_U32, FIXED, AT(turn_budget_secs), 0, 86400 },
	{ "daemon", "max_shim_connections", "SQRY_DAEMON_MAX_SHIM_CONNECTIONS", KEY_U32, LIVE,
	  AT(max_shim_connections), 1, 65536 },
	{ "daemon", "cost_gate_node_limit", "SQRY_COST_GATE_NODE_LIMIT", KEY_U32, LIVE,
	  AT(cost_gate_node_limit), 0, UINT32_MAX },
	{ "daemon", "cost_gate_min_prefix", "SQRY_COST_GATE_MIN_PREFIX", KEY_U32, LIVE, AT(cost_gate_min_prefix), 0, 1024 },
	{ "daemon", "cost_gate_min_literal", "SQRY_COST_GATE_MIN_LITERAL", KEY_U32, LIVE,
	  AT(cost_gate_min_literal), 0, 1024 },
	{ "daemon", "query_max_rows", NULL, KEY_U64, LIVE, AT(query_max_rows), 1, UINT32_MAX },
	{ "daemon", "auto_start_ready_timeout_secs", "SQRY_DAEMON_AUTO_START_READY_TIMEOUT_SECS", KEY_U32, LIVE,
	  AT(auto_start_ready_timeout_secs), 1, 60 },
	{ "daemon", "workers", NULL, KEY_U32, FIXED, AT(workers), 0, 1024 },
	{ "daemon", "query_threads", NULL, KEY_U32, FIXED, AT(query_threads), 0, 64 },
	{ "daemon", "max_file_mb", NULL, KEY_U64, FIXED, AT(max_file_mb), 1, 1024 },
	{ "daemon", "kept_trees_mb", NULL, KEY_U64, FIXED, AT(kept_trees_mb), 0, 65536 },
	{ "daemon", "bind_unknown_receivers", NULL, KEY_BOOL, LIVE, AT(bind_unknown_receivers), 0, 0 },
	{ "daemon", "install_user_service", NULL, KEY_BOOL, LIVE, AT(install_user_service), 0, 0 },
	{ "daemon", "log_level", "SQRY_DAEMON_LOG_LEVEL", KEY_LEVEL, LIVE, AT(log_level), 0, 0 },
	{ "daemon", "log_file", "SQRY_DAEMON_LOG_FILE", KEY_LOG_FILE, LIVE, AT(log_file), 0, 0 },
	{ "daemon", "log_max_size_mb", NULL, KEY_U64, LIVE, AT(log_max_size_mb), 1, 1u << 20 },
	{ "daemon", "log_keep_rotations", "SQRY_DAEMON_LOG_KEEP_ROTATIONS", KEY_U32, LIVE, AT(log_keep_rotations), 1, 100 },
	{ "daemon", "grammar_dir", NULL, KEY_STRING, FIXED, AT(grammar_dir), 0, 0 },
	{ "socket", "path", "SQRY_DAEMON_SOCKET", KEY_STRING, FIXED, AT(socket_path), 0, 0 },
	{ "socket", "allow_uids", NULL, KEY_IDS, FIXED, AT(allow_uids), 1, 64 },
	{ "socket", "allow_gid", NULL, KEY_IDS, FIXED, AT(allow_gid), 1, 1 },
	{ "socket", "max_clients", NULL, KEY_U32, LIVE, AT(max_clients), 1, 65536 },
	{ "socket", "max_requests_per_client", NULL, KEY_U32, LIVE, AT(max_requests_per_client), 1, 65536 },
	{ "socket", "max_buffered_mb_per_client", NULL, KEY_U32, LIVE, AT(max_buffered_mb_per_client), 1, 4096 },
	{ "watch", "tier", NULL, KEY_TIER, FIXED, AT(watch_tier), 0, 0 },
	{ "watch", "use_gitignore", NULL, KEY_BOOL, FIXED, AT(use_gitignore), 0, 0 },
	{ "watch", "exclude", NULL, KEY_LIST, LIVE, AT(excludes), 0, 0 },
};
const size_t sq_config_n_keys = SQ_ARRAY_SIZE(sq_config_keys);
_Static_assert(SQ_ARRAY_SIZE(sq_config_keys) <= SQ_CONFIG_KEYS_MAX, "room for the origins");

const struct sq_config sq_config_defaults = {
	.memory_limit_mb = 2048,
	.idle_timeout_minutes = 30,
	.debounce_ms = 20,
	.max_wait_ms = 500,
	.incremental_threshold = 2000,
	.closure_limit_percent = 50,
	.stale_serve_max_age_hours = 24,
	.rebuild_drain_timeout_ms = 5000,
	.ipc_shutdown_drain_secs = 5,
	.tool_timeout_secs = 60,
	.turn_budget_secs = 30,
	.max_shim_connections = 256,
	.cost_gate_node_limit = 50000,
	.cost_gate_min_prefix = 3,
	.cost_gate_min_literal = 4,
	.query_max_rows = 1u << 30,
	.auto_start_ready_timeout_secs = 10,
	.max_file_mb = 32,
	.kept_trees_mb = 64,
	.max_clients = 1024,
	.max_requests_per_client = 256,
	.max_buffered_mb_per_client = 64,
	.log_level = SQ_LOG_INFO,
	.log_max_size_mb = 50,
	.log_keep_rotations = 5,
	.watch_tier = -1,
	.use_gitignore = true,
	.bind_unknown_receivers = true,
};

/* keys of the protocol that nothing would obey: refused, not taken in silence */
static const struct { const char *section, *name, *why; } absent[] = {
	{ "daemon", "derived_save_timeout_ms", "this release saves no derived state" },
	{ "daemon", "interner_compaction_threshold", "names go with the graph that has them, there is nothing to compact" },
	{ "revision_artifacts", NULL, "this release keeps no revisions" },
	{ "managed_worktrees", NULL, "this release manages no worktrees" },
	{ "cache", NULL, "this release has no fact cache" },
};

/* ---- names of values -------------------------------------------------------------- */

static const char *const level_names[] = {
	[SQ_LOG_ERROR] = "error", [SQ_LOG_WARNING] = "warning", [SQ_LOG_NOTICE] = "notice",
	[SQ_LOG_INFO] = "info", [SQ_LOG_DEBUG] = "debug",
};

int sq_log_level_parse(const char *name)
{
	if (!strcmp(name, "warn"))
		return SQ_LOG_WARNING;
	if (!strcmp(name, "trace"))
		return SQ_LOG_DEBUG;
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

/* ---- set ---------------------------------------------------------------------------- */

static int bad(struct sq_config_error *err, const char *name, const char *value, const char *allowed)
{
	(void)snprintf(err->text, sizeof(err->text), "%s = %.60s: must be %s", name, value, allowed);
	return SQ_CONFIG_E_BAD;
}

static int set_number(void *field, const struct sq_config_key *k, const char *value, struct sq_config_error *err)
{
	char allowed[80], *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(value, &end, 10);
	if (errno || end == value || *end || value[0] == '-' || n < k->min || n > k->max) {
		(void)snprintf(allowed, sizeof(allowed), "a whole number from %llu to %llu",
			       (unsigned long long)k->min, (unsigned long long)k->max);
		return bad(err, k->name, value, allowed);
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

/* @v[@n] = a copy of @value, and the end behind it */
static int append(char ***v, size_t n, const char *value)
{
	char **more = sq_realloc(*v, (n + 2) * sizeof(*more));

	if (!more)
		return sq_error_origin(-ENOMEM);
	*v = more;
	more[n] = sq_strdup(value);
	if (!more[n])
		return sq_error_origin(-ENOMEM);
	more[n + 1] = NULL;
	return 0;
}

static int add_exclude(struct sq_config *c, const char *value, const char *origin)
{
	int r = append(&c->excludes, c->n_excludes, value);

	if (r)
		return r;
	r = append(&c->exclude_origins, c->n_excludes, origin);
	if (r) {
		sq_free(c->excludes[c->n_excludes]);
		c->excludes[c->n_excludes] = NULL;
		return r;
	}
	c->n_excludes++;
	return 0;
}

static int set_bool(bool *field, const char *name, const char *value, struct sq_config_error *err)
{
	if (!strcmp(value, "true") || !strcmp(value, "yes") || !strcmp(value, "on") || !strcmp(value, "1"))
		*field = true;
	else if (!strcmp(value, "false") || !strcmp(value, "no") || !strcmp(value, "off") || !strcmp(value, "0"))
		*field = false;
	else
		return bad(err, name, value, "true or false");
	return 0;
}

/* numbers of users or groups, with blanks or commas between */
static const char *next_id(const char *p, uint32_t *ret_id)
{
	unsigned long long n;
	char *end;

	p += strspn(p, " \t,");
	if (!(*p >= '0' && *p <= '9'))
		return NULL;
	errno = 0;
	n = strtoull(p, &end, 10);
	if (errno || n >= UINT32_MAX || !strchr(" \t,", *end))
		return NULL;
	*ret_id = (uint32_t)n;
	return end;
}

bool sq_config_has_id(const char *list, uint32_t id)
{
	uint32_t n;

	while (list && (list = next_id(list, &n)))
		if (n == id)
			return true;
	return false;
}

/* @k's range is of how many there are */
static int set_ids(char **field, const struct sq_config_key *k, const char *value, struct sq_config_error *err)
{
	const char *p = value, *rest = value;
	uint32_t id, n = 0;

	while ((p = next_id(p, &id))) {
		rest = p;
		n++;
	}
	if (n < k->min || n > k->max || rest[strspn(rest, " \t,")])
		return bad(err, k->name, value, k->max > 1 ? "numbers of users, separated by blanks" :
			   "the number of a group");
	return set_string(field, value);
}

static int set_log_file(struct sq_config *c, const char *value, struct sq_config_error *err)
{
	bool is_stderr = !strcmp(value, "stderr") || !strcmp(value, "-");
	int r = 0;

	if (is_stderr) {
		sq_free(c->log_file);
		c->log_file = NULL;
	} else if (value[0] == '/') {
		r = set_string(&c->log_file, value);
	} else {
		return bad(err, "log_file", value, "an absolute path, \"stderr\" or \"-\"");
	}
	if (!r)
		c->log_is_stderr = is_stderr;
	return r;
}

static int set_absolute(char **field, const struct sq_config_key *k, const char *value, struct sq_config_error *err)
{
	if (!*value)
		return bad(err, k->name, value, "a path");
	return set_string(field, value);
}

static int set_value(struct sq_config *c, const struct sq_config_key *k, const char *value, const char *origin,
		     struct sq_config_error *err)
{
	void *field = (char *)c + k->offset;
	int n;

	switch ((enum key_type)k->type) {
	case KEY_U32:
	case KEY_U64:
		return set_number(field, k, value, err);
	case KEY_LEVEL:
		n = sq_log_level_parse(value);
		if (n < 0)
			return bad(err, k->name, value, "error, warning, notice, info or debug");
		c->log_level = (enum sq_log_level)n;
		return 0;
	case KEY_TIER:
		n = tier_parse(value);
		if (n < -1)
			return bad(err, k->name, value, "auto, filesystem, directory or none");
		c->watch_tier = n;
		return 0;
	case KEY_BOOL:
		return set_bool(field, k->name, value, err);
	case KEY_LIST:
		return add_exclude(c, value, origin);
	case KEY_IDS:
		return set_ids(field, k, value, err);
	case KEY_LOG_FILE:
		return set_log_file(c, value, err);
	case KEY_STRING:
		break;
	}
	return set_absolute(field, k, value, err);
}

int sq_config_key_set(struct sq_config *c, int key, const char *value, const char *origin,
		      struct sq_config_error *ret_err)
{
	char *copy = sq_strdup(origin);
	int r = copy ? set_value(c, &sq_config_keys[key], value, origin, ret_err) : sq_error_origin(-ENOMEM);

	if (r) {
		sq_free(copy);
		return r;
	}
	sq_free(c->origins[key]);
	c->origins[key] = copy;
	return 0;
}

/* ---- [workspace "/path"] -------------------------------------------------------------- */

static struct sq_config_workspace *find_workspace(const struct sq_config *c, struct sq_slice path)
{
	for (size_t i = 0; i < c->n_workspaces; i++)
		if (sq_slice_eq(sq_slice_z(c->workspaces[i].path), path))
			return &c->workspaces[i];
	return NULL;
}

static struct sq_config_workspace *add_workspace(struct sq_config *c, struct sq_slice path, const char *origin)
{
	struct sq_config_workspace *v = sq_realloc(c->workspaces, (c->n_workspaces + 1) * sizeof(*v)), *w;

	if (!v)
		return NULL;
	c->workspaces = v;
	w = &v[c->n_workspaces];
	*w = (struct sq_config_workspace){
		.path = sq_asprintf("%.*s", (int)path.n, path.p), .origin = sq_strdup(origin),
	};
	if (!w->path || !w->origin) {
		sq_free(w->path);
		sq_free(w->origin);
		return NULL;
	}
	c->n_workspaces++;
	return w;
}

int sq_config_workspace_set(struct sq_config *c, struct sq_slice path, const char *key, const char *value,
			    const char *origin, struct sq_config_error *ret_err)
{
	bool is_pinned = !strcmp(key, "pinned"), flag = false;
	struct sq_config_workspace *w;
	int r;

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (!path.n || path.p[0] != '/') {
		(void)snprintf(ret_err->text, sizeof(ret_err->text), "[workspace \"%.*s\"]: the path must be absolute",
			       (int)SQ_MIN(path.n, (size_t)200), path.p);
		return SQ_CONFIG_E_BAD;
	}
	if (!is_pinned && strcmp(key, "exclude")) {
		(void)snprintf(ret_err->text, sizeof(ret_err->text),
			       "unknown key \"%.60s\" in a section [workspace]: must be pinned or exclude", key);
		return SQ_CONFIG_E_BAD;
	}
	r = set_bool(&flag, key, value, ret_err);
	if (r)
		return r;
	w = find_workspace(c, path);
	if (!w)
		w = add_workspace(c, path, origin);
	if (!w)
		return sq_error_origin(-ENOMEM);
	*(is_pinned ? &w->pinned : &w->exclude) = flag;
	return 0;
}

/* ---- find ------------------------------------------------------------------------------ */

static int unknown(const char *section, const char *name, struct sq_config_error *err)
{
	size_t at = 0;

	for (size_t i = 0; i < SQ_ARRAY_SIZE(absent); i++)
		if (!strcmp(absent[i].section, section) && (!absent[i].name || !strcmp(absent[i].name, name))) {
			(void)snprintf(err->text, sizeof(err->text), "key \"%.60s\" in section [%s] is refused: %s", name,
				       section, absent[i].why);
			return -1;
		}
	for (size_t i = 0; i < sq_config_n_keys && !at; i++)
		at = !strcmp(sq_config_keys[i].section, section);
	(void)snprintf(err->text, sizeof(err->text), "unknown key \"%.60s\" in section [%.60s]: %s", name, section,
		       at ? "\"sqryd print-config\" shows all keys" :
			    "sections are [daemon], [socket], [watch] and [workspace \"/path\"]");
	return -1;
}

int sq_config_key_find(const char *section, const char *name, struct sq_config_error *ret_err)
{
	for (size_t i = 0; i < sq_config_n_keys; i++)
		if (!strcmp(sq_config_keys[i].section, section) && !strcmp(sq_config_keys[i].name, name))
			return (int)i;
	return unknown(section, name, ret_err);
}

bool sq_config_key_is_list(int key)
{
	return sq_config_keys[key].type == KEY_LIST;
}

/* ---- text ------------------------------------------------------------------------------ */

static void add_list(const struct sq_config *c, struct sq_buf *b)
{
	for (size_t i = 0; i < c->n_excludes; i++)
		sq_buf_printf(b, "%s%s", i ? " " : "", c->excludes[i]);
}

void sq_config_key_text(const struct sq_config *c, int key, struct sq_buf *b)
{
	const struct sq_config_key *k = &sq_config_keys[key];
	const void *field = (const char *)c + k->offset;
	const char *text;

	switch ((enum key_type)k->type) {
	case KEY_U32:
		sq_buf_printf(b, "%u", *(const uint32_t *)field);
		break;
	case KEY_U64:
		sq_buf_printf(b, "%llu", (unsigned long long)*(const uint64_t *)field);
		break;
	case KEY_LEVEL:
		sq_buf_puts(b, level_names[c->log_level]);
		break;
	case KEY_TIER:
		sq_buf_puts(b, c->watch_tier < 0 ? "auto" : tier_names[c->watch_tier]);
		break;
	case KEY_BOOL:
		sq_buf_puts(b, *(const bool *)field ? "true" : "false");
		break;
	case KEY_LIST:
		add_list(c, b);
		break;
	case KEY_LOG_FILE:
		if (c->log_is_stderr)
			sq_buf_puts(b, "stderr");
		/* fall through */
	case KEY_IDS:
	case KEY_STRING:
		text = *(char *const *)field;
		sq_buf_puts(b, text ? text : "");
	}
}

/* ---- take ------------------------------------------------------------------------------ */

static void swap_strings(char **a, char **b)
{
	char *t = *a;

	*a = *b;
	*b = t;
}

static void swap_lists(struct sq_config *a, struct sq_config *b)
{
	const struct sq_config t = *a;

	a->excludes = b->excludes;
	a->exclude_origins = b->exclude_origins;
	a->n_excludes = b->n_excludes;
	b->excludes = t.excludes;
	b->exclude_origins = t.exclude_origins;
	b->n_excludes = t.n_excludes;
}

void sq_config_key_take(struct sq_config *c, struct sq_config *from, int key)
{
	const struct sq_config_key *k = &sq_config_keys[key];
	void *to = (char *)c + k->offset, *source = (char *)from + k->offset;
	bool flag = from->log_is_stderr;

	switch ((enum key_type)k->type) {
	case KEY_U32:
		/* relaxed, as sq_config_u32() */
		sq_store_relaxed((uint32_t *)to, *(uint32_t *)source);
		break;
	case KEY_U64:
		sq_store_relaxed((uint64_t *)to, *(uint64_t *)source);   /* relaxed, as sq_config_u64() */
		break;
	case KEY_LEVEL:
		c->log_level = from->log_level;
		break;
	case KEY_BOOL:
		*(bool *)to = *(bool *)source;
		break;
	case KEY_LOG_FILE:
		from->log_is_stderr = c->log_is_stderr;
		c->log_is_stderr = flag;
		swap_strings(to, source);
		break;
	case KEY_LIST:
		swap_lists(c, from);
		break;
	default:
		return;   /* none of these is live */
	}
	swap_strings(&c->origins[key], &from->origins[key]);
}
