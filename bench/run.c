/* SPDX-License-Identifier: MIT */
#include "bench/run.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/time.h"
#include "bench/goal.h"
#include "sys/fd.h"

#define MAX_TABLE_FILES 32

void sq_options_default(struct sq_options *o, bool smoke)
{
	o->smoke = smoke;
	o->seed = 1;
	o->memory_mb = 4000;
	o->clients = smoke ? 8 : 64;
	o->rounds = smoke ? 1 : 3;
	o->edits = smoke ? 4 : 50;
	o->queries = smoke ? 200 : 10000;
	o->query_ms = smoke ? 300 : 5000;
	o->storm_files = smoke ? 20 : 200;
	o->idle_s = smoke ? 1 : 60;
	o->checkout_files = 10000;
	o->storm_operations = smoke ? 6000 : 1000000;
	o->limits.timeout_s = smoke ? 60 : 900;
	o->limits.memory_bytes = 6000ull << 20;
}

/* ---- the table of goals --------------------------------------------------------- */

/* a file that cannot be read is told on stderr and left out. Return: how many were read */
static size_t read_reports(const char *files, struct sq_report *v, bool *ret_all)
{
	char path[PATH_MAX];
	size_t n = 0;
	int r;

	*ret_all = true;
	for (const char *at = files; *at && n < MAX_TABLE_FILES; at += strcspn(at, ","), at += *at == ',') {
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(at, ","), at);
		r = sq_report_read(path, &v[n]);
		if (r) {
			warnx("%s: %s", path, r < 0 ? strerrordesc_np(-r) : "not a report of sqry-bench");
			*ret_all = false;
		} else {
			n++;
		}
	}
	return n;
}

int sq_run_table(const char *files, FILE *out)
{
	struct sq_report *v = sq_calloc(MAX_TABLE_FILES, sizeof(*v));
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	bool all = false;
	size_t n = v ? read_reports(files, v, &all) : 0;

	if (n)
		sq_goal_table(v, n, &text);
	if (n && !sq_buf_error(&text))
		fwrite(text.p, 1, text.n, out);
	for (size_t i = 0; i < n; i++)
		sq_report_deinit(&v[i]);
	sq_free(v);
	return n && all && !sq_buf_error(&text) ? 0 : 1;
}

/* ---- choices -------------------------------------------------------------------- */

static bool in_list(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == n && !strncmp(at, name, n))
			return true;
	return false;
}

static bool is_scenario(const char *name)
{
	for (size_t i = 0; i < sq_n_scenarios; i++)
		if (!strcmp(sq_scenarios[i].name, name))
			return true;
	return false;
}

static bool is_peer(const char *name)
{
	return !strcmp(name, "none") || sq_peer_named(name);
}

static bool check_names(const char *list, const char *what, bool (*exists)(const char *name))
{
	char name[64];
	bool ok = true;

	for (const char *at = list ? list : ""; *at; at += strcspn(at, ","), at += *at == ',') {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, ","), at);
		if (!exists(name)) {
			warnx("there is no %s \"%s\"; sqry-bench --list tells them", what, name);
			ok = false;
		}
	}
	return ok;
}

bool sq_run_check(const struct sq_options *o)
{
	bool scenarios = check_names(o->scenarios, "scenario", is_scenario);

	return check_names(o->peers, "peer", is_peer) && scenarios;
}

/* ---- programs ------------------------------------------------------------------- */

static char *try_program(const char *dir, const char *rest)
{
	char *path = sq_asprintf("%s/%s", dir, rest);

	if (path && access(path, X_OK))
		sq_free(SQ_TAKE(path));
	return path;
}

/* beside this program, in a build tree too (there it may be in .libs) */
static char *find_sqryd(const struct sq_options *o)
{
	static const char *const places[] = { "sqryd", "../src/daemon/sqryd", "../../src/daemon/sqryd" };
	const char *env = getenv("SQRYD_PATH");
	char dir[PATH_MAX], *path;
	ssize_t n;

	if (o->sqryd || (env && *env))
		return sq_strdup(o->sqryd ? o->sqryd : env);
	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	if (n > 0) {
		dir[n] = '\0';
		*strrchr(dir, '/') = '\0';
		for (size_t i = 0; i < SQ_ARRAY_SIZE(places); i++)
			if ((path = try_program(dir, places[i])))
				return path;
	}
	return sq_process_find("sqryd");
}

