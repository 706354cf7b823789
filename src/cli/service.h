/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * service — what the daemon's program does for a user without a daemon that
 * runs: it takes the place of this process.
 * Threads: main.
 */
#include "cli/cli.h"

int sq_cmd_doctor(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_install(struct sq_cli *cli, int argc, char **argv);
