/* SPDX-License-Identifier: MIT */
#include "proto/settings.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define SECTION_MAX 256

struct reading {
	int (*each)(void *arg, const struct sq_setting *s, struct sq_settings_error *err);
	void *arg;
	struct sq_settings_error *err;
	FILE *f;
	const char *file;
	unsigned line;
	char section[SECTION_MAX];      /* whole: inih keeps 49 bytes of it */
	int error;                      /* of each(), or of the reader */
};

static int complain(struct reading *rd, unsigned line, const char *what)
{
	(void)snprintf(rd->err->text, sizeof(rd->err->text), "%.200s:%u: %.280s", rd->file, line, what);
	return SQ_SETTINGS_E_BAD;
}

static void remember_section(struct reading *rd, const char *line)
{
	size_t n = strcspn(line + 1, "]");

	if (line[1 + n] != ']' || n >= sizeof(rd->section))
		return;   /* inih says that it is wrong */
	memcpy(rd->section, line + 1, n);
	rd->section[n] = '\0';
}

/*
 * inih takes an indented line for more of the value above, and cuts a line
 * that is too long in two: neither is what its writer meant.
 */
static char *next_line(char *buf, int cap, void *stream)
{
	struct reading *rd = stream;
	size_t n, skip = 0;

	if (rd->error || !fgets(buf, cap, rd->f))
		return NULL;
	rd->line++;
	n = strlen(buf);
	if (n + 1 >= (size_t)cap && buf[n - 1] != '\n') {
		rd->error = complain(rd, rd->line, "the line is too long, at most 198 bytes are read");
		return NULL;
	}
	if (rd->line == 1 && !strncmp(buf, "\xef\xbb\xbf", 3))
		skip = 3;
	skip += strspn(buf + skip, " \t");
	memmove(buf, buf + skip, n - skip + 1);
	if (*buf == '[')
		remember_section(rd, buf);
	return buf;
}

static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct reading *rd = user;
	struct sq_settings_error what = *rd->err;
	struct sq_setting s = {
		.file = rd->file, .line = rd->line, .section = rd->section, .key = name, .value = value,
	};

	(void)section;
	if (rd->error)
		return 0;   /* the first one counts */
	rd->error = rd->each(rd->arg, &s, &what);
	if (rd->error > 0)
		rd->error = complain(rd, rd->line, what.text);
	return rd->error == 0;
}

static int read_file(struct reading *rd, const char *path, bool must_exist)
{
	int line;

	rd->f = fopen(path, "re");
	if (!rd->f) {
		if (errno == ENOENT && !must_exist)
			return 0;
		(void)snprintf(rd->err->text, sizeof(rd->err->text), "%.200s: %s", path, strerror(errno));
		return SQ_SETTINGS_E_BAD;
	}
	rd->file = path;
	rd->line = 0;
	rd->section[0] = '\0';
	rd->error = 0;
	line = ini_parse_stream(next_line, rd, handle, rd);
	if (!rd->error && ferror(rd->f))
		rd->error = complain(rd, rd->line + 1, "cannot be read");
	fclose(rd->f);
	if (line == -2)
		return sq_error_origin(-ENOMEM);
	if (rd->error < 0 || (rd->error && (line <= 0 || (unsigned)line >= rd->line)))
		return rd->error;
	return line > 0 ? complain(rd, (unsigned)line, "not \"key = value\" nor \"[section]\"") : 0;
}

static int is_conf(const struct dirent *e)
{
	return sq_slice_has_suffix(sq_slice_z(e->d_name), SQ_LIT(".conf"));
}

static int byte_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_drop_ins(struct reading *rd, const char *dir)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, is_conf, byte_order), r = 0;

	for (int i = 0; i < n; i++) {
		char *path = r ? NULL : sq_asprintf("%s/%s", dir, list[i]->d_name);

		if (!r)
			r = path ? read_file(rd, path, true) : sq_error_origin(-ENOMEM);
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

static int read_dirs(struct reading *rd)
{
	_cleanup_(sq_freep) char *user = user_config_dir();
	const char *dirs[] = { "/etc/sqry", user };
	int r = user ? 0 : sq_error_origin(-ENOMEM);

	for (int pass = 0; pass < 2 && !r; pass++)
		for (size_t i = 0; i < SQ_ARRAY_SIZE(dirs) && !r; i++) {
			char *path = sq_asprintf("%s/sqryd.conf%s", dirs[i], pass ? ".d" : "");

			if (!path)
				return sq_error_origin(-ENOMEM);
			r = pass ? read_drop_ins(rd, path) : read_file(rd, path, false);
			sq_free(path);
		}
	return r;
}

int sq_settings_read(const char *named,
		     int (*each)(void *arg, const struct sq_setting *s, struct sq_settings_error *err),
		     void *arg, struct sq_settings_error *ret_err)
{
	struct reading rd = { .each = each, .arg = arg, .err = ret_err };

	if (!named)
		named = getenv("SQRY_DAEMON_CONFIG");
	return named && *named ? read_file(&rd, named, true) : read_dirs(&rd);
}
