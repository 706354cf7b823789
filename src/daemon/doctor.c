/* SPDX-License-Identifier: MIT */
#include "daemon/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/control.h"
#include "lang/lang.h"
#include "proto/json.h"
#include "sys/fd.h"
#include "tree/reader.h"
#include "watch/watch.h"

#define FINDINGS_MAX 24
#define FILES_NEEDED 1100u                 /* SQ_SERVER_CONNECTIONS_MAX and what the daemon opens itself */
#define LOCKED_NEEDED (8u << 20)           /* registered buffers: 2 MiB a worker */
#define EXIT_DEGRADED 1

enum state { FINE, DEGRADED, BROKEN };
static const char *const state_names[] = { "ok", "degraded", "error" };
struct finding { const char *name; enum state state; char detail[400]; const char *advice; };
struct report {
	struct finding v[FINDINGS_MAX];
	size_t n;
	pid_t pid;                         /* of the daemon; 0: none runs */
	char proc[40];                     /* "/proc/PID" of it, or "/proc/self" */
};

static void SQ_PRINTF(5, 6) note(struct report *r, const char *name, enum state state, const char *advice,
				 const char *fmt, ...)
{
	struct finding *f = &r->v[SQ_MIN(r->n, (size_t)FINDINGS_MAX - 1)];
	va_list ap;

	if (r->n < FINDINGS_MAX)
		r->n++;
	*f = (struct finding){ .name = name, .state = state, .advice = state == FINE ? NULL : advice };
	va_start(ap, fmt);
	(void)vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
}

/* ---- small files of the kernel -------------------------------------------------- */

/* the text of a file; "" when it cannot be read */
static void read_text(const char *path, struct sq_buf *b)
{
	if (sq_fd_read_file(AT_FDCWD, path, 1u << 20, b) < 0)
		sq_buf_clear(b);
}

static bool read_number(const char *path, uint64_t *ret_n)
{
	struct sq_buf b = SQ_BUF_NULL;
	const char *text;
	char *end;
	bool ok;

	read_text(path, &b);
	text = b.n ? sq_buf_z(&b) : "";
	*ret_n = strtoull(text ? text : "", &end, 10);
	ok = text && end != text;
	sq_buf_deinit(&b);
	return ok;
}

/* the number behind "@key" at the beginning of a line of <proc>/@file */
static bool read_field(const struct report *r, const char *file, const char *key, int base, uint64_t *ret_n)
{
	struct sq_buf b = SQ_BUF_NULL;
	char path[80];
	const char *at;
	bool ok = false;

	(void)snprintf(path, sizeof(path), "%s/%s", r->proc, file);
	read_text(path, &b);
	at = b.n && sq_buf_z(&b) ? strstr(b.p, key) : NULL;
	if (at) {
		at += strlen(key);
		*ret_n = strtoull(at, NULL, base);
		while (*at == ' ')
			at++;
		if (!strncmp(at, "unlimited", 9))
			*ret_n = UINT64_MAX;
		ok = true;
	}
	sq_buf_deinit(&b);
	return ok;
}

/* ---- the daemon -------------------------------------------------------------------- */

static void judge_workspaces(struct report *r, const struct sq_json *list)
{
	size_t n_unwatched = 0, n_failed = 0;

	for (size_t i = 0; i < sq_json_len(list); i++) {
		const struct sq_json *w = sq_json_at(list, i);

		n_unwatched += !sq_json_bool(sq_json_get(w, "watching"), false);
		n_failed += sq_json_string(sq_json_get(w, "last_error")).n > 0;
	}
	if (n_unwatched || n_failed)
		note(r, "workspaces", DEGRADED, "\"sqry daemon status\" says why",
		     "%zu loaded, %zu of them not watched, %zu with an error", sq_json_len(list), n_unwatched, n_failed);
	else
		note(r, "workspaces", FINE, NULL, "%zu loaded", sq_json_len(list));
}

