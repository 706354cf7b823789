/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * process — programs that the benchmark runs, each in a process group of its
 * own and within limits; and the end of all of them.
 * Ownership: the caller owns the strings. Threads: the main thread.
 */
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct sq_command {
	const char *const *argv;        /* NULL-terminated; argv[0] is looked up in PATH */
	const char *dir;                /* working directory, NULL: ours */
	const char *const *env;         /* "NAME=VALUE" to add, NULL-terminated; may be NULL */
	double timeout_s;               /* 0: none */
	uint64_t memory_bytes;          /* resident, of the whole group; 0: none */
	const char *out;                /* file for stdout and stderr; NULL: /dev/null */
};

enum sq_run_end { SQ_RUN_EXITED, SQ_RUN_SIGNALLED, SQ_RUN_TIMEOUT, SQ_RUN_MEMORY, SQ_RUN_ABSENT };
struct sq_run {
	enum sq_run_end end;
	int code;                       /* exit status or signal */
	double wall_s, cpu_s;
	uint64_t peak_bytes;            /* of the largest process among it and what it waited for */
};

/**
 * sq_process_run() - run to the end; past a limit the whole group is killed.
 * Return: 0, whatever became of the program; -errno when it could not be tried.
 */
int sq_process_run(const struct sq_command *c, struct sq_run *ret) sq_must_check;
/** sq_run_ok() - exited with 0. */
bool sq_run_ok(const struct sq_run *r);
/** sq_run_text() - "exit status 3", "no end after 60 s", ...; @out may be NULL: the last line of what it wrote. */
void sq_run_text(const struct sq_run *r, const char *out, struct sq_buf *ret);
/** sq_process_line() - first line that @argv writes, "" when there is none. For versions. */
void sq_process_line(const char *const *argv, struct sq_buf *ret);
/** sq_process_find() - @name in PATH (or as it is with a '/'). Return: path, freed with sq_free; NULL. */
char *sq_process_find(const char *name);
/** sq_command_text() - as one would type it. */
void sq_command_text(const struct sq_command *c, struct sq_buf *ret);

/** sq_process_adopt() - orphaned descendants become children of this process. */
void sq_process_adopt(void);
/** sq_process_kill_all() - kill and reap every descendant. */
void sq_process_kill_all(void);
/** sq_remove_tree() - as rm -rf; links are not followed. */
void sq_remove_tree(const char *path);
