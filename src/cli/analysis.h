/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * analysis — subcommands about the whole graph.
 * Threads: main.
 */
#include "cli/cli.h"

int sq_cmd_unused(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_cycles(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_is_in_cycle(struct sq_cli *cli, int argc, char **argv);
