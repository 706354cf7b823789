/* SPDX-License-Identifier: MIT */
#include "daemon/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "daemon/config_key.h"
#include "proto/settings.h"

#define COMMAND_LINE "command line"

void sq_config_deinit(struct sq_config *c)
{
	sq_free(c->log_file);
	sq_free(c->grammar_dir);
	sq_free(c->socket_path);
	sq_free(c->allow_uids);
	sq_free(c->allow_gid);
	sq_free(c->named_file);
	for (size_t i = 0; i < c->n_excludes; i++) {
		sq_free(c->excludes[i]);
		sq_free(c->exclude_origins[i]);
	}
	sq_free(c->excludes);
	sq_free(c->exclude_origins);
	for (size_t i = 0; i < c->n_workspaces; i++) {
		sq_free(c->workspaces[i].path);
		sq_free(c->workspaces[i].origin);
	}
	sq_free(c->workspaces);
	for (size_t i = 0; i < SQ_CONFIG_KEYS_MAX; i++)
		sq_free(c->origins[i]);
	*c = (struct sq_config)SQ_CONFIG_NULL;
}

/* ---- load ----------------------------------------------------------------------- */

/* [workspace "/path"]: the path, or nothing */
static bool is_workspace(const char *section, struct sq_slice *ret_path)
{
	static const char head[] = "workspace \"";
	struct sq_slice s = sq_slice_z(section);

	if (strncmp(section, head, sizeof(head) - 1) || s.n < sizeof(head) || s.p[s.n - 1] != '"')
		return false;
	*ret_path = sq_slice(s.p + sizeof(head) - 1, s.n - sizeof(head));
	return true;
}

static int set_from(struct sq_config *c, const char *section, const char *key, const char *value, const char *origin,
		    struct sq_config_error *err)
{
	struct sq_slice path;
	int i;

	if (is_workspace(section, &path))
		return sq_config_workspace_set(c, path, key, value, origin, err);
	i = sq_config_key_find(section, key, err);
	return i < 0 ? SQ_CONFIG_E_BAD : sq_config_key_set(c, i, value, origin, err);
}

int sq_config_set(struct sq_config *c, const char *section, const char *key, const char *value,
		  struct sq_config_error *ret_err)
{
	return set_from(c, section, key, value, COMMAND_LINE, ret_err);
}

static int take_setting(void *arg, const struct sq_setting *s, struct sq_settings_error *err)
{
	_cleanup_(sq_freep) char *origin = sq_asprintf("%s:%u", s->file, s->line);
	struct sq_config_error what;
	int r;

	if (!origin)
		return sq_error_origin(-ENOMEM);
	r = set_from(arg, s->section, s->key, s->value, origin, &what);
	if (r > 0)
		(void)snprintf(err->text, sizeof(err->text), "%s", what.text);
	return r > 0 ? SQ_SETTINGS_E_BAD : r;
}

static int read_files(struct sq_config *c, const char *path, struct sq_config_error *err)
{
	struct sq_settings_error what;
	int r = sq_settings_read(path, take_setting, c, &what);

	if (r > 0)
		(void)snprintf(err->text, sizeof(err->text), "%s", what.text);
	return r > 0 ? SQ_CONFIG_E_BAD : r;
}

static int read_variable(struct sq_config *c, int key, struct sq_config_error *err)
{
	const char *name = sq_config_keys[key].env, *value = name ? getenv(name) : NULL;
	struct sq_config_error what;
	char origin[80];
	int r;

	if (!value || !*value)
		return 0;
	(void)snprintf(origin, sizeof(origin), "environment %s", name);
	r = sq_config_key_set(c, key, value, origin, &what);
	if (r > 0)
		(void)snprintf(err->text, sizeof(err->text), "environment %s: %.400s", name, what.text);
	return r;
}

/* a window that never closes before its maximum is no window */
static int check(const struct sq_config *c, struct sq_config_error *err)
{
	if (c->max_wait_ms >= c->debounce_ms)
		return 0;
	(void)snprintf(err->text, sizeof(err->text), "max_wait_ms = %u: must be at least debounce_ms, which is %u",
		       c->max_wait_ms, c->debounce_ms);
	return SQ_CONFIG_E_BAD;
}

int sq_config_load(const char *path, struct sq_config *ret_c, struct sq_config_error *ret_err)
{
	struct sq_config c = sq_config_defaults;
	int r = 0;

	if (path) {
		c.named_file = sq_strdup(path);
		r = c.named_file ? 0 : sq_error_origin(-ENOMEM);
	}
	if (!r)
		r = read_files(&c, path, ret_err);
	for (size_t i = 0; i < sq_config_n_keys && !r; i++)
		r = read_variable(&c, (int)i, ret_err);
	if (!r)
		r = check(&c, ret_err);
	if (r) {
		sq_config_deinit(&c);
		return r;
	}
	*ret_c = c;
	return 0;
}

/* ---- reload ----------------------------------------------------------------------- */

struct telling {
	void (*tell)(void *arg, const struct sq_config_change *change);
	void *arg;
};

/* what the command line said holds */
static int keep_options(const struct sq_config *c, struct sq_config *fresh, struct sq_config_error *err)
{
	int r = 0;

	for (size_t i = 0; i < sq_config_n_keys && !r; i++) {
		struct sq_buf text = SQ_BUF_NULL;

		if (!c->origins[i] || strcmp(c->origins[i], COMMAND_LINE))
			continue;
		sq_config_key_text(c, (int)i, &text);
		r = sq_buf_z(&text) ? sq_config_key_set(fresh, (int)i, text.p, COMMAND_LINE, err) : -ENOMEM;
		sq_buf_deinit(&text);
	}
	return r;
}

