/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * relations — subcommands about what is near a symbol.
 * Threads: main.
 */
#include "cli/cli.h"

int sq_cmd_relations(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_impact(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_trace_path(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_subgraph(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_dependency_tree(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_complexity(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_export(struct sq_cli *cli, int argc, char **argv);
