/* SPDX-License-Identifier: MIT */
#include "cli/dispatch.h"

#include <stdio.h>

static void print_help(const char *name, const struct sq_command *commands,
		       size_t n)
{
	printf("usage: %s COMMAND [ARGUMENT...]\n\ncommands:\n", name);
	for (size_t i = 0; i < n; i++)
		printf("  %-16s %s\n", commands[i].name, commands[i].about);
	printf("\n\"%s COMMAND --help\" tells more about each.\n", name);
}

static int run(struct sq_cli *cli, const char *name,
	       const struct sq_command *c, int argc, char **argv)
{
	char full[64];
	const char *outer = cli->command;
	int r;

	snprintf(full, sizeof(full), "%s %s", name, c->name);
	cli->command = full;
	r = c->run(cli, argc, argv);
	cli->command = outer;
	return r;
}

int sq_dispatch(struct sq_cli *cli, const char *name,
		const struct sq_command *commands, size_t n, int argc,
		char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;

	cli->command = name;
	if (!word) {
		return sq_cli_error(cli, SQ_EXIT_USAGE, "a command is missing; see "
				    "\"%s --help\"", name);
	}
	if (!strcmp(word, "--help") || !strcmp(word, "-h") ||
	    !strcmp(word, "help")) {
		print_help(name, commands, n);
		return 0;
	}
	if (!strcmp(word, "--version")) {
		puts("sqry " PACKAGE_VERSION);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, commands[i].name))
			return run(cli, name, &commands[i], argc - 1, argv + 1);
	return sq_cli_error(cli, SQ_EXIT_USAGE, "no command \"%s\"; see "
			    "\"%s --help\"", word, name);
}
