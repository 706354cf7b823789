/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * logs — the end of the daemon's log file, and what is appended to it.
 * Threads: main; following sleeps in inotify.
 */
#include "cli/cli.h"

int sq_cmd_logs(struct sq_cli *cli, int argc, char **argv);
