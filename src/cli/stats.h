/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * stats — the figures of one workspace out of daemon/status, for people.
 * Ownership: everything is borrowed from the reply. Threads: main.
 */
#include "cli/cli.h"

/** sq_stats_find() - the workspace entry that holds @path (longest root); NULL. */
const struct sqry_value *sq_stats_find(const struct sqry_value *status, const char *path);
/** sq_stats_print() - files, definitions, references, links, memory of an entry's "graph". */
void sq_stats_print(const struct sqry_value *graph);
/** sq_stats_print_details() - links by rule, bytes by kind of piece. */
void sq_stats_print_details(const struct sqry_value *graph);