static void check_daemon(struct report *r, const struct sq_instance *i)
{
	struct sq_buf answer = SQ_BUF_NULL;
	struct sq_json_doc *doc = NULL;
	const struct sq_json *s;
	struct sq_slice version;
	int e = sq_control_call(i, "daemon/status", &answer);

	if (e == -ENOENT || e == -ECONNREFUSED) {
		note(r, "daemon", FINE, NULL, "not running; what follows is for one that is started from here");
	} else if (e < 0) {
		note(r, "daemon", BROKEN, "look at its log, stop it and start it again", "does not answer on %s: %s",
		     i->socket_path, strerrordesc_np(-e));
	} else if (sq_json_parse(sq_buf_slice(&answer), &doc, NULL, 0)) {
		note(r, "daemon", BROKEN, "another program may listen there", "does not speak our protocol on %s",
		     i->socket_path);
	} else {
		s = sq_json_get(sq_json_get(sq_json_root(doc), "result"), "result");
		version = sq_json_string(sq_json_get(s, "daemon_version"));
		r->pid = sq_instance_pid(i);
		note(r, "daemon", version.n ? FINE : BROKEN, "it refuses to answer us", "version %.*s runs, pid %d",
		     (int)version.n, version.p, (int)r->pid);
		judge_workspaces(r, sq_json_get(s, "workspaces"));
	}
	sq_json_doc_free(doc);
	sq_buf_deinit(&answer);
	if (r->pid)
		(void)snprintf(r->proc, sizeof(r->proc), "/proc/%d", (int)r->pid);
}

static void check_socket(struct report *r, const struct sq_instance *i)
{
	struct sq_slice dir = sq_path_dir(sq_slice_z(i->socket_path));
	_cleanup_(sq_freep) char *parent = sq_asprintf("%.*s", (int)dir.n, dir.p);
	struct stat st, d;

	if (!parent || stat(parent, &d) < 0)
		note(r, "socket", BROKEN, "make the directory, or set [socket] path", "%s: no such directory",
		     parent ? parent : "?");
	else if (access(parent, W_OK | X_OK) < 0 && !r->pid)
		note(r, "socket", BROKEN, "set [socket] path to a directory of yours", "%s cannot be written", parent);
	else if (lstat(i->socket_path, &st) < 0)
		note(r, "socket", FINE, NULL, "%s is free", i->socket_path);
	else if (!S_ISSOCK(st.st_mode))
		note(r, "socket", BROKEN, "remove it, or set [socket] path", "%s exists and is not a socket",
		     i->socket_path);
	else if (!r->pid)
		note(r, "socket", FINE, NULL, "%s is left over; the next start takes it away", i->socket_path);
	else if ((st.st_mode & 0077) && (d.st_mode & 0077))
		note(r, "socket", DEGRADED, "others can reach it unless allow_uids or allow_gid is meant",
		     "%s has mode %o in a directory of mode %o", i->socket_path, st.st_mode & 0777, d.st_mode & 0777);
	else
		note(r, "socket", FINE, NULL, "%s, mode %o", i->socket_path, st.st_mode & 0777);
}

/* ---- the kernel --------------------------------------------------------------------- */

static void check_capabilities(struct report *r)
{
	static const struct { unsigned bit; const char *name; bool is_needed; } caps[] = {
		{ 21, "CAP_SYS_ADMIN", true }, { 2, "CAP_DAC_READ_SEARCH", true },
		{ 39, "CAP_BPF", false }, { 38, "CAP_PERFMON", false },
	};
	char missing[100] = "";
	bool is_less = false;
	uint64_t has;

	if (!read_field(r, "status", "CapEff:\t", 16, &has)) {
		note(r, "capabilities", DEGRADED, NULL, "%s/status cannot be read", r->proc);
		return;
	}
	for (size_t i = 0; i < SQ_ARRAY_SIZE(caps); i++)
		if (!(has >> caps[i].bit & 1)) {
			(void)snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), " %s", caps[i].name);
			is_less |= caps[i].is_needed;
		}
	if (is_less)
		note(r, "capabilities", DEGRADED,
		     "\"sqry daemon install --system\" makes a service that has them",
		     "without%s: every directory takes a mark of its own", missing);
	else
		note(r, "capabilities", FINE, NULL, "one mark watches a whole filesystem%s%s", *missing ? "; without" : "",
		     missing);
}

