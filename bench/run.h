/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * run — one run of the benchmark from its options to its report.
 * Ownership: everything is made and freed inside. Threads: main thread.
 */
#include "bench/scenario.h"

/** sq_options_default() - @smoke: everything once and small. */
void sq_options_default(struct sq_options *o, bool smoke);
/** sq_run_list() - scenarios and peers, for --list. @o: places are filled in */
void sq_run_list(const struct sq_options *o, FILE *out);
/** sq_run_table() - for --table: @files separated by commas. Return: the program's exit status. */
int sq_run_table(const char *files, FILE *out);
/** sq_run_check() - do the names that the options mention exist? Tells on stderr. */
bool sq_run_check(const struct sq_options *o);
/**
 * sq_run_main() - do all of it.
 * @scratch: an empty directory, removed by the caller
 * @command: as it was typed, for the report
 * Return: the program's exit status.
 */
int sq_run_main(const struct sq_options *o, const char *scratch, const char *command);
