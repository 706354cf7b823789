/* SPDX-License-Identifier: MIT */
/*
 * sqry-bench: two processes. The first one makes the scratch directory, starts
 * the second, which does all the work, and waits: however the work ends, it
 * kills what was started and removes what was written.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/run.h"

static const char usage_text[] =
"usage: sqry-bench [OPTION]...\n"
"\n"
"Measure sqryd beside the tools that people use for the same work, on one\n"
"source tree, in one run. The tree is copied first; yours is only read.\n"
"\n"
"what is measured\n"
"  --corpus DIR|kernel|kcore  the source tree; kernel and kcore are unpacked from\n"
"                        Debian's linux-source-6.1 into the cache directory\n"
"  --scenario A[,B]      only these scenarios (--list tells them)\n"
"  --peers A[,B]         only these peers; \"none\": only us\n"
"  --rounds N            how often, ours and peers in turn (default 3)\n"
"  --smoke               everything once and small: does it run, is it right?\n"
"  --seed N              for what is drawn by lot (default 1)\n"
"  --list                tell scenarios and peers, and which are installed\n"
"\n"
"what comes out (a table on stdout in any case)\n"
"  --json FILE           all figures; rewritten after each scenario\n"
"  --html FILE           a page to look at, with plots\n"
"  --baseline FILE       an earlier --json: say what moved beyond noise\n"
"  --table A[,B]         measure nothing: the goals beside what these --json files\n"
"                        hold, as Markdown\n"
"\n"
"the daemon that is measured (by default: one of our own, on a private socket)\n"
"  --socket PATH         one that runs already\n"
"  --sqryd PROGRAM       the program to start (default: $SQRYD_PATH, beside this\n"
"                        program, PATH)\n"
"  --memory MB           its limit (default 4000)\n"
"\n"
"amounts, limits and places\n"
"  --edits N             edits of one kind and size (default 50)\n"
"  --clients N           of the busy query mix (default 64)\n"
"  --checkout-files N    that differ between two commits (default 10000)\n"
"  --storm-operations N  (default 1000000)\n"
"  --idle-seconds N      how long idleness is watched (default 60)\n"
"  --peer-timeout S      of one command of a peer (default 900)\n"
"  --peer-memory MB      of codegraph, which may want all (default 6000)\n"
"  --cache DIR           unpacked corpora, npm peers (default\n"
"                        $XDG_CACHE_HOME/sqry-bench)\n"
"  --scratch DIR         where the copy is made (default $TMPDIR or /var/tmp)\n"
"  --help, --version\n"
"\n"
"exit status: 0 all went well, 1 something failed or was answered wrong (the\n"
"report says what), 2 wrong usage, 66 the corpus cannot be used, 128 + N ended\n"
"by signal N. A first try:\n"
"  sqry-bench --smoke --corpus . --html /tmp/bench.html\n";

/* ---- options -------------------------------------------------------------------- */

static uint64_t number(const char *name, const char *text, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || !n || n > max) {
		warnx("--%s %s: must be a number from 1 to %llu", name, text, (unsigned long long)max);
		exit(2);
	}
	return n;
}

enum { OPTION_TEXT, OPTION_UNSIGNED, OPTION_U64, OPTION_SECONDS, OPTION_MEGABYTES, OPTION_FLAG };
struct setting { const char *name; int type; void *at; uint64_t max; };

static void set(const struct setting *s, const char *value)
{
	switch (s->type) {
	case OPTION_TEXT:
		*(const char **)s->at = value;
		break;
	case OPTION_UNSIGNED:
		*(unsigned *)s->at = (unsigned)number(s->name, value, s->max);
		break;
	case OPTION_U64:
		*(uint64_t *)s->at = number(s->name, value, s->max);
		break;
	case OPTION_SECONDS:
		*(double *)s->at = (double)number(s->name, value, s->max);
		break;
	case OPTION_MEGABYTES:
		*(uint64_t *)s->at = number(s->name, value, s->max) << 20;
		break;
	case OPTION_FLAG:
		*(bool *)s->at = true;
		break;
	}
}

