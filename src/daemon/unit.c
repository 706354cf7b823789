/* SPDX-License-Identifier: MIT */
#include "daemon/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "daemon/unit_text.h"
#include "sys/fd.h"

#define MEMORY_FIXED_MB 512

uint64_t sq_unit_memory_mb(uint64_t limit_mb)
{
	return limit_mb + limit_mb / 4 + MEMORY_FIXED_MB;
}

/* what differs from the text of contrib */
struct filling { char program[PATH_MAX], memory[40]; const char *user; };

static int fill(const struct sq_unit_options *o, struct filling *f)
{
	ssize_t n = readlink("/proc/self/exe", f->program, sizeof(f->program) - 1);

	if (n < 0)
		return sq_error_origin(-errno);
	f->program[n] = '\0';
	(void)snprintf(f->memory, sizeof(f->memory), "MemoryMax=%" PRIu64 "M", sq_unit_memory_mb(o->memory_limit_mb));
	f->user = o->is_system ? o->user : NULL;
	return 0;
}

static void make_unit(const char *text, const struct filling *f, struct sq_buf *b)
{
	const struct { const char *from, *to; } marks[] = {
		{ "/usr/bin/sqryd", f->program }, { "MemoryMax=3072M", f->memory }, { "%i", f->user },
	};

	while (*text) {
		size_t i = 0, n = 0;

		for (; i < SQ_ARRAY_SIZE(marks); i++) {
			n = strlen(marks[i].from);
			if (marks[i].to && !strncmp(text, marks[i].from, n))
				break;
		}
		if (i < SQ_ARRAY_SIZE(marks)) {
			sq_buf_puts(b, marks[i].to);
			text += n;
		} else {
			sq_buf_putc(b, *text++);
		}
	}
}

/* name and text of the service, then of the socket */
struct unit { char name[NAME_MAX]; const char *text; };

static int name_units(const struct sq_unit_options *o, struct unit units[2])
{
	static const char *const kinds[] = { "service", "socket" };

	units[0].text = o->is_system ? sq_unit_sqryd_at_service : sq_unit_sqryd_service;
	units[1].text = o->is_system ? sq_unit_sqryd_at_socket : sq_unit_sqryd_socket;
	if (o->user && (!*o->user || strlen(o->user) > 64 || strpbrk(o->user, "/%@ \t\n\\\"'")))
		return sq_error_origin(-EINVAL);
	for (int i = 0; i < 2; i++)
		(void)snprintf(units[i].name, sizeof(units[i].name), "sqryd%s%s.%s", o->is_system ? o->user ? "-" : "@" : "",
			       o->is_system && o->user ? o->user : "", kinds[i]);
	return 0;
}

static int make_units(const struct sq_unit_options *o, struct unit units[2], struct sq_buf texts[2])
{
	struct filling f;
	int r = name_units(o, units);

	if (!r)
		r = fill(o, &f);
	for (int i = 0; i < 2 && !r; i++) {
		make_unit(units[i].text, &f, &texts[i]);
		r = sq_buf_error(&texts[i]);
	}
	return r;
}

int sq_unit_print(const struct sq_unit_options *o, FILE *out)
{
	struct sq_buf texts[2] = { SQ_BUF_NULL, SQ_BUF_NULL };
	struct unit units[2];
	int r = make_units(o, units, texts);

	for (int i = 0; i < 2; i++) {
		if (!r)
			fprintf(out, "%s# ---- %s\n%s", i ? "\n" : "", units[i].name, sq_buf_z(&texts[i]));
		sq_buf_deinit(&texts[i]);
	}
	return r;
}

/* ---- install ---------------------------------------------------------------------- */

static int unit_dir(bool is_system, char dir[PATH_MAX])
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (is_system)
		n = snprintf(dir, PATH_MAX, "/etc/systemd/system");
	else if (xdg && xdg[0] == '/')
		n = snprintf(dir, PATH_MAX, "%s/systemd/user", xdg);
	else
		n = snprintf(dir, PATH_MAX, "%s/.config/systemd/user", home ? home : "");
	return n < 0 || n >= PATH_MAX ? sq_error_origin(-ENAMETOOLONG) : 0;
}

static int make_dirs(char *path)
{
	for (char *p = path + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			if (mkdir(path, 0755) < 0 && errno != EEXIST)
				return sq_error_origin(-errno);
			*p = '/';
		}
	return mkdir(path, 0755) < 0 && errno != EEXIST ? sq_error_origin(-errno) : 0;
}

static int write_unit(const char *dir, const char *name, struct sq_slice text)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name), fd, r;

	if (n < 0 || n >= PATH_MAX)
		return sq_error_origin(-ENAMETOOLONG);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return sq_error_origin(-errno);
	r = sq_fd_write_all(fd, text.p, text.n);
	sq_fd_close(fd);
	if (!r)
		printf("wrote %s\n", path);
	return r;
}

static void say_next(const struct sq_unit_options *o, const char *service)
{
	const char *who = o->is_system ? "" : "--user ";

	printf("Next: systemctl %sdaemon-reload && systemctl %senable --now %s\n", who, who,
	       o->is_system && !o->user ? "sqryd@NAME" : service);
	if (o->is_system)
		printf("The user's clients find it with \"[socket]\" and \"path = /run/sqry/%s/sqryd.sock\"\n"
		       "in ~/.config/sqry/sqryd.conf.\n", o->user ? o->user : "NAME");
}

int sq_unit_install(const struct sq_unit_options *o)
{
	struct sq_buf texts[2] = { SQ_BUF_NULL, SQ_BUF_NULL };
	struct unit units[2];
	char dir[PATH_MAX];
	int r = make_units(o, units, texts);

	if (!r)
		r = unit_dir(o->is_system, dir);
	if (!r)
		r = make_dirs(dir);
	for (int i = 0; i < 2; i++) {
		if (!r)
			r = write_unit(dir, units[i].name, sq_buf_slice(&texts[i]));
		sq_buf_deinit(&texts[i]);
	}
	if (!r)
		say_next(o, units[0].name);
	return r;
}