static void ignore_set(void *arg, void *cookie, struct sq_change_set *set)
{
	(void)arg, (void)cookie;
	sq_change_set_free(set);
}

static void check_watching(struct report *r)
{
	const struct sq_watch_config cfg = { .force_tier = -1 };
	const char *why = NULL;
	struct sq_watch *w;
	enum sq_watch_tier tier;
	int e = sq_watch_new(&cfg, ignore_set, NULL, &w);

	if (e < 0) {
		note(r, "fanotify", DEGRADED, "trees are compared with their files on request only", "cannot be used: %s",
		     strerrordesc_np(-e));
		return;
	}
	tier = sq_watch_best_tier(w, &why);
	note(r, "fanotify", tier == SQ_WATCH_FILESYSTEM ? FINE : DEGRADED,
	     tier == SQ_WATCH_NONE ? "trees are compared with their files on request only; Linux 5.17 is needed" :
				     "see capabilities",
	     "%s from here%s%s", sq_watch_tier_name(tier), why ? ": " : "", why ? why : "");
	sq_watch_free(w);
}

/* descriptors that cannot be looked at are of another user */
static bool count_marks(const struct report *r, uint64_t *ret_n)
{
	char path[400];
	struct dirent *e;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/fdinfo", r->proc);
	dir = opendir(path);
	if (!dir)
		return false;
	*ret_n = 0;
	while ((e = readdir(dir))) {
		struct sq_buf b = SQ_BUF_NULL;

		(void)snprintf(path, sizeof(path), "%s/fdinfo/%s", r->proc, e->d_name);
		if (e->d_name[0] != '.' && !sq_fd_read_file(AT_FDCWD, path, 64u << 20, &b) && b.n && sq_buf_z(&b))
			for (const char *p = b.p; (p = strstr(p, "\nfanotify ")); p++)
				/* the first such line is the group's own */
				*ret_n += strncmp(p, "\nfanotify flags", 15) != 0;
		sq_buf_deinit(&b);
	}
	closedir(dir);
	return true;
}

static void check_marks(struct report *r)
{
	uint64_t max, used, queue = 0;

	if (!read_number("/proc/sys/fs/fanotify/max_user_marks", &max)) {
		note(r, "marks", DEGRADED, "Linux 5.13 or later has it", "the kernel tells no limit of fanotify marks");
		return;
	}
	(void)read_number("/proc/sys/fs/fanotify/max_queued_events", &queue);
	if (!r->pid)
		note(r, "marks", FINE, NULL, "%" PRIu64 " a user, %" PRIu64 " queued events", max, queue);
	else if (!count_marks(r, &used))
		note(r, "marks", FINE, NULL, "%" PRIu64 " a user; those in use are not ours to see", max);
	else
		note(r, "marks", used < max - max / 10 ? FINE : DEGRADED,
		     "raise fs.fanotify.max_user_marks, or give the daemon its capabilities",
		     "%" PRIu64 " of %" PRIu64 " in use, %" PRIu64 " queued events", used, max, queue);
}

static void check_io_uring(struct report *r)
{
	const char *why = NULL;
	enum sq_reader_mode mode = sq_reader_probe(&why);

	note(r, "io_uring", mode == SQ_READER_URING ? FINE : DEGRADED,
	     "files are read with one call each; look at kernel.io_uring_disabled, seccomp and RLIMIT_MEMLOCK",
	     mode == SQ_READER_URING ? "a chain of open, read and close works" : "refused: %s", why ? why : "unknown");
}

static void check_bpf(struct report *r)
{
	uint64_t off = 0;
	struct utsname u;

	if (uname(&u) < 0)
		(void)snprintf(u.release, sizeof(u.release), "?");
	(void)read_number("/proc/sys/kernel/unprivileged_bpf_disabled", &off);
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		note(r, "bpf", FINE, NULL, "Linux %s without BTF: no event filter in the kernel; nothing else misses it",
		     u.release);
	else
		note(r, "bpf", FINE, NULL, "Linux %s with BTF, unprivileged use %s", u.release, off ? "off" : "on");
}

