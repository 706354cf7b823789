/* SPDX-License-Identifier: MIT */
#include "cli/service.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/opts.h"

/* as libsqry finds it: what was said, beside us, "" for $PATH */
static void find_program(const struct sq_cli *cli, char path[PATH_MAX])
{
	const char *given = cli->sqryd ? cli->sqryd : getenv("SQRYD_PATH");
	char *slash;
	ssize_t n;

	if (given && *given) {
		snprintf(path, PATH_MAX, "%s", given);
		return;
	}
	n = readlink("/proc/self/exe", path, PATH_MAX - sizeof("sqryd"));
	path[n < 0 ? 0 : n] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		snprintf(slash + 1, sizeof("sqryd"), "sqryd");
	if (!slash || access(path, X_OK) < 0)
		path[0] = '\0';
}

/* returns only when it cannot be run */
static int become(struct sq_cli *cli, char *const argv[])
{
	char path[PATH_MAX];

	find_program(cli, path);
	if (cli->socket && setenv("SQRY_DAEMON_SOCKET", cli->socket, 1) < 0)
		return sq_cli_no_memory(cli);
	if (fflush(stdout))
		return sq_cli_error(cli, EX_IOERR, "cannot write the output");
	if (*path)
		execv(path, argv);
	else
		execvp("sqryd", argv);
	return sq_cli_error(cli, EX_UNAVAILABLE, "cannot run %s: %s; set SQRYD_PATH to the daemon's program",
			    *path ? path : "sqryd", strerror(errno));
}

int sq_cmd_doctor(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[OPTION...]",
		.about = "Show what the daemon needs of this machine, what of it works, what does not,\n"
			 "and what to do: configuration, socket, capabilities, kernel, limits, grammars.\n"
			 "Exit status: 0 all fine, 1 something could be better, 69 a daemon cannot serve.\n",
	};
	char *sqryd[] = { "sqryd", "doctor", NULL, NULL };
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, NULL, 0, argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	if (cli->json)
		sqryd[2] = "--json";
	return become(cli, sqryd);
}

int sq_cmd_install(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "--user | --system [OPTION...]",
		.about = "Make a service of systemd: write its units, and say what comes next.\n",
		.examples = "  sqry daemon install --user\n"
			    "  sqry daemon install --system --for alice --print\n",
	};
	bool user = false, system = false, print = false;
	const char *name = NULL;
	const struct sq_opt opts[] = {
		{ "user", 0, SQ_OPT_FLAG, &user, 0, 0, NULL, "of the user's manager" },
		{ "system", 0, SQ_OPT_FLAG, &system, 0, 0, NULL, "of the system, with the capabilities to watch filesystems" },
		{ "for", 0, SQ_OPT_STRING, &name, 0, 0, "NAME", "of the system for one user; without it, a template" },
		{ "print", 0, SQ_OPT_FLAG, &print, 0, 0, NULL, "show the units, write nothing" },
	};
	char *sqryd[6] = { "sqryd" };
	char **args;
	unsigned n;
	int i = 1, r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	if (user == system || (name && user))
		return sq_cli_error(cli, SQ_EXIT_USAGE, "either --user, or --system, which may have --for; see --help");
	sqryd[i++] = user ? "install-systemd-user" : "install-systemd-system";
	if (!print)
		sqryd[i++] = "--write";
	if (name) {
		sqryd[i++] = "--user";
		sqryd[i++] = (char *)name;
	}
	return become(cli, sqryd);
}
