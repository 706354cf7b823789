/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * dispatch — from a word of the command line to the function that does it.
 * Threads: main.
 */
#include "cli/cli.h"

struct sq_command {
	const char *name;
	int (*run)(struct sq_cli *cli, int argc, char **argv);
	const char *about;
};
/** sq_dispatch() - run the command argv[1] with argv from there on; --help lists them, --version
 *  is the program's. Return: its exit status; SQ_EXIT_USAGE. */
int sq_dispatch(struct sq_cli *cli, const char *name, const struct sq_command *commands, size_t n,
		int argc, char **argv);