/* the floor beside this program, and what setup-peers installed, without a word in the environment */
static void extend_path(const struct sq_options *o)
{
	const char *old = getenv("PATH");
	_cleanup_(sq_buf_deinit) struct sq_buf path = SQ_BUF_NULL;
	char dir[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);

	sq_buf_puts(&path, old ? old : "/usr/bin:/bin");
	if (n > 0) {
		dir[n] = '\0';
		*strrchr(dir, '/') = '\0';
		sq_buf_printf(&path, ":%s:%s/..", dir, dir);
	}
	sq_buf_printf(&path, ":%s/peers/node_modules/.bin", o->cache);
	if (sq_buf_z(&path))
		setenv("PATH", path.p, 1);
}

void sq_run_list(const struct sq_options *o, FILE *out)
{
	extend_path(o);
	fputs("scenarios\n", out);
	for (size_t i = 0; i < sq_n_scenarios; i++)
		fprintf(out, "  %-12s %s\n", sq_scenarios[i].name, sq_scenarios[i].does);
	fputs("\npeers\n", out);
	for (size_t i = 0; i < sq_n_peers; i++) {
		_cleanup_(sq_buf_deinit) struct sq_buf version = SQ_BUF_NULL;

		sq_peer_version(&sq_peers[i], &version);
		fprintf(out, "  %-12s %s\n  %-12s   %s\n", sq_peers[i].name, sq_peers[i].does, "",
			version.n ? sq_buf_z(&version) : "absent (bench/setup-peers installs it)");
	}
}

/* ---- the head of the report ----------------------------------------------------- */

static char *own(const char *s)
{
	char *copy = sq_strdup(s ? s : "");

	if (!copy)
		errx(EX_OSERR, "out of memory");
	return copy;
}

/* of the working directory, if that is a checkout of this project; else of the build */
static char *commit_of(void)
{
	const char *const argv[] = { "git", "-C", ".", "describe", "--always", "--dirty", "--abbrev=12", NULL };
	_cleanup_(sq_buf_deinit) struct sq_buf line = SQ_BUF_NULL;

	if (!access("src/daemon/main.c", F_OK) && !access("bench/run.c", F_OK))
		sq_process_line(argv, &line);
	if (line.n && sq_buf_z(&line) && strncmp(line.p, "fatal", 5))
		return own(line.p);
	return own("version " PACKAGE_VERSION);
}

static void describe(struct sq_bench *b, const char *command)
{
	struct sq_report *r = &b->report;
	char now[32];

	r->command = own(command);
	r->commit = commit_of();
	r->started = own(sq_time_rfc3339(sq_realtime_ns(), now, sizeof(now)));
	r->rounds = b->o.rounds;
	sq_machine_read(b->scratch, &r->machine);
	for (size_t i = 0; i < sq_n_peers; i++) {
		_cleanup_(sq_buf_deinit) struct sq_buf version = SQ_BUF_NULL;

		if (!sq_bench_has_peer(b, &sq_peers[i]))
			continue;
		sq_peer_version(&sq_peers[i], &version);
		sq_report_version(r, sq_peers[i].name, version.n && sq_buf_z(&version) ? version.p : "absent");
	}
}

static void describe_daemon(struct sq_bench *b)
{
	if (sq_target_start(&b->target)) {
		b->scenario = "start";
		(void)sq_bench_fail(b, NULL);
		return;
	}
	sq_report_version(&b->report, "sqryd", sqry_client_daemon_version(b->target.client));
}

static void describe_corpus(struct sq_bench *b)
{
	b->report.corpus = own(b->corpus.name ? b->corpus.name : b->o.corpus);
	b->report.n_files = b->corpus.sources.n;
	b->report.n_bytes = b->corpus.n_bytes;
}

/* ---- output --------------------------------------------------------------------- */

static void save(struct sq_bench *b, const char *path, void (*write)(const struct sq_report *, struct sq_buf *))
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	int r;

	if (!path)
		return;
	write(&b->report, &text);
	r = sq_report_save(path, &text);
	if (r) {
		warnx("%s: %s", path, strerrordesc_np(-r));
		sq_report_failure(&b->report, "%s could not be written", path);
	}
}

static void compare(struct sq_bench *b)
{
	int r = b->o.baseline ? sq_report_compare(&b->report, b->o.baseline) : 0;

	if (r)
		sq_report_failure(&b->report, "baseline %s: %s", b->o.baseline,
				  r < 0 ? strerrordesc_np(-r) : "not a report of sqry-bench");
}

static void save_all(struct sq_bench *b)
{
	save(b, b->o.json, sq_report_json);
	save(b, b->o.html, sq_report_html);
}

static void print(const struct sq_bench *b, void (*write)(const struct sq_report *, struct sq_buf *))
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;

	write(&b->report, &text);
	fwrite(text.p ? text.p : "", 1, text.n, stdout);
	fflush(stdout);
}