/* ---- limits ------------------------------------------------------------------------- */

static void check_limits(struct report *r)
{
	uint64_t files, locked;

	if (!read_field(r, "limits", "Max open files", 10, &files) ||
	    !read_field(r, "limits", "Max locked memory", 10, &locked)) {
		note(r, "limits", DEGRADED, NULL, "%s/limits cannot be read", r->proc);
		return;
	}
	note(r, "descriptors", files >= FILES_NEEDED ? FINE : DEGRADED, "raise RLIMIT_NOFILE (LimitNOFILE=65536)",
	     "RLIMIT_NOFILE is %" PRIu64, files);
	if (locked == UINT64_MAX)
		note(r, "locked memory", FINE, NULL, "RLIMIT_MEMLOCK is unlimited");
	else
		note(r, "locked memory", locked >= LOCKED_NEEDED ? FINE : DEGRADED,
		     "raise RLIMIT_MEMLOCK (LimitMEMLOCK=64M), or files are read without io_uring",
		     "RLIMIT_MEMLOCK is %" PRIu64 " KiB", locked >> 10);
}

static void check_memory(struct report *r, const struct sq_config *c)
{
	static const char *const groups[] = { "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
	struct sq_buf b = SQ_BUF_NULL;
	uint64_t all = 0, group, need = c->memory_limit_mb + c->memory_limit_mb / 10;
	const char *at;

	read_text("/proc/meminfo", &b);
	at = b.n && sq_buf_z(&b) ? strstr(b.p, "MemTotal:") : NULL;
	if (at)
		all = strtoull(at + 9, NULL, 10) >> 10;
	sq_buf_deinit(&b);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(groups); i++)
		if (read_number(groups[i], &group) && group >> 20 < all)
			all = group >> 20;
	note(r, "memory", !all || need < all ? FINE : DEGRADED, "lower memory_limit_mb",
	     "memory_limit_mb is %" PRIu64 ", the machine or its container has %" PRIu64 " MB", c->memory_limit_mb, all);
}

/* ---- files ---------------------------------------------------------------------------- */

static void check_grammars(struct report *r, const struct sq_config *c)
{
	struct sq_lang_registry *registry = NULL;
	const char *why = NULL, *first = NULL;
	unsigned n = 0, n_missing = 0;
	char missing[200] = "";
	int e = sq_lang_registry_new(c->grammar_dir, &registry);

	if (e < 0) {
		note(r, "grammars", BROKEN, "set grammar_dir, or install again", "cannot be used: %s", strerrordesc_np(-e));
		return;
	}
	for (int lang = SQ_LANG_NONE + 1; lang < SQ_LANG_MAX; lang++) {
		if (!sq_lang_traits_table()[lang])
			continue;
		n++;
		if (!sq_lang_load(registry, (enum sq_lang)lang, &why))
			continue;
		n_missing++;
		first = first ? first : why;
		(void)snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), " %s",
			       sq_lang_name((enum sq_lang)lang));
	}
	if (n_missing)
		note(r, "grammars", n_missing > n / 2 ? BROKEN : DEGRADED, "set grammar_dir, or install again",
		     "%u of %u cannot be loaded:%s (%.120s)", n_missing, n, missing, first ? first : "?");
	else
		note(r, "grammars", FINE, NULL, "%u languages", n);
	sq_lang_registry_free(registry);
}

