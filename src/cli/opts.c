/* SPDX-License-Identifier: MIT */
#include "cli/opts.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_ID 256    /* beyond every option letter */
enum { ID_HELP = FIRST_ID + (int)SQ_OPTS_MAX, ID_JSON, ID_SOCKET };

static void print_help(const struct sq_cli *cli, const struct sq_usage *u,
		       const struct sq_opt *opts, size_t n)
{
	printf("usage: %s %s\n\n%s\n", cli->command, u->synopsis, u->about);
	for (size_t i = 0; i < n; i++) {
		const struct sq_opt *o = &opts[i];
		char left[48];

		snprintf(left, sizeof(left), "--%s%s%s", o->name,
			 o->arg ? " " : "", o->arg ? o->arg : "");
		if (o->letter)
			printf("  -%c, %-20s %s\n", o->letter, left, o->help);
		else
			printf("      %-20s %s\n", left, o->help);
	}
	printf("      %-20s %s\n", "--json", "print the answer as JSON");
	printf("      %-20s %s\n", "--socket PATH", "socket of the daemon");
	printf("  -h, %-20s %s\n", "--help", "show this text");
	if (u->examples)
		printf("\nexamples:\n%s", u->examples);
}

static int usage_error(const struct sq_cli *cli, const char *what,
		       const char *which)
{
	return sq_cli_error(cli, SQ_EXIT_USAGE, "%s%s; see \"%s --help\"", what,
			    which, cli->command);
}

static int append(const struct sq_cli *cli, const struct sq_opt *o, const char *text)
{
	struct sq_opt_list *list = o->ret;

	if (list->n == SQ_OPT_LIST_MAX)
		return sq_cli_error(cli, SQ_EXIT_USAGE, "--%s more than %u times", o->name, SQ_OPT_LIST_MAX);
	list->v[list->n++] = text;
	return 0;
}

static int store(const struct sq_cli *cli, const struct sq_opt *o,
		 const char *text)
{
	long long v;
	char *end;

	switch (o->type) {
	case SQ_OPT_FLAG:
		*(bool *)o->ret = true;
		return 0;
	case SQ_OPT_STRING:
		*(const char **)o->ret = text;
		return 0;
	case SQ_OPT_LIST:
		return append(cli, o, text);
	case SQ_OPT_INT:
		break;
	}
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno || end == text || *end || v < o->min || v > o->max)
		return sq_cli_error(cli, SQ_EXIT_USAGE, "--%s takes a number from "
				    "%lld to %lld, not \"%s\"", o->name,
				    (long long)o->min, (long long)o->max, text);
	*(int64_t *)o->ret = v;
	return 0;
}

/* getopt's two forms of the table */
static void fill(const struct sq_opt *opts, size_t n, struct option *longs,
		 char *letters)
{
	static const struct option common[] = {
		{ "json", no_argument, NULL, ID_JSON },
		{ "socket", required_argument, NULL, ID_SOCKET },
		{ "help", no_argument, NULL, ID_HELP },
		{ NULL, 0, NULL, 0 },
	};

	*letters++ = ':';
	*letters++ = 'h';
	for (size_t i = 0; i < n; i++) {
		bool has_arg = opts[i].type != SQ_OPT_FLAG;

		longs[i] = (struct option){
			opts[i].name,
			has_arg ? required_argument : no_argument, NULL,
			FIRST_ID + (int)i,
		};
		if (!opts[i].letter)
			continue;
		*letters++ = opts[i].letter;
		if (has_arg)
			*letters++ = ':';
	}
	*letters = '\0';
	memcpy(longs + n, common, sizeof(common));
}

static const struct sq_opt *find(const struct sq_opt *opts, size_t n, int c)
{
	if (c >= FIRST_ID)
		return &opts[c - FIRST_ID];
	for (size_t i = 0; i < n; i++)
		if (opts[i].letter == c)
			return &opts[i];
	return NULL;
}

static int take(struct sq_cli *cli, const struct sq_opt *opts, size_t n,
		int c, char **argv)
{
	char letter[] = "-x";

	letter[1] = (char)optopt;
	switch (c) {
	case ID_JSON:
		cli->json = true;
		return 0;
	case ID_SOCKET:
		cli->socket = optarg;
		return 0;
	case ':':
		return usage_error(cli, "a value is missing after ",
				   argv[optind - 1]);
	case '?':
		return usage_error(cli, "no option ", optopt && optopt < FIRST_ID ?
				   letter : argv[optind - 1]);
	default:
		return store(cli, find(opts, n, c), optarg);
	}
}

int sq_opts_parse(struct sq_cli *cli, const struct sq_usage *u,
		  const struct sq_opt *opts, size_t n, int argc, char **argv,
		  char ***ret_args, unsigned *ret_n)
{
	struct option longs[SQ_OPTS_MAX + 4];
	char letters[2 * SQ_OPTS_MAX + 3];
	unsigned n_args;
	int c, r;

	fill(opts, n, longs, letters);
	optind = 0; /* glibc: start over */
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (c == 'h' || c == ID_HELP) {
			print_help(cli, u, opts, n);
			return SQ_OPTS_E_HELP;
		}
		r = take(cli, opts, n, c, argv);
		if (r)
			return r;
	}
	n_args = (unsigned)(argc - optind);
	if (n_args < u->min_args)
		return usage_error(cli, "an argument is missing", "");
	if (n_args > u->max_args)
		return usage_error(cli, "too many arguments from ",
				   argv[optind + (int)u->max_args]);
	*ret_args = argv + optind;
	*ret_n = n_args;
	return 0;
}