static void read_options(int argc, char **argv, struct sq_options *o, bool *ret_list)
{
	bool help = false, version = false;
	const struct setting settings[] = {
		{ "corpus", OPTION_TEXT, &o->corpus, 0 }, { "scenario", OPTION_TEXT, &o->scenarios, 0 },
		{ "peers", OPTION_TEXT, &o->peers, 0 }, { "json", OPTION_TEXT, &o->json, 0 },
		{ "html", OPTION_TEXT, &o->html, 0 }, { "baseline", OPTION_TEXT, &o->baseline, 0 },
		{ "socket", OPTION_TEXT, &o->socket, 0 }, { "sqryd", OPTION_TEXT, &o->sqryd, 0 },
		{ "table", OPTION_TEXT, &o->table, 0 },
		{ "cache", OPTION_TEXT, &o->cache, 0 }, { "scratch", OPTION_TEXT, &o->scratch, 0 },
		{ "rounds", OPTION_UNSIGNED, &o->rounds, 1000 }, { "clients", OPTION_UNSIGNED, &o->clients, 500 },
		{ "edits", OPTION_UNSIGNED, &o->edits, 100000 }, { "idle-seconds", OPTION_UNSIGNED, &o->idle_s, 86400 },
		{ "checkout-files", OPTION_UNSIGNED, &o->checkout_files, 10000000 },
		{ "storm-operations", OPTION_U64, &o->storm_operations, 1000000000 },
		{ "seed", OPTION_U64, &o->seed, UINT64_MAX }, { "memory", OPTION_U64, &o->memory_mb, 1u << 24 },
		{ "peer-timeout", OPTION_SECONDS, &o->limits.timeout_s, 86400 },
		{ "peer-memory", OPTION_MEGABYTES, &o->limits.memory_bytes, 1u << 24 },
		{ "smoke", OPTION_FLAG, &o->smoke, 0 }, { "list", OPTION_FLAG, ret_list, 0 },
		{ "help", OPTION_FLAG, &help, 0 }, { "version", OPTION_FLAG, &version, 0 },
	};
	struct option options[SQ_ARRAY_SIZE(settings) + 1] = { { NULL, 0, NULL, 0 } };
	int at, c;

	for (size_t i = 0; i < SQ_ARRAY_SIZE(settings); i++)
		options[i] = (struct option){ settings[i].name, settings[i].type == OPTION_FLAG ? no_argument
					      : required_argument, NULL, 0 };
	while ((c = getopt_long(argc, argv, "", options, &at)) != -1) {
		if (c) {
			fputs("try: sqry-bench --help\n", stderr);
			exit(2);
		}
		set(&settings[at], optarg);
	}
	if (help || version) {
		fputs(help ? usage_text : "sqry-bench " PACKAGE_VERSION "\n", stdout);
		exit(0);
	}
	if (optind < argc) {
		warnx("\"%s\": there are only options; try: sqry-bench --help", argv[optind]);
		exit(2);
	}
}

static bool has_flag(int argc, char **argv, const char *flag)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], flag))
			return true;
	return false;
}

/* @ret_cache: what o->cache borrows when no option named it */
static void default_places(struct sq_options *o, char **ret_cache)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *temp = getenv("TMPDIR");

	if (!o->cache)
		o->cache = *ret_cache = cache && *cache ?
			sq_asprintf("%s/sqry-bench", cache) :
			sq_asprintf("%s/.cache/sqry-bench", home && *home ? home : "/tmp");
	if (!o->scratch)
		o->scratch = temp && *temp ? temp : "/var/tmp";
}

static char *command_line(int argc, char **argv)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;

	sq_buf_puts(&text, "sqry-bench");
	for (int i = 1; i < argc; i++)
		sq_buf_printf(&text, strpbrk(argv[i], " \t*$'\"") ? " '%s'" : " %s", argv[i]);
	return sq_buf_z(&text) ? sq_strdup(text.p) : NULL;
}

/* ---- two processes -------------------------------------------------------------- */

static sigset_t ends(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	return set;
}

/* until the worker ends, or somebody wants us to; orphans are reaped on the way */
static int wait_for_end(const struct sq_options *o, pid_t worker)
{
	sigset_t set = ends();
	int signal, status;
	pid_t pid;

	for (;;) {
		if (sigwait(&set, &signal))
			continue;
		if (signal != SIGCHLD) {
			warnx("ended by signal %d (%s)%s", signal, sigabbrev_np(signal), o->json || o->html ?
			      ": what was measured so far is in the --json and --html files" : "");
			return 128 + signal;
		}
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == worker && WIFEXITED(status))
				return WEXITSTATUS(status);
			else if (pid == worker) {
				warnx("the benchmark itself died: signal %d (%s)", WTERMSIG(status),
				      sigabbrev_np(WTERMSIG(status)));
				return 1;
			}
	}
}

/* @scratch: NULL, then only the list of what there is is wanted. The signals of ends() are blocked */
static int supervise(const struct sq_options *o, const char *scratch, const char *command)
{
	sigset_t none;
	pid_t worker;
	int r;

	sq_process_adopt();
	worker = fork();
	if (worker < 0)
		return 1;
	if (!worker) {
		sigemptyset(&none);
		setpgid(0, 0);          /* an interrupt from the keyboard is ours alone */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sq_process_adopt();
		sigprocmask(SIG_SETMASK, &none, NULL);
		r = scratch ? sq_run_main(o, scratch, command) : (sq_run_list(o, stdout), 0);
		fflush(stdout);
		_exit(r);
	}
	r = wait_for_end(o, worker);
	sq_process_kill_all();
	sq_corpus_clean(o->cache, worker);
	return r;
}

int main(int argc, char **argv)
{
	struct sq_options o = { .rounds = 0 };
	_cleanup_(sq_freep) char *command = command_line(argc, argv);
	_cleanup_(sq_freep) char *scratch = NULL, *cache = NULL;
	sigset_t set = ends();
	bool list = false;
	int r;

	sq_options_default(&o, has_flag(argc, argv, "--smoke"));
	read_options(argc, argv, &o, &list);
	default_places(&o, &cache);
	if (list) {
		sigprocmask(SIG_BLOCK, &set, NULL);
		return supervise(&o, NULL, NULL);
	}
	if (o.table)
		return sq_run_table(o.table, stdout);
	if (!o.corpus) {
		warnx("--corpus is missing: a directory, kernel or kcore; try: sqry-bench --help");
		return 2;
	}
	if (!sq_run_check(&o))
		return 2;
	sigprocmask(SIG_BLOCK, &set, NULL);
	scratch = sq_asprintf("%s/sqry-bench.XXXXXX", o.scratch);
	if (!scratch || !command || !o.cache || !mkdtemp(scratch))
		err(EX_CANTCREAT, "%s", o.scratch);
	r = supervise(&o, scratch, command);
	sq_remove_tree(scratch);
	return r;
}