/* nothing is stored yet, but where it will be shall work */
static void check_store(struct report *r)
{
	const char *service = getenv("CACHE_DIRECTORY"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	_cleanup_(sq_freep) char *base = service ? sq_strdup(service) :
					 xdg && xdg[0] == '/' ? sq_strdup(xdg) : sq_asprintf("%s/.cache", home ? home : "");
	struct statvfs fs;

	if (!base || statvfs(base, &fs) < 0)
		note(r, "store", FINE, NULL, "%s does not exist; this release stores nothing", base ? base : "?");
	else if (access(base, W_OK | X_OK) < 0)
		note(r, "store", DEGRADED, "set XDG_CACHE_HOME to a directory of yours",
		     "%s cannot be written; this release stores nothing", base);
	else
		note(r, "store", FINE, NULL, "%s, %" PRIu64 " MB free; this release stores nothing", base,
		     (uint64_t)fs.f_bavail * fs.f_frsize >> 20);
}

/* ---- the report ------------------------------------------------------------------------ */

static enum state worst(const struct report *r)
{
	enum state s = FINE;

	for (size_t i = 0; i < r->n; i++)
		s = SQ_MAX(s, r->v[i].state);
	return s;
}

static int print_json(const struct report *r)
{
	struct sq_buf out = SQ_BUF_NULL;
	struct sq_jw w;
	int e;

	sq_jw_init(&w, &out);
	sq_jw_begin_object(&w);
	sq_jw_kstr(&w, "status", sq_slice_z(state_names[worst(r)]));
	sq_jw_kbool(&w, "running", r->pid != 0);
	if (r->pid)
		sq_jw_ku64(&w, "pid", (uint64_t)r->pid);
	sq_jw_key(&w, "checks");
	sq_jw_begin_array(&w);
	for (size_t i = 0; i < r->n; i++) {
		sq_jw_begin_object(&w);
		sq_jw_kstr(&w, "name", sq_slice_z(r->v[i].name));
		sq_jw_kstr(&w, "status", sq_slice_z(state_names[r->v[i].state]));
		sq_jw_kstr(&w, "detail", sq_slice_z(r->v[i].detail));
		if (r->v[i].advice)
			sq_jw_kstr(&w, "advice", sq_slice_z(r->v[i].advice));
		sq_jw_end_object(&w);
	}
	sq_jw_end_array(&w);
	sq_jw_end_object(&w);
	e = sq_buf_error(&out);
	if (!e)
		printf("%.*s\n", (int)out.n, out.p);
	sq_buf_deinit(&out);
	return e;
}

static void print_text(const struct report *r)
{
	static const char *const marks[] = { "ok   ", "worse", "ERROR" };

	for (size_t i = 0; i < r->n; i++) {
		struct sq_buf line = SQ_BUF_NULL;

		sq_buf_add_escaped(&line, sq_slice_z(r->v[i].detail));
		printf("%s  %-14s %s\n", marks[r->v[i].state], r->v[i].name, line.n && sq_buf_z(&line) ? sq_buf_z(&line) : "");
		if (r->v[i].advice)
			printf("       %-14s -> %s\n", "", r->v[i].advice);
		sq_buf_deinit(&line);
	}
}

int sq_doctor(const struct sq_config *config, const char *config_error, struct sq_instance *i,
	      const char *instance_error, bool json)
{
	static const int codes[] = { EXIT_SUCCESS, EXIT_DEGRADED, EX_UNAVAILABLE };
	struct report r = { .proc = "/proc/self" };

	if (config)
		note(&r, "configuration", FINE, NULL, "can be read; \"sqryd print-config\" shows it");
	else
		note(&r, "configuration", BROKEN, "correct it; a daemon that runs keeps the old one", "%s", config_error);
	if (i) {
		check_daemon(&r, i);
		check_socket(&r, i);
	} else if (config) {
		note(&r, "socket", BROKEN, "set [socket] path", "%s", instance_error);
	}
	check_capabilities(&r);
	check_watching(&r);
	check_marks(&r);
	check_io_uring(&r);
	check_bpf(&r);
	check_limits(&r);
	if (config) {
		check_memory(&r, config);
		check_grammars(&r, config);
	}
	check_store(&r);
	if (json ? print_json(&r) < 0 : (print_text(&r), false))
		return EX_SOFTWARE;
	return fflush(stdout) ? EX_IOERR : codes[worst(&r)];
}