static void print_scenario(const struct sq_bench *b, const char *name)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;

	sq_report_text(&b->report, name, &text);
	fwrite(text.p ? text.p : "", 1, text.n, stdout);
	fflush(stdout);
}

/* ---- the run -------------------------------------------------------------------- */

static int write_list(struct sq_bench *b)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	_cleanup_(sq_fd_closep) int fd = -1;

	b->list = sq_asprintf("%s/sources", b->scratch);
	for (size_t i = 0; i < b->corpus.sources.n; i++)
		sq_buf_printf(&text, "%s/%s\n", b->corpus.dir, b->corpus.sources.v[i].path);
	if (!b->list || sq_buf_error(&text))
		return -ENOMEM;
	fd = open(b->list, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : sq_fd_write_all(fd, text.p, text.n);
}

static int take_corpus(struct sq_bench *b)
{
	_cleanup_(sq_buf_deinit) struct sq_buf why = SQ_BUF_NULL;
	_cleanup_(sq_freep) char *dir = sq_asprintf("%s/corpus", b->scratch);
	int r = dir ? sq_corpus_find(&b->corpus, b->o.corpus, b->o.cache, &why) : -ENOMEM;

	if (!r)
		r = sq_corpus_copy(&b->corpus, dir, &why);
	describe_corpus(b);
	if (!r)
		r = write_list(b);
	if (!r)
		return 0;
	sq_report_failure(&b->report, "%s", why.n && sq_buf_z(&why) ? why.p : strerrordesc_np(r < 0 ? -r : EIO));
	return EX_NOINPUT;
}

static bool is_chosen(const struct sq_bench *b, const struct sq_scenario *s)
{
	return !b->o.scenarios || in_list(b->o.scenarios, s->name);
}

/* before anything is loaded. What goes wrong is told again by the scenario that wants it */
static void make_repository(struct sq_bench *b)
{
	for (size_t i = 0; i < sq_n_scenarios; i++)
		if (sq_scenarios[i].wants_repository && is_chosen(b, &sq_scenarios[i])) {
			b->scenario = sq_scenarios[i].name;
			(void)sq_repository_make(b);
			return;
		}
}

static void run_scenarios(struct sq_bench *b)
{
	make_repository(b);
	for (size_t i = 0; i < sq_n_scenarios; i++) {
		if (!is_chosen(b, &sq_scenarios[i]))
			continue;
		b->scenario = sq_scenarios[i].name;
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "%s ...\n", b->scenario);
		/* what went wrong is in the report; a death may have gone unnoticed */
		if (sq_scenarios[i].run(b) && !sq_report_n_wrong(&b->report))
			(void)sq_bench_fail(b, "it failed");
		if (sq_target_is_dead(&b->target))
			(void)sq_bench_fail(b, NULL);
		/* ours goes on with a new one; a daemon that is not ours may be back */
		if (b->target.client && !b->target.is_ours && sq_report_n_wrong(&b->report))
			sq_target_stop(&b->target);
		compare(b);
		print_scenario(b, b->scenario);
		save_all(b);
	}
}

static void bench_deinit(struct sq_bench *b)
{
	sq_target_deinit(&b->target);
	sq_repository_deinit(&b->repository);
	sq_corpus_deinit(&b->corpus);
	sq_report_deinit(&b->report);
	sq_free(b->list);
}

static int work(struct sq_bench *b, const char *command)
{
	_cleanup_(sq_freep) char *sqryd = b->o.socket ? NULL : find_sqryd(&b->o);
	int r;

	extend_path(&b->o);
	describe(b, command);
	r = take_corpus(b);
	if (r)
		return r;
	if (!b->o.socket && !sqryd) {
		sq_report_failure(&b->report, "sqryd is not found; --sqryd PROGRAM tells where it is");
		return 1;
	}
	if (sq_target_init(&b->target, sqryd, b->o.socket, b->scratch, b->o.memory_mb)) {
		sq_report_failure(&b->report, "%s cannot be written", b->scratch);
		return 1;
	}
	describe_daemon(b);
	print(b, sq_report_head);
	if (!sq_report_n_wrong(&b->report))
		run_scenarios(b);
	return 0;
}

int sq_run_main(const struct sq_options *o, const char *scratch, const char *command)
{
	struct sq_bench b = { .o = *o, .corpus = SQ_CORPUS_NULL, .repository = SQ_REPOSITORY_NULL, .target = SQ_TARGET_NULL,
			      .report = SQ_REPORT_NULL, .scratch = scratch, .scenario = "" };
	int r = work(&b, command);

	b.report.complete = true;
	compare(&b);
	save_all(&b);
	if (!r && sq_report_n_wrong(&b.report))
		r = 1;
	print(&b, sq_report_end);
	bench_deinit(&b);
	return r;
}