static void take_key(struct sq_config *c, struct sq_config *fresh, int key, const struct telling *t)
{
	const struct sq_config_key *k = &sq_config_keys[key];
	struct sq_buf from = SQ_BUF_NULL, to = SQ_BUF_NULL;
	struct sq_config_change change = {
		.section = k->section, .key = k->name, .origin = fresh->origins[key], .is_applied = k->is_live,
	};

	sq_config_key_text(c, key, &from);
	sq_config_key_text(fresh, key, &to);
	change.from = sq_buf_z(&from);
	change.to = sq_buf_z(&to);
	if (change.from && change.to && strcmp(change.from, change.to)) {
		if (k->is_live)
			sq_config_key_take(c, fresh, key);   /* the texts of change stay where they are */
		t->tell(t->arg, &change);
	}
	sq_buf_deinit(&from);
	sq_buf_deinit(&to);
}

static void add_workspaces(const struct sq_config *c, struct sq_buf *b)
{
	for (size_t i = 0; i < c->n_workspaces; i++)
		sq_buf_printf(b, "%s\"%s\" %s%s", i ? ", " : "", c->workspaces[i].path,
			      c->workspaces[i].pinned ? "pinned" : "",
			      c->workspaces[i].exclude ? " excluded" : "");
}

static void take_workspaces(struct sq_config *c, struct sq_config *fresh, const struct telling *t)
{
	struct sq_config_workspace *v = c->workspaces;
	struct sq_buf from = SQ_BUF_NULL, to = SQ_BUF_NULL;
	struct sq_config_change change = { .section = "workspace", .key = "pinned, exclude", .is_applied = true };
	size_t n = c->n_workspaces;

	add_workspaces(c, &from);
	add_workspaces(fresh, &to);
	change.from = from.n ? sq_buf_z(&from) : "";
	change.to = to.n ? sq_buf_z(&to) : "";
	c->workspaces = fresh->workspaces;
	c->n_workspaces = fresh->n_workspaces;
	fresh->workspaces = v;
	fresh->n_workspaces = n;
	if (change.from && change.to && strcmp(change.from, change.to))
		t->tell(t->arg, &change);
	sq_buf_deinit(&from);
	sq_buf_deinit(&to);
}

int sq_config_reload(struct sq_config *c, void (*tell)(void *arg, const struct sq_config_change *change), void *arg,
		     struct sq_config_error *ret_err)
{
	const struct telling t = { tell, arg };
	struct sq_config fresh;
	int r = sq_config_load(c->named_file, &fresh, ret_err);

	if (r)
		return r;
	r = keep_options(c, &fresh, ret_err);
	for (size_t i = 0; i < sq_config_n_keys && !r; i++)
		take_key(c, &fresh, (int)i, &t);
	if (!r)
		take_workspaces(c, &fresh, &t);
	sq_config_deinit(&fresh);
	return r;
}

const struct sq_config_workspace *sq_config_workspace(const struct sq_config *c, struct sq_slice path)
{
	const struct sq_config_workspace *best = NULL;
	size_t n_best = 0;

	for (size_t i = 0; i < c->n_workspaces; i++) {
		struct sq_slice p = sq_slice_z(c->workspaces[i].path);
		bool is_above = p.n <= path.n && !memcmp(p.p, path.p, p.n) &&
				(p.n == path.n || p.n == 1 || path.p[p.n] == '/');

		if (is_above && p.n > n_best) {
			best = &c->workspaces[i];
			n_best = p.n;
		}
	}
	return best;
}

/* ---- print -------------------------------------------------------------------- */

#define ORIGIN_COLUMN 44

static void print_line(FILE *out, const char *name, const char *value, const char *origin)
{
	int n = *value ? fprintf(out, "%s = %s", name, value) : fprintf(out, "; %s = ", name);

	fprintf(out, "%*s ; %s\n", SQ_MAX(ORIGIN_COLUMN - n, 0), "", origin ? origin : "default");
}

static void print_key(const struct sq_config *c, int key, FILE *out)
{
	const char *name = sq_config_keys[key].name;
	struct sq_buf text = SQ_BUF_NULL;

	if (sq_config_key_is_list(key)) {
		for (size_t i = 0; i < c->n_excludes; i++)
			print_line(out, name, c->excludes[i], c->exclude_origins[i]);
		return;
	}
	sq_config_key_text(c, key, &text);
	print_line(out, name, text.n && sq_buf_z(&text) ? sq_buf_z(&text) : "",
		   c->origins[key] ? c->origins[key] : text.n ? NULL : "default: derived");
	sq_buf_deinit(&text);
}

void sq_config_print(const struct sq_config *c, FILE *out)
{
	const char *section = "";

	for (size_t i = 0; i < sq_config_n_keys; i++) {
		if (strcmp(section, sq_config_keys[i].section)) {
			section = sq_config_keys[i].section;
			fprintf(out, "%s[%s]\n", i ? "\n" : "", section);
		}
		print_key(c, (int)i, out);
	}
	for (size_t i = 0; i < c->n_workspaces; i++) {
		const struct sq_config_workspace *w = &c->workspaces[i];

		fprintf(out, "\n[workspace \"%s\"]\n", w->path);
		print_line(out, "pinned", w->pinned ? "true" : "false", w->origin);
		print_line(out, "exclude", w->exclude ? "true" : "false", w->origin);
	}
}
