/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * opts — options of a subcommand from a table: parsing, ranges, --help.
 * Threads: main. Every subcommand also has -h/--help, --json and --socket.
 */
#include "cli/cli.h"

enum sq_opt_type { SQ_OPT_FLAG, SQ_OPT_STRING, SQ_OPT_INT, SQ_OPT_LIST };
/* an option that may be given again and again */
#define SQ_OPT_LIST_MAX 32u
struct sq_opt_list { const char *v[SQ_OPT_LIST_MAX]; unsigned n; };
struct sq_opt {
	const char *name;           /* long name */
	char letter;                /* or 0 */
	enum sq_opt_type type;
	void *ret;                  /* bool *, const char **, int64_t *, struct sq_opt_list *; left alone when not given */
	int64_t min, max;           /* INT */
	const char *arg, *help;     /* of --help */
};
/* the option of what asks about a workspace; @dir: const char **, NULL when not given */
#define SQ_OPT_PATH(dir) { "path", 'p', SQ_OPT_STRING, (dir), 0, 0, "DIR", \
			   "in the workspace of DIR (default: the current directory)" }
struct sq_usage {
	const char *synopsis;       /* "PATTERN [OPTION...]", behind the command */
	const char *about;          /* whole lines */
	const char *examples;       /* whole lines, or NULL */
	unsigned min_args, max_args;
};
#define SQ_OPTS_MAX 24u
/** sq_opts_parse() - Return: 0 with the arguments at (*ret_args)[0..*ret_n); SQ_OPTS_E_HELP: printed,
 *  exit 0; SQ_EXIT_USAGE: explained. */
enum { SQ_OPTS_E_HELP = 1 };
int sq_opts_parse(struct sq_cli *cli, const struct sq_usage *u, const struct sq_opt *opts, size_t n,
		  int argc, char **argv, char ***ret_args, unsigned *ret_n) sq_must_check;
